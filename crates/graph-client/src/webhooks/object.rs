//! A JSON object whose members are read one by one, each when it is needed.
//!
//! One member that cannot be read does not spoil the others, what nobody asks for is never looked
//! into, and members keep Meta's order and spelling.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::{calls::participants::Participant, lenient};

/// No name or ID of Meta's is longer; a hostile one would be copied into every event.
const LONGEST_NAME: usize = 256;

/// An object's members, in order, unread.
#[derive(Default)]
pub(crate) struct Object<'a>(Vec<Member<'a>>);

/// One member: name and value as they were written.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: &'a RawValue,
    pub(super) value: &'a RawValue,
}

impl<'a> Object<'a> {
    /// Reads an object; `None` for every other value.
    pub(crate) fn read(json: &'a RawValue) -> Option<Self> {
        serde_json::from_str(json.get()).ok()
    }

    pub(super) fn members(&self) -> &[Member<'a>] {
        &self.0
    }

    /// The value of a member; of the last one where several have this name, as in most parsers.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|member| member.is(name)).map(|member| member.value)
    }

    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.get(name)?)
    }

    /// The elements of a list, unread; `None` where it is absent or not a list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// The elements of a list that are objects; empty where it is absent or not a list.
    pub(super) fn objects(&self, name: &str) -> Vec<Self> {
        self.list(name).into_iter().flatten().filter_map(Object::read).collect()
    }

    /// A string that is not empty, also from a number.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        lenient::as_text(self.value(name)?)
    }

    /// A text that is short enough to be a name or an ID.
    pub(super) fn name(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| text.len() <= LONGEST_NAME)
    }

    /// A whole number, also from a string.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        lenient::as_integer(&self.value(name)?)
    }

    /// A boolean, also from a string.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        lenient::as_boolean(&self.value(name)?)
    }

    /// The user that this object tells of.
    pub(super) fn participant(&self) -> Participant {
        Participant {
            wa_id: self.text("wa_id"),
            user_id: self.text("user_id"),
            parent_user_id: self.text("parent_user_id"),
            username: self.text("username"),
            input: self.text("input"),
        }
    }

    fn value(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }
}

impl Member<'_> {
    /// Whether this is the member's name, however it is escaped.
    pub(super) fn is(&self, name: &str) -> bool {
        let written = self.name.get();
        let plain = written.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        plain == Some(name)
            || written.contains('\\') && serde_json::from_str::<String>(written).is_ok_and(|text| text == name)
    }

    /// How many bytes the member takes, without a comma.
    pub(super) fn len(&self) -> usize {
        self.name.get().len() + 1 + self.value.get().len()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            members.push(Member { name, value });
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Object<'_> {
        Object::read(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn a_member_that_cannot_be_read_does_not_spoil_the_others() {
        let object = read(r#"{"a":"\ud800","b":1e999,"c":"kept"}"#);
        assert_eq!((object.text("a"), object.integer("b")), (None, None));
        assert_eq!(object.text("c").as_deref(), Some("kept"));
    }

    #[test]
    fn names_are_found_however_they_are_escaped() {
        assert_eq!(read(r#"{"\u0067roup":"x"}"#).text("group").as_deref(), Some("x"));
        assert_eq!(read(r#"{"\ud800":"x"}"#).text("group"), None);
    }

    #[test]
    fn of_several_members_of_one_name_the_last_counts() {
        assert_eq!(read(r#"{"a":1,"a":2}"#).integer("a"), Some(2));
    }

    #[test]
    fn other_values_are_no_objects() {
        for json in ["[]", "1", "\"x\"", "null"] {
            assert!(Object::read(serde_json::from_str(json).unwrap()).is_none(), "{json}");
        }
    }
}
