//! Join requests: who asks to be let in, whom to let in, whom to turn away.

use cams_api::join_requests::{Cursor, JoinRequestId, JoinRequestList};
use cams_api::operations::{
    ApproveChatGroupJoinRequests, JoinRequest, JoinRequestListData, JoinRequests, JoinRequestsApproved,
    JoinRequestsRejected, ListChatGroupJoinRequests, RejectChatGroupJoinRequests, UpstreamFault,
};
use graph_client::{Answer, FailedJoinRequest, JoinRequestPosition, JoinRequestsDecided, OpenJoinRequest};

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
    let page = ctx.graph.join_requests(ctx.call().await?.call(), &group_id, position).await?.body;
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
    let decision = decide(ctx, request.list, async move |ctx, ids| {
        ctx.graph.approve_join_requests(ctx.call().await?.call(), &group_id, &ids).await.map_err(OperationError::from)
    });
    let Decided { done, failed, errors, is_partial } = decision.await?;
    Ok(JoinRequestsApproved { approved: done, failed, errors, is_partial })
}

/// Turns users away.
pub(super) async fn reject_join_requests(
    ctx: &Context,
    request: RejectChatGroupJoinRequests,
) -> Result<JoinRequestsRejected, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    let decision = decide(ctx, request.list, async move |ctx, ids| {
        ctx.graph.reject_join_requests(ctx.call().await?.call(), &group_id, &ids).await.map_err(OperationError::from)
    });
    let Decided { done, failed, errors, is_partial } = decision.await?;
    Ok(JoinRequestsRejected { rejected: done, failed, errors, is_partial })
}

/// One decision on join requests; `call` tells it to Meta.
async fn decide(
    ctx: &Context,
    list: JoinRequestList,
    call: impl AsyncFnOnce(&Context, Vec<&str>) -> Result<Answer<JoinRequestsDecided>, OperationError> + 'static,
) -> Result<Decided, OperationError> {
    ctx.write(async move |ctx| decided(&ids(&list), call(&ctx, ids(&list)).await?.body)).await
}

fn ids(list: &JoinRequestList) -> Vec<&str> {
    list.ids().iter().map(JoinRequestId::as_str).collect()
}

/// What became of the requests that a call named.
pub(super) struct Decided {
    /// The IDs of those that were decided on as asked.
    pub done: Vec<String>,
    /// Those that were not, and why.
    pub failed: Vec<UpstreamFault>,
    /// What Meta says of the call as a whole.
    pub errors: Vec<UpstreamFault>,
    /// Whether some were not decided on, named or not.
    pub is_partial: bool,
}

/// What Meta's answer says became of the requests that were `asked` about.
///
/// # Errors
/// [`OperationError::NothingDone`] where Meta's answer says so.
pub(super) fn decided(asked: &[&str], answer: JoinRequestsDecided) -> Result<Decided, OperationError> {
    let errors: Vec<UpstreamFault> = answer.errors.iter().map(outcomes::fault).collect();
    let failed: Vec<UpstreamFault> = answer.failed.iter().map(|request| failure(request, &errors)).collect();
    let is_clean = failed.is_empty() && errors.is_empty();
    let says_in_part = answer.in_part || outcomes::tells_of_parts_alone(&errors);
    // A success that lists nothing is one of all that was asked for.
    let all = || asked.iter().map(|id| (*id).to_owned()).collect();
    let done = answer.done.unwrap_or_else(|| if is_clean && !says_in_part { all() } else { Vec::new() });
    // Where Meta names no failure, those that it does not list may have been decided on all the same.
    let is_untold = failed.is_empty() && (says_in_part || is_clean);
    if done.is_empty() && !is_untold {
        return Err(OperationError::NothingDone { failed, errors });
    }
    let is_partial = says_in_part || !is_clean || done.len() < asked.len();
    Ok(Decided { done, failed, errors, is_partial })
}

/// Why a request was not decided; the call's own errors hold where it has none.
fn failure(request: &FailedJoinRequest, errors: &[UpstreamFault]) -> UpstreamFault {
    let own = request.errors.first().map(outcomes::fault);
    UpstreamFault {
        join_request_id: Some(request.join_request_id.clone()),
        ..own.unwrap_or_else(|| outcomes::first_reason(&[], errors))
    }
}
