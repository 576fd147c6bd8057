//! Calls with an idempotency key: made once however often they are sent, by whatever face, on whatever replica.
//!
//! The key is claimed in PostgreSQL before anything is done, and how the call ended is written to it before the caller
//! is answered. Only a definite end is kept. Where nothing was done the key is given back; where nobody knows, it stays
//! open, and the next call settles it from the record of the change, and never sends anything that may have been sent.

use std::time::Duration;

use actix_web::rt;
use aws_lc_rs::digest;
use cams_api::envelope::Envelope;
use cams_api::idempotency::IdempotencyKey;
use cams_api::operation::Answer;
use cams_api::wait::WaitSeconds;
use cams_api::{Code, Operation};
use graph_client::Acted;
use serde_json::Value;
use tenant_store::{Claim, HeldKey, NewKey, Space, StoreError, StoredAnswer, UniqueCode};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::recording::{RECORDING, persistently};
use super::{Context, OperationError};

/// Beside the call to Meta, the wait for its webhook and the recording: reads before the call, a slow database.
const MARGIN: Duration = Duration::from_mins(1);

/// How often it is tried to record what could not be recorded at once.
const LATER: Duration = Duration::from_secs(1);

/// A caller's key, and the call that is made under it.
pub struct Keyed {
    /// The key.
    pub key: IdempotencyKey,
    /// What is asked for.
    pub fingerprint: Fingerprint,
    /// The ID of this call, which its later replays carry.
    pub request_id: Uuid,
}

/// What tells one request of an operation from another: SHA-256 of its parameters, whatever their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// What a caller is answered with.
#[derive(Debug)]
pub enum Reply<A> {
    /// What was done now.
    Done(A),
    /// What the key's first call was answered with.
    Replayed(StoredAnswer),
}

/// Where a call stands among those of its key.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// Reserved for the one change that the key's calls begin.
    pub unique_code: UniqueCode,
    /// Whether a call before this one may have done something: nothing is sent that may have been sent.
    pub is_resumed: bool,
}

/// Why a call with a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    /// The key stands for another request.
    #[error(
        "This idempotency key was used with another request within the last 24 hours. Use a key of its own for each request."
    )]
    Mismatch,
    /// The key's first call has not ended.
    #[error(
        "A call with this idempotency key is still running. Send the same call again in a moment to get its answer."
    )]
    Running,
    /// The key's call broke off, and nobody knows what became of it.
    #[error("{}", unknown_message(*.unique_code))]
    OutcomeUnknown {
        /// The change that it had begun, where it left a record.
        unique_code: Option<Uuid>,
    },
}

/// What is written to the key when its call has ended.
enum End {
    /// The answer, for all later calls.
    Keep(StoredAnswer),
    /// Nothing: nothing was done.
    Release,
    /// That nobody knows.
    LeaveOpen,
}

/// Runs an operation; with a key, once for all calls that carry it. Such a call runs to its end in a task of its own,
/// also where the caller hangs up or its time is over, so that the next one gets the answer.
///
/// # Errors
/// The operation's own, [`OperationError::Key`], [`OperationError::Store`] where a key cannot be looked up, and
/// [`OperationError::Late`] where the caller's time is over first.
pub async fn once<O: Operation>(
    ctx: &Context,
    keyed: Option<Keyed>,
    request: O,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + 'static,
) -> Result<Reply<O::Answer>, OperationError> {
    match keyed {
        None => run(ctx, request).await.map(Reply::Done),
        // In a box, so that calls without a key do not carry its room.
        Some(keyed) => Box::pin(ctx.to_its_end(async move |ctx| run_keyed(ctx, keyed, request, run).await)).await,
    }
}

async fn run_keyed<O: Operation>(
    ctx: Context,
    keyed: Keyed,
    request: O,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError>,
) -> Result<Reply<O::Answer>, OperationError> {
    let new = NewKey {
        operation: O::NAME,
        key: keyed.key.as_str(),
        fingerprint: keyed.fingerprint.0,
        longest: longest_call(&ctx),
    };
    let (held, is_resumed) = match ctx.space().claim_key(&new).await? {
        Claim::New(held) => (held, false),
        Claim::Open(held) => (held, true),
        Claim::Answered(answer) => return Ok(Reply::Replayed(answer)),
        Claim::Mismatch => return Err(KeyRefusal::Mismatch.into()),
        Claim::Running => return Err(KeyRefusal::Running.into()),
    };
    let ctx = Context { attempt: Some(Attempt { unique_code: held.unique_code, is_resumed }), ..ctx };
    let ended = run(&ctx, request).await;
    record_end(&ctx, held, End::of(&ended, keyed.request_id, is_resumed)).await;
    ended.map(Reply::Done)
}

/// How long a call may run before nobody believes any longer that it does.
fn longest_call(ctx: &Context) -> Duration {
    ctx.services.upstream_timeout * 2 + RECORDING + Duration::from_secs(WaitSeconds::MOST.into()) + MARGIN
}

/// Writes down how a call ended. While PostgreSQL is away the caller is not kept waiting for that: the key stays as if its
/// call ran until it can be done, or until nobody believes any longer that it does.
async fn record_end(ctx: &Context, held: HeldKey, end: End) {
    match persistently(async || end.record(&ctx.space(), &held).await).await {
        Ok(true) => {}
        Ok(false) => tracing::info!(?held, "a call ended after its idempotency key had been taken over"),
        Err(error) => {
            tracing::warn!(?held, %error, "how a call with an idempotency key ended could not be recorded yet");
            rt::spawn(record_later(ctx.clone(), held, end));
        }
    }
}

async fn record_later(ctx: Context, held: HeldKey, end: End) {
    let latest = Instant::now() + longest_call(&ctx);
    while Instant::now() < latest {
        sleep(LATER).await;
        match end.record(&ctx.space(), &held).await {
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
    fn of<A: Answer>(ended: &Result<A, OperationError>, request_id: Uuid, is_resumed: bool) -> Self {
        let code = match ended {
            Ok(answer) => answer.code(),
            Err(error) => error.code(),
        };
        let is_done = match ended {
            Ok(_) => true,
            Err(OperationError::Key(_)) => return Self::LeaveOpen,
            Err(error) if error.acted() == Acted::Unknown => return Self::LeaveOpen,
            Err(_) => matches!(code.http_status(), 404 | 409 | 422),
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

impl Fingerprint {
    /// Of a request's parameters.
    pub fn of(mut parameters: Value) -> Self {
        parameters.sort_all_objects();
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest::digest(&digest::SHA256, parameters.to_string().as_bytes()).as_ref());
        Self(fingerprint)
    }
}

impl KeyRefusal {
    /// The contract's code.
    pub fn code(&self) -> Code {
        match self {
            Self::Mismatch => Code::IdempotentParameterMismatch,
            Self::Running | Self::OutcomeUnknown { .. } => Code::IdempotentProcessing,
        }
    }

    /// The change that may have been made.
    pub fn unique_code(&self) -> Option<Uuid> {
        match self {
            Self::OutcomeUnknown { unique_code } => *unique_code,
            Self::Mismatch | Self::Running => None,
        }
    }
}

fn unknown_message(unique_code: Option<Uuid>) -> String {
    let what = "Outcome unknown: an earlier call with this idempotency key broke off, and it may have been done. ";
    let then = match unique_code {
        Some(code) => format!(
            "Send the same call again later, or ask `QueryChatGroupRequest` with UniqueCode {code}; it is not sent to Meta again under this key."
        ),
        None => {
            "Look whether it was done, and send it again with another key where it was not; it is not sent to Meta again under this key."
                .to_owned()
        }
    };
    what.to_owned() + &then
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_the_same_whatever_the_order_of_its_parameters() {
        let one: Value = serde_json::from_str(r#"{"a": {"x": 1, "y": [1, 2]}, "b": "c"}"#).unwrap();
        let other: Value = serde_json::from_str("{\"b\":\"c\",\n \"a\": {\"y\":[1,2],\"x\":1}}").unwrap();
        assert_eq!(Fingerprint::of(one.clone()), Fingerprint::of(other));
        for different in [json!({"a": {"x": 1, "y": [2, 1]}, "b": "c"}), json!({"a": {"x": 1}, "b": "c"}), json!({})] {
            assert_ne!(Fingerprint::of(one.clone()), Fingerprint::of(different));
        }
    }
}
