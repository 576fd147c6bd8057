//! The trace of one try to deliver an event.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use tenant_store::{ClaimedDelivery, EventTraces, TriedDelivery};

use super::Tracer;
use super::context::{TRACEPARENT, TraceContext};
use super::span::{Kind, Span, attribute};

/// A try to deliver an event that came of something that was traced.
pub(crate) struct DeliveryTrace {
    tracer: Arc<Tracer>,
    /// The try's own span.
    span: TraceContext,
    parent: TraceContext,
    link: Option<TraceContext>,
}

impl DeliveryTrace {
    /// Goes on with the trace of the call that asked for what the event tells of, or else with that of the webhook; where
    /// both are traced, it names the webhook's, too.
    pub(crate) fn of(tracer: &Arc<Tracer>, behind: &EventTraces) -> Option<Self> {
        let read = |kept: &Option<String>| kept.as_deref().and_then(TraceContext::parse);
        let (of_call, of_webhook) = (read(&behind.of_call), read(&behind.of_webhook));
        let parent = of_call.or(of_webhook)?;
        Some(Self { tracer: tracer.clone(), span: parent.child(), parent, link: of_call.and(of_webhook) })
    }

    /// Adds what the endpoint is told. `tracestate` is no concern of it: that is between the caller and what it calls.
    pub(crate) fn describe(&self, headers: &mut HeaderMap) {
        if let Some(context) = self.span.header() {
            headers.insert(TRACEPARENT.clone(), context);
        }
    }

    /// Tells how the try ended.
    pub(crate) fn ended(self, delivery: &ClaimedDelivery, tried: &TriedDelivery) {
        let ClaimedDelivery { endpoint, attempts, event, .. } = delivery;
        let mut attributes = vec![
            attribute("groupgate.delivery_id", delivery.delivery_id.to_string()),
            attribute("groupgate.endpoint_id", endpoint.id.to_string()),
            attribute("groupgate.event_id", event.id.to_string()),
            attribute("groupgate.event_type", event.event_type.clone()),
            attribute("groupgate.try", attempts.saturating_add(1)),
        ];
        attributes.extend(event.cust_space_id.clone().map(|id| attribute("groupgate.cust_space_id", id)));
        attributes.extend(tried.status.map(|status| attribute("http.response.status_code", status)));
        attributes.extend(tried.error.clone().map(|error| attribute("groupgate.error", error)));
        self.tracer.tell(Span {
            name: "groupgate.Deliver".into(),
            kind: Kind::Client,
            context: self.span,
            parent: Some(self.parent.span_id),
            state: None,
            link: self.link,
            begun: tried.at.into(),
            duration: tried.duration,
            attributes,
            is_failed: !tried.status.is_some_and(|status| (200..300).contains(&status)),
        });
    }
}
