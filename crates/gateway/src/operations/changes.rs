//! Asynchronous changes: what Meta accepts now and confirms by webhook later.

use std::time::Duration;

use cams_api::instant;
use cams_api::operations::{ChangeStatus, QueryChatGroupRequest, RequestState};
use cams_api::text::InviteLink;
use cams_api::wait::WaitSeconds;
use graph_client::{Acted, ChangeAccepted};
use serde_json::Value;
use tenant_store::{Change, NewChange, Outcome, StoreError, UniqueCode};
use tokio::time::{Instant, timeout_at};

use super::recording::{RECORDING, persistently};
use super::{Context, KeyRefusal, OperationError, outcomes};
use crate::events::told_outcome;

/// How much longer than its wait a caller without a deadline may be kept by a look at the record.
const LOOK: Duration = Duration::from_secs(5);

/// Meta has taken a change on.
pub(super) struct Taken {
    /// Meta's ID of it, where its answer had one.
    pub request_id: Option<String>,
    /// How it ended, where the answer tells.
    pub outcome: Option<Outcome>,
}

impl From<ChangeAccepted> for Taken {
    fn from(accepted: ChangeAccepted) -> Self {
        Self { outcome: accepted.told.as_ref().and_then(told_outcome), request_id: accepted.request_id }
    }
}

/// What is recorded of a change of the call's number before Meta is asked; `request` holds no secret.
pub(super) fn record(ctx: &Context, operation: &str, request: Value) -> Result<NewChange, OperationError> {
    let number = ctx.number()?;
    Ok(NewChange {
        operation: operation.to_owned(),
        business_number: number.business_number.as_str().to_owned(),
        phone_number_id: number.phone_number_id.as_str().to_owned(),
        group_id: None,
        subject: None,
        request,
        answer_due: ctx.services.upstream_timeout + RECORDING,
        trace: ctx.trace.as_ref().and_then(|trace| trace.kept()),
    })
}

/// The same, of a group that there is.
pub(super) fn record_of_group(
    ctx: &Context,
    operation: &str,
    group_id: &graph_client::GroupId,
    request: Value,
) -> Result<NewChange, OperationError> {
    Ok(NewChange { group_id: Some(group_id.to_string()), ..record(ctx, operation, request)? })
}

/// A change from its record to its end, or to where the caller's wait is over. Returns how it then stands. One call
/// makes one change at the most.
///
/// # Errors
/// [`OperationError::ChangeFailed`] where Meta accepted it and did none of it; [`KeyRefusal::OutcomeUnknown`] where it
/// may have been sent under the call's idempotency key already and nobody knows yet; else what the call failed with.
pub(super) async fn carry_through(
    ctx: &Context,
    wait: Option<WaitSeconds>,
    record: NewChange,
    call: impl AsyncFnOnce(&Context) -> Result<ChangeAccepted, OperationError> + 'static,
) -> Result<Change, OperationError> {
    match end_of_left_behind(ctx, wait).await? {
        Some(change) => Ok(change),
        None => carry_anew(ctx, wait, record, call).await,
    }
}

/// How a change ended that an earlier call under the same idempotency key left behind; `None` where there is none. For an
/// operation that must fetch something before it has a record to [`carry_anew`]: what it fetched the first time may be gone.
///
/// # Errors
/// As [`carry_through`].
pub(super) async fn end_of_left_behind(
    ctx: &Context,
    wait: Option<WaitSeconds>,
) -> Result<Option<Change>, OperationError> {
    let Some(left) = left_behind(ctx).await? else { return Ok(None) };
    known_end(await_outcome(ctx, left, ctx.wait(wait)).await?).map(Some)
}

/// [`carry_through`] without its look at what an earlier call left behind: [`end_of_left_behind`] must have found nothing.
///
/// # Errors
/// As [`carry_through`].
pub(super) async fn carry_anew(
    ctx: &Context,
    wait: Option<WaitSeconds>,
    record: NewChange,
    call: impl AsyncFnOnce(&Context) -> Result<ChangeAccepted, OperationError> + 'static,
) -> Result<Change, OperationError> {
    ctx.token()?;
    let call = async move |ctx: &Context| Ok(Taken::from(call(ctx).await?));
    let unique_code = code_for(ctx);
    let begun = ctx.to_its_end(async move |ctx| carry_out_as(&ctx, unique_code, &record, call).await).await;
    let begun = begun.map_err(|error| error.about(unique_code.0))?;
    unless_failed(await_outcome(ctx, begun, ctx.wait(wait)).await?)
}

/// The change that an earlier call began under the same idempotency key, and did not bring to its end. There being none,
/// nothing was sent: the record comes before the call.
async fn left_behind(ctx: &Context) -> Result<Option<Change>, OperationError> {
    match ctx.resumed() {
        Some(attempt) => Ok(ctx.space().abandon_change(attempt.unique_code).await?),
        None => Ok(None),
    }
}

/// What is known of a change that is not sent again.
fn known_end(change: Change) -> Result<Change, OperationError> {
    match change.status {
        tenant_store::ChangeStatus::Sending | tenant_store::ChangeStatus::Unknown => {
            Err(KeyRefusal::OutcomeUnknown { unique_code: Some(change.unique_code.0) }.into())
        }
        // The call that took it for broken off looked too early: whoever sends it sees the refusal just now.
        _ if outcomes::is_passing_refusal(&change) => Err(KeyRefusal::Running.into()),
        _ => unless_failed(change),
    }
}

fn unless_failed(change: Change) -> Result<Change, OperationError> {
    match change.status {
        tenant_store::ChangeStatus::Failed => Err(OperationError::ChangeFailed { change: Box::new(change) }),
        _ => Ok(change),
    }
}

/// The record, then `call`, then the record of its answer. A change that Meta refused is recorded as failed; one whose
/// answer never came stays open, and is settled by its event or by a look at Meta.
pub(super) async fn carry_out(
    ctx: &Context,
    record: &NewChange,
    call: impl AsyncFnOnce(&Context) -> Result<Taken, OperationError>,
) -> Result<Change, OperationError> {
    carry_out_as(ctx, code_for(ctx), record, call).await
}

/// The code of the change that a call is about to begin: with a key, the one that is reserved for it.
fn code_for(ctx: &Context) -> UniqueCode {
    ctx.attempt.map_or_else(UniqueCode::new, |attempt| attempt.unique_code)
}

async fn carry_out_as(
    ctx: &Context,
    unique_code: UniqueCode,
    record: &NewChange,
    call: impl AsyncFnOnce(&Context) -> Result<Taken, OperationError>,
) -> Result<Change, OperationError> {
    let space = ctx.space();
    begin(ctx, unique_code, record).await?;
    match call(ctx).await {
        Ok(taken) => {
            let recorded = persistently(async || {
                let change = space.record_answer(unique_code, taken.request_id.as_deref()).await?;
                match &taken.outcome {
                    Some(outcome) => space.settle_change(unique_code, outcome).await,
                    None => Ok(change),
                }
            });
            recorded.await.map_err(|error| OperationError::Unrecorded { unique_code: unique_code.0, error })
        }
        Err(error) if error.acted() == Acted::Unknown => Err(error.about(unique_code.0)),
        Err(error) => {
            let errors = outcomes::refused(&error);
            if let Err(unrecorded) = persistently(async || space.fail_change(unique_code, &errors).await).await {
                tracing::warn!(%unique_code, error = %unrecorded, "a refused change could not be recorded");
            }
            Err(error.about(unique_code.0))
        }
    }
}

/// Commits the record. Two calls may believe to be a key's only one when a process looked dead and was not; of these, one
/// gets the code that is reserved.
async fn begin(ctx: &Context, unique_code: UniqueCode, record: &NewChange) -> Result<(), OperationError> {
    ctx.space().begin_change_as(unique_code, record).await.map_err(|error| match error {
        StoreError::Conflict { .. } => KeyRefusal::OutcomeUnknown { unique_code: Some(unique_code.0) }.into(),
        error => error.into(),
    })
}

/// Waits until the change is settled, at most `wait`, and not beyond the caller's deadline. Returns how it then stands.
///
/// # Errors
/// None once the change is accepted: where its row cannot be read, it is what was known before.
async fn await_outcome(ctx: &Context, change: Change, wait: Duration) -> Result<Change, OperationError> {
    let now = Instant::now();
    // Whose time was over before has gone, and it is for the next call under the key that is waited.
    let deadline = ctx.deadline.filter(|deadline| *deadline > now);
    let until = deadline.map_or(now + wait, |deadline| deadline.min(now + wait));
    let mut waiter = ctx.services.waiters.register(change.unique_code);
    let mut change = change;
    while !change.status.is_settled() {
        // It may have been settled before the waiter stood there, so the first thing is to look.
        let Ok(found) = timeout_at(deadline.unwrap_or(until + LOOK), ctx.space().change(change.unique_code)).await
        else {
            break;
        };
        match found {
            Ok(Some(now)) => change = now,
            Ok(None) => break,
            Err(error) => tracing::warn!(%error, "a change that is waited for could not be read"),
        }
        if change.status.is_settled() || waiter.is_stopping() || timeout_at(until, waiter.settled()).await.is_err() {
            break;
        }
    }
    Ok(change)
}

/// What became of a change.
pub(super) async fn query_request(
    ctx: &Context,
    request: QueryChatGroupRequest,
) -> Result<RequestState, OperationError> {
    let found = ctx.space().change(UniqueCode(request.unique_code.uuid())).await?;
    let number = ctx.number()?;
    let of_this_number = |change: &Change| change.phone_number_id == number.phone_number_id.as_str();
    let change = found.filter(of_this_number).ok_or(OperationError::UniqueCodeNotFound)?;
    Ok(RequestState {
        status: status(change.status),
        failed: outcomes::failed(&change),
        fields: outcomes::fields(&change),
        errors: outcomes::faults(&change),
        group_id: change.group_id.and_then(|id| id.parse().ok()),
        invite_link: change.invite_link.map(InviteLink::from_upstream),
        created_at: instant::in_milliseconds(change.created_at),
        settled_at: change.settled_at.map(instant::in_milliseconds),
        operation: change.operation,
    })
}

fn status(status: tenant_store::ChangeStatus) -> ChangeStatus {
    match status {
        tenant_store::ChangeStatus::Sending => ChangeStatus::Sending,
        tenant_store::ChangeStatus::Pending => ChangeStatus::Pending,
        tenant_store::ChangeStatus::Succeeded => ChangeStatus::Succeeded,
        tenant_store::ChangeStatus::Failed => ChangeStatus::Failed,
        tenant_store::ChangeStatus::Partial => ChangeStatus::Partial,
        tenant_store::ChangeStatus::Unknown => ChangeStatus::Unknown,
    }
}
