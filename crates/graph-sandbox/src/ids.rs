//! Identifiers as types, so that two of them cannot be swapped. They share their text: the
//! state is copied whole for its file, and copies of it are to be cheap.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

/// Declares an identifier: a string with a name of its own.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(Arc<str>);

        impl<T: Into<String>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(Arc::from(text.into()))
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The ID of a WhatsApp Business Account.
    WabaId
);
id!(
    /// Meta's ID of a business number.
    PhoneNumberId
);
id!(
    /// The opaque ID of a group.
    GroupId
);
id!(
    /// A user's phone number in international digits.
    WaId
);
id!(
    /// The ID that an asynchronous change's answer and its webhook share.
    RequestId
);
id!(
    /// The ID of a user's request to enter a group.
    JoinRequestId
);
id!(
    /// The ID of a message, `wamid.…`.
    MessageId
);
id!(
    /// The ID of a message template.
    TemplateId
);
id!(
    /// The ID of an uploaded file.
    MediaId
);

impl GroupId {
    /// A group's ID in the form of Meta's samples: base64 of
    /// `capi_group:<digits>:<number>`, and Graph's suffix `ZD`.
    pub(crate) fn of(business_digits: &str, number: &str) -> Self {
        let plain = format!("capi_group:{business_digits}:{number}");
        Self::from(format!("{}ZD", STANDARD_NO_PAD.encode(plain)))
    }
}

impl JoinRequestId {
    /// A join request's ID in the form of Meta's samples: base64 of `<wa_id>:<number>`.
    pub(crate) fn of(wa_id: &WaId, number: &str) -> Self {
        Self::from(STANDARD_NO_PAD.encode(format!("{wa_id}:{number}")))
    }
}

/// The digits of a phone number, however it is written (`+1 555-000-0001`).
pub(crate) fn digits_of(phone_number: &str) -> String {
    phone_number.chars().filter(char::is_ascii_digit).collect()
}

/// A secret as it may be shown: its first characters and its length.
pub(crate) fn shortened(secret: &str) -> String {
    let count = secret.chars().count();
    let shown: String = secret.chars().take((count / 3).min(4)).collect();
    format!("{shown}…({count})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_id_has_the_form_of_metas_sample() {
        let id = GroupId::of("17055550139", "120363404694233820");
        let sample = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD";
        assert_eq!(id.to_string(), sample);
    }

    #[test]
    fn a_join_request_id_has_the_form_of_metas_sample() {
        let id = JoinRequestId::of(&WaId::from("16467043595"), "120363404694233820");
        assert_eq!(id.to_string(), "MTY0NjcwNDM1OTU6MTIwMzYzNDA0Njk0MjMzODIw");
    }

    #[test]
    fn a_secret_is_never_shown_whole() {
        assert_eq!(shortened("EAAdemo-token-1"), "EAAd…(15)");
        assert_eq!(shortened("ab"), "…(2)");
    }
}
