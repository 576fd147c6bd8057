//! Reading a request's parameters, so that every mistake names the parameter, the value and the rule.
//!
//! A request is an ordinary `Deserialize` type. It is read through a deserializer of our own, whose
//! errors keep what `serde_json`'s lose: which parameter was wrong, what stood in it, and what was expected.

mod error;
mod reader;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use error::{ParameterError, WrongValue};

/// Reads a REST caller's JSON body.
///
/// A parameter that is `null` counts as absent, and so does a required one that is empty text, or an empty list.
///
/// # Errors
/// [`ParameterError`] where the body is no JSON object, or a parameter is absent, wrong or unknown.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParameterError> {
    let parameters: Map<String, Value> = serde_json::from_slice(body).map_err(|error| not_an_object(&error))?;
    T::deserialize(reader::Parameters::new(&parameters))
}

fn not_an_object(error: &serde_json::Error) -> ParameterError {
    ParameterError::Unreadable {
        why: match error.classify() {
            serde_json::error::Category::Data => "it is not a JSON object in UTF-8".to_owned(),
            serde_json::error::Category::Eof => "it ends too early".to_owned(),
            _ => format!("it is no JSON at line {}, column {}", error.line(), error.column()),
        },
    }
}

#[cfg(test)]
mod tests;
