//! Webhooks from Meta: checked, committed, and only then answered.

use graph_client::webhooks::{self, AppSecrets, PayloadError, SignatureError};
use tenant_store::{Received, ReceivedEvent, Store, StoreError};

use super::Nudge;

/// Where webhooks come in.
pub struct Inbox {
    store: Store,
    secrets: AppSecrets,
    router: Nudge,
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

impl Inbox {
    /// Webhooks signed with one of `secrets` go into `store`; `router` is told of each.
    pub fn new(store: Store, secrets: AppSecrets, router: Nudge) -> Self {
        Self { store, secrets, router }
    }

    /// Commits every event of a webhook's body. Doubles are dropped, unknown fields and numbers are kept.
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn receive(&self, signature: Option<&[u8]>, body: &[u8]) -> Result<Received, Refused> {
        if self.secrets.is_empty() {
            return Err(Refused::NoAppSecret);
        }
        webhooks::verify_signature(&self.secrets, signature, body)?;
        let changes = match webhooks::parse(body) {
            Ok(changes) => changes,
            Err(error) => {
                self.store.keep_malformed(body).await?;
                return Err(Refused::Payload(error));
            }
        };
        let received = self.store.receive_events(&changes.iter().map(event).collect::<Vec<_>>()).await?;
        self.router.look();
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
    }
}
