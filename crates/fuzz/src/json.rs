//! JSON as a fuzz target needs it: read so that nothing in it could be read in another way.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A value in which no object names anything twice; with no numbers but whole ones where `FLOATS` are none, as these have
/// one spelling each.
pub(crate) struct Unambiguous<const FLOATS: bool>(Value);

impl<const FLOATS: bool> Unambiguous<FLOATS> {
    /// Reads it; `None` for what is no JSON, or ambiguous.
    pub(crate) fn read(bytes: &[u8]) -> Option<Value> {
        serde_json::from_slice::<Self>(bytes).ok().map(|Self(value)| value)
    }
}

impl<'de, const FLOATS: bool> Deserialize<'de> for Unambiguous<FLOATS> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader::<FLOATS>).map(Self)
    }
}

struct Reader<const FLOATS: bool>;

impl<'de, const FLOATS: bool> Visitor<'de> for Reader<FLOATS> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON that is read in one way")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if FLOATS { Ok(value.into()) } else { Err(E::custom("a number that has several spellings")) }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Unambiguous::<FLOATS>(value)) = from.next_element()? {
            all.push(value);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = serde_json::Map::new();
        while let Some((name, Unambiguous::<FLOATS>(value))) = from.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(members.into())
    }
}

/// Whether a text is JSON at all.
pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}
