//! The parameters of an RPC caller, as a query and a form carry them.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::ParameterError;
use super::error::shortened;
use super::reader::{Parameters, Reading};

/// How many names a flattened one may be made of, such as the three of `List.1.ParticipantNumber`. Nothing has so many;
/// what is deeper would only cost memory.
const DEEPEST: usize = 8;

/// Parameters that are all text, each there once.
///
/// A structured one is JSON text (`Page={"Index":1,"Size":10}`), or flattened (`Page.Index=1&Page.Size=10`, and for lists
/// `List.1.ParticipantNumber=…`, counted from 1 without a gap).
#[derive(Clone, PartialEq, Eq)]
pub struct Pairs(Map<String, Value>);

impl Pairs {
    /// Reads decoded names and values, such as [`signatures::pairs`](crate::signatures::pairs) gives.
    ///
    /// # Errors
    /// [`ParameterError`] where a parameter is no UTF-8, is there twice, or both whole and flattened.
    pub fn read(pairs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<Self, ParameterError> {
        let mut parameters = Map::new();
        for (name, value) in pairs {
            let name = text(&name, name.clone())?;
            let value = text(name.as_bytes(), value)?;
            insert(&mut parameters, &name, value)?;
        }
        Ok(Self(parameters))
    }

    /// The parameter of this name, where it is there and not flattened.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether the parameter of this name came in parts, such as `Page.Index`.
    pub fn is_flattened(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_object)
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one JSON object of texts, without those of these names.
    pub fn without(&self, names: &[&str]) -> Value {
        let left = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        Value::Object(left.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The request that they make. Parameters that it does not have are passed over, as Alibaba Cloud does.
    ///
    /// # Errors
    /// [`ParameterError`] where a parameter is absent or wrong.
    pub fn to_request<T: DeserializeOwned>(&self) -> Result<T, ParameterError> {
        T::deserialize(Parameters::new(&self.0, Reading::Lexical))
    }

    /// The same for a caller who is told of parameters that the request does not have.
    ///
    /// # Errors
    /// [`ParameterError`] where a parameter is absent, wrong or unknown.
    pub(super) fn to_strict_request<T: DeserializeOwned>(&self) -> Result<T, ParameterError> {
        T::deserialize(Parameters::new(&self.0, Reading::Lexical).strict())
    }
}

/// Puts a parameter where its name says: `Page.Index` into `Page`.
fn insert(parameters: &mut Map<String, Value>, name: &str, value: String) -> Result<(), ParameterError> {
    let repeated = || ParameterError::Repeated { parameter: shortened(name, 64) };
    let names: Vec<&str> = name.split('.').take(DEEPEST + 1).collect();
    let Some((last, around)) = names.split_last().filter(|_| names.len() <= DEEPEST) else {
        return Err(ParameterError::wrong(&shortened(name, 64), &value, "a parameter of this operation"));
    };
    let mut place = parameters;
    for outer in around {
        let object = place.entry(*outer).or_insert_with(|| Value::Object(Map::new()));
        place = object.as_object_mut().ok_or_else(repeated)?;
    }
    match place.entry(*last) {
        Entry::Vacant(free) => {
            free.insert(Value::String(value));
            Ok(())
        }
        Entry::Occupied(_) => Err(repeated()),
    }
}

fn text(name: &[u8], bytes: Vec<u8>) -> Result<String, ParameterError> {
    String::from_utf8(bytes).map_err(|_| ParameterError::Wrong {
        parameter: shortened(&String::from_utf8_lossy(name), 64),
        value: "something else".to_owned(),
        rule: "text in UTF-8, percent-encoded".to_owned(),
    })
}

// They hold what a caller sent: texts of messages, links, phone numbers.
impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys().map(|name| shortened(name, 64))).finish()
    }
}
