//! What is no answer of Meta's, at every call of every operation: its code, and never a 500.

use serde_json::{Value, json};

use super::rehearsal::rehearsed;
use super::stage::{Stage, in_envelope};
use super::throwing::at_each_call;
use crate::support::Answered;

/// What stands in the place of an answer.
struct NoAnswer {
    name: &'static str,
    fault: Value,
    /// Whether a write may have been done all the same.
    leaves_open: bool,
}

fn no_answers() -> Vec<NoAnswer> {
    let no_answer = |name, leaves_open, fault| NoAnswer { name, fault, leaves_open };
    vec![
        no_answer("a proxy's page of 502", true, json!({"http_status": 502, "body": "<html>Bad Gateway</html>"})),
        no_answer("a proxy's page of 503", true, json!({"http_status": 503, "body": "<html>Unavailable</html>"})),
        no_answer("a 500 without a body", true, json!({"http_status": 500, "body": ""})),
        no_answer("a 500 with another object", true, json!({"http_status": 500, "body": {"error": "text"}})),
        no_answer("a 404 of another server", false, json!({"http_status": 404, "body": "<html>Not Found</html>"})),
        no_answer("a 200 with a page", true, json!({"http_status": 200, "body": "<html>hello</html>"})),
        no_answer("a 200 that breaks off", true, json!({"http_status": 200, "body": "{\"messaging_product\": \"what"})),
        no_answer("a list", true, json!({"http_status": 200, "body": "[]"})),
        no_answer("a text", true, json!({"http_status": 200, "body": "\"text\""})),
        no_answer("a number", true, json!({"http_status": 200, "body": "1"})),
        no_answer("a million brackets", true, json!({"http_status": 200, "body": "[".repeat(1_000_000)})),
        no_answer("five megabytes", true, json!({"http_status": 200, "body": "x".repeat(5 << 20)})),
        no_answer("a 408 of a proxy", true, json!({"http_status": 408, "body": ""})),
        no_answer("a redirect", true, json!({"http_status": 302, "body": ""})),
        no_answer("a dropped connection", true, json!({"close": "before"})),
    ]
}

/// Asserts that the call ended as Meta's being out of order, met at a call of this method.
#[track_caller]
fn out_of_order(answer: &Answered, no_answer: &NoAnswer, method: &str, about: &str) {
    let about = format!("{about}: {}", no_answer.name);
    let body = in_envelope(answer, &about);
    assert_eq!((answer.status, body["Code"].as_str()), (502, Some("Upstream.Unavailable")), "{about}: {body}");
    assert_eq!(body["RetrySafe"], method == "GET" || !no_answer.leaves_open, "{about}: {body}");
    assert_eq!(body["Upstream"], Value::Null, "{about}: {body}");
}

#[actix_web::test]
async fn what_is_no_answer_of_metas_is_upstream_unavailable_at_every_call() {
    let stage = Stage::set().await;
    let before = stage.meta().await;
    for no_answer in no_answers() {
        at_each_call(&stage, &no_answer.fault, |case, method, answer| {
            out_of_order(answer, &no_answer, method, &format!("{}, {}", case.operation, case.name));
        })
        .await;
    }
    assert_eq!(stage.meta().await, before, "nothing was done");
}

#[actix_web::test]
async fn an_error_object_is_one_whatever_status_it_comes_with() {
    let stage = Stage::set().await;
    let refusal = json!({"error": {"message": "No", "type": "OAuthException", "code": 131_009}});
    for status in [200, 201, 301, 404, 500, 599] {
        at_each_call(&stage, &json!({"http_status": status, "body": refusal}), |case, _, answer| {
            // Meta's own answers are never redirects.
            let expected = if status == 301 { "Upstream.Unavailable" } else { "Upstream.Rejected" };
            let body = in_envelope(answer, case.operation);
            assert_eq!(body["Code"], expected, "{}, HTTP {status}: {body}", case.operation);
        })
        .await;
    }
}

/// Operations that Meta documents no answer of, or one that says no more than its status.
const EMPTY_IS_AN_ANSWER: [&str; 8] = [
    "AddChatGroup",
    "DeleteChatGroup",
    "UpdateChatGroup",
    "DeleteChatGroupInviteLink",
    "AddChatGroupParticipants",
    "DeleteChatGroupParticipants",
    "ApproveChatGroupJoinRequests",
    "RejectChatGroupJoinRequests",
];

#[actix_web::test]
async fn an_empty_answer_is_one_only_where_an_answer_has_nothing_to_tell() {
    let stage = Stage::set().await;
    at_each_call(&stage, &json!({"http_status": 200, "body": ""}), |case, method, answer| {
        let body = in_envelope(answer, case.operation);
        if method != "GET" && EMPTY_IS_AN_ANSWER.contains(&case.operation) {
            assert_eq!(body["Code"], "OK", "{}: {body}", case.operation);
        } else {
            assert_eq!(body["Code"], "Upstream.Unavailable", "{}: {body}", case.operation);
            assert_eq!(body["RetrySafe"], method == "GET", "{}: {body}", case.operation);
        }
    })
    .await;
}

#[actix_web::test]
async fn an_answer_after_the_callers_time_is_a_timeout() {
    let (cases, stage) = (rehearsed().await.ways(), Stage::set().await);
    // Meta refuses in the end, so that nothing is done behind the test's back.
    stage.fail(json!({"delay_ms": 60_000, "code": 131_009})).await;
    // All at once, and each is to be with Meta within its time.
    let calls = cases.iter().map(|case| stage.call_within(case, "8000"));
    for (case, answer) in cases.iter().zip(futures_util::future::join_all(calls).await) {
        let body = in_envelope(&answer, case.operation);
        assert_eq!(
            (answer.status, body["Code"].as_str()),
            (504, Some("Upstream.Timeout")),
            "{}: {body}",
            case.operation
        );
        // A write goes on, whichever of its calls it was at.
        assert_eq!(body["RetrySafe"], !case.writes, "{}: {body}", case.operation);
    }
    stage.recover().await;
}

#[actix_web::test]
async fn members_of_another_type_never_give_a_500() {
    let stage = Stage::set().await;
    let mut answers: Vec<Value> = vec![json!({}), json!({"data": []}), json!({"data": {}}), json!({"data": "text"})];
    for value in [json!(null), json!(true), json!(-1), json!("text"), json!([]), json!([[{}]]), json!({"a": {}})] {
        let members =
            ["id", "data", "paging", "messages", "contacts", "participants", "request_id", "success", "invite_link"];
        answers.push(members.iter().map(|member| ((*member).to_owned(), value.clone())).collect());
    }
    for answer in answers {
        at_each_call(&stage, &json!({"http_status": 200, "body": answer}), |case, method, answered| {
            let body = in_envelope(answered, &format!("{}: {answer}", case.operation));
            assert!(matches!(answered.status, 200 | 502), "{}: {answer}: {body}", case.operation);
            if answered.status == 502 {
                assert_eq!(body["RetrySafe"], method == "GET", "{}: {answer}: {body}", case.operation);
            }
        })
        .await;
    }
}
