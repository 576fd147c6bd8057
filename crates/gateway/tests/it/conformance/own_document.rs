//! Whether an answer of ours is one that our own OpenAPI document has: its status, its code, each of its members.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use awc::http::header::HeaderMap;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::Answered;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&gateway::openapi::document_json().unwrap()).unwrap());
/// By the schema that is referred to: making one takes longer than using it a hundred times.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Asserts that the operation's page has such an answer.
#[track_caller]
pub(super) fn documented(operation: &str, answer: &Answered) {
    if let Some(mistake) = mistake(operation, answer) {
        panic!("{operation}: {mistake}: HTTP {} {}", answer.status, answer.text);
    }
}

fn mistake(operation: &str, answer: &Answered) -> Option<String> {
    let page = &DOCUMENT["paths"][format!("/v1/{operation}")]["post"];
    let response = &page["responses"][answer.status.to_string()];
    let Some(description) = response["description"].as_str() else {
        return Some("its status is not documented".to_owned());
    };
    if !description.contains(&format!("`{}`:", answer.code())) {
        return Some("its code is not documented".to_owned());
    }
    let schema = response["content"]["application/json"]["schema"]["$ref"].as_str()?;
    validator(schema).iter_errors(&answer.body()).map(|error| error.to_string()).next()
}

/// Asserts that our document has a value under the schema of this name.
pub(crate) fn expect_schema(name: &str, value: &Value) {
    let validator = validator(&format!("#/components/schemas/{name}"));
    let mistakes: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{name}: {mistakes:?}: {value}");
}

fn validator(schema: &str) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let made = validators.entry(schema.to_owned()).or_insert_with(|| {
        // A member that no part of the schema has is a mistake, too.
        let components = &DOCUMENT["components"];
        let root = json!({"components": components, "$ref": schema, "unevaluatedProperties": false});
        Arc::new(jsonschema::draft202012::new(&root).unwrap())
    });
    Arc::clone(made)
}

#[test]
fn an_answer_that_the_document_does_not_have_is_found() {
    let of = |status: u16, text: Value| {
        mistake("GetChatGroupInviteLink", &Answered { status, headers: HeaderMap::new(), text: text.to_string() })
    };
    let envelope = |code: &str, success: bool| {
        json!({
            "RequestId": "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d", "Code": code, "Success": success, "Message": "None",
            "AccessDeniedDetail": "None",
        })
    };
    let with = |name: &str, value: Value| {
        let mut whole = envelope("OK", true);
        whole[name] = value;
        whole
    };
    assert_eq!(of(200, with("InviteLink", Value::Null)), None);
    assert!(of(200, with("InviteLink", json!(1))).is_some(), "of another type");
    assert!(of(200, with("Invitelink", json!("x"))).is_some(), "of another name");
    assert!(of(200, envelope("PartialSuccess", true)).is_some(), "this operation has no parts");
    assert!(of(418, envelope("OK", true)).is_some());
}
