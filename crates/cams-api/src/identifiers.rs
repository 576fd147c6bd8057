//! The identifiers that a request names: tenant, number, group, change, channel.

use std::sync::Arc;

use utoipa::openapi::ObjectBuilder;
use uuid::Uuid;

use crate::privacy::ShortId;
use crate::value::{debug_as, display_as_str, text_parameter};

/// A tenant's public ID, such as `cams-8c8pdv`; CAMS's `CustSpaceId`. Clones share its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustSpaceId(Arc<str>);

impl CustSpaceId {
    /// The pattern, as the OpenAPI document has it.
    pub const PATTERN: &'static str = "^[a-z0-9][a-z0-9-]{2,62}$";

    fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (3..=63).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed);
        fits.then(|| Self(text.into()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    CustSpaceId,
    rule: "3 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen, such as `cams-8c8pdv`",
    schema: ObjectBuilder::new()
        .description(Some("The tenant: one customer of the ISV."))
        .pattern(Some(Self::PATTERN))
        .examples(["cams-demo1"])
);
display_as_str!(CustSpaceId);

impl AsRef<str> for CustSpaceId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<CustSpaceId> for Arc<str> {
    fn from(id: CustSpaceId) -> Self {
        id.0
    }
}

/// A business's phone number in international digits, without `+`.
///
/// A leading `+`, spaces, hyphens and brackets are accepted and dropped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BusinessNumber(String);

impl BusinessNumber {
    /// What a caller may write, as the OpenAPI document has it.
    pub const PATTERN: &'static str = r"^\+?[ ()-]*[0-9]([ ()-]*[0-9]){6,14}[ ()-]*$";

    fn parse(text: &str) -> Option<Self> {
        (text.len() <= 64).then(|| Self::digits_of(text)).flatten().map(Self)
    }

    /// The digits of a phone number, without what may stand between them.
    pub(crate) fn digits_of(text: &str) -> Option<String> {
        let is_filler = |c: char| matches!(c, ' ' | '-' | '(' | ')');
        let digits: String = text.strip_prefix('+').unwrap_or(text).chars().filter(|c| !is_filler(*c)).collect();
        let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(digits)
    }

    /// The digits alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    BusinessNumber,
    rule: "7 to 15 digits of a phone number in international form, such as `15550000001`",
    schema: ObjectBuilder::new()
        .description(Some(
            "The business number in international digits. A leading `+`, spaces, hyphens and brackets are dropped."
        ))
        .pattern(Some(Self::PATTERN))
        .max_length(Some(64))
        .examples(["15550000001"])
);

debug_as!(BusinessNumber, ShortId);

/// A WhatsApp group's ID. Opaque: nothing is read from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupId(String);

impl GroupId {
    /// The pattern, as the OpenAPI document has it.
    pub const PATTERN: &'static str = "^[A-Za-z0-9_=-]{1,256}$";

    fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'=' | b'-');
        let fits = (1..=256).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Self(text.to_owned()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    GroupId,
    rule: "1 to 256 letters, digits, `_`, `=` and `-`, as an earlier answer or event gave it",
    schema: ObjectBuilder::new()
        .description(Some("The group, as an earlier answer or event named it. Opaque."))
        .pattern(Some(Self::PATTERN))
        .examples([crate::operations::EXAMPLE_GROUP_ID])
);
display_as_str!(GroupId);

/// Our ID of an asynchronous change; CAMS's `UniqueCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UniqueCode(Uuid, [u8; uuid::fmt::Hyphenated::LENGTH]);

impl UniqueCode {
    fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == uuid::fmt::Hyphenated::LENGTH;
        fits.then(|| Uuid::try_parse(text).ok().map(Self::from)).flatten()
    }

    /// The change's row.
    pub fn uuid(&self) -> Uuid {
        self.0
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        // The bytes come from the UUID's own encoder, which writes ASCII.
        std::str::from_utf8(&self.1).unwrap_or_default()
    }
}

impl From<Uuid> for UniqueCode {
    fn from(uuid: Uuid) -> Self {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        uuid.hyphenated().encode_lower(&mut text);
        Self(uuid, text)
    }
}

text_parameter!(
    UniqueCode,
    rule: "a UUID such as `0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d`, as `AddChatGroup` answered it",
    schema: ObjectBuilder::new()
        .description(Some("The gateway's ID of an asynchronous change."))
        .pattern(Some("^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"))
        .examples([crate::operations::EXAMPLE_UNIQUE_CODE])
);
display_as_str!(UniqueCode);

/// The channel: WhatsApp, and no other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelType;

impl ChannelType {
    fn parse(text: &str) -> Option<Self> {
        text.eq_ignore_ascii_case("WHATSAPP").then_some(Self)
    }

    /// `WHATSAPP`.
    pub fn as_str(&self) -> &'static str {
        "WHATSAPP"
    }
}

text_parameter!(
    ChannelType,
    rule: "`WHATSAPP`",
    schema: ObjectBuilder::new()
        .description(Some("The channel; `WHATSAPP`, in any case, is the default and the only value."))
        .pattern(Some("^[Ww][Hh][Aa][Tt][Ss][Aa][Pp][Pp]$"))
        .examples(["WHATSAPP"])
);
