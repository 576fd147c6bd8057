//! What each call does, in words.

use crate::operations::GraphCall;

/// One line, and what else there is to know.
pub(super) fn of(call: GraphCall) -> (&'static str, &'static str) {
    match call {
        GraphCall::CreateGroup => ("Make a group", "The webhook of the same `request_id` brings its ID and its link."),
        GraphCall::ListGroups => ("List groups", "The groups of a number, as Meta has them."),
        GraphCall::GroupInfo => ("Look at a group", "Without `fields`, no more than its ID."),
        GraphCall::UpdateGroup => ("Change a group", "A picture is sent as `file` or `profile_picture_file`."),
        GraphCall::DeleteGroup => ("Delete a group", "Everybody is removed from it."),
        GraphCall::InviteLink => ("Get the invite link", ""),
        GraphCall::ResetInviteLink => ("Reset the invite link", "A new link; every earlier one is dead."),
        GraphCall::DeleteInviteLink => ("Delete the invite link", "Nobody comes in by it any longer."),
        GraphCall::ListJoinRequests => ("List join requests", "Who asks to come in."),
        GraphCall::ApproveJoinRequests => ("Approve join requests", "A webhook tells of those who are in."),
        GraphCall::RejectJoinRequests => ("Reject join requests", "No webhook tells of it."),
        GraphCall::AddParticipants => (
            "Add participants",
            "Meta's reference has it, while its guide says that nobody can be added by hand: expect a refusal.",
        ),
        GraphCall::RemoveParticipants => ("Remove participants", "Who is removed never comes in again by a link."),
        GraphCall::SendMessage => ("Send a message, pin one, unpin one", "A group that it names must be the tenant's."),
        GraphCall::UploadMedia => ("Upload a file", "It is streamed to Meta and not kept here."),
        GraphCall::MediaInfo => ("Look at a file", "What it is, and where it can be read."),
        GraphCall::MediaContent => ("Read a file", "Where a file's `url` leads. It takes the same credential."),
        GraphCall::DeleteMedia => ("Delete a file", ""),
        GraphCall::NumberInfo => ("Look at a number", ""),
        GraphCall::ListNumbers => ("List an account's numbers", ""),
        GraphCall::ListTemplates => ("List templates", ""),
        GraphCall::CreateTemplate => ("Make a template", "An unchanged copy of the library's is good at once."),
        GraphCall::TemplateInfo => ("Look at a template", ""),
        GraphCall::EditTemplate => ("Change a template", ""),
        GraphCall::DeleteTemplate => ("Delete a template", ""),
        GraphCall::TemplateLibrary => (
            "Look into the library of templates",
            "Templates that Meta has written and categorized. Callers with several tenants name one of their accounts.",
        ),
    }
}
