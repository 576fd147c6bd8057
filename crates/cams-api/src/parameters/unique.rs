//! Reading JSON in which no name stands twice in one object.
//!
//! [RFC 8259, section 4](https://www.rfc-editor.org/rfc/rfc8259#section-4): where a name stands twice, parsers differ
//! in what they make of it. A request that something before us read as another one than we do is not to be done.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::error::{ParameterError, prefix, shortened};

/// Reads a JSON text.
///
/// # Errors
/// [`ParameterError::Repeated`], or [`ParameterError::Unreadable`] where it is no JSON.
pub(super) fn from_slice(text: &[u8]) -> Result<Value, ParameterError> {
    let repeated = RefCell::new(None);
    // Looked at as a whole, its characters need not be looked at string by string. What is no UTF-8 is told with its place.
    let read = match str::from_utf8(text) {
        Ok(text) => whole(serde_json::Deserializer::from_str(text), &repeated),
        Err(_) => whole(serde_json::Deserializer::from_slice(text), &repeated),
    };
    read.map_err(|error| match repeated.take() {
        Some(parameter) => ParameterError::Repeated { parameter },
        None => super::unreadable(&error),
    })
}

fn whole<'de>(
    mut reader: serde_json::Deserializer<impl serde_json::de::Read<'de>>,
    repeated: &RefCell<Option<String>>,
) -> serde_json::Result<Value> {
    let value = Node { repeated }.deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

/// One value of the text.
#[derive(Clone, Copy)]
struct Node<'a> {
    /// The path of the first name that stood twice, as seen from the values around it.
    repeated: &'a RefCell<Option<String>>,
}

impl Node<'_> {
    fn found_within<E>(self, outer: &str, error: E) -> E {
        if let Some(path) = self.repeated.borrow_mut().as_mut() {
            prefix(path, &shortened(outer, 64));
        }
        error
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let within = |index: usize| move |error| self.found_within(&format!("[{index}]"), error);
        while let Some(item) = items.next_element_seed(self).map_err(within(list.len()))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match object.entry(name) {
                Entry::Vacant(place) => {
                    let value = members.next_value_seed(self);
                    let value = value.map_err(|error| self.found_within(place.key(), error))?;
                    place.insert(value);
                }
                Entry::Occupied(place) => {
                    self.repeated.replace(Some(shortened(place.key(), 64)));
                    return Err(A::Error::custom("a name stands twice"));
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        for text in [
            r#"{"a": [1, -2, 3.5, 1e300, true, null, "\u00e9\n", {"b": {}}], "\u0063": "x"}"#,
            "[]",
            "18446744073709551616",
            "\"text\"",
        ] {
            assert_eq!(from_slice(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_told_with_its_path() {
        for (text, path) in [
            (r#"{"a": 1, "b": 2, "a": 1}"#, "a"),
            (r#"{"a": 1, "\u0061": 1}"#, "a"),
            (r#"{"Page": {"Index": 1, "Index": 2}}"#, "Page.Index"),
            (r#"{"List": [{"N": 1}, {"N": 1, "N": 2}], "x": }"#, "List[1].N"),
            (r#"[[{"a": 1, "a": 1}]]"#, "[0][0].a"),
        ] {
            let error = from_slice(text.as_bytes()).unwrap_err();
            assert_eq!(error, ParameterError::Repeated { parameter: path.to_owned() }, "{text}");
        }
    }

    #[test]
    fn the_same_name_in_several_objects_is_no_repetition() {
        assert!(from_slice(br#"{"a": {"a": [{"a": 1}, {"a": 2}]}, "A": 1}"#).is_ok());
    }
}
