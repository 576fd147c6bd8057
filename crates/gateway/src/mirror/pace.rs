//! How fast the gateway's own calls follow each other.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::limits::{Limits, Taken, Throttled};
use crate::tenants::Number;

/// The time between two of the gateway's own calls for a number.
pub(super) const STEP: Duration = Duration::from_secs(1);
/// How long a call waits at the most for callers to leave room for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lets one call a second through.
pub(super) struct Pace(Instant);

impl Pace {
    /// The first call may come at once.
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// Waits for the next call's turn, and for room in the number's budget beside its callers. The call is in flight until
    /// what this gives is dropped.
    ///
    /// # Errors
    /// [`Throttled`] where they leave none.
    pub(super) async fn turn(&mut self, limits: &Limits, number: &Number) -> Result<Taken, Throttled> {
        sleep_until(self.0).await;
        let latest = Instant::now() + PATIENCE;
        let taken = loop {
            match number.take_background_call(limits).await {
                Ok(taken) => break taken,
                Err(throttled) if Instant::now() >= latest => return Err(throttled),
                Err(throttled) => sleep(throttled.retry_after().max(STEP)).await,
            }
        };
        self.0 = Instant::now() + STEP;
        Ok(taken)
    }
}
