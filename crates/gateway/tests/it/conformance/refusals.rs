//! Each of Meta's codes at every operation: the contract's code, Meta's words, and `RetrySafe` where it belongs.

use serde_json::{Value, json};

use super::cases::{Case, cases};
use super::metas_codes::{self, MetasCode};
use super::rehearsal::rehearsed;
use super::stage::{Stage, in_envelope};
use super::throwing::at_each_call;
use crate::support::Answered;

/// Asserts that Meta's code came through as the contract has it, thrown at a call of this method.
#[track_caller]
fn told(answer: &Answered, thrown: MetasCode, method: &str, about: &str) {
    let about = format!("{about}, code {}", thrown.code);
    let body = in_envelope(answer, &about);
    assert_eq!((body["Code"].as_str().unwrap(), answer.status), thrown.ours, "{about}: {body}");
    assert_eq!(body["Upstream"], thrown.told(), "{about}: {body}");
    if answer.status == 502 {
        let safe = method == "GET" || !thrown.leaves_open();
        assert_eq!(body["RetrySafe"], safe, "{about}: {body}");
    }
    if answer.status == 429 {
        assert!(answer.header("retry-after").is_some_and(|wait| wait.parse::<u32>().unwrap() > 0), "{about}");
    }
}

fn fault(thrown: MetasCode) -> Value {
    json!({"http_status": thrown.http_status, "body": thrown.body()})
}

#[actix_web::test]
async fn each_of_metas_codes_gives_the_contracts_at_every_call_of_every_operation() {
    let stage = Stage::set().await;
    let before = stage.meta().await;
    for thrown in metas_codes::all() {
        at_each_call(&stage, &fault(thrown), |case, method, answer| {
            told(answer, thrown, method, &format!("{}, {}", case.operation, case.name));
        })
        .await;
    }
    assert_eq!(stage.meta().await, before, "what Meta refused was not done");
}

#[actix_web::test]
async fn each_of_metas_codes_gives_the_contracts_where_a_group_is_looked_for_first() {
    let stage = Stage::new(&[]).await;
    let is_of_group =
        |case: &Case| case.request.get("GroupId").is_some() || case.request["RecipientType"] == json!("group");
    let of_groups: Vec<Case> = cases().into_iter().filter(is_of_group).collect();
    for thrown in metas_codes::all() {
        let mut fault = fault(thrown);
        fault["path"] = json!("*/groups");
        stage.fail(fault).await;
        for (case, answer) in stage.call_all(&of_groups).await {
            told(&answer, thrown, "GET", case.operation);
        }
        stage.recover().await;
    }
}

/// Operations of which some can be done and some not, and of which a webhook tells what was.
const TOLD_LATER: [&str; 3] = ["UpdateChatGroup", "AddChatGroupParticipants", "DeleteChatGroupParticipants"];
/// The same without a webhook.
const TOLD_AT_ONCE: [&str; 2] = ["ApproveChatGroupJoinRequests", "RejectChatGroupJoinRequests"];

#[actix_web::test]
async fn in_part_leaves_open_what_has_parts_and_is_a_failure_of_all_else() {
    let (cases, stage) = (rehearsed().await.ways(), Stage::set().await);
    let in_part = json!({"error": {"message": "(#131201) In part", "type": "OAuthException", "code": 131_201}});
    stage.fail(json!({"http_status": 206, "body": in_part})).await;
    for (case, answer) in stage.call_all(&cases).await {
        let body = in_envelope(&answer, case.operation);
        if TOLD_LATER.contains(&case.operation) {
            assert_eq!((answer.status, body["Code"].as_str()), (200, Some("OK")), "{}", answer.text);
            assert!(body["UniqueCode"].is_string(), "{}", answer.text);
            assert!(body.get("Failed").is_none() && body.get("Fields").is_none(), "{}", answer.text);
        } else if TOLD_AT_ONCE.contains(&case.operation) {
            assert_eq!((answer.status, body["Code"].as_str()), (200, Some("PartialSuccess")), "{}", answer.text);
            assert_eq!(body["Errors"][0]["Code"], 131_201, "{}", answer.text);
        } else {
            // An invitation may have been sent, which its error says for each and for all.
            let may_be_sent = case.operation == "SendChatGroupInvite";
            let expected = if may_be_sent { "Upstream.Unavailable" } else { "Upstream.Rejected" };
            assert_eq!(body["Code"], expected, "{}: {body}", case.operation);
            assert_eq!(body["Upstream"]["Code"], 131_201, "{}: {body}", case.operation);
            let safe = if case.writes { json!(false) } else { Value::Null };
            assert_eq!(body["RetrySafe"], safe, "{}: {body}", case.operation);
        }
    }
}
