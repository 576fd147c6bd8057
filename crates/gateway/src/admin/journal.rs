//! What administrators read, and what they were refused, on its way into the audit log: told by calls, written behind
//! their back, many at once. What changes something is not among it: that is written in the change's own transaction.
//!
//! The queue is bounded. While PostgreSQL is away it fills; what does not fit is dropped and counted, so that no call waits.

use std::time::Duration;

use actix_web::rt;
use tenant_store::{SeenCall, Store, StoreError};
use tokio::sync::mpsc;

use crate::telemetry::metrics::Metrics;

/// How many calls may be on their way.
const CAPACITY: usize = 4096;
/// How many are written at once.
const BATCH: usize = 512;
/// Between two tries, while PostgreSQL is away.
const PAUSE: Duration = Duration::from_millis(500);

/// A call, and the tenant in whose log it stands; the ISV's own where there is none.
struct Told {
    cust_space_id: Option<String>,
    call: SeenCall,
}

/// The calls' end of the queue.
pub struct AuditJournal {
    queue: mpsc::Sender<Told>,
    metrics: Metrics,
}

/// The store's end of the queue.
pub struct AuditWriter {
    queue: mpsc::Receiver<Told>,
    /// What is being written, and written again where that did not succeed.
    batch: Vec<Told>,
    metrics: Metrics,
}

impl AuditJournal {
    /// An empty queue and its other end.
    pub fn new(metrics: Metrics) -> (Self, AuditWriter) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self { queue: sender, metrics: metrics.clone() }, AuditWriter { queue: receiver, batch: Vec::new(), metrics })
    }

    /// Lets a call be written down.
    pub fn tell(&self, cust_space_id: Option<String>, call: SeenCall) {
        if self.queue.try_send(Told { cust_space_id, call }).is_err() {
            self.metrics.audit_dropped(1);
        }
    }
}

impl AuditWriter {
    /// Writes calls as they come, until the journal is gone.
    pub async fn run(&mut self, store: &Store) {
        while !self.batch.is_empty() || self.queue.recv_many(&mut self.batch, BATCH).await > 0 {
            self.write(store).await;
            if !self.batch.is_empty() {
                rt::time::sleep(PAUSE).await;
            }
        }
    }

    /// Writes what is there now, before the gateway ends.
    pub async fn flush(&mut self, store: &Store) {
        while let Ok(told) = self.queue.try_recv() {
            self.batch.push(told);
        }
        self.write(store).await;
        if !self.batch.is_empty() {
            self.drop_calls(self.batch.len(), &"PostgreSQL is away");
        }
    }

    /// Writes the batch, tenant by tenant; what stays in it is for the next time, when PostgreSQL is there.
    async fn write(&mut self, store: &Store) {
        while let Some(first) = self.batch.first() {
            let cust_space_id = first.cust_space_id.clone();
            let of_tenant = self.batch.iter().filter(|told| told.cust_space_id == cust_space_id);
            let calls: Vec<SeenCall> = of_tenant.map(|told| told.call.clone()).collect();
            match record(store, cust_space_id.as_deref(), &calls).await {
                Ok(()) => self.metrics.audit_written(calls.len()),
                Err(StoreError::Unavailable(error)) => {
                    tracing::debug!(error, "calls of administrators wait for PostgreSQL");
                    return;
                }
                Err(error) => self.drop_calls(calls.len(), &error),
            }
            self.batch.retain(|told| told.cust_space_id != cust_space_id);
        }
    }

    fn drop_calls(&self, count: usize, reason: &dyn std::fmt::Display) {
        tracing::warn!(%reason, count, "calls of administrators are not in the audit log");
        self.metrics.audit_dropped(count);
    }
}

async fn record(store: &Store, cust_space_id: Option<&str>, calls: &[SeenCall]) -> Result<(), StoreError> {
    let space = cust_space_id.map_or_else(|| store.isv(), |id| store.space(id));
    space.record_seen_calls(calls).await
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
