//! Calls with an idempotency key: made once however often they are sent, by whatever face, on whatever replica.
//!
//! The key is claimed in PostgreSQL before anything is done, and how the call ended is written to it before the caller
//! is answered. Only a definite end is kept. Where nothing was done the key is given back; where nobody knows, it stays
//! open, and the next call settles it from the record of the change, and never sends anything that may have been sent.

use std::time::Duration;

use aws_lc_rs::digest;
use cams_api::idempotency::IdempotencyKey;
use cams_api::{Code, Operation};
use serde_json::Value;
use tenant_store::{Claim, HeldKey, NewKey, StoredAnswer, UniqueCode};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use self::ending::{End, record_end};
use super::outcomes::is_passing_refusal;
use super::recording::RECORDING;
use super::{Context, OperationError};

mod ending;

/// A call that was not heard of for so many of Meta's timeouts, and as long as its end may take to be recorded, is not
/// believed to run. It is heard of in each.
const LEASE: u32 = 3;
/// What is left of the caller's time for writing down how the call ended: so much at the most, and of a short time a part.
const WRITING_DOWN: Duration = Duration::from_millis(200);
const PART_FOR_WRITING_DOWN: u32 = 4;

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
        Some(keyed) => {
            let deadline = ctx.deadline.map(before_writing_down);
            let to_its_end =
                ctx.to_its_end(async move |ctx| run_keyed(Context { deadline, ..ctx }, keyed, request, run).await);
            Box::pin(to_its_end).await
        }
    }
}

/// When the call itself must be done, so that its caller gets its end and not that the time is over.
fn before_writing_down(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline.checked_sub(WRITING_DOWN.min(left / PART_FOR_WRITING_DOWN)).unwrap_or(deadline)
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
        lease: lease(&ctx),
        unique_code: UniqueCode::new(),
    };
    let (mut held, was_open) = match ctx.space().claim_key(&new).await? {
        Claim::New(held) => (held, false),
        Claim::Open(held) => (held, true),
        Claim::Answered(answer) => return Ok(Reply::Replayed(answer)),
        Claim::Mismatch => return Err(KeyRefusal::Mismatch.into()),
        Claim::Running => return Err(KeyRefusal::Running.into()),
    };
    let is_resumed = match begin_anew_where_nothing_was_done(&ctx, &mut held, was_open).await {
        Ok(is_anew) => !is_anew,
        Err(error) => {
            record_end(&ctx, held, End::LeaveOpen).await;
            return Err(error);
        }
    };
    let ctx = Context { attempt: Some(Attempt { unique_code: held.unique_code, is_resumed }), ..ctx };
    let ended = while_heard_of(&ctx, &held, run(&ctx, request)).await;
    record_end(&ctx, held, End::of(&ended, keyed.request_id, is_resumed)).await;
    ended.map(Reply::Done)
}

/// Whether no call under the key can have done anything. The change of one before this one was none where it was refused
/// for a reason that passes: the key is then made as good as new.
async fn begin_anew_where_nothing_was_done(
    ctx: &Context,
    held: &mut HeldKey,
    was_open: bool,
) -> Result<bool, OperationError> {
    if !was_open {
        return Ok(true);
    }
    let left = ctx.space().change(held.unique_code).await?;
    if !left.is_some_and(|change| is_passing_refusal(&change)) {
        return Ok(false);
    }
    let is_held = ctx.space().renew_key(held, UniqueCode::new()).await?;
    is_held.then_some(true).ok_or_else(|| KeyRefusal::Running.into())
}

/// How long a call is believed to run without being heard of.
fn lease(ctx: &Context) -> Duration {
    ctx.services.upstream_timeout * LEASE + RECORDING
}

/// Lets a call be heard of while it runs: it may look through a long list, or invite many one after the other.
async fn while_heard_of<T>(ctx: &Context, held: &HeldKey, call: impl Future<Output = T>) -> T {
    let be_heard_of = async {
        loop {
            sleep(ctx.services.upstream_timeout).await;
            if let Err(error) = ctx.space().prolong_key(held, lease(ctx)).await {
                tracing::warn!(?held, %error, "that a call with an idempotency key still runs could not be recorded");
            }
        }
    };
    tokio::select! {
        ended = call => ended,
        never = be_heard_of => never,
    }
}

impl Fingerprint {
    /// Of a request's parameters.
    pub fn of(mut parameters: Value) -> Self {
        parameters.sort_all_objects();
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest::digest(&digest::SHA256, parameters.to_string().as_bytes()).as_ref());
        Self(fingerprint)
    }

    /// As it is compared.
    pub(crate) fn bytes(self) -> [u8; 32] {
        self.0
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
