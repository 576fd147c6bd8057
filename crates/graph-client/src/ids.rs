//! Meta's IDs as types, checked so that none can break out of the path that it is put into.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// An ID that Meta could not have given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {what}: expected {expected}")]
pub struct InvalidId {
    what: &'static str,
    expected: &'static str,
}

/// Defines an ID: a string that follows one rule. Clones share its text.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $rule:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The ID as Meta writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::try_from(text.as_str())
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                let rule: fn(&str) -> bool = $rule;
                match rule(text) {
                    true => Ok(Self(text.into())),
                    false => Err(InvalidId { what: $what, expected: $expected }),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl From<$name> for Arc<str> {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Meta's ID of a business phone number: 1 to 32 digits. Not the number itself.
    PhoneNumberId, "phone number ID", "1 to 32 digits", is_numeric
);
id!(
    /// Meta's ID of a WhatsApp Business Account: 1 to 32 digits.
    WabaId, "WABA ID", "1 to 32 digits", is_numeric
);
id!(
    /// Meta's ID of a group. Opaque: nothing is to be read out of it.
    GroupId, "group ID", "1 to 256 of A-Z, a-z, 0-9, _, = and -", is_group_id
);

fn is_numeric(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_group_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'_' | b'=' | b'-');
    // Without a branch for each byte, so that many are looked at at once.
    (1..=256).contains(&text.len()) && text.bytes().fold(true, |are_allowed, byte| are_allowed & is_allowed(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_id_cannot_hold_what_would_break_out_of_its_path() {
        for text in ["", "a/b", "a?b", "a#b", "..", "a%2fb", "a b", "ä", "a\n", &"a".repeat(257)] {
            assert!(GroupId::try_from(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_group_id_as_meta_writes_it_is_kept_as_it_is() {
        let text = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD_-==";
        let id = GroupId::try_from(text).unwrap();
        assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
    }

    #[test]
    fn numbers_ids_are_digits_and_nothing_else() {
        assert!(PhoneNumberId::try_from("106540352242922").is_ok());
        for text in ["", "+1", "1a", "１２", &"1".repeat(33)] {
            assert!(PhoneNumberId::try_from(text).is_err(), "{text:?}");
            assert!(WabaId::try_from(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_error_names_the_rule_and_not_the_value() {
        let error = GroupId::try_from("../secret").unwrap_err().to_string();
        assert_eq!(error, "not a group ID: expected 1 to 256 of A-Z, a-z, 0-9, _, = and -");
    }
}
