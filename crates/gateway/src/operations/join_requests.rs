//! Join requests: who asks to be let in, whom to let in, whom to turn away.

use cams_api::join_requests::{Cursor, JoinRequestId, JoinRequestList};
use cams_api::operations::{
    ApproveChatGroupJoinRequests, JoinRequest, JoinRequestListData, JoinRequests, JoinRequestsApproved,
    JoinRequestsRejected, ListChatGroupJoinRequests, RejectChatGroupJoinRequests, UpstreamFault,
};
use graph_client::{FailedJoinRequest, JoinRequestPosition, JoinRequestsDecided, OpenJoinRequest};

use super::{Context, OperationError, outcomes};

/// A page of the open join requests.
pub(super) async fn list_join_requests(
    ctx: &Context,
    request: ListChatGroupJoinRequests,
) -> Result<JoinRequestListData, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    let position = JoinRequestPosition {
        after: request.after.as_ref().map(Cursor::as_str),
        before: request.before.as_ref().map(Cursor::as_str),
    };
    let page = ctx.graph.join_requests(ctx.call()?, &group_id, position).await?.body;
    let data = JoinRequests {
        list: page.requests.into_iter().map(join_request).collect(),
        after: page.after.map(Cursor::from_upstream),
        before: page.before.map(Cursor::from_upstream),
    };
    Ok(JoinRequestListData { data })
}

fn join_request(request: OpenJoinRequest) -> JoinRequest {
    JoinRequest {
        join_request_id: request.join_request_id,
        wa_id: request.participant.wa_id,
        user_id: request.participant.user_id,
        username: request.participant.username,
        creation_timestamp: request.creation_timestamp,
    }
}

/// Lets users in.
pub(super) async fn approve_join_requests(
    ctx: &Context,
    request: ApproveChatGroupJoinRequests,
) -> Result<JoinRequestsApproved, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    ctx.write(async move |ctx| {
        let answer = ctx.graph.approve_join_requests(ctx.call()?, &group_id, &ids(&request.list)).await?;
        let Decided { done, failed, errors } = decided(&request.list, answer.body)?;
        Ok(JoinRequestsApproved { approved: done, failed, errors })
    })
    .await
}

/// Turns users away.
pub(super) async fn reject_join_requests(
    ctx: &Context,
    request: RejectChatGroupJoinRequests,
) -> Result<JoinRequestsRejected, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    ctx.write(async move |ctx| {
        let answer = ctx.graph.reject_join_requests(ctx.call()?, &group_id, &ids(&request.list)).await?;
        let Decided { done, failed, errors } = decided(&request.list, answer.body)?;
        Ok(JoinRequestsRejected { rejected: done, failed, errors })
    })
    .await
}

fn ids(list: &JoinRequestList) -> Vec<&str> {
    list.ids().iter().map(JoinRequestId::as_str).collect()
}

/// What became of the requests that a call named.
struct Decided {
    done: Vec<String>,
    failed: Vec<UpstreamFault>,
    errors: Vec<UpstreamFault>,
}

/// # Errors
/// [`OperationError::NothingDone`] where Meta's answer says so.
fn decided(asked: &JoinRequestList, answer: JoinRequestsDecided) -> Result<Decided, OperationError> {
    let errors: Vec<UpstreamFault> = answer.errors.iter().map(outcomes::fault).collect();
    let failed: Vec<UpstreamFault> = answer.failed.iter().map(|request| failure(request, &errors)).collect();
    let is_clean = failed.is_empty() && errors.is_empty();
    // A success that lists nothing is one of all that was asked for.
    let all = || asked.ids().iter().map(|id| id.as_str().to_owned()).collect();
    let done = answer.done.unwrap_or_else(|| if is_clean { all() } else { Vec::new() });
    let in_part = failed.is_empty() && outcomes::tells_of_parts_alone(&errors);
    if done.is_empty() && !is_clean && !in_part {
        return Err(OperationError::NothingDone { failed, errors });
    }
    Ok(Decided { done, failed, errors })
}

/// Why a request was not decided; the call's own errors hold where it has none.
fn failure(request: &FailedJoinRequest, errors: &[UpstreamFault]) -> UpstreamFault {
    let own = request.errors.first().map(outcomes::fault);
    UpstreamFault {
        join_request_id: Some(request.join_request_id.clone()),
        ..own.unwrap_or_else(|| outcomes::first_reason(&[], errors))
    }
}
