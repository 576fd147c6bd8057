//! Invitations to a group: one template message each, with the group's invite link in it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{addressed_to_group, example, request};
use crate::distinct::{self, Item, Unlisted};
use crate::identifiers::GroupId;
use crate::messages::{Language, MessageId, TemplateName, Texts};
use crate::operation::{Answer, Operation};
use crate::participants::ParticipantNumber;
use crate::{Code, Scope};

request! {
    /// What `SendChatGroupInvite` takes.
    SendChatGroupInvite {
        /// The group that they are invited to.
        group_id: GroupId,
        /// Whom to invite.
        to: Invitees,
        /// The template: its body's first variable is the group's invite link.
        template_name: TemplateName,
        /// The template's language.
        language: Language,
        /// What stands in the other variables of the template's body, in their order.
        #[schema(example = json!([]))]
        parameters: Option<Texts<32, 1024>>,
    }
}

/// 1 to 100 people, none of them twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitees(Vec<Invitee>);

impl Invitees {
    /// The most people that a call may name.
    pub const MOST: usize = 100;

    /// The people, as they were named.
    pub fn iter(&self) -> impl Iterator<Item = &ParticipantNumber> {
        self.0.iter().map(|invitee| &invitee.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
struct Invitee(ParticipantNumber);

impl Item for Invitee {
    fn next<'de, A: SeqAccess<'de>>(items: &mut A, before: &[Self]) -> Result<Option<Self>, A::Error> {
        items.next_element_seed(Unlisted(before))
    }
}

impl<'de> Deserialize<'de> for Invitees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(InviteesVisitor)
    }
}

struct InviteesVisitor;

impl<'de> de::Visitor<'de> for InviteesVisitor {
    type Value = Invitees;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of 1 to {} phone numbers or business-scoped user IDs", Invitees::MOST)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Invitees, A::Error> {
        distinct::read(items, Invitees::MOST, &self).map(Invitees)
    }
}

impl PartialSchema for Invitees {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(ParticipantNumber::name()))
            .description(Some(
                "Whom to invite: phone numbers or business-scoped user IDs, 1 to 100, none of them twice.",
            ))
            .min_items(Some(1))
            .max_items(Some(Self::MOST))
            .unique_items(true)
            .examples([json!(["16505551234"])])
            .into()
    }
}

impl ToSchema for Invitees {
    fn name() -> Cow<'static, str> {
        "Invitees".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ParticipantNumber::name().into_owned(), ParticipantNumber::schema()));
    }
}

/// What became of each invitation, in the order of `To`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupInvites {
    /// One for each of `To`.
    pub list: Vec<Invitation>,
}

impl Answer for GroupInvites {
    fn code(&self) -> Code {
        let all_sent = self.list.iter().all(|invitation| invitation.status == InviteStatus::Sent);
        if all_sent { Code::Ok } else { Code::PartialSuccess }
    }
}

/// What became of one invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Invitation {
    /// Who was to be invited.
    pub to: ParticipantNumber,
    /// Whether it was sent.
    pub status: InviteStatus,
    /// WhatsApp's ID of the message, where it was sent.
    pub message_id: Option<MessageId>,
    /// Meta's code, where Meta refused it; `null` where it was sent, and where it failed on the way to Meta.
    #[schema(example = json!(null))]
    pub code: Option<i64>,
    /// Why it was not sent, or why that is not known.
    #[schema(example = json!(null))]
    pub message: Option<String>,
}

/// Whether an invitation was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(example = "SENT")]
pub enum InviteStatus {
    /// Meta has taken it.
    Sent,
    /// It was not; it can be sent again.
    NotSent,
    /// Meta's answer was lost. Look for an event before it is sent again.
    Unknown,
}

impl Operation for SendChatGroupInvite {
    type Answer = GroupInvites;

    const NAME: &'static str = "SendChatGroupInvite";
    const SCOPE: Scope = Scope::MessagesSend;
    const NOUN: &'static str = "Invitations";
    const SUMMARY: &'static str = "Invite people to a group";
    const DESCRIPTION: &'static str = "Sends each of `To` a template message that has the group's invite link in it, also to people who have not written before. The template's body must begin its variables with one for a group; `ListChatGroupInviteTemplates` names those, and `AddChatGroupInviteTemplate` makes one. Meta puts the link in when it delivers the message.\n\nEach recipient has a result: `Status` `SENT` with `MessageId`; `NOT_SENT` with Meta's `Code` and `Message`, or with `Message` alone where it failed on the way; `UNKNOWN` where Meta's answer was lost or the call's deadline came first. All sent: `OK`; some: `PartialSuccess`; none: an error that has `List` beside it, of the code that all failed with, else `Upstream.Rejected`. Where a failure concerns the call as a whole (a dead token, a suspended group, a limit), no more are sent.\n\nUp to 8 are sent at the same time, and each counts against the number's limit.\n\nThe example sends a template that the demo's account has from birth.\n\nUpstream: `POST /{phone_number_id}/messages`, once for each.";
    const CODES: &'static [Code] = &[Code::PartialSuccess, Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!(
            "GroupId": super::EXAMPLE_GROUP_ID,
            "To": ["16505559876"],
            "TemplateName": super::EXAMPLE_TEMPLATE_NAME,
            "Language": "en",
        )
    }

    fn example_answer() -> Value {
        json!({"List": [{
            "To": "16505559876",
            "Status": "SENT",
            "MessageId": super::EXAMPLE_MESSAGE_ID,
            "Code": null,
            "Message": null,
        }]})
    }
}
