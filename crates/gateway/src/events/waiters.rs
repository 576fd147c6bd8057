//! Calls that wait until a change is settled, here or on another replica.

use std::time::Duration;

use tokio::sync::watch;

/// How often a waiting call looks by itself, in case it was not woken.
pub const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Wakes the calls that wait. To be woken only means to look: which change was settled stands in its row.
pub struct Waiters {
    state: watch::Sender<State>,
}

#[derive(Default, Clone, Copy)]
struct State {
    rounds: u64,
    is_stopping: bool,
}

/// One waiting call.
pub struct Waiter {
    state: watch::Receiver<State>,
}

impl Default for Waiters {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::default()) }
    }
}

impl Waiters {
    /// Begins to wait: everything that is settled from now on wakes the waiter.
    pub fn subscribe(&self) -> Waiter {
        Waiter { state: self.state.subscribe() }
    }

    /// Some change was settled.
    pub fn wake(&self) {
        self.state.send_modify(|state| state.rounds += 1);
    }

    /// The gateway stops: nobody waits any longer, and each call answers with what is known.
    pub fn stop(&self) {
        self.state.send_modify(|state| state.is_stopping = true);
    }
}

impl Waiter {
    /// Until something was settled.
    pub async fn changed(&mut self) {
        // The sender lives as long as the gateway's services; without it there is nothing to be woken by.
        if self.state.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the gateway stops.
    pub fn is_stopping(&self) -> bool {
        self.state.borrow().is_stopping
    }
}
