//! The query's `fields`: which parts of an object are answered.

use serde_json::{Map, Value};

use super::errors::{GraphError, GraphResult};
use super::params::Params;

/// The names in `fields`; `None` where it is absent or empty. A name that the
/// object does not have is code 100.
pub(crate) fn asked_for<'a>(params: &'a Params, known: &[&str]) -> GraphResult<Option<Vec<&'a str>>> {
    let Some(text) = params.text("fields")?.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => {
            let message = format!("Tried accessing nonexisting field ({name})");
            Err(GraphError::parameter(&message))
        }
        None => Ok(Some(names)),
    }
}

/// Only the named members of an object.
pub(crate) fn only(object: Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let wanted = |(name, _): &(String, Value)| names.contains(&&**name);
    object.into_iter().filter(wanted).collect()
}

/// An object of these members, without those that are `null`.
pub(crate) fn without_nulls<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let given = members.into_iter().filter(|(_, value)| !value.is_null());
    given.map(|(name, value)| (name.to_owned(), value)).collect()
}
