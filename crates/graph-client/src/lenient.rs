//! Reading what Meta writes in more than one way: numbers and booleans as strings, empty for absent.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// A whole number, also as a string; anything else is absent.
pub(crate) fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Value::deserialize(from).map(|value| as_integer(&value))
}

/// A truth value, also as the string `"true"` or `"false"`; anything else is absent.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Value::deserialize(from).map(|value| as_boolean(&value))
}

/// A string that is not empty, also from a number; anything else is absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Value::deserialize(from).map(as_text)
}

/// The same of a member that must be there.
pub(crate) fn required_text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from)?.ok_or_else(|| serde::de::Error::custom("no text"))
}

/// The elements of a list that can be read; anything else is an empty list.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    let elements = match Value::deserialize(from)? {
        Value::Array(elements) => elements,
        _ => Vec::new(),
    };
    Ok(elements.into_iter().filter_map(|element| serde_json::from_value(element).ok()).collect())
}

pub(crate) fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(crate) fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

pub(crate) fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_numbers_and_strings() {
        for (json, number) in [
            ("1755548877", Some(1_755_548_877)),
            ("\"1755548877\"", Some(1_755_548_877)),
            ("null", None),
            ("\"soon\"", None),
            ("1e300", None),
            ("99999999999999999999", None),
            ("[1]", None),
        ] {
            assert_eq!(integer(&mut serde_json::Deserializer::from_str(json)).unwrap(), number);
        }
    }

    #[test]
    fn truth_is_read_from_booleans_and_strings() {
        for (json, truth) in
            [("true", Some(true)), ("\"true\"", Some(true)), ("\"False\"", Some(false)), ("\"\"", None), ("1", None)]
        {
            assert_eq!(boolean(&mut serde_json::Deserializer::from_str(json)).unwrap(), truth);
        }
    }

    #[test]
    fn what_cannot_be_read_of_a_list_is_left_out() {
        for (json, expected) in [("[\"a\", 5, \"b\"]", &["a", "b"][..]), ("null", &[]), ("{}", &[]), ("\"a\"", &[])] {
            let read: Vec<String> = list(&mut serde_json::Deserializer::from_str(json)).unwrap();
            assert_eq!(read, expected, "{json}");
        }
    }

    #[test]
    fn empty_text_is_absent_and_a_number_is_its_digits() {
        for (json, expected) in [("\"\"", None), ("\"a\"", Some("a")), ("17", Some("17")), ("{}", None)] {
            let read = text(&mut serde_json::Deserializer::from_str(json)).unwrap();
            assert_eq!(read.as_deref(), expected);
        }
    }
}
