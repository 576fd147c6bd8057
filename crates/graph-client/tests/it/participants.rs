//! Removing and adding participants: what leaves, and what an answer may say.

use graph_client::webhooks::{GroupEvent, ParticipantsRemoved};
use graph_client::{Acted, ChangeAccepted, GraphError, User};
use serde_json::{Value, json};

use crate::support::{Graph, call, group, token};

const USERS: [User<'_>; 2] = [User::Number("16505551234"), User::UserId("US.13491208655302741918")];

#[actix_rt::test]
async fn users_are_named_by_the_member_that_meta_has_for_each() {
    let graph = Graph::answering(200, "{}").await;
    let (client, token) = (graph.client(), token());
    client.remove_participants(call(&token), &group(), &USERS).await.unwrap();
    client.add_participants(call(&token), &group(), &USERS).await.unwrap();
    for (request, method) in graph.requests().iter().zip(["DELETE", "POST"]) {
        assert_eq!(request.method, method);
        assert!(request.target.starts_with("/v23.0/Y2FwaV9ncm91cDox/participants?"), "{}", request.target);
        assert_eq!(request.header("content-type"), Some("application/json"));
        let sent: Value = serde_json::from_str(&request.body).unwrap();
        let participants = json!([{"user": "16505551234"}, {"user_id": "US.13491208655302741918"}]);
        assert_eq!(sent, json!({"messaging_product": "whatsapp", "participants": participants}));
    }
}

#[actix_rt::test]
async fn an_answer_that_names_no_outcome_leaves_all_to_the_webhook() {
    for (body, id) in [
        ("", None),
        ("{}", None),
        (r#"{"success":true}"#, None),
        (r#"{"messaging_product":"whatsapp","request_id":"784D","status":"success"}"#, Some("784D")),
    ] {
        let graph = Graph::answering(200, body).await;
        let accepted = graph.client().remove_participants(call(&token()), &group(), &USERS).await.unwrap().body;
        assert_eq!((accepted.request_id.as_deref(), accepted.told), (id, None), "{body}");
    }
}

async fn removed(status: u16, body: &str) -> ParticipantsRemoved {
    let graph = Graph::answering(status, body).await;
    let answer = graph.client().remove_participants(call(&token()), &group(), &USERS).await.unwrap();
    assert_eq!(answer.status, status);
    match answer.body.told {
        Some(GroupEvent::ParticipantsRemoved(removed)) => removed,
        other => panic!("{other:?}"),
    }
}

#[actix_rt::test]
async fn an_answer_that_tells_the_outcome_is_read_as_the_webhook_would_be() {
    let told = removed(
        206,
        r#"{"request_id":"R","removed_participants":[{"input":"16505551234"}],
            "failed_participants":[{"input":"US.1","errors":[{"code":131212,"title":"Not in the group"}]}],
            "errors":[{"code":131201,"message":"(#131201) Partial success"}]}"#,
    )
    .await;
    assert_eq!((told.participants.len(), told.failed.len()), (1, 1));
    assert_eq!(told.failed[0].errors[0].code, Some(131_212));
    assert_eq!(told.update.errors[0].code, Some(131_201));
}

#[actix_rt::test]
async fn partial_success_in_the_place_of_an_error_leaves_to_the_webhook_whom_it_was_done_for() {
    let body = r#"{"error":{"code":131201,"type":"OAuthException","message":"(#131201) Partial success"}}"#;
    for status in [206, 400] {
        let graph = Graph::answering(status, body).await;
        let answer = graph.client().remove_participants(call(&token()), &group(), &USERS).await.unwrap();
        assert_eq!((answer.status, answer.body), (status, ChangeAccepted::default()));
    }
}

#[actix_rt::test]
async fn an_answer_that_denies_its_success_is_no_acceptance_unless_it_tells_of_parts() {
    for body in [r#"{"success":false}"#, r#"{"success":"False","request_id":"R"}"#] {
        let graph = Graph::answering(200, body).await;
        let denied = graph.client().add_participants(call(&token()), &group(), &USERS).await.unwrap_err();
        assert!(matches!(denied, GraphError::NotDone { status: 200 }), "{body}: {denied:?}");
        assert_eq!(denied.acted(), Acted::No);
    }
    let told = removed(200, r#"{"success":false,"failed_participants":[{"input":"16505551234"}]}"#).await;
    assert_eq!((told.participants.len(), told.failed.len()), (0, 1));
}

#[actix_rt::test]
async fn other_errors_and_other_shapes_are_no_answers() {
    let body = r#"{"error":{"code":3,"type":"OAuthException","message":"(#3) Capability"}}"#;
    let graph = Graph::answering(500, body).await;
    let refused = graph.client().add_participants(call(&token()), &group(), &USERS).await.unwrap_err();
    assert!(matches!(refused, GraphError::Refused(refusal) if refusal.code == 3));
    for body in ["[]", "1", "\"done\"", "null", "{"] {
        let graph = Graph::answering(200, body).await;
        let unreadable = graph.client().add_participants(call(&token()), &group(), &USERS).await;
        assert!(matches!(unreadable, Err(GraphError::Unreadable { .. })), "{body}: {unreadable:?}");
    }
}
