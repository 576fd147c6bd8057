//! Reading a request's parameters, so that every mistake names the parameter, the value and the rule.
//!
//! A request is an ordinary `Deserialize` type. It is read through a deserializer of our own, whose
//! errors keep what `serde_json`'s lose: which parameter was wrong, what stood in it, and what was expected.

mod error;
mod lexical;
mod pairs;
mod reader;
mod unique;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use error::{ParameterError, WrongValue};
pub use pairs::Pairs;

use crate::signatures;

/// Reads a REST caller's JSON body.
///
/// A parameter that is `null` counts as absent, and so does a required one that is empty text, or an empty list.
///
/// # Errors
/// [`ParameterError`] where the body is no JSON object, or a parameter is absent, wrong, unknown, or there twice.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParameterError> {
    match unique::from_slice(body)? {
        Value::Object(parameters) => T::deserialize(reader::Parameters::new(&parameters, reader::Reading::Exact)),
        _ => Err(ParameterError::Unreadable { why: "it is not a JSON object".to_owned() }),
    }
}

/// Reads the query of a REST caller's `GET`, as it stands in the address: numbers are read from their text.
///
/// # Errors
/// [`ParameterError`] where a parameter is absent, wrong, unknown, there twice, or no UTF-8.
pub fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, ParameterError> {
    Pairs::read(signatures::pairs(query))?.to_strict_request()
}

/// Reads a parameter that is JSON text itself. The names in it may be written in any case, and with `_` or without.
///
/// # Errors
/// [`ParameterError`] whose paths begin with `parameter`. What cannot be read at all is not repeated.
pub(crate) fn from_json_text<T: DeserializeOwned>(parameter: &str, text: &str) -> Result<T, ParameterError> {
    let value = unique::from_slice(text.as_bytes()).map_err(|error| match error {
        ParameterError::Unreadable { why } => ParameterError::Wrong {
            parameter: parameter.to_owned(),
            value: format!("text of {} characters", text.chars().count()),
            rule: format!("JSON text, and {why}"),
        },
        repeated => repeated.within(parameter, None),
    })?;
    T::deserialize(reader::Parameter::new(&value, reader::Reading::Folded))
        .map_err(|error| error.within(parameter, Some(&value)))
}

/// How many levels deep a JSON text is read: `serde_json`'s own bound, whose error has no kind of its own.
const DEEPEST: usize = 127;
const TOO_DEEP: &str = "recursion limit exceeded";

fn unreadable(error: &serde_json::Error) -> ParameterError {
    ParameterError::Unreadable {
        why: match error.classify() {
            serde_json::error::Category::Eof => "it ends too early".to_owned(),
            _ if error.to_string().starts_with(TOO_DEEP) => format!("it is nested more than {DEEPEST} levels deep"),
            _ => format!("it is no JSON in UTF-8 at line {}, column {}", error.line(), error.column()),
        },
    }
}

#[cfg(test)]
mod pairs_tests;
#[cfg(test)]
mod tests;
