//! Every type of event, in one table.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Makes [`EventType`] from the table below, so that a type cannot exist without its row.
macro_rules! event_types {
    ($($name:ident, $text:literal, $source:literal, $meaning:literal;)*) => {
        /// What kind of event it is: the `Type` of an event.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum EventType {
            $(#[doc = $meaning] $name,)*
            /// A change in a field of Meta's that no other type is for, or that cannot be read.
            Account(AccountField),
        }

        impl EventType {
            /// All types that have a name of their own, in the order of the table.
            pub const NAMED: &'static [Self] = &[$(Self::$name,)*];

            /// The type as it is written, such as `group.created`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Account(field) => &field.0,
                }
            }

            /// Where the event comes from, for the documentation: Meta's words, or ours.
            pub fn source(&self) -> &'static str {
                match self {
                    $(Self::$name => $source,)*
                    Self::Account(_) => "every other field of Meta's",
                }
            }

            /// What the event tells, in one sentence for the documentation.
            pub fn meaning(&self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)*
                    Self::Account(_) => "Something else about the account changed; `Meta` has it as Meta told it.",
                }
            }
        }
    };
}

event_types! {
    GroupCreated, "group.created", "`group_create`", "The group that was asked for exists.";
    GroupCreateFailed, "group.create_failed", "`group_create` with `errors`", "The group that was asked for does not exist.";
    GroupDeleted, "group.deleted", "`group_delete`", "The group is gone.";
    GroupDeleteFailed, "group.delete_failed", "`group_delete` with `errors`", "The group that was to be deleted stays.";
    GroupSettingsUpdated, "group.settings.updated", "`group_settings_update`", "Settings were changed, or were not: `Fields` has what became of each.";
    GroupSuspended, "group.suspended", "`group_suspend`", "Meta has suspended the group.";
    GroupUnsuspended, "group.unsuspended", "`group_suspend_cleared`", "Meta no longer suspends the group.";
    GroupParticipantJoined, "group.participant.joined", "`group_participants_add`", "Users are in the group: by the invite link, or let in by the business.";
    GroupParticipantLeft, "group.participant.left", "`group_participants_remove`, by the participant", "Users have left the group by themselves.";
    GroupParticipantRemoved, "group.participant.removed", "`group_participants_remove`, by the business", "The business has removed users from the group, or tried to.";
    GroupJoinRequestCreated, "group.join_request.created", "`group_join_request_created`", "A user asks to be let into the group.";
    GroupJoinRequestRevoked, "group.join_request.revoked", "`group_join_request_revoked`", "A user no longer asks to be let into the group.";
    MessageReceived, "message.received", "`messages[]`", "A user wrote, in a group or to the business alone.";
    MessageSent, "message.sent", "`statuses[]`, `sent`", "A message of the business has left.";
    MessageDelivered, "message.delivered", "`statuses[]`, `delivered`", "A message of the business has reached somebody.";
    MessageRead, "message.read", "`statuses[]`, `read`", "Somebody has read a message of the business.";
    MessageFailed, "message.failed", "`statuses[]`, `failed`", "A message of the business has not reached anybody; `Errors` says why.";
    CredentialExpiring, "credential.expiring", "the gateway, to the ISV's own endpoints", "A tenant's token at Meta will expire.";
    CredentialInvalid, "credential.invalid", "the gateway, to the ISV's own endpoints", "Meta no longer takes a tenant's token.";
    EndpointDisabled, "endpoint.disabled", "the gateway, to the ISV's own endpoints", "An endpoint gets no more events until it is enabled again.";
    NumberUnknown, "number.unknown", "the gateway, to the ISV's own endpoints", "Meta tells of a number that is no tenant's; its events are kept until it is one's.";
    EndpointTest, "endpoint.test", "the test of an endpoint", "Nothing happened: somebody tries the endpoint.";
}

impl EventType {
    /// Whether the gateway tells it, and not Meta.
    pub fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::CredentialExpiring
                | Self::CredentialInvalid
                | Self::EndpointDisabled
                | Self::NumberUnknown
                | Self::EndpointTest
        )
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A text that is no type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no type of event: it must be one such as `group.created`, or `account.` and the name of a field of Meta's"
)]
pub struct UnknownEventType;

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        let named = Self::NAMED.iter().find(|named| named.as_str() == text).cloned();
        named.or_else(|| AccountField::parse(text).map(Self::Account)).ok_or(UnknownEventType)
    }
}

impl PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        let named: Vec<&str> = Self::NAMED.iter().map(Self::as_str).collect();
        let pattern = format!("^({}|account\\.[a-z0-9_]{{1,64}})$", named.join("|").replace('.', "\\."));
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What kind of event it is."))
            .pattern(Some(pattern))
            .examples(["group.participant.joined"])
            .into()
    }
}

impl ToSchema for EventType {
    fn name() -> Cow<'static, str> {
        "EventType".into()
    }
}

/// A field of Meta's, as the type of an event names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountField(String);

impl AccountField {
    /// What stands before the field.
    pub(super) const PREFIX: &'static str = "account.";
    /// The longest field that is written out, in characters; Meta's longest has about 40.
    pub const LONGEST: usize = 64;

    /// Meta's field, with each character that is none of `a-z`, `0-9` and `_` replaced by `_`, and cut where it is too
    /// long: what nobody knows yet becomes part of a type, which stands in filters, headers and logs.
    pub fn of(field: &str) -> Self {
        let written = |character: char| if is_allowed(character) { character } else { '_' };
        let characters = field.chars().map(|character| written(character.to_ascii_lowercase()));
        let name: String = characters.take(Self::LONGEST).collect();
        Self(format!("{}{}", Self::PREFIX, if name.is_empty() { "_" } else { &name }))
    }

    fn parse(event_type: &str) -> Option<Self> {
        let field = event_type.strip_prefix(Self::PREFIX)?;
        let fits = (1..=Self::LONGEST).contains(&field.len()) && field.chars().all(is_allowed);
        fits.then(|| Self(event_type.to_owned()))
    }
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::{AccountField, EventType};

    #[test]
    fn every_type_is_read_as_it_is_written() {
        let fields = ["account_update", "message_template_status_update", "calls"];
        let accounts = fields.map(|field| EventType::Account(AccountField::of(field)));
        for known in EventType::NAMED.iter().chain(&accounts) {
            assert_eq!(known.as_str().parse().as_ref(), Ok(known));
            assert_eq!(serde_json::to_value(known).unwrap(), known.as_str());
        }
        assert_eq!(accounts[0].as_str(), "account.account_update");
    }

    #[test]
    fn what_meta_calls_a_field_becomes_a_type_whatever_is_in_it() {
        let long = "a".repeat(300);
        for (field, expected) in [
            ("account_update", "account.account_update"),
            ("Security Alert.2", "account.security_alert_2"),
            ("größe\n\u{0}\"", "account.gr__e___"),
            ("", "account._"),
            (&long, &format!("account.{}", "a".repeat(64))),
        ] {
            let named = EventType::Account(AccountField::of(field));
            assert_eq!(named.as_str(), expected);
            assert_eq!(expected.parse(), Ok(named));
        }
    }

    #[test]
    fn another_text_is_no_type() {
        for wrong in
            ["", "group", "group.*", "group.frobnicated", "account.", "account.A", "account.a.b", "Group.created"]
        {
            assert!(wrong.parse::<EventType>().is_err(), "{wrong}");
        }
    }
}
