//! Values that came as text: numbers, booleans, lists and objects.

use serde::de::{self, Visitor};
use serde_json::{Map, Number, Value};

use super::{ParameterError, unique};

/// How the items of a flattened list are called: `List.1`, `List.2`.
pub(super) const NUMBERED: &str = "a list whose items are numbered 1, 2, … without a gap";

/// The number or the boolean that a text is; `None` where it is neither.
pub(super) fn scalar(text: &str) -> Option<Value> {
    let word = |word: &str| text.eq_ignore_ascii_case(word);
    let number = || serde_json::from_str::<Number>(text).ok().map(Value::Number);
    // SDKs of several languages write booleans as their language does: `true`, `True`.
    match (word("true"), word("false")) {
        (true, _) => Some(Value::Bool(true)),
        (_, true) => Some(Value::Bool(false)),
        _ => number(),
    }
}

/// The list or the object that a text is in JSON.
///
/// # Errors
/// [`ParameterError::Wrong`] with what `visitor` expects, [`ParameterError::Repeated`].
pub(super) fn structure<'de, V: Visitor<'de>>(text: &str, visitor: &V) -> Result<Value, ParameterError> {
    match unique::from_slice(text.as_bytes()) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => Ok(value),
        Err(repeated @ ParameterError::Repeated { .. }) => Err(repeated),
        Ok(_) | Err(_) => {
            let expected: &dyn de::Expected = visitor;
            Err(de::Error::custom(format_args!("{expected}, as JSON text")))
        }
    }
}

/// The items of a flattened list, in their order; `None` where their names are not 1, 2, … without a gap.
pub(super) fn numbered(members: &Map<String, Value>) -> Option<Vec<&Value>> {
    (1..=members.len()).map(|number| members.get(&number.to_string())).collect()
}
