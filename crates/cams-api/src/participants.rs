//! Whom a request is about: participants, by phone number, WhatsApp ID or business-scoped user ID.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Error as _, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::distinct::{self, Item, Unlisted};
use crate::identifiers::BusinessNumber;
use crate::privacy::ShortId;
use crate::value::{debug_as, text_parameter};

/// A user of WhatsApp, as a caller names one.
///
/// A phone number is cleaned as a [`BusinessNumber`] is; a WhatsApp ID reads the same. Users who hide their number have
/// a [business-scoped user ID][bsuid] alone, such as `US.13491208655302741918`, or a parent's, such as
/// `US.ENT.506847293015824`.
///
/// [bsuid]: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ParticipantNumber {
    /// A phone number, or the WhatsApp ID that is made of one: digits.
    Phone(String),
    /// A business-scoped user ID.
    UserId(String),
}

impl ParticipantNumber {
    /// What a caller may write, as the OpenAPI document has it.
    pub const PATTERN: &'static str =
        r"^(\+?[ ()-]*[0-9]([ ()-]*[0-9]){6,14}[ ()-]*|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128})$";
    /// The longest text that is read, in characters: a user ID with all that it can have.
    pub const LONGEST: usize = 135;

    fn parse(text: &str) -> Option<Self> {
        let phone = || BusinessNumber::digits_of(text).map(Self::Phone);
        let user_id = || is_user_id(text).then(|| Self::UserId(text.to_owned()));
        (text.len() <= Self::LONGEST).then(|| phone().or_else(user_id)).flatten()
    }

    /// The digits, or the user ID.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(text) | Self::UserId(text) => text,
        }
    }
}

/// The user's country, a full stop, perhaps `ENT.`, and up to 128 letters and digits.
fn is_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else { return false };
    let id = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

text_parameter!(
    ParticipantNumber,
    rule: "7 to 15 digits of a phone number in international form, a WhatsApp ID, or a business-scoped user ID such as `US.13491208655302741918`",
    schema: ObjectBuilder::new()
        .description(Some(
            "The user: a phone number in international digits (a leading `+`, spaces, hyphens and brackets are dropped), a WhatsApp ID, or a business-scoped user ID."
        ))
        .pattern(Some(Self::PATTERN))
        .max_length(Some(Self::LONGEST))
        .examples(["16505551234"])
);

debug_as!(ParticipantNumber, ShortId);

impl Item for ParticipantNumber {
    fn next<'de, A: SeqAccess<'de>>(items: &mut A, before: &[Self]) -> Result<Option<Self>, A::Error> {
        items.next_element_seed(NextParticipant(before))
    }
}

/// 1 to 8 users, none of them twice: `[{"ParticipantNumber": "16505551234"}]`. Meta takes no more in
/// [one call](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/reference#remove-group-participants).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantList(Vec<ParticipantNumber>);

impl ParticipantList {
    /// The most users that a call may name.
    pub const MOST: usize = 8;

    /// The users, as they were named.
    pub fn numbers(&self) -> &[ParticipantNumber] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ParticipantList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> de::Visitor<'de> for ListVisitor {
    type Value = ParticipantList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of 1 to {} objects with `{FIELD}`", ParticipantList::MOST)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ParticipantList, A::Error> {
        distinct::read(items, ParticipantList::MOST, &self).map(ParticipantList)
    }
}

/// The one member of an item.
const FIELD: &str = "ParticipantNumber";

/// Reads an item; these stand before it.
struct NextParticipant<'a>(&'a [ParticipantNumber]);

impl<'de> DeserializeSeed<'de> for NextParticipant<'_> {
    type Value = ParticipantNumber;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ParticipantNumber, D::Error> {
        // As a type with one field, whose name the reader is to know.
        deserializer.deserialize_struct("ListedParticipant", &[FIELD], self)
    }
}

impl<'de> de::Visitor<'de> for NextParticipant<'_> {
    type Value = ParticipantNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with `{FIELD}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<ParticipantNumber, A::Error> {
        let mut number = None;
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if name != FIELD {
                return Err(A::Error::unknown_field(&name, &[FIELD]));
            }
            number = Some(members.next_value_seed(Unlisted(self.0))?);
        }
        number.ok_or_else(|| A::Error::missing_field(FIELD))
    }
}

/// One item of a [`ParticipantList`], for the OpenAPI document.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "it is written down, and never made: lists are read as they come")]
struct ListedParticipant {
    /// Who.
    participant_number: ParticipantNumber,
}

impl PartialSchema for ParticipantList {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(ListedParticipant::name()))
            .description(Some("The users, 1 to 8, none of them twice."))
            .min_items(Some(1))
            .max_items(Some(Self::MOST))
            .unique_items(true)
            .into()
    }
}

impl ToSchema for ParticipantList {
    fn name() -> Cow<'static, str> {
        "ParticipantList".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let RefOr::T(Schema::Object(mut item)) = ListedParticipant::schema() else { return };
        item.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        ListedParticipant::schemas(schemas);
        schemas.push((ListedParticipant::name().into_owned(), item.into()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ParticipantList, ParticipantNumber};
    use crate::parameters::from_json;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        list: ParticipantList,
    }

    fn read(list: &Value) -> Result<Vec<ParticipantNumber>, String> {
        let body = json!({ "List": list }).to_string();
        from_json::<Request>(body.as_bytes()).map(|request| request.list.0).map_err(|error| error.to_string())
    }

    fn named(number: &str) -> Value {
        json!({ "ParticipantNumber": number })
    }

    #[test]
    fn a_phone_number_is_cleaned_and_a_user_id_kept() {
        let numbers = read(&json!([
            named("+1 (650) 555-1234"),
            named("US.13491208655302741918"),
            named("US.ENT.506847293015824")
        ]))
        .unwrap();
        assert_eq!(
            numbers,
            [
                ParticipantNumber::Phone("16505551234".to_owned()),
                ParticipantNumber::UserId("US.13491208655302741918".to_owned()),
                ParticipantNumber::UserId("US.ENT.506847293015824".to_owned()),
            ]
        );
    }

    #[test]
    fn what_names_nobody_is_refused() {
        let long = format!("US.{}", "1".repeat(129));
        for wrong in
            ["123456", "1234567890123456", "us.1234", "USA.1", "US.", "US.ENT.", "US.a-b", "US.é", "abc", &long]
        {
            let told = read(&json!([named("16505551234"), named(wrong)])).unwrap_err();
            assert!(told.starts_with("`List[1].ParticipantNumber` is wrong"), "{told}");
        }
    }

    #[test]
    fn nobody_is_named_twice_however_the_number_is_written() {
        let told = read(&json!([named("16505551234"), named("+1 650 555 1234")])).unwrap_err();
        assert!(told.starts_with(r#"`List[1].ParticipantNumber` is wrong: "+1 650 555 1234" was sent"#), "{told}");
        assert!(told.contains("another than those that stand before it"), "{told}");
    }

    #[test]
    fn one_to_eight_are_named_and_each_in_an_object_of_its_own() {
        let many =
            |count: u64| Value::from((0..count).map(|n| named(&(16_505_550_000 + n).to_string())).collect::<Vec<_>>());
        assert_eq!(read(&many(8)).unwrap().len(), 8);
        for (list, told) in [
            (many(9), "`List` is wrong"),
            (json!([]), "`List` is required"),
            (json!(null), "`List` is required"),
            (json!([{}]), "`List[0].ParticipantNumber` is required"),
            (json!([named("")]), "`List[0].ParticipantNumber` is required"),
            (json!([null]), "`List[0]` is required"),
            (json!(["16505551234"]), "`List[0]` is wrong"),
            (json!([{"ParticipantNumber": "16505551234", "Role": 1}]), "`List[0].Role` is not a parameter"),
            (named("16505551234"), "`List` is wrong"),
        ] {
            let message = read(&list).unwrap_err();
            assert!(message.starts_with(told), "{message}");
        }
    }

    #[test]
    fn whom_a_number_names_does_not_show_in_debug() {
        let shown = format!("{:?}", read(&json!([named("16505551234"), named("US.13491208655302741918")])).unwrap());
        assert_eq!(shown, "[ParticipantNumber(165…34), ParticipantNumber(US.…18)]");
    }
}
