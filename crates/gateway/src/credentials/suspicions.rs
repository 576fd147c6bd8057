//! Tenants whose tokens Meta refused in some call, on their way to be looked at.

use tokio::sync::mpsc;

use crate::telemetry::metrics::QueueFigures;

/// How many may wait. What finds no room is told again by the next call.
const ROOM: usize = 1024;

/// Where tokens that Meta refused are told of. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Suspicions(mpsc::Sender<String>);

/// Where they come out.
pub(crate) struct Suspected(mpsc::Receiver<String>);

impl Suspicions {
    /// Both ends.
    pub(crate) fn new() -> (Self, Suspected) {
        let (sender, receiver) = mpsc::channel(ROOM);
        (Self(sender), Suspected(receiver))
    }

    /// How full the queue is.
    pub(crate) fn queue(&self) -> QueueFigures {
        QueueFigures::of("suspected_tokens", &self.0)
    }

    /// Meta has refused this tenant's token. Never waits.
    pub(crate) fn note(&self, cust_space_id: &str) {
        // Full: many are looked at already, and this one's next call tells again.
        let _ = self.0.try_send(cust_space_id.to_owned());
    }
}

impl Suspected {
    /// The next ones, at the most `limit`; waits for the first.
    pub(crate) async fn next(&mut self, limit: usize) -> Vec<String> {
        let mut tenants = Vec::new();
        self.0.recv_many(&mut tenants, limit).await;
        tenants.sort_unstable();
        tenants.dedup();
        tenants
    }
}
