//! Users who come, ask and go.

use serde_json::{Value, json};

use super::groups::{Group, JoinApprovalMode, JoinRequest, MAX_PARTICIPANTS};
use super::webhook::{GroupEvent, PARTICIPANTS};
use super::{State, Turn};
use crate::ids::{GroupId, JoinRequestId, WaId};

/// What became of a user who followed an invite link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Joined(GroupId),
    Requested(GroupId, JoinRequestId),
}

/// Why a link did not let a user in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotEntered {
    UnknownLink,
    LinkReset,
    GroupFull,
    RemovedBefore,
    AlreadyMember,
    Suspended,
    Deleted,
}

impl NotEntered {
    /// The reason as the control API names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::UnknownLink => "unknown_link",
            Self::LinkReset => "link_reset",
            Self::GroupFull => "group_full",
            Self::RemovedBefore => "removed_before",
            Self::AlreadyMember => "already_member",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
}

impl Group {
    /// Why the user may not come in by this link, if so.
    fn refuses(&self, wa_id: &WaId, link: &str) -> Option<NotEntered> {
        let reasons = [
            (self.deleted, NotEntered::Deleted),
            (self.invite_link.as_deref() != Some(link), NotEntered::LinkReset),
            (self.suspended, NotEntered::Suspended),
            (self.removed.contains(wa_id), NotEntered::RemovedBefore),
            (self.participants.contains(wa_id), NotEntered::AlreadyMember),
            (self.is_full(), NotEntered::GroupFull),
        ];
        let found = reasons.into_iter().find(|(applies, _)| *applies);
        found.map(|(_, reason)| reason)
    }

    /// Whether nobody else can come in.
    pub(crate) fn is_full(&self) -> bool {
        self.participants.len() >= MAX_PARTICIPANTS
    }

    /// Takes a user out; whether he was in.
    pub(crate) fn take_out(&mut self, wa_id: &WaId) -> bool {
        let before = self.participants.len();
        self.participants.retain(|other| other != wa_id);
        self.participants.len() < before
    }

    fn open_request_of(&self, wa_id: &WaId) -> Option<JoinRequestId> {
        let mut requests = self.join_requests.iter();
        let found = requests.find(|(_, request)| request.wa_id == *wa_id);
        found.map(|(id, _)| id.clone())
    }
}

impl State {
    /// A user follows an invite link.
    pub(crate) fn enter_by_link(&mut self, wa_id: &WaId, link: &str, turn: &Turn<'_>) -> Result<Entered, NotEntered> {
        self.user(wa_id, turn.nature);
        let mut groups = self.groups.iter();
        let found = groups.find(|(_, group)| group.knows_link(link));
        let (id, group) = found.ok_or(NotEntered::UnknownLink)?;
        let (id, mode) = (id.clone(), group.join_approval_mode);
        group.refuses(wa_id, link).map_or(Ok(()), Err)?;
        match mode {
            JoinApprovalMode::AutoApprove => self.join(&id, wa_id, turn),
            JoinApprovalMode::ApprovalRequired => self.request_to_join(&id, wa_id, turn),
        }
    }

    fn join(&mut self, id: &GroupId, wa_id: &WaId, turn: &Turn<'_>) -> Result<Entered, NotEntered> {
        let group = self.living_group_mut(id).ok_or(NotEntered::Deleted)?;
        group.participants.push(wa_id.clone());
        let number = group.phone_number_id.clone();
        let added = self.users_seen(std::slice::from_ref(wa_id));
        let event = GroupEvent::new(PARTICIPANTS, "group_participants_add", &number)
            .group(id)
            .with("reason", "invite_link")
            .with("added_participants", added);
        self.tell(event, turn);
        Ok(Entered::Joined(id.clone()))
    }

    fn request_to_join(&mut self, id: &GroupId, wa_id: &WaId, turn: &Turn<'_>) -> Result<Entered, NotEntered> {
        let group = self.living_group_mut(id).ok_or(NotEntered::Deleted)?;
        if let Some(open) = group.open_request_of(wa_id) {
            return Ok(Entered::Requested(id.clone(), open));
        }
        let request_id = JoinRequestId::of(wa_id, &turn.nature.digits(18));
        let request = JoinRequest { wa_id: wa_id.clone(), created_at: turn.nature.now_seconds() };
        group.join_requests.insert(request_id.clone(), request);
        self.tell_of_request(id, "group_join_request_created", &request_id, wa_id, turn);
        Ok(Entered::Requested(id.clone(), request_id))
    }

    /// A user withdraws a request; whether it was open and his.
    pub(crate) fn revoke_join_request(&mut self, wa_id: &WaId, request_id: &JoinRequestId, turn: &Turn<'_>) -> bool {
        let is_his = |group: &Group| {
            let request = group.join_requests.get(request_id);
            request.is_some_and(|request| request.wa_id == *wa_id)
        };
        let mut groups = self.groups.iter();
        let Some(id) = groups.find(|(_, group)| is_his(group)).map(|(id, _)| id.clone()) else {
            return false;
        };
        if let Some(group) = self.living_group_mut(&id) {
            group.join_requests.remove(request_id);
        }
        self.tell_of_request(&id, "group_join_request_revoked", request_id, wa_id, turn);
        true
    }

    fn tell_of_request(&mut self, id: &GroupId, kind: &str, request_id: &JoinRequestId, wa_id: &WaId, turn: &Turn<'_>) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let event = GroupEvent::new(PARTICIPANTS, kind, &group.phone_number_id)
            .group(id)
            .join_request(request_id)
            .with("reason", "invite_link")
            .and(self.user_seen(wa_id));
        self.tell(event, turn);
    }

    /// A user leaves; whether he was in the group.
    pub(crate) fn leave(&mut self, wa_id: &WaId, id: &GroupId, turn: &Turn<'_>) -> bool {
        let Some(group) = self.living_group_mut(id) else {
            return false;
        };
        if !group.take_out(wa_id) {
            return false;
        }
        let number = group.phone_number_id.clone();
        let removed = self.users_seen(std::slice::from_ref(wa_id));
        let event = GroupEvent::new(PARTICIPANTS, "group_participants_remove", &number)
            .group(id)
            .with("removed_participants", removed)
            .with("initiated_by", "participant");
        self.tell(event, turn);
        true
    }

    /// Tells that the business let these users in.
    pub(crate) fn tell_of_approval(&mut self, id: &GroupId, users: &[WaId], turn: &Turn<'_>) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let added: Vec<Value> = users.iter().map(|wa_id| self.added_with_input(wa_id)).collect();
        let kind = "group_participants_add";
        let event = GroupEvent::new(PARTICIPANTS, kind, &group.phone_number_id)
            .group(id)
            .with("reason", "invite_link")
            .with("added_participants", added);
        self.tell(event, turn);
    }

    /// As in the guide's sample, an approved user has `input` beside what is seen of him.
    fn added_with_input(&self, wa_id: &WaId) -> Value {
        let mut seen = self.user_seen(wa_id);
        let input = seen.get("wa_id").or_else(|| seen.get("user_id")).cloned();
        seen.insert("input".to_owned(), input.unwrap_or_else(|| json!(wa_id)));
        Value::Object(seen)
    }
}
