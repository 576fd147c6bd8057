//! What is told of each of Meta's calls.

mod examples;
mod texts;

use cams_api::operations::{EXAMPLE_APPROVAL_GROUP_ID, EXAMPLE_GROUP_ID};
use serde_json::Value;
use tenant_store::ObjectKind;

use crate::operations::GraphCall;

/// What an answer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// JSON of this shape.
    Shape(&'static str),
    /// The file.
    File,
}

/// A parameter of the query, and what it means.
pub(super) type QueryParameter = (&'static str, &'static str);

/// The page of one call.
pub(super) struct Page {
    /// One line.
    pub summary: &'static str,
    /// What else there is to know.
    pub description: &'static str,
    /// What it takes in the query.
    pub query: &'static [QueryParameter],
    /// The shape of its body in JSON, with one that works beside the demo.
    pub json: Option<(&'static str, Value)>,
    /// The shape of its body in multipart.
    pub multipart: Option<&'static str>,
    /// Its answer.
    pub answer: Answer,
    /// Whether Meta may do a part of it only, and answers 206 then.
    pub in_parts: bool,
}

impl Page {
    /// The page of `call`.
    pub(super) fn of(call: GraphCall) -> Self {
        let (summary, description) = texts::of(call);
        Self {
            summary,
            description,
            query: query(call),
            json: json_shape(call).map(|shape| (shape, examples::of(call))),
            multipart: multipart_shape(call),
            answer: answer(call),
            in_parts: matches!(call, GraphCall::ApproveJoinRequests | GraphCall::RejectJoinRequests),
        }
    }
}

const FIELDS: QueryParameter = ("fields", "Names of fields, with commas between them.");
const LIST: &[QueryParameter] = &[
    ("limit", "How many at most."),
    ("after", "The cursor behind which the page begins."),
    ("before", "The cursor before which the page ends."),
];
const LIST_WITH_FIELDS: &[QueryParameter] = &[FIELDS, LIST[0], LIST[1], LIST[2]];
const LIBRARY: &[QueryParameter] = &[
    ("waba_id", "Whose token is used, for callers with several tenants. It is not passed on."),
    ("topic", "Such as `group_invite_link`."),
    ("language", "Such as `en`."),
    ("category", "Such as `UTILITY`."),
];

fn query(call: GraphCall) -> &'static [QueryParameter] {
    match call {
        GraphCall::GroupInfo | GraphCall::NumberInfo | GraphCall::TemplateInfo => &[FIELDS],
        GraphCall::ListGroups | GraphCall::ListJoinRequests => LIST,
        GraphCall::ListNumbers | GraphCall::ListTemplates => LIST_WITH_FIELDS,
        GraphCall::TemplateLibrary => LIBRARY,
        _ => &[],
    }
}

fn json_shape(call: GraphCall) -> Option<&'static str> {
    match call {
        GraphCall::CreateGroup => Some("NewGroup"),
        GraphCall::UpdateGroup => Some("GroupSettings"),
        GraphCall::ResetInviteLink | GraphCall::DeleteInviteLink => Some("Product"),
        GraphCall::ApproveJoinRequests | GraphCall::RejectJoinRequests => Some("JoinRequestIds"),
        GraphCall::AddParticipants | GraphCall::RemoveParticipants => Some("Participants"),
        GraphCall::SendMessage => Some("Message"),
        GraphCall::CreateTemplate => Some("NewTemplate"),
        GraphCall::EditTemplate => Some("TemplateChanges"),
        _ => None,
    }
}

fn multipart_shape(call: GraphCall) -> Option<&'static str> {
    match call {
        GraphCall::UpdateGroup => Some("GroupSettingsWithPicture"),
        GraphCall::UploadMedia => Some("Upload"),
        _ => None,
    }
}

fn answer(call: GraphCall) -> Answer {
    Answer::Shape(match call {
        GraphCall::CreateGroup
        | GraphCall::UpdateGroup
        | GraphCall::AddParticipants
        | GraphCall::RemoveParticipants => "ChangeAccepted",
        GraphCall::ListGroups => "Groups",
        GraphCall::GroupInfo => "Group",
        GraphCall::DeleteGroup => "GroupDeleted",
        GraphCall::InviteLink | GraphCall::ResetInviteLink => "InviteLink",
        GraphCall::DeleteInviteLink => "InviteLinkDeleted",
        GraphCall::ListJoinRequests => "JoinRequests",
        GraphCall::ApproveJoinRequests => "JoinRequestsApproved",
        GraphCall::RejectJoinRequests => "JoinRequestsRejected",
        GraphCall::SendMessage => "MessageSent",
        GraphCall::UploadMedia => "MediaId",
        GraphCall::MediaInfo => "Media",
        GraphCall::MediaContent => return Answer::File,
        GraphCall::DeleteMedia | GraphCall::EditTemplate | GraphCall::DeleteTemplate => "Success",
        GraphCall::NumberInfo => "PhoneNumber",
        GraphCall::ListNumbers => "PhoneNumbers",
        GraphCall::ListTemplates => "Templates",
        GraphCall::CreateTemplate => "TemplateCreated",
        GraphCall::TemplateInfo => "Template",
        GraphCall::TemplateLibrary => "LibraryTemplates",
    })
}

/// What a path's own parameter is called, means, and is in the demo.
pub(super) const fn parameter(kind: Option<ObjectKind>) -> (&'static str, &'static str, &'static str) {
    match kind {
        Some(ObjectKind::Number) => ("phone_number_id", "Meta's ID of a number of the caller's.", "100000000000001"),
        Some(ObjectKind::Waba) => ("waba_id", "The ID of an account of the caller's.", "200000000000001"),
        Some(ObjectKind::Group) => ("group_id", "The ID of a group of the caller's.", EXAMPLE_APPROVAL_GROUP_ID),
        Some(ObjectKind::Media) => {
            ("media_id", "The ID of a file, uploaded here or come in a message.", "300000000000001")
        }
        Some(ObjectKind::Template) => ("template_id", "The ID of a template of the caller's.", "400000000000001"),
        None => ("object_id", "The ID of a group, a number, a file or a template of the caller's.", EXAMPLE_GROUP_ID),
    }
}
