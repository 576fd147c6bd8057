//! Join requests, as a caller names them, and the cursors of their list.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, SeqAccess};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::distinct::{self, Item, Unlisted};
use crate::privacy::ShortId;
use crate::value::{debug_as, is_made_of, text_parameter};

/// A user's request to enter a group. Opaque, as Meta gave it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JoinRequestId(String);

impl JoinRequestId {
    fn parse(text: &str) -> Option<Self> {
        is_made_of(text, 256, u8::is_ascii_graphic).then(|| Self(text.to_owned()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    JoinRequestId,
    rule: "1 to 256 visible ASCII characters, as `ListChatGroupJoinRequests` or an event gave it",
    schema: ObjectBuilder::new()
        .description(Some("The join request, as its list or an event named it. Opaque."))
        .pattern(Some("^[!-~]{1,256}$"))
        .examples([crate::operations::EXAMPLE_JOIN_REQUEST_ID])
);

// The ID is made of the user's phone number.
debug_as!(JoinRequestId, ShortId);

impl Item for JoinRequestId {
    fn next<'de, A: SeqAccess<'de>>(items: &mut A, before: &[Self]) -> Result<Option<Self>, A::Error> {
        items.next_element_seed(Unlisted(before))
    }
}

/// 1 to 1,024 join requests, none of them twice. Meta documents no bound for one call; 1,024 is its largest page of a
/// list ([reference](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/reference)), so what one page shows
/// can be decided at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequestList(Vec<JoinRequestId>);

impl JoinRequestList {
    /// The most join requests that a call may name.
    pub const MOST: usize = 1024;

    /// The join requests, as they were named.
    pub fn ids(&self) -> &[JoinRequestId] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for JoinRequestList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = JoinRequestList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of 1 to {} IDs of join requests", JoinRequestList::MOST)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<JoinRequestList, A::Error> {
        distinct::read(items, JoinRequestList::MOST, &self).map(JoinRequestList)
    }
}

impl PartialSchema for JoinRequestList {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name(JoinRequestId::name()))
            .description(Some("The join requests, none of them twice."))
            .min_items(Some(1))
            .max_items(Some(Self::MOST))
            .unique_items(true)
            .into()
    }
}

impl ToSchema for JoinRequestList {
    fn name() -> Cow<'static, str> {
        "JoinRequestList".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((JoinRequestId::name().into_owned(), JoinRequestId::schema()));
    }
}

/// A place in a list, as an earlier answer gave it: Meta's, and opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor as Meta gave it.
    pub fn from_upstream(cursor: impl Into<String>) -> Self {
        Self(cursor.into())
    }

    fn parse(text: &str) -> Option<Self> {
        is_made_of(text, 2048, u8::is_ascii_graphic).then(|| Self(text.to_owned()))
    }

    /// The cursor as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    Cursor,
    rule: "1 to 2048 visible ASCII characters, as an earlier answer gave it",
    schema: ObjectBuilder::new()
        .description(Some("A place in the list, as an earlier answer gave it. Opaque."))
        .pattern(Some("^[!-~]{1,2048}$"))
        .examples(["QVFIUmx1WTBpMGpJ"])
);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::JoinRequestList;
    use crate::parameters::from_json;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        list: JoinRequestList,
    }

    fn read(list: &Value) -> Result<usize, String> {
        let body = json!({ "List": list }).to_string();
        from_json::<Request>(body.as_bytes()).map(|request| request.list.ids().len()).map_err(|error| error.to_string())
    }

    #[test]
    fn join_requests_are_named_once_each() {
        let many = |count: u32| Value::from((0..count).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(read(&json!(["MTY0+/==:1", "MTY1"])), Ok(2));
        assert_eq!(read(&many(1024)), Ok(1024));
        for (list, told) in [
            (json!(["A", "B", "A"]), "`List[2]` is wrong: \"A\" was sent"),
            (json!(["A", "b c"]), "`List[1]` is wrong"),
            (json!(["A", 1]), "`List[1]` is wrong: 1 was sent"),
            (json!(["A", ""]), "`List[1]` is required"),
            (json!([]), "`List` is required"),
            (many(1025), "`List` is wrong"),
        ] {
            let message = read(&list).unwrap_err();
            assert!(message.starts_with(told), "{message}");
        }
    }

    #[test]
    fn an_id_does_not_show_in_debug() {
        let id = "MTY1MDU1NTEyMzQ6MTIz".parse::<super::JoinRequestId>().unwrap();
        assert_eq!(format!("{id:?}"), "JoinRequestId(MTY…Iz)");
    }
}
