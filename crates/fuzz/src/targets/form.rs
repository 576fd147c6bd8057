//! The parameters of an RPC caller: flattened ones are put together and taken apart again, and read as every kind of
//! request.

use std::fmt::Debug;

use cams_api::operations::{
    AddChatGroup, ApproveChatGroupJoinRequests, DeleteChatGroupParticipants, ListChatGroup, SendChatGroupInvite,
    SendChatappMessage, UpdateChatGroup,
};
use cams_api::parameters::{Pairs, ParameterError};
use cams_api::signatures::pairs;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::LONGEST_ERROR;
use crate::independent::{encoded, parameters};

/// Stands in the place of what a caller sent, to be looked for in errors.
const SECRET: &str = "16505551234-secret";

pub(super) fn run(bytes: &[u8]) {
    let Ok(query) = std::str::from_utf8(bytes) else { return };
    match Pairs::read(pairs(query)) {
        Ok(read) => {
            nothing_is_lost(query, &read);
            read_as_requests(&read);
        }
        Err(error) => is_bounded(&error),
    }
    errors_hold_no_value(query);
}

/// Every parameter is there once, where its name says, and flattened again they are the same.
fn nothing_is_lost(query: &str, read: &Pairs) {
    let mut flat = Vec::new();
    flatten(None, &read.without(&[]), &mut flat);
    let expected = parameters([query]);
    assert_eq!(flat.len(), expected.len(), "{query}");
    for (name, value) in &flat {
        assert_eq!(expected.get(name.as_bytes()), Some(&vec![value.clone().into_bytes()]), "{name} of {query}");
    }
    let again: Vec<String> = flat
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name.as_bytes()), encoded(value.as_bytes())))
        .collect();
    let again = Pairs::read(pairs(&again.join("&")));
    assert!(again.as_ref() == Ok(read), "{query}: {again:?}");
}

/// The texts in a value, under the path of their names; `None` where the value stands in nothing.
fn flatten(path: Option<&str>, value: &Value, flat: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            assert!(path.is_none() || !members.is_empty(), "a structure of nothing at {path:?}");
            for (name, value) in members {
                let path = path.map_or_else(|| name.clone(), |path| format!("{path}.{name}"));
                flatten(Some(&path), value, flat);
            }
        }
        Value::String(text) => flat.push((path.unwrap_or_default().to_owned(), text.clone())),
        other => panic!("a parameter that is no text: {other}"),
    }
}

fn read_as_requests(read: &Pairs) {
    let as_json = with_json(read);
    agree::<AddChatGroup>(read, as_json.as_ref());
    agree::<ApproveChatGroupJoinRequests>(read, as_json.as_ref());
    agree::<DeleteChatGroupParticipants>(read, as_json.as_ref());
    agree::<ListChatGroup>(read, as_json.as_ref());
    agree::<SendChatGroupInvite>(read, as_json.as_ref());
    agree::<SendChatappMessage>(read, as_json.as_ref());
    agree::<UpdateChatGroup>(read, as_json.as_ref());
}

/// What is a request when it is flattened is the same request as JSON text. The other way round there are texts that only
/// look like JSON.
fn agree<T: DeserializeOwned + Debug>(read: &Pairs, as_json: Option<&Pairs>) {
    match (read.to_request::<T>(), as_json.map(Pairs::to_request::<T>)) {
        (Ok(one), Some(Ok(other))) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
        (Ok(one), Some(Err(told))) => panic!("flattened {one:?}, as JSON {told}"),
        (Err(error), _) => is_bounded(&error),
        (Ok(_), None) => {}
    }
}

/// The same parameters, with JSON text for those that are flattened; `None` where none is.
fn with_json(read: &Pairs) -> Option<Pairs> {
    let Value::Object(members) = read.without(&[]) else { return None };
    if !members.values().any(Value::is_object) {
        return None;
    }
    let text = |value: Value| if value.is_object() { numbered(value).to_string() } else { as_text(value) };
    Pairs::read(members.into_iter().map(|(name, value)| (name.into_bytes(), text(value).into_bytes()))).ok()
}

fn as_text(value: Value) -> String {
    if let Value::String(text) = value { text } else { value.to_string() }
}

/// Objects whose names are 1, 2, … as the lists that they are.
fn numbered(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let mut items: Vec<(String, Value)> = members.into_iter().map(|(name, value)| (name, numbered(value))).collect();
    items.sort_by_key(|(name, _)| name.parse::<usize>().unwrap_or_default());
    let is_list = items.iter().enumerate().all(|(at, (name, _))| *name == (at + 1).to_string());
    if is_list { items.into_iter().map(|(_, value)| value).collect() } else { items.into_iter().collect() }
}

fn is_bounded(error: &ParameterError) {
    let told = error.to_string();
    assert!(told.len() <= LONGEST_ERROR.min(4_096), "an error of {} bytes: {told}", told.len());
    assert!(error.rpc_code().len() <= 128, "a code of {} bytes", error.rpc_code().len());
}

/// What is logged of a mistake is its rule, not what was sent.
fn errors_hold_no_value(query: &str) {
    let with_secret: Vec<String> =
        query.split('&').map(|pair| format!("{}={SECRET}", pair.split('=').next().unwrap_or_default())).collect();
    let read = Pairs::read(pairs(&with_secret.join("&")));
    let tell = |error: ParameterError| assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
    match read {
        Ok(read) => {
            assert!(!format!("{read:?}").contains(SECRET), "{read:?}");
            read.to_request::<AddChatGroup>().map_or_else(tell, drop);
            read.to_request::<SendChatappMessage>().map_or_else(tell, drop);
            read.to_request::<DeleteChatGroupParticipants>().map_or_else(tell, drop);
        }
        Err(error) => tell(error),
    }
}
