//! Loops that go on for ever, also where they have panicked.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};

/// How long a loop rests after its first panic.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How long it rests at the most. One that went on for longer starts with the first pause again.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Runs the loop of this name until it ends by itself. Where it panics, that is logged at once, and the loop begins
/// anew, after a pause that doubles each time.
///
/// What the loop was at is lost; what it works with must be of use to the next round, as a queue or a connection is.
/// The panic's message goes to standard error, and not into the log: it may hold anything.
pub(crate) async fn supervise(name: &'static str, mut run: impl AsyncFnMut()) {
    let mut pause = FIRST_PAUSE;
    loop {
        let begun = Instant::now();
        if AssertUnwindSafe(run()).catch_unwind().await.is_ok() {
            return;
        }
        if begun.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        tracing::error!(name, ?pause, "a background loop panicked; it begins anew after a pause");
        sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[actix_web::test]
    async fn a_loop_that_panics_begins_anew_with_longer_and_longer_pauses() {
        let (begun, rounds) = (Instant::now(), Cell::new(0));
        let loses_twice = async || {
            rounds.set(rounds.get() + 1);
            tokio::task::yield_now().await;
            assert!(rounds.get() > 2, "a panic of the test's");
        };
        tokio::time::timeout(Duration::from_secs(10), supervise("test", loses_twice)).await.unwrap();
        assert_eq!(rounds.get(), 3);
        assert!(begun.elapsed() >= FIRST_PAUSE * 3);
    }

    #[actix_web::test]
    async fn what_a_loop_works_with_outlives_its_panic() {
        let (sender, mut queue) = tokio::sync::mpsc::unbounded_channel();
        (1..=3).for_each(|number| sender.send(number).unwrap());
        drop(sender);
        let seen = Cell::new(0);
        let takes = async || {
            while let Some(number) = queue.recv().await {
                assert_ne!(number, 2, "a panic of the test's");
                seen.set(seen.get() + number);
            }
        };
        supervise("test", takes).await;
        assert_eq!(seen.get(), 4);
    }
}
