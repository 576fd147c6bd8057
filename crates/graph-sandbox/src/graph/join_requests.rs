//! Users' requests to enter a group that needs approval.

use serde_json::{Map, Value, json};

use super::cursor::PageRequest;
use super::errors::{Code, GraphError, GraphResult};
use super::groups::{changeable, known};
use super::{Answer, Asked};
use crate::ids::{GroupId, JoinRequestId, WaId};
use crate::state::State;
use crate::state::groups::JoinRequest;

/// `GET /{group_id}/join_requests`: the open ones, oldest first.
pub(crate) fn list(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let list = format!("join_requests:{id}");
    let request = PageRequest::read(asked.params(), &list)?;
    let open = &known(state, id)?.join_requests;
    let mut open: Vec<_> = open.iter().collect();
    open.sort_by_key(|(_, request)| request.created_at);
    let page = request.cut((0_u64..).zip(open).collect::<Vec<_>>().into_iter());
    let items = page.items.iter();
    let listed: Vec<_> = items.map(|(_, (id, one))| listed(state, id, one)).collect();
    Ok(Answer::ok(json!({
        "data": listed,
        "paging": page.paging(&list, request.limit, asked),
    })))
}

fn listed(state: &State, id: &JoinRequestId, request: &JoinRequest) -> Map<String, Value> {
    let mut object = state.user_seen(&request.wa_id);
    object.insert("join_request_id".to_owned(), json!(id));
    object.insert("creation_timestamp".to_owned(), json!(request.created_at));
    object
}

/// `POST /{group_id}/join_requests`: lets users in; a webhook tells of those who came.
pub(crate) fn approve(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let ids = requested(asked)?;
    changeable(state, id)?;
    let mut admitted = Vec::new();
    let mut decided = Decided::new("approved_join_requests");
    for request_id in &ids {
        let outcome = admit(state, id, request_id);
        let wa_id = decided.note(request_id, outcome);
        admitted.extend(wa_id);
    }
    if !admitted.is_empty() {
        state.tell_of_approval(id, &admitted, &asked.turn);
    }
    decided.answer()
}

fn admit(state: &mut State, id: &GroupId, request_id: &JoinRequestId) -> GraphResult<WaId> {
    let wa_id = requester(state, id, request_id)?;
    let user = state.users.get(&wa_id);
    if user.is_some_and(|user| !user.accepts_terms) {
        return Err(GraphError::new(Code::TERMS));
    }
    let group = changeable(state, id)?;
    if group.is_full() {
        return Err(GraphError::new(Code::OVER_LIMIT));
    }
    group.join_requests.remove(request_id);
    group.participants.push(wa_id.clone());
    Ok(wa_id)
}

fn requester(state: &State, id: &GroupId, request_id: &JoinRequestId) -> GraphResult<WaId> {
    let request = known(state, id)?.join_requests.get(request_id);
    let unknown = || GraphError::new(Code::NO_JOIN_REQUEST);
    Ok(request.ok_or_else(unknown)?.wa_id.clone())
}

/// `DELETE /{group_id}/join_requests`: turns users away; no webhook tells of it.
pub(crate) fn reject(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let ids = requested(asked)?;
    let group = changeable(state, id)?;
    let mut decided = Decided::new("rejected_join_requests");
    for request_id in &ids {
        let found = group.join_requests.remove(request_id);
        let unknown = || GraphError::new(Code::NO_JOIN_REQUEST);
        decided.note(request_id, found.ok_or_else(unknown));
    }
    decided.answer()
}

fn requested(asked: &Asked<'_>) -> GraphResult<Vec<JoinRequestId>> {
    asked.params().require_messaging_product()?;
    let items = asked.params().required_list("join_requests")?;
    let wrong = || GraphError::parameter("Param join_requests must be an array of strings.");
    let id = |item: &Value| Some(JoinRequestId::from(item.as_str()?));
    let ids: Option<Vec<_>> = items.iter().map(id).collect();
    ids.filter(|ids| !ids.is_empty()).ok_or_else(wrong)
}

/// What became of each request of one call.
struct Decided {
    name: &'static str,
    done: Vec<JoinRequestId>,
    failed: Vec<Value>,
    last_error: Option<GraphError>,
}

impl Decided {
    fn new(name: &'static str) -> Self {
        Self { name, done: Vec::new(), failed: Vec::new(), last_error: None }
    }

    fn note<T>(&mut self, id: &JoinRequestId, outcome: GraphResult<T>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.done.push(id.clone());
                Some(value)
            }
            Err(error) => {
                let errors = [error.in_webhook()];
                self.failed.push(json!({ "join_request_id": id, "errors": errors }));
                self.last_error = Some(error);
                None
            }
        }
    }

    /// All done: 200. Some: 206 with code 131201. None: the error itself.
    fn answer(self) -> GraphResult<Answer> {
        let mut body = json!({ "messaging_product": "whatsapp" });
        match (self.last_error, self.done.is_empty()) {
            (Some(error), true) => return Err(error),
            (Some(_), false) => {
                let partial = GraphError::new(Code::PARTIAL);
                body["failed_join_requests"] = self.failed.into();
                body["errors"] = json!([partial.in_webhook()]);
                body[self.name] = json!(self.done);
                return Ok(Answer::ok(body).with_status(Code::PARTIAL.status()));
            }
            (None, _) => body[self.name] = json!(self.done),
        }
        Ok(Answer::ok(body))
    }
}
