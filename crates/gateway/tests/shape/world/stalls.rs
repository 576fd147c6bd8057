//! Whether the machine stalls: somebody who does nothing but sleep sees it by how late he wakes up.

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;

use super::beside::Beside;

const NAP: Duration = Duration::from_millis(5);

/// Somebody who sleeps until he is stopped.
pub(crate) struct Sleeper(Beside<Duration>);

impl Sleeper {
    pub(crate) fn start() -> Self {
        Self(Beside::start(|notes| async move {
            while notes.go_on() {
                let begun = Instant::now();
                sleep(NAP).await;
                notes.add(begun.elapsed().saturating_sub(NAP));
            }
        }))
    }

    /// Stops him; how late he woke up at the latest.
    pub(crate) async fn stop(self) -> Duration {
        self.0.stop().await.into_iter().max().unwrap_or_default()
    }
}
