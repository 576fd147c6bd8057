//! Calls of tenants, on their way into the list of the last calls and into what is counted by the day: told when they
//! are answered, written behind their back, many at once.
//!
//! The queue is bounded. While PostgreSQL is away it fills; what does not fit is dropped and counted, so that no call waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt;
use cams_api::Code;
use cams_api::identifiers::CustSpaceId;
use tenant_store::{CallRecord, Store, StoreError};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::auth::Key;
use crate::telemetry::metrics::{Metrics, Pulse, QueueFigures};

/// How many calls may be on their way: what comes in some ten seconds at a replica's limit.
const CAPACITY: usize = 64 * 1024;
/// So many are worth a write: a statement takes PostgreSQL as long as some eighty rows do, whatever is in it. One of many more holds
/// up whoever shares a core with PostgreSQL.
const WORTHWHILE: usize = 1024;
/// How many are written at once at the most, where writes are slower than calls come.
const BATCH: usize = 2048;
/// How long calls gather at the most.
const PAUSE: Duration = Duration::from_millis(200);
/// How often is looked whether enough have gathered. To be woken by each call would cost the call.
const LOOK: Duration = Duration::from_millis(5);

/// The code of a call whose caller hung up before it was answered.
const HUNG_UP: &str = "Cancelled";

/// A call that is over, as little worked on as can be: what it names is shared with what is in memory.
pub(crate) struct EndedCall {
    /// Its ID.
    pub(crate) request_id: Uuid,
    /// The tenant that it was about.
    pub(crate) cust_space_id: CustSpaceId,
    /// Who called.
    pub(crate) key: Option<Arc<Key>>,
    /// The operation's name.
    pub(crate) operation: &'static str,
    /// What was answered; `None` where the caller hung up.
    pub(crate) code: Option<Code>,
    /// The HTTP status.
    pub(crate) status: u16,
    /// Meta's code and trace ID, where Meta refused.
    pub(crate) upstream: Option<(i64, Option<String>)>,
    /// How long it took.
    pub(crate) duration: Duration,
}

/// The calls' end of the queue.
pub(crate) struct CallJournal {
    queue: mpsc::Sender<EndedCall>,
    metrics: Metrics,
}

/// The store's end of the queue.
pub(crate) struct CallWriter {
    queue: mpsc::Receiver<EndedCall>,
    /// What is being written, and written again where that did not succeed.
    batch: Vec<EndedCall>,
    metrics: Metrics,
}

impl CallJournal {
    /// An empty queue and its other end.
    pub(crate) fn new(metrics: Metrics) -> (Self, CallWriter) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let writer = CallWriter { queue: receiver, batch: Vec::new(), metrics: metrics.clone() };
        (Self { queue: sender, metrics }, writer)
    }

    /// How full the queue is.
    pub(crate) fn queue(&self) -> QueueFigures {
        QueueFigures::of("recorded_calls", &self.queue)
    }

    /// A call is over.
    pub(crate) fn ended(&self, call: EndedCall) {
        if self.queue.try_send(call).is_err() {
            self.metrics.calls_dropped(1);
        }
    }
}

impl CallWriter {
    /// Writes calls as they come, until the journal is gone.
    pub(crate) async fn run(&mut self, store: &Store, pulse: &Pulse) {
        // A batch that could not be written goes again as it is: the queue shows what waits behind it.
        while !self.batch.is_empty() || self.gather(pulse).await {
            self.write(store).await;
            if !self.batch.is_empty() {
                rt::time::sleep(PAUSE).await;
            }
        }
    }

    /// Waits for a call, and fills the batch when there is enough for it, or after a pause. False when the journal is gone.
    async fn gather(&mut self, pulse: &Pulse) -> bool {
        pulse.at_rest(self.queue.recv_many(&mut self.batch, BATCH)).await;
        let latest = Instant::now() + PAUSE;
        while self.batch.len() + self.queue.len() < WORTHWHILE && !self.queue.is_closed() && Instant::now() < latest {
            rt::time::sleep(LOOK).await;
        }
        self.fill()
    }

    /// Writes what is there now, before the gateway ends.
    pub(crate) async fn flush(&mut self, store: &Store) {
        while self.fill() {
            self.write(store).await;
            if !self.batch.is_empty() {
                // Nobody waits for PostgreSQL any more: the rest goes with this batch.
                while let Ok(call) = self.queue.try_recv() {
                    self.batch.push(call);
                }
                self.drop_batch(&"PostgreSQL is away");
            }
        }
    }

    /// Fills the batch with what is in the queue; whether it holds anything then.
    fn fill(&mut self) -> bool {
        while self.batch.len() < BATCH
            && let Ok(call) = self.queue.try_recv()
        {
            self.batch.push(call);
        }
        !self.batch.is_empty()
    }

    /// Writes the batch, which is empty then; it is kept for the next time where PostgreSQL is away.
    async fn write(&mut self, store: &Store) {
        match store.record_calls(self.batch.iter().map(EndedCall::record).collect::<Vec<_>>()).await {
            Ok(()) => {
                self.metrics.calls_written(self.batch.len());
                self.batch.clear();
            }
            Err(StoreError::Unavailable(error)) => tracing::debug!(error, "calls wait for PostgreSQL"),
            Err(error) => self.drop_batch(&error),
        }
    }

    fn drop_batch(&mut self, reason: &dyn std::fmt::Display) {
        tracing::warn!(%reason, count = self.batch.len(), "calls are neither listed nor counted");
        self.metrics.calls_dropped(self.batch.len());
        self.batch.clear();
    }
}

impl EndedCall {
    fn record(&self) -> CallRecord<&str> {
        CallRecord {
            request_id: self.request_id,
            cust_space_id: self.cust_space_id.as_str(),
            access_key_id: self.key.as_ref().map(|key| key.access_key_id.as_str()),
            operation: self.operation,
            code: self.code.map_or(HUNG_UP, Code::as_str),
            status: self.status,
            upstream_code: self.upstream.as_ref().map(|(code, _)| *code),
            fbtrace_id: self.upstream.as_ref().and_then(|(_, fbtrace_id)| fbtrace_id.as_deref()),
            milliseconds: u32::try_from(self.duration.as_millis()).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_dropped_and_counted_and_nobody_waits() {
        let metrics = Metrics::default();
        let (journal, _writer) = CallJournal::new(metrics.clone());
        for _ in 0..CAPACITY + 2 {
            journal.ended(EndedCall {
                request_id: Uuid::nil(),
                cust_space_id: "cams-alpha".parse().unwrap(),
                key: None,
                operation: "GetChatGroup",
                code: None,
                status: 499,
                upstream: None,
                duration: Duration::ZERO,
            });
        }
        let text = metrics.text().unwrap();
        assert!(text.contains("groupgate_recorded_calls_total{result=\"dropped\"} 2\n"), "{text}");
    }
}
