//! When webhooks are due: at random, as `pgbench --rate` has its rows, so that both come in the same crowds.

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::dice::Dice;

/// The moments at which so many are due within `duration`, in their order: those of a Poisson process, whose gaps are
/// exponential, of which it is known how many fall into that time. So the rate is the same in each slice.
pub(super) fn moments(dice: &mut Dice, count: u32, duration: Duration) -> anyhow::Result<Vec<Duration>> {
    let nanoseconds = u64::try_from(duration.as_nanos())?;
    let mut moments: Vec<Duration> = (0..count).map(|_| Duration::from_nanos(dice.below(nanoseconds))).collect();
    moments.sort_unstable();
    Ok(moments)
}

/// Tells each moment after `begun` when it has come, on a thread of its own: a timer of the runtime's is a millisecond late,
/// which would be counted.
pub(super) fn paced(begun: Instant, moments: Vec<Duration>) -> UnboundedReceiver<Instant> {
    let (teller, told) = unbounded_channel();
    thread::spawn(move || {
        for due in moments.into_iter().map(|moment| begun + moment) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if teller.send(due).is_err() {
                return;
            }
        }
    });
    told
}
