//! What administrators read, and what they were refused, on its way into the audit log: told by calls, written behind
//! their back, many at once. What changes something is not among it: that is written in the change's own transaction.
//!
//! The queue is bounded. While PostgreSQL is away it fills; what does not fit is dropped and counted, so that no call waits.

use std::fmt::Display;

use tenant_store::{SeenCall, Store, StoreError};
use tokio::sync::mpsc;

use crate::telemetry::metrics::{Metrics, QueueFigures};
use crate::tenant_batches::{Kept, TenantBatches};

/// How many calls may be on their way.
const CAPACITY: usize = 4096;
/// How many are written at once.
const BATCH: usize = 512;
/// A call, and the tenant in whose log it stands; the ISV's own where there is none.
pub(crate) struct Told {
    cust_space_id: Option<String>,
    call: SeenCall,
}

/// The calls' end of the queue.
pub struct AuditJournal {
    queue: mpsc::Sender<Told>,
    metrics: Metrics,
}

/// The store's end of the queue.
pub(crate) type AuditWriter = TenantBatches<SeenCalls>;

/// What is kept of the calls for the audit log.
pub(crate) struct SeenCalls {
    metrics: Metrics,
}

impl AuditJournal {
    /// An empty queue and its other end.
    pub(crate) fn new(metrics: Metrics) -> (Self, AuditWriter) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self { queue: sender, metrics: metrics.clone() }, AuditWriter::new(receiver, SeenCalls { metrics }))
    }

    /// How full the queue is.
    pub(crate) fn queue(&self) -> QueueFigures {
        QueueFigures::of("audited_calls", &self.queue)
    }

    /// Lets a call be written down.
    pub fn tell(&self, cust_space_id: Option<String>, call: SeenCall) {
        if self.queue.try_send(Told { cust_space_id, call }).is_err() {
            self.metrics.audit_dropped(1);
        }
    }
}

impl Kept for SeenCalls {
    type Entry = Told;
    type Row = SeenCall;
    const AT_ONCE: usize = BATCH;

    fn tenant(told: &Told) -> Option<&str> {
        told.cust_space_id.as_deref()
    }

    fn row(told: &Told) -> &SeenCall {
        &told.call
    }

    async fn write(&self, store: &Store, tenant: Option<&str>, calls: &[SeenCall]) -> Result<(), StoreError> {
        let space = tenant.map_or_else(|| store.isv(), |id| store.space(id));
        space.record_seen_calls(calls).await
    }

    fn written(&self, count: usize) {
        self.metrics.audit_written(count);
    }

    fn lost(&self, count: usize, reason: &dyn Display) {
        tracing::warn!(%reason, count, "calls of administrators are not in the audit log");
        self.metrics.audit_dropped(count);
    }
}

#[cfg(test)]
mod tests {
    use tenant_store::Actor;
    use time::OffsetDateTime;

    use super::*;

    fn call() -> SeenCall {
        let actor = Actor { name: "key".to_owned(), address: None, request_id: None };
        let at = OffsetDateTime::UNIX_EPOCH;
        SeenCall { at, actor, action: "read", object: "GET /tenants".to_owned(), outcome: None }
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted_and_nobody_waits() {
        let metrics = Metrics::default();
        let (journal, _writer) = AuditJournal::new(metrics.clone());
        for _ in 0..CAPACITY + 3 {
            journal.tell(None, call());
        }
        let text = metrics.text().unwrap();
        assert!(text.contains("groupgate_audited_calls_total{result=\"dropped\"} 3\n"), "{text}");
    }
}
