//! Writing down what became of a call, also through a short outage of PostgreSQL: what Meta did already should not be
//! forgotten for a connection that broke at the wrong moment.

use std::time::Duration;

use actix_web::rt::time::sleep;
use tenant_store::StoreError;
use tokio::time::Instant;

/// How long after the upstream's own timeout an answer may take to be recorded.
pub(super) const RECORDING: Duration = Duration::from_secs(2);
/// Before the second try; twice as long before each later one.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// Does `record` again while PostgreSQL is away, for as long as [`RECORDING`]. To do it twice must do no harm: a commit
/// whose answer was lost may have been done.
///
/// # Errors
/// The last try's.
pub(super) async fn persistently<T>(record: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let latest = Instant::now() + RECORDING;
    let mut pause = FIRST_PAUSE;
    loop {
        match record().await {
            Err(StoreError::Unavailable(_)) if Instant::now() + pause < latest => sleep(pause).await,
            ended => return ended,
        }
        pause *= 2;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[actix_web::test]
    async fn a_short_outage_is_outlasted_and_a_mistake_is_told_at_once() {
        let tries = Cell::new(0);
        let back_at_the_third = persistently(async || {
            tries.set(tries.get() + 1);
            if tries.get() < 3 { Err(StoreError::Unavailable("away".to_owned())) } else { Ok(tries.get()) }
        });
        assert_eq!(back_at_the_third.await.unwrap(), 3);
        let wrong = async || Err::<(), _>(StoreError::NotFound { what: "change" });
        assert!(matches!(persistently(wrong).await, Err(StoreError::NotFound { .. })));
    }

    #[actix_web::test]
    async fn a_long_outage_is_told_in_time() {
        let begun = Instant::now();
        let away = async || Err::<(), _>(StoreError::Unavailable("away".to_owned()));
        assert!(matches!(persistently(away).await, Err(StoreError::Unavailable(_))));
        // Far below forever, and above what a machine that does other things takes.
        assert!(begun.elapsed() < RECORDING + Duration::from_secs(20));
    }
}
