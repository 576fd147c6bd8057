//! Traces: what was done for a call or a webhook, and how long it took, as spans that go to a collector by
//! [OTLP over HTTP](https://opentelemetry.io/docs/specs/otlp/#otlphttp). The context comes from the caller and goes on to
//! Meta and to endpoints, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) has it.
//!
//! - `context.rs` reads and writes the headers, `sampling.rs` draws which calls are traced;
//! - `call.rs` is the trace of one call or webhook, `tries.rs` that of its tries at Meta, `delivery.rs` that of a try to
//!   deliver;
//! - `span.rs` is what is told of each, `otlp.rs` writes that, `exporting.rs` sends it.
//!
//! Without a collector nothing of this runs, and no header is looked at. A call that is not traced costs a look for its
//! header and a comparison with bits of its request ID, which is random anyway.

mod call;
mod context;
mod delivery;
mod exporting;
mod otlp;
mod sampling;
mod span;
mod tries;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use tokio::sync::mpsc;
use url::Url;
use uuid::Uuid;

use crate::telemetry::metrics::{Metrics, TraceMetrics};

pub(crate) use call::{CallEnd, CallTrace};
pub(crate) use delivery::DeliveryTrace;
pub(crate) use exporting::Exporter;
pub use sampling::{InvalidRatio, Ratio};
pub(crate) use tries::TracedTries;

use context::Incoming;
use sampling::Wishes;
use span::Span;

/// How many spans may wait for the collector: some seconds of a busy replica that traces a hundredth, and a few MB.
const CAPACITY: usize = 8192;

/// What is traced, and where it is told.
#[derive(Debug, Clone)]
pub struct TraceSettings {
    /// The collector's root, such as `http://127.0.0.1:4318`.
    pub collector: Url,
    /// Which part of the calls is traced whose caller does not say.
    pub ratio: Ratio,
    /// Whether calls to Meta carry the context.
    pub upstream: bool,
}

/// Begins traces.
pub(crate) struct Tracer {
    ratio: Ratio,
    wishes: Wishes,
    tells_meta: bool,
    queue: mpsc::Sender<Span>,
    metrics: TraceMetrics,
}

impl Tracer {
    /// One that traces as `settings` say, and what takes its spans to the collector.
    pub(crate) fn new(settings: TraceSettings, metrics: &Metrics) -> (Arc<Self>, Exporter) {
        let TraceSettings { collector, ratio, upstream } = settings;
        let (queue, spans) = mpsc::channel(CAPACITY);
        let metrics = metrics.traces().clone();
        let exporter = Exporter::new(&collector, spans, metrics.clone());
        (Arc::new(Self { ratio, wishes: Wishes::default(), tells_meta: upstream, queue, metrics }), exporter)
    }

    /// The trace of a request that begins; `None` where it is not traced, and its caller has none that would go on.
    pub(crate) fn begin(self: &Arc<Self>, request_id: Uuid, headers: &HeaderMap) -> Option<Rc<CallTrace>> {
        let (incoming, is_drawn) = (Incoming::of(headers), self.ratio.draws(request_id));
        (incoming.is_some() || is_drawn).then(|| Rc::new(CallTrace::begin(self.clone(), incoming, is_drawn)))
    }

    /// Whether one more trace may be told for no other reason than that its caller wishes so.
    fn grants_wish(&self) -> bool {
        self.wishes.grant()
    }

    /// Whether calls to Meta carry the context.
    fn tells_meta(&self) -> bool {
        self.tells_meta
    }

    /// Has the collector told. Nobody waits: what does not fit is dropped and counted.
    fn tell(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.metrics.dropped(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn settings() -> TraceSettings {
        let collector = Url::parse("http://127.0.0.1:9").unwrap();
        TraceSettings { collector, ratio: "1".parse().unwrap(), upstream: true }
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted_and_nobody_waits() {
        let metrics = Metrics::default();
        let (tracer, _exporter) = Tracer::new(settings(), &metrics);
        for _ in 0..CAPACITY + 3 {
            let trace = tracer.begin(Uuid::now_v7(), &HeaderMap::new()).unwrap();
            trace.ended(CallEnd { operation: "GetChatGroup", status: 200, ..CallEnd::default() });
        }
        let text = metrics.text().unwrap();
        assert!(text.contains("groupgate_traces_dropped_total 3\n"), "{text}");
    }

    #[test]
    fn a_wish_is_granted_to_who_may_call_and_what_is_drawn_is_told_of_all_who_are_known() {
        let parent = HeaderValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let headers: HeaderMap = [(context::TRACEPARENT.clone(), parent)].into_iter().collect();
        for (ratio, is_told_when_known) in [("0", false), ("1", true)] {
            let settings = TraceSettings { ratio: ratio.parse().unwrap(), ..settings() };
            let (tracer, _exporter) = Tracer::new(settings, &Metrics::default());
            let trace = tracer.begin(Uuid::now_v7(), &headers).unwrap();
            assert_eq!(trace.id(), None, "nobody knows yet who it is");
            trace.caller_is_known();
            assert_eq!(trace.id().is_some(), is_told_when_known);
            trace.caller_is_let_in();
            assert!(trace.id().is_some());
        }
    }
}
