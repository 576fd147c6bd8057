//! Asynchronous changes: what Meta accepts now and confirms by webhook later.

use std::time::Duration;

use cams_api::operations::{ChangeStatus, QueryChatGroupRequest, RequestState, UpstreamFault};
use cams_api::text::InviteLink;
use cams_api::wait::WaitSeconds;
use graph_client::{Acted, ChangeAccepted};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenant_store::{Change, NewChange, UniqueCode};
use time::{OffsetDateTime, UtcOffset};
use tokio::time::{Instant, timeout_at};

use super::{Context, OperationError};

/// How long after the upstream's own timeout an answer may take to be recorded.
const RECORDING: Duration = Duration::from_secs(2);

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

/// A change from its record to its end, or to where the caller's wait is over. Returns how it then stands.
///
/// # Errors
/// [`OperationError::ChangeFailed`] where Meta accepted it and did none of it; else what the call failed with.
pub(super) async fn carry_through(
    ctx: &Context,
    wait: Option<WaitSeconds>,
    record: NewChange,
    call: impl AsyncFnOnce(&Context) -> Result<ChangeAccepted, OperationError> + 'static,
) -> Result<Change, OperationError> {
    ctx.token()?;
    let begun = ctx.to_its_end(async move |ctx| carry_out(&ctx, &record, call).await).await?;
    let change = await_outcome(ctx, begun, ctx.wait(wait)).await?;
    match change.status {
        tenant_store::ChangeStatus::Failed => Err(OperationError::ChangeFailed { change: Box::new(change) }),
        _ => Ok(change),
    }
}

/// The record, then `call`, then the record of its answer. A change that Meta refused is recorded as failed; one whose
/// answer never came stays open, and is settled by its event or by a look at Meta.
async fn carry_out(
    ctx: &Context,
    record: &NewChange,
    call: impl AsyncFnOnce(&Context) -> Result<ChangeAccepted, OperationError>,
) -> Result<Change, OperationError> {
    let unique_code = ctx.space().begin_change(record).await?;
    match call(ctx).await {
        Ok(accepted) => {
            let recorded = ctx.space().record_answer(unique_code, accepted.request_id.as_deref()).await;
            recorded.map_err(|error| OperationError::Unrecorded { unique_code: unique_code.0, error })
        }
        Err(error) if error.acted() == Acted::Unknown => Err(error.about(unique_code.0)),
        Err(error) => {
            let errors = serde_json::to_value([error.fault()]).unwrap_or_default();
            if let Err(unrecorded) = ctx.space().fail_change(unique_code, &errors).await {
                tracing::warn!(%unique_code, error = %unrecorded, "a refused change could not be recorded");
            }
            Err(error)
        }
    }
}

/// Waits until the change is settled, at most `wait`, and not beyond the caller's deadline. Returns how it then stands.
///
/// # Errors
/// None once the change is accepted: where its row cannot be read, it is what was known before.
async fn await_outcome(ctx: &Context, change: Change, wait: Duration) -> Result<Change, OperationError> {
    let latest = Instant::now() + wait;
    let until = ctx.deadline.map_or(latest, |deadline| deadline.min(latest));
    let mut waiter = ctx.services.waiters.register(change.unique_code);
    let mut change = change;
    while !change.status.is_settled() {
        // It may have been settled before the waiter stood there, so the first thing is to look.
        match ctx.space().change(change.unique_code).await {
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
        group_id: change.group_id.and_then(|id| id.parse().ok()),
        invite_link: change.invite_link.map(InviteLink::from_upstream),
        failed: read(change.failed),
        fields: change.fields.and_then(|fields| serde_json::from_value(fields).ok()),
        errors: read(change.errors),
        created_at: rfc3339(change.created_at),
        settled_at: change.settled_at.map(rfc3339),
        operation: change.operation,
    })
}

/// The faults that were recorded with a change.
pub(super) fn faults(change: &Change) -> Vec<UpstreamFault> {
    read(change.errors.clone())
}

fn read<T: DeserializeOwned + Default>(recorded: Option<Value>) -> T {
    recorded.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
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

/// As RFC 3339 has it, in milliseconds, as every time in an answer.
fn rfc3339(instant: OffsetDateTime) -> String {
    // Of one length, so that times can be compared as texts, too.
    let utc = instant.to_offset(UtcOffset::UTC);
    let ((hour, minute, second, milli), month) = (utc.to_hms_milli(), u8::from(utc.month()));
    format!("{:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z", utc.year(), utc.day())
}
