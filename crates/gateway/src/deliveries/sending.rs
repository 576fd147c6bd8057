//! One try to deliver an event.

use std::time::{Duration, SystemTime};

use awc::http::header::{self, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use bytes::Bytes;
use cams_api::events::EventId;
use tenant_store::{ClaimedDelivery, TriedDelivery};
use tokio::time::Instant;

use super::Retries;
use super::after_try::after_try;
use super::signing::{self, Message};
use crate::chance::chance;
use crate::egress::{Answer, Egress, EgressError, ExternalUrl};
use crate::events::{RenderError, render};
use crate::traces::DeliveryTrace;

/// How long an endpoint may take until its answer's head is there.
const TIMEOUT: Duration = Duration::from_secs(15);

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Who makes the tries of one thread.
pub(super) struct Courier {
    egress: Egress,
    retries: Retries,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("the event cannot be signed: {0}")]
    Header(#[from] InvalidHeaderValue),
}

impl Courier {
    /// One that calls through `egress`, and has what fails tried again after `retries`.
    pub(super) fn new(egress: Egress, retries: Retries) -> Self {
        Self { egress, retries }
    }

    /// Tries a delivery once. Where the event cannot be written it is not tried: that is no failure of the endpoint's.
    pub(super) async fn try_once(
        &self,
        delivery: &ClaimedDelivery,
        trace: Option<DeliveryTrace>,
    ) -> Result<TriedDelivery, RenderError> {
        let body = render(&delivery.event)?;
        let (at, begun) = (SystemTime::now(), Instant::now());
        let answered = self.post(delivery, at, body, trace.as_ref()).await;
        let duration = begun.elapsed();
        let answer = answered.as_ref().ok();
        let tried = TriedDelivery {
            delivery_id: delivery.delivery_id,
            claim: delivery.claim,
            at: at.into(),
            duration,
            status: answer.map(|answer| answer.status),
            error: answered.as_ref().err().map(ToString::to_string),
            answer: answer.map(|answer| String::from_utf8_lossy(&answer.beginning).into_owned()).unwrap_or_default(),
            next: after_try(&self.retries, delivery.attempts, answer, at + duration, chance()),
        };
        if let Some(trace) = trace {
            trace.ended(delivery, &tried);
        }
        Ok(tried)
    }

    /// Closes connections that are no longer used.
    pub(super) fn sweep(&self) {
        self.egress.sweep();
    }

    async fn post(
        &self,
        delivery: &ClaimedDelivery,
        at: SystemTime,
        body: Vec<u8>,
        trace: Option<&DeliveryTrace>,
    ) -> Result<Answer, Unanswered> {
        let url = ExternalUrl::try_from(delivery.endpoint.url.as_str())?;
        let mut headers = headers(delivery, at, &body)?;
        if let Some(trace) = trace {
            trace.describe(&mut headers);
        }
        Ok(self.egress.post(&url, headers, Bytes::from(body), TIMEOUT).await?)
    }
}

fn headers(delivery: &ClaimedDelivery, at: SystemTime, body: &[u8]) -> Result<HeaderMap, InvalidHeaderValue> {
    let (id, timestamp) = (EventId(delivery.event.id).to_string(), signing::timestamp(at));
    let signature = signing::signature(&delivery.endpoint.secrets, Message { id: &id, timestamp, body });
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ID, id.parse()?);
    headers.insert(TIMESTAMP, timestamp.into());
    headers.insert(SIGNATURE, signature.parse()?);
    Ok(headers)
}
