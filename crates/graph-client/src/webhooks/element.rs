//! Reading the value of one change, whatever its field is.

use serde_json::value::RawValue;

use super::{
    event::{GroupEvent, UpdateError},
    interpret::{self, errors},
    message::{IncomingMessage, MessageStatus},
    messages,
    object::Object,
};
use crate::ids::GroupId;

/// What the value of one [`Change`](super::Change) tells.
pub enum Element<'a> {
    /// What happened to a group; never [`GroupEvent::Other`].
    Group(GroupEvent),
    /// A message of a user.
    Message(IncomingMessage<'a>),
    /// What became of a message of the business.
    Status(MessageStatus),
    /// Anything else.
    Other(OtherChange),
}

/// A change of a field that has no type here, or one that cannot be read: what is usual in all of Meta's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherChange {
    /// The group that its element names.
    pub group_id: Option<GroupId>,
    /// When, in Unix seconds.
    pub timestamp: Option<i64>,
    /// What went wrong.
    pub errors: Vec<UpdateError>,
}

/// Reads the value of one [`Change`](super::Change). Nothing is refused: what cannot be read is [`Element::Other`].
pub fn read<'a>(field: &str, value: &'a RawValue) -> Element<'a> {
    let members = Object::read(value).unwrap_or_default();
    let of_group = || interpret::group(field, &members).map(Element::Group);
    of_group().or_else(|| of_messages(field, &members)).unwrap_or_else(|| Element::Other(other(&members)))
}

fn of_messages<'a>(field: &str, members: &Object<'a>) -> Option<Element<'a>> {
    if field != messages::FIELD {
        return None;
    }
    let status = || messages::status(members).map(Element::Status);
    messages::message(members).map(Element::Message).or_else(status)
}

/// What stands in the one element of a list, or in the value itself.
fn other(members: &Object<'_>) -> OtherChange {
    let elements = ["groups", "messages", "statuses"].map(|list| members.objects(list).into_iter().next());
    let element = elements.into_iter().flatten().next();
    let element = element.as_ref().unwrap_or(members);
    OtherChange {
        group_id: element.text("group_id").and_then(|id| GroupId::try_from(id).ok()),
        timestamp: element.integer("timestamp"),
        errors: errors(element),
    }
}
