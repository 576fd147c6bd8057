//! Answers as Meta's guide writes them, where its reference writes otherwise: both are understood.

mod groups;
mod join_requests;
mod messages;
mod participants;

use serde_json::{Value, json};

use super::cases::cases;
use super::stage::{Stage, in_envelope};

/// An answer of Meta's to an operation of one call, and what is made of it.
struct Oddity {
    operation: &'static str,
    /// In the place of the example's.
    parameters: Value,
    http_status: u16,
    /// An empty text is an empty body.
    body: Value,
    code: (&'static str, u16),
    /// Members of our answer, by JSON pointer; an absent one counts as `null`.
    told: Vec<(&'static str, Value)>,
}

impl Oddity {
    /// A whole success.
    fn new(operation: &'static str, body: Value, told: Vec<(&'static str, Value)>) -> Self {
        Self { operation, parameters: json!({}), http_status: 200, body, code: ("OK", 200), told }
    }

    fn asked(self, parameters: Value) -> Self {
        Self { parameters, ..self }
    }

    fn with_status(self, http_status: u16) -> Self {
        Self { http_status, ..self }
    }

    fn in_part(self) -> Self {
        Self { code: ("PartialSuccess", 200), ..self }
    }

    fn refused(self) -> Self {
        Self { code: ("Upstream.Rejected", 422), ..self }
    }

    fn unreadable(self) -> Self {
        Self { code: ("Upstream.Unavailable", 502), ..self }
    }
}

/// Each is met in turn.
async fn are_understood(oddities: Vec<Oddity>) {
    let stage = Stage::set().await;
    for Oddity { operation, parameters, http_status, body, code, told } in oddities {
        stage.fail(json!({"http_status": http_status, "body": body})).await;
        let mut case = cases().into_iter().find(|case| case.operation == operation).unwrap();
        case.request.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let answer = stage.call(&case).await;
        let about = format!("{operation}: HTTP {http_status} {body}: {}", answer.text);
        let ours = in_envelope(&answer, &about);
        assert_eq!((ours["Code"].as_str().unwrap(), answer.status), code, "{about}");
        for (pointer, value) in told {
            assert_eq!(ours.pointer(pointer).unwrap_or(&Value::Null), &value, "{pointer}, {about}");
        }
        stage.recover().await;
    }
}

/// One of the errors that stand in answers and webhooks.
fn error(code: i64) -> Value {
    json!({
        "code": code, "message": format!("(#{code}) Message"), "title": format!("Title of {code}"),
        "error_data": {"details": format!("Details of {code}")},
    })
}
