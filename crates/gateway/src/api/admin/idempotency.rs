//! `Idempotency-Key` on POST: what is sent twice under one key is done once, on whatever replica.
//!
//! A key is its caller's, for one method and path, for 24 hours. An answer is kept without what is shown at its creation
//! alone: a replay has `null` in its place. Where nothing was done the key is given back.
//!
//! Where a call broke off, as its gateway was killed, the next one with its key looks into the audit log, which has every
//! change from the transaction that makes it: what was done is not done again, and what was not is done now. A change that is
//! being committed holds its key (`Space::log`), so that the look comes after it.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::IF_MATCH;
use actix_web::web::Bytes;
use cams_api::Code;
use cams_api::idempotency::IdempotencyKey;
use serde_json::{Value, json};
use tenant_store::{
    AuditEntry, AuditFilter, Claim, HeldKey, NewKey, SeenCall, Store, StoreError, StoredAnswer, UniqueCode,
};
use uuid::Uuid;

use super::problem::Refused;
use super::said::{Said, unwritten};
use crate::admin::{AdminError, Answer};
use crate::api::ApiError;
use crate::api::headers::idempotency_key;
use crate::api::render::request_id;
use crate::operations::{Fingerprint, KeyRefusal, OperationError};

/// A call that was not heard of for so long is not believed to run. That one's replica has died is known at once.
const LEASE: Duration = Duration::from_mins(15);
/// How many entries of the audit log one call is looked for in.
const ENTRIES: i64 = 10;

/// A caller's key, and what is asked for under it.
pub(crate) struct Keyed {
    key: IdempotencyKey,
    operation: String,
    fingerprint: Fingerprint,
    request_id: Uuid,
}

/// An answer, given now or again.
pub(crate) enum Reply {
    /// What was done now.
    Done(Said),
    /// What was answered to the call of this ID.
    Replayed(Said, Uuid),
}

impl Keyed {
    /// The key that came with a call of `caller`; `None` where it came without one.
    ///
    /// # Errors
    /// [`ApiError`] where it is there and wrong.
    pub(super) fn read(http: &HttpRequest, caller: &str, body: &Bytes) -> Result<Option<Self>, ApiError> {
        let Some(key) = idempotency_key(http.headers())? else { return Ok(None) };
        let seen = http.headers().get(IF_MATCH).map(|seen| String::from_utf8_lossy(seen.as_bytes()).into_owned());
        let sent: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let asked = json!({"query": http.query_string(), "if_match": seen, "body": sent});
        let operation = format!("{caller} {} {}", http.method(), http.path());
        Ok(Some(Self { key, operation, fingerprint: Fingerprint::of(asked), request_id: request_id(http) }))
    }

    /// The key of a form of the console, which says what is asked for itself: the same form, sent twice, has the same.
    pub(crate) fn of_form(http: &HttpRequest, caller: &str, key: IdempotencyKey) -> Self {
        let operation = format!("{caller} {} {}", http.method(), http.path());
        Self { key, operation, fingerprint: Fingerprint::of(Value::Null), request_id: request_id(http) }
    }

    fn claimed(&self) -> NewKey<'_> {
        NewKey {
            operation: &self.operation,
            key: self.key.as_str(),
            fingerprint: self.fingerprint.bytes(),
            lease: LEASE,
            unique_code: self.unique_code(),
        }
    }

    /// What the call changes is found in the audit log by its ID.
    fn unique_code(&self) -> UniqueCode {
        UniqueCode(self.request_id)
    }
}

/// Does what is asked for, once for all calls with the same key.
///
/// # Errors
/// Those of what was to be done; that the key stands for another call, or for one that has not ended.
pub(super) async fn once<A: Answer>(
    store: &Store,
    keyed: &Keyed,
    run: impl Future<Output = Result<A, AdminError>>,
) -> Result<Reply, Refused> {
    let held = match store.isv().claim_key(&keyed.claimed()).await.map_err(AdminError::from)? {
        Claim::New(held) => held,
        Claim::Answered(answer) => return Ok(replayed(&answer)?),
        Claim::Mismatch => return Err(refusal(KeyRefusal::Mismatch)),
        Claim::Running => return Err(refusal(KeyRefusal::Running)),
        Claim::Open(held) => taken_over(store, keyed, held).await?,
    };
    match run.await {
        Ok(answer) => Ok(Reply::Done(keep(store, keyed, &held, answer).await?)),
        Err(error) => {
            let space = store.isv();
            recorded(if error.may_be_done() { space.open_key(&held).await } else { space.release_key(&held).await });
            Err(error.into())
        }
    }
}

/// The key of a call that broke off, where that call changed nothing.
///
/// # Errors
/// That it did.
async fn taken_over(store: &Store, keyed: &Keyed, mut held: HeldKey) -> Result<HeldKey, Refused> {
    let taken = match done_before(store, &held).await {
        Ok(None) => store.isv().renew_key(&mut held, keyed.unique_code()).await,
        Ok(Some(entry)) => {
            recorded(store.isv().open_key(&held).await);
            return Err(broken_off(&entry));
        }
        Err(error) => Err(error),
    };
    match taken {
        Ok(true) => Ok(held),
        Ok(false) => Err(refusal(KeyRefusal::Running)),
        Err(error) => {
            recorded(store.isv().open_key(&held).await);
            Err(AdminError::from(error).into())
        }
    }
}

/// What the call that held the key has changed. That it was refused, or read something, is in the log as well.
async fn done_before(store: &Store, held: &HeldKey) -> Result<Option<AuditEntry>, StoreError> {
    let filter = AuditFilter { request_id: Some(held.unique_code.0), ..AuditFilter::default() };
    let entries = store.audit(&filter, None, ENTRIES).await?;
    Ok(entries.into_iter().find(|entry| !SeenCall::ACTIONS.contains(&entry.action.as_str())))
}

/// The answer as its caller gets it, once it is kept as later ones get it.
async fn keep<A: Answer>(store: &Store, keyed: &Keyed, held: &HeldKey, answer: A) -> Result<Said, ApiError> {
    let said = Said::of(&answer)?;
    let kept = Said::of(&answer.without_secrets())?;
    let body = serde_json::to_string(&kept).map_err(|error| unwritten(&error))?;
    let code = Code::Ok.as_str().to_owned();
    let stored = StoredAnswer { request_id: keyed.request_id, code, http_status: kept.status, body };
    recorded(store.isv().answer_key(held, &stored).await);
    Ok(said)
}

fn replayed(answer: &StoredAnswer) -> Result<Reply, ApiError> {
    let said = serde_json::from_str(&answer.body).map_err(|error| unwritten(&error))?;
    Ok(Reply::Replayed(said, answer.request_id))
}

/// A key whose end could not be written down stays as if its call ran, until nobody believes that any longer.
fn recorded(written: Result<bool, StoreError>) {
    if let Err(error) = written {
        tracing::warn!(%error, "how a call of an administrator with an idempotency key ended could not be recorded");
    }
}

fn refusal(why: KeyRefusal) -> Refused {
    ApiError::from(OperationError::from(why)).into()
}

fn broken_off(done: &AuditEntry) -> Refused {
    let AuditEntry { action, object, .. } = done;
    let call = done.request_id.unwrap_or_default();
    let message = format!(
        "An earlier call with this idempotency key broke off after it had begun to change something: `{action}` on \
         `{object}`, in the audit log under the request ID {call}. Its answer is lost, and it is not made again under this \
         key: look at what it left."
    );
    ApiError::Http { code: Code::IdempotentProcessing, message: message.into() }.into()
}
