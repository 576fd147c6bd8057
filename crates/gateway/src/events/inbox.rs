//! Webhooks from Meta: checked, committed, and only then answered.

use std::mem;
use std::time::Instant;

use graph_client::webhooks::{self, AppSecrets, PayloadError, SignatureError};
use tenant_store::{Received, ReceivedEvent, Store, StoreError};
use time::OffsetDateTime;

use super::Nudge;
use crate::telemetry::metrics::{Metrics, WebhookEnd};
use crate::traces::CallTrace;

/// Where webhooks come in.
pub struct Inbox {
    store: Store,
    secrets: AppSecrets,
    router: Nudge,
    metrics: Metrics,
}

/// A webhook that is on its way into the store. One that is dropped there counts as failed: its sender hung up, and sends it
/// again.
struct UnderWay<'a>(&'a Metrics);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.webhook_ended(WebhookEnd::Failed);
    }
}

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Without an app secret nothing can be verified.
    #[error("Webhooks cannot be verified: set GROUPGATE_APP_SECRET to the Meta app's secret.")]
    NoAppSecret,
    /// Not signed by the app's secret.
    #[error(
        "The signature is not the app's: {0}. `X-Hub-Signature-256` must be `sha256=` and the HMAC of the raw body."
    )]
    Signature(#[from] SignatureError),
    /// Signed, and no WhatsApp webhook. It is kept for administrators.
    #[error("The body is no webhook of a WhatsApp Business Account: {0}.")]
    Payload(PayloadError),
    /// It could not be committed, so Meta must send it again.
    #[error("The webhook could not be committed. Send it again.")]
    Store(#[from] StoreError),
}

impl Refused {
    fn end(&self) -> WebhookEnd {
        match self {
            Self::NoAppSecret | Self::Signature(_) => WebhookEnd::Unsigned,
            Self::Payload(_) => WebhookEnd::Malformed,
            Self::Store(_) => WebhookEnd::Failed,
        }
    }
}

impl Inbox {
    /// Webhooks signed with one of `secrets` go into `store`; `router` is told of each.
    pub fn new(store: Store, secrets: AppSecrets, router: Nudge, metrics: Metrics) -> Self {
        Self { store, secrets, router, metrics }
    }

    /// Whether a webhook with this signature can be the app's at all, before its body is read.
    ///
    /// # Errors
    /// [`Refused::NoAppSecret`], or [`Refused::Signature`] where it is missing or not of the form that signatures have.
    pub fn admit<'a>(&self, signature: Option<&'a [u8]>) -> Result<&'a [u8], Refused> {
        self.look_at(signature).inspect_err(|_| self.metrics.webhook_ended(WebhookEnd::Unsigned))
    }

    fn look_at<'a>(&self, signature: Option<&'a [u8]>) -> Result<&'a [u8], Refused> {
        if self.secrets.is_empty() {
            return Err(Refused::NoAppSecret);
        }
        let signature = signature.ok_or(SignatureError::Missing)?;
        let digits = signature.strip_prefix(b"sha256=").ok_or(SignatureError::Malformed)?;
        let is_well_formed = digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit);
        if is_well_formed { Ok(signature) } else { Err(SignatureError::Malformed.into()) }
    }

    /// Commits every event of a webhook's body, with the webhook's trace where it has one that is told. Doubles are dropped,
    /// unknown fields and numbers are kept.
    ///
    /// # Errors
    /// [`Refused`]
    pub(crate) async fn receive(
        &self,
        signature: &[u8],
        body: &[u8],
        trace: Option<&CallTrace>,
    ) -> Result<Received, Refused> {
        let begun = Instant::now();
        let under_way = UnderWay(&self.metrics);
        let outcome = self.take(signature, body, trace).await;
        mem::forget(under_way);
        match &outcome {
            Ok(received) => self.metrics.webhook_committed(*received, begun.elapsed()),
            Err(refused) => self.metrics.webhook_ended(refused.end()),
        }
        outcome
    }

    async fn take(&self, signature: &[u8], body: &[u8], trace: Option<&CallTrace>) -> Result<Received, Refused> {
        webhooks::verify_signature(&self.secrets, Some(signature), body)?;
        let trace = trace.and_then(|trace| {
            trace.caller_is_let_in();
            trace.kept()
        });
        let trace = trace.as_deref();
        let changes = match webhooks::parse(body) {
            Ok(changes) => changes,
            Err(error) => {
                self.store.keep_malformed(body).await?;
                return Err(Refused::Payload(error));
            }
        };
        let events: Vec<ReceivedEvent<'_>> = changes.iter().map(event).collect();
        let received = match self.store.receive_traced(&events, trace).await {
            Err(why @ StoreError::Unfit(_)) => self.receive_one_by_one(&events, trace, &why).await?,
            received => received?,
        };
        self.router.look();
        Ok(received)
    }

    /// An event that PostgreSQL never takes (nested too deeply, for one) must not cost those beside it: it is kept with what
    /// is malformed. Whatever else fails has Meta send all of them again.
    async fn receive_one_by_one(
        &self,
        events: &[ReceivedEvent<'_>],
        trace: Option<&str>,
        why: &StoreError,
    ) -> Result<Received, Refused> {
        tracing::warn!(%why, "a batch of events was refused; taking them one by one");
        let mut received = Received::default();
        for event in events {
            match self.store.receive_traced(std::slice::from_ref(event), trace).await {
                Ok(one) => {
                    received.new += one.new;
                    received.doubled += one.doubled;
                }
                Err(why @ StoreError::Unfit(_)) => {
                    tracing::error!(
                        %why,
                        field = event.field,
                        "an event was refused; it is kept with what is malformed"
                    );
                    self.store.keep_malformed(event.value.as_bytes()).await?;
                    received.set_aside += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(received)
    }
}

fn event(change: &webhooks::Change) -> ReceivedEvent<'_> {
    ReceivedEvent {
        fingerprint: change.fingerprint,
        field: &change.field,
        waba_id: change.waba_id.as_deref().unwrap_or_default(),
        phone_number_id: change.phone_number_id.as_deref(),
        value: change.value.get(),
        entry_time: change.entry_time.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()),
    }
}
