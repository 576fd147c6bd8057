//! Reading the field `messages`: what users write, and what becomes of what the business wrote
//! ([Meta: messages][messages], [group messaging][groups], [business-scoped user IDs][users]).
//!
//! Meta's pages disagree on the names of a status's participant and on the place of its price; both are read.
//!
//! [messages]: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
//! [groups]: https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
//! [users]: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids

use serde_json::value::RawValue;

use super::{
    interpret::errors,
    message::{IncomingMessage, MessageStatus, Pricing, StatusKind},
    object::Object,
};
use crate::{calls::participants::Participant, ids::GroupId};

/// The field that messages and their statuses come in.
pub(super) const FIELD: &str = "messages";

/// The message in the value of one [`Change`](super::Change); `None` where there is none that has an ID.
pub(super) fn message<'a>(members: &Object<'a>) -> Option<IncomingMessage<'a>> {
    let message = members.objects("messages").into_iter().next()?;
    let id = message.text("id")?;
    let kind = message.text("type");
    Some(IncomingMessage {
        id,
        group_id: group_id(&message, "group_id"),
        from: sender(&message, members),
        content: kind.as_deref().and_then(|kind| content(&message, kind)),
        kind,
        context_id: message.object("context").and_then(|context| context.text("id")),
        timestamp: message.integer("timestamp"),
        errors: errors(&message),
    })
}

/// The status in the value of one [`Change`](super::Change); `None` where there is none with an ID and a known word.
pub(super) fn status(members: &Object<'_>) -> Option<MessageStatus> {
    let status = members.objects("statuses").into_iter().next()?;
    let group_id = recipient_group(&status);
    Some(MessageStatus {
        id: status.text("id")?,
        kind: StatusKind::of(&status.text("status")?)?,
        recipient: group_id.as_ref().map(ToString::to_string).or_else(|| person(&status)),
        participant: group_id.as_ref().and_then(|group_id| participant(&status, group_id, members)),
        group_id,
        pricing: pricing(&status),
        timestamp: status.integer("timestamp"),
        errors: errors(&status),
    })
}

/// The member that is named as the message's type; a type has no member of its own among those that every message has.
fn content<'a>(message: &Object<'a>, kind: &str) -> Option<&'a RawValue> {
    let is_content = !["id", "from", "timestamp", "type", "context", "errors"].contains(&kind);
    message.get(kind).filter(|content| is_content && content.get() != "null")
}

/// A number that is hidden is absent or empty. The contact beside the message tells the same, where it is the only one.
fn sender(message: &Object<'_>, members: &Object<'_>) -> Participant {
    let (wa_id, user_id) = (message.text("from"), message.text("from_user_id"));
    known(wa_id, user_id, message.text("from_parent_user_id"), members)
}

/// Where the message went, as far as it went to a group. Meta's guide has the group as the recipient, and says so in
/// `recipient_type`; its OpenAPI document has it in `group_id`, beside the recipient.
fn recipient_group(status: &Object<'_>) -> Option<GroupId> {
    let is_group = status.text("recipient_type").is_some_and(|kind| kind == "group");
    let recipient = || group_id(status, "recipient_id").filter(|_| is_group);
    group_id(status, "group_id").or_else(recipient)
}

fn person(status: &Object<'_>) -> Option<String> {
    status.text("recipient_id").or_else(|| status.text("recipient_user_id"))
}

fn participant(status: &Object<'_>, group_id: &GroupId, members: &Object<'_>) -> Option<Participant> {
    let beside_group = || status.text("recipient_id").filter(|recipient| recipient != group_id.as_str());
    let names = ["recipient_participant_id", "participant_recipient_id"];
    let wa_id = names.iter().find_map(|name| status.text(name)).or_else(beside_group);
    let user_id = status.text("recipient_participant_user_id");
    let parent_user_id = status.text("recipient_participant_parent_user_id");
    (wa_id.is_some() || user_id.is_some()).then(|| known(wa_id, user_id, parent_user_id, members))
}

/// A user with what the contact beside the message or status has more.
fn known(
    wa_id: Option<String>,
    user_id: Option<String>,
    parent_user_id: Option<String>,
    members: &Object<'_>,
) -> Participant {
    let contacts = members.objects("contacts");
    let names = |contact: &&Object<'_>| {
        is_same(wa_id.as_deref(), contact, "wa_id") || is_same(user_id.as_deref(), contact, "user_id")
    };
    let is_unnamed = wa_id.is_none() && user_id.is_none();
    let only = contacts.first().filter(|_| is_unnamed && contacts.len() == 1);
    let contact = contacts.iter().find(names).or(only);
    let more = contact.map(Object::participant).unwrap_or_default();
    let username = || contact?.object("profile")?.text("username");
    Participant {
        wa_id: wa_id.or(more.wa_id),
        user_id: user_id.or(more.user_id),
        parent_user_id: parent_user_id.or(more.parent_user_id),
        username: more.username.or_else(username),
        input: None,
    }
}

fn is_same(id: Option<&str>, contact: &Object<'_>, name: &str) -> bool {
    id.is_some() && id == contact.text(name).as_deref()
}

/// Beside the conversation in Meta's samples of one status, inside it in those of several.
fn pricing(status: &Object<'_>) -> Option<Pricing> {
    let inside = || status.object("conversation")?.object("pricing");
    let pricing = status.object("pricing").or_else(inside)?;
    Some(Pricing {
        billable: pricing.boolean("billable"),
        model: pricing.text("pricing_model"),
        kind: pricing.text("type"),
        category: pricing.text("category"),
    })
}

fn group_id(object: &Object<'_>, name: &str) -> Option<GroupId> {
    object.text(name).and_then(|id| GroupId::try_from(id).ok())
}
