//! What is written to a key when its call has ended: its answer, that nothing was done, or that nobody knows.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use cams_api::Code;
use cams_api::envelope::Envelope;
use cams_api::operation::Answer;
use graph_client::Acted;
use tenant_store::{HeldKey, Space, StoreError, StoredAnswer};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::operations::outcomes::is_definite;
use crate::operations::recording::persistently;
use crate::operations::{Context, OperationError, Services};
use crate::tenants::Tenant;

/// How often it is tried to record what could not be recorded at once, and for how long.
const LATER: Duration = Duration::from_secs(1);
const AT_LATEST: Duration = Duration::from_mins(5);

/// What is written to the key when its call has ended.
pub(super) enum End {
    /// The answer, for all later calls.
    Keep(StoredAnswer),
    /// Nothing: nothing was done.
    Release,
    /// That nobody knows.
    LeaveOpen,
}

/// Writes down how a call ended. While PostgreSQL is away the caller is not kept waiting for that: the key stays as if its
/// call ran until it can be done, or until nobody believes any longer that it does.
pub(super) async fn record_end(ctx: &Context, held: HeldKey, end: End) {
    match persistently(async || end.record(&ctx.space(), &held).await).await {
        Ok(true) => {}
        Ok(false) => tracing::info!(?held, "a call ended after its idempotency key had been taken over"),
        Err(error) => {
            tracing::warn!(?held, %error, "how a call with an idempotency key ended could not be recorded yet");
            let (services, tenant) = (ctx.services.clone(), ctx.tenant.clone());
            rt::spawn(ctx.services.writes.track_future(record_later(services, tenant, held, end)));
        }
    }
}

async fn record_later(services: Arc<Services>, tenant: Arc<Tenant>, held: HeldKey, end: End) {
    let space = services.store.space(tenant.cust_space_id.as_str());
    let latest = Instant::now() + AT_LATEST;
    while Instant::now() < latest {
        sleep(LATER).await;
        match end.record(&space, &held).await {
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => return tracing::error!(?held, %error, "how a call ended could not be recorded"),
            Ok(_) => return,
        }
    }
}

impl End {
    /// `false` where the key is a later call's by now.
    async fn record(&self, space: &Space<'_>, held: &HeldKey) -> Result<bool, StoreError> {
        match self {
            Self::Keep(answer) => space.answer_key(held, answer).await,
            Self::Release => space.release_key(held).await,
            Self::LeaveOpen => space.open_key(held).await,
        }
    }

    /// The contract's rule, "Common parameters": only definite answers are kept. A key that was open once is never given
    /// back, since what its first call did is not undone by what happened to a later one.
    pub(super) fn of<A: Answer>(ended: &Result<A, OperationError>, request_id: Uuid, is_resumed: bool) -> Self {
        let code = match ended {
            Ok(answer) => answer.code(),
            Err(error) => error.code(),
        };
        let is_done = match ended {
            Ok(_) => true,
            Err(OperationError::Key(_)) => return Self::LeaveOpen,
            Err(error) if error.acted() == Acted::Unknown => return Self::LeaveOpen,
            Err(_) => is_definite(code),
        };
        match stored(ended, request_id, code).filter(|_| is_done) {
            Some(answer) => Self::Keep(answer),
            None if is_resumed || is_done || code == Code::InternalError => Self::LeaveOpen,
            None => Self::Release,
        }
    }
}

/// The whole answer as this call gives it.
fn stored<A: Answer>(ended: &Result<A, OperationError>, request_id: Uuid, code: Code) -> Option<StoredAnswer> {
    let body = match ended {
        Ok(answer) => serde_json::to_string(&Envelope::done(request_id, code, answer)),
        Err(error) => {
            let (message, missing) = (error.to_string(), error.access_denied_detail());
            serde_json::to_string(&Envelope::refused(request_id, code, &message, missing.as_deref(), error.refusal()))
        }
    };
    let (code, http_status) = (code.as_str().to_owned(), code.http_status());
    Some(StoredAnswer { request_id, code, http_status, body: body.ok()? })
}
