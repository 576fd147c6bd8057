//! The calls of Meta's that are served, and no others: one line a call.

use actix_web::http::Method;
use tenant_store::ObjectKind;

use super::paths::LIBRARY;
use crate::operations::GraphCall;

/// An edge of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Groups,
    Messages,
    Media,
    InviteLink,
    JoinRequests,
    Participants,
    PhoneNumbers,
    MessageTemplates,
    /// Ours: where a file's own address leads.
    Content,
}

impl Edge {
    const ALL: [Self; 9] = [
        Self::Groups,
        Self::Messages,
        Self::Media,
        Self::InviteLink,
        Self::JoinRequests,
        Self::Participants,
        Self::PhoneNumbers,
        Self::MessageTemplates,
        Self::Content,
    ];

    /// The edge of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edge| edge.as_str() == name)
    }

    /// As a path has it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Messages => "messages",
            Self::Media => "media",
            Self::InviteLink => "invite_link",
            Self::JoinRequests => "join_requests",
            Self::Participants => "participants",
            Self::PhoneNumbers => "phone_numbers",
            Self::MessageTemplates => "message_templates",
            Self::Content => "content",
        }
    }
}

/// A method, the kind of object that a path names, its edge, and the call that this is.
type Line = (Method, ObjectKind, Option<Edge>, GraphCall);

const TABLE: [Line; 25] = [
    (Method::POST, ObjectKind::Number, Some(Edge::Messages), GraphCall::SendMessage),
    (Method::POST, ObjectKind::Number, Some(Edge::Groups), GraphCall::CreateGroup),
    (Method::GET, ObjectKind::Number, Some(Edge::Groups), GraphCall::ListGroups),
    (Method::GET, ObjectKind::Group, None, GraphCall::GroupInfo),
    (Method::POST, ObjectKind::Group, None, GraphCall::UpdateGroup),
    (Method::DELETE, ObjectKind::Group, None, GraphCall::DeleteGroup),
    (Method::GET, ObjectKind::Group, Some(Edge::InviteLink), GraphCall::InviteLink),
    (Method::POST, ObjectKind::Group, Some(Edge::InviteLink), GraphCall::ResetInviteLink),
    (Method::DELETE, ObjectKind::Group, Some(Edge::InviteLink), GraphCall::DeleteInviteLink),
    (Method::GET, ObjectKind::Group, Some(Edge::JoinRequests), GraphCall::ListJoinRequests),
    (Method::POST, ObjectKind::Group, Some(Edge::JoinRequests), GraphCall::ApproveJoinRequests),
    (Method::DELETE, ObjectKind::Group, Some(Edge::JoinRequests), GraphCall::RejectJoinRequests),
    (Method::POST, ObjectKind::Group, Some(Edge::Participants), GraphCall::AddParticipants),
    (Method::DELETE, ObjectKind::Group, Some(Edge::Participants), GraphCall::RemoveParticipants),
    (Method::GET, ObjectKind::Number, None, GraphCall::NumberInfo),
    (Method::POST, ObjectKind::Number, Some(Edge::Media), GraphCall::UploadMedia),
    (Method::GET, ObjectKind::Media, None, GraphCall::MediaInfo),
    (Method::GET, ObjectKind::Media, Some(Edge::Content), GraphCall::MediaContent),
    (Method::DELETE, ObjectKind::Media, None, GraphCall::DeleteMedia),
    (Method::GET, ObjectKind::Waba, Some(Edge::PhoneNumbers), GraphCall::ListNumbers),
    (Method::GET, ObjectKind::Waba, Some(Edge::MessageTemplates), GraphCall::ListTemplates),
    (Method::POST, ObjectKind::Waba, Some(Edge::MessageTemplates), GraphCall::CreateTemplate),
    (Method::GET, ObjectKind::Template, None, GraphCall::TemplateInfo),
    (Method::POST, ObjectKind::Template, None, GraphCall::EditTemplate),
    (Method::DELETE, ObjectKind::Template, None, GraphCall::DeleteTemplate),
];

/// One of the calls, as its page shows it.
pub struct Served {
    /// Its method.
    pub method: Method,
    /// What its path names; `None` where that is no object.
    pub kind: Option<ObjectKind>,
    /// What stands behind the object in the path, or alone.
    pub edge: Option<&'static str>,
    /// Which call it is.
    pub call: GraphCall,
}

/// Every call that is served.
pub fn served() -> impl Iterator<Item = Served> {
    let of_objects = TABLE.into_iter().map(|(method, kind, edge, call)| {
        let edge = edge.map(Edge::as_str);
        Served { method, kind: Some(kind), edge, call }
    });
    let call = GraphCall::TemplateLibrary;
    of_objects.chain([Served { method: Method::GET, kind: None, edge: Some(LIBRARY), call }])
}

/// What calls this can be, by the kind of the object that its path names. Empty where it is none.
pub(super) fn candidates(method: &Method, edge: Option<Edge>) -> Vec<(ObjectKind, GraphCall)> {
    let fits = |line: &&Line| line.0 == *method && line.2 == edge;
    TABLE.iter().filter(fits).map(|line| (line.1, line.3)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_call_stands_in_the_table_once() {
        let calls: HashSet<GraphCall> = TABLE.iter().map(|line| line.3).collect();
        assert_eq!(calls.len(), TABLE.len());
        let places: HashSet<String> =
            TABLE.iter().map(|line| format!("{} {:?} {:?}", line.0, line.1, line.2)).collect();
        assert_eq!(places.len(), TABLE.len());
    }

    #[test]
    fn what_only_reads_is_a_get_and_nothing_else_is() {
        for (method, _, _, call) in TABLE {
            assert_eq!(method == Method::GET, call.is_read(), "{call:?}");
        }
    }
}
