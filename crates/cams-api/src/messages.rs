//! What messages are made of: their IDs, templates and languages, and texts with a bound.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::privacy::{HiddenText, ShortId};
use crate::value::{debug_as, display_as_str, is_made_of, text_parameter};

/// Text of 1 to `MOST` characters, at least one of which is no blank, and none NUL: as with a group's texts, nothing behind
/// us stores it. It is sent as it was written.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MOST: usize>(String);

impl<const MOST: usize> Text<MOST> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const MOST: usize> Deserialize<'de> for Text<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

impl<const MOST: usize> PartialSchema for Text<MOST> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MOST));
        text.pattern(Some(r"^[^\x00]*[^\s\x00][^\x00]*$")).into()
    }
}

struct TextVisitor<const MOST: usize>;

impl<const MOST: usize> de::Visitor<'_> for TextVisitor<MOST> {
    type Value = Text<MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text of 1 to {MOST} characters, not all of them blank, none of them NUL")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<MOST>, E> {
        let fits = !text.trim().is_empty() && text.chars().nth(MOST).is_none() && !text.contains('\0');
        fits.then(|| Text(text.to_owned())).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl<const MOST: usize> fmt::Debug for Text<MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({:?})", HiddenText(&self.0))
    }
}

/// Up to `ITEMS` texts of up to `MOST` characters each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts<const ITEMS: usize, const MOST: usize>(Vec<Text<MOST>>);

impl<const ITEMS: usize, const MOST: usize> Texts<ITEMS, MOST> {
    /// The texts, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Text::as_str)
    }
}

impl<'de, const ITEMS: usize, const MOST: usize> Deserialize<'de> for Texts<ITEMS, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(TextsVisitor)
    }
}

struct TextsVisitor<const ITEMS: usize, const MOST: usize>;

impl<'de, const ITEMS: usize, const MOST: usize> de::Visitor<'de> for TextsVisitor<ITEMS, MOST> {
    type Value = Texts<ITEMS, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of up to {ITEMS} texts")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element()? {
            texts.push(text);
            if texts.len() > ITEMS {
                return Err(de::Error::invalid_length(texts.len(), &self));
            }
        }
        Ok(Texts(texts))
    }
}

impl<const ITEMS: usize, const MOST: usize> PartialSchema for Texts<ITEMS, MOST> {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Text::<MOST>::schema()).max_items(Some(ITEMS)).into()
    }
}

impl<const ITEMS: usize, const MOST: usize> ToSchema for Texts<ITEMS, MOST> {
    fn name() -> Cow<'static, str> {
        format!("UpTo{ITEMS}Texts").into()
    }
}

/// WhatsApp's ID of a message: `wamid.…`. Opaque; made of the other side's phone number, so its `Debug` is shortened.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// The pattern, as the OpenAPI document has it.
    pub const PATTERN: &'static str = "^[!-~]{1,512}$";

    fn parse(text: &str) -> Option<Self> {
        is_made_of(text, 512, u8::is_ascii_graphic).then(|| Self(text.to_owned()))
    }

    /// An ID as Meta gave it.
    pub fn from_upstream(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    MessageId,
    rule: "a message's ID as an answer or event gave it: 1 to 512 visible ASCII characters",
    schema: ObjectBuilder::new()
        .description(Some("WhatsApp's ID of a message, as an answer or an event gave it. Opaque."))
        .pattern(Some(Self::PATTERN))
        .examples(["wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"])
);
display_as_str!(MessageId);
debug_as!(MessageId, ShortId);

/// A caller's own word for a message, which comes back in its statuses.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskId(String);

impl TaskId {
    /// The longest that Meta takes as `biz_opaque_callback_data`, in characters.
    pub const LONGEST: usize = 512;

    fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.chars().nth(Self::LONGEST).is_none() && !text.contains('\0');
        fits.then(|| Self(text.to_owned()))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    TaskId,
    rule: "1 to 512 characters, none of them NUL",
    schema: ObjectBuilder::new()
        .description(Some("Your own word for the message, which comes back in each of its statuses. Meta's `biz_opaque_callback_data`."))
        .min_length(Some(1))
        .max_length(Some(Self::LONGEST))
        .examples(["order-1042"])
);
debug_as!(TaskId, HiddenText);

/// A message template's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateName(String);

impl TemplateName {
    /// The pattern, as the OpenAPI document has it.
    pub const PATTERN: &'static str = "^[a-z0-9_]{1,512}$";

    fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
        is_made_of(text, 512, allowed).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    TemplateName,
    rule: "1 to 512 small letters, digits and `_`",
    schema: ObjectBuilder::new()
        .description(Some("A message template's name: small letters, digits and `_`."))
        .pattern(Some(Self::PATTERN))
        .examples([crate::operations::EXAMPLE_TEMPLATE_NAME])
);
display_as_str!(TemplateName);

/// Meta's ID of a message template; CAMS's `TemplateCode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateCode(String);

impl TemplateCode {
    /// The pattern, as the OpenAPI document has it.
    pub const PATTERN: &'static str = "^[0-9]{1,32}$";

    fn parse(text: &str) -> Option<Self> {
        is_made_of(text, 32, u8::is_ascii_digit).then(|| Self(text.to_owned()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    TemplateCode,
    rule: "Meta's ID of a message template: 1 to 32 digits",
    schema: ObjectBuilder::new()
        .description(Some("Meta's ID of a message template."))
        .pattern(Some(Self::PATTERN))
        .examples(["594425479261596"])
);
display_as_str!(TemplateCode);

/// A template's language, as [Meta writes it][languages]: `en`, `en_US`.
///
/// [languages]: https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/supported-languages
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(String);

impl Language {
    /// The pattern, as the OpenAPI document has it.
    pub const PATTERN: &'static str = "^[a-z]{2,3}(_[A-Z]{2,4})?$";

    fn parse(text: &str) -> Option<Self> {
        let (language, country) = text.split_once('_').map_or((text, None), |(one, other)| (one, Some(other)));
        let fits = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_country = |text: &str| (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        (fits && country.is_none_or(is_country)).then(|| Self(text.to_owned()))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    Language,
    rule: "a language as Meta writes it, such as `en` or `en_US`",
    schema: ObjectBuilder::new()
        .description(Some("A template's language as Meta writes it, such as `en` or `en_US`."))
        .pattern(Some(Self::PATTERN))
        .examples(["en"])
);
display_as_str!(Language);

#[cfg(test)]
mod tests {
    use super::{Language, MessageId, TaskId, TemplateCode, TemplateName, Text};

    #[test]
    fn languages_are_metas() {
        for code in ["en", "en_US", "fil", "prs_AF", "es_ARG"] {
            assert!(code.parse::<Language>().is_ok(), "{code}");
        }
        for code in ["", "e", "EN", "en-US", "en_us", "en_", "_US", "english", "en_US_X", "en "] {
            assert!(code.parse::<Language>().is_err(), "{code}");
        }
    }

    #[test]
    fn names_and_ids_hold_what_metas_can() {
        assert!("order_update_2".parse::<TemplateName>().is_ok());
        assert!(["", "Order", "a-b", "a b", "é", &"a".repeat(513)].iter().all(|t| t.parse::<TemplateName>().is_err()));
        assert!("594425479261596".parse::<TemplateCode>().is_ok());
        assert!(["", "x1", "1 ", "1/2"].iter().all(|text| text.parse::<TemplateCode>().is_err()));
        assert!("wamid.HBgL+/==".parse::<MessageId>().is_ok());
        assert!(["", "a b", "a\n", "é"].iter().all(|text| text.parse::<MessageId>().is_err()));
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!("é".repeat(512).parse::<TaskId>().is_ok());
        assert!("é".repeat(513).parse::<TaskId>().is_err());
        let text = |length: usize| serde_json::from_value::<Text<4>>("é".repeat(length).into());
        assert!(text(4).is_ok() && text(5).is_err() && text(0).is_err());
        assert!(serde_json::from_value::<Text<4>>(" \n".into()).is_err());
    }

    #[test]
    fn nul_is_in_no_text() {
        assert!(serde_json::from_value::<Text<4>>("a\0b".into()).is_err());
        assert!("a\0b".parse::<TaskId>().is_err());
    }

    #[test]
    fn the_number_in_a_messages_id_is_not_in_its_debug() {
        let id = MessageId::from_upstream("wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA");
        assert_eq!(format!("{id:?}"), "MessageId(wam…cA)");
    }

    #[test]
    fn what_a_text_says_is_not_in_its_debug() {
        let text: Text<16> = serde_json::from_value("a secret".into()).unwrap();
        assert_eq!(format!("{text:?}"), "Text(8 characters)");
        assert!(!format!("{:?}", "order-1".parse::<TaskId>().unwrap()).contains("order"));
    }
}
