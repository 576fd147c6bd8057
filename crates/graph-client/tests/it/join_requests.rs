//! Join requests: what leaves, and what an answer may say.

use graph_client::{GraphError, JoinRequestPosition};
use serde_json::{Value, json};

use crate::support::{Graph, call, group, token};

#[actix_rt::test]
async fn approving_and_rejecting_differ_by_the_method_alone() {
    let graph = Graph::answering(200, "{}").await;
    let (client, token) = (graph.client(), token());
    client.approve_join_requests(call(&token), &group(), &["JR1", "JR2"]).await.unwrap();
    client.reject_join_requests(call(&token), &group(), &["JR1", "JR2"]).await.unwrap();
    for (request, method) in graph.requests().iter().zip(["POST", "DELETE"]) {
        assert_eq!(request.method, method);
        assert!(request.target.starts_with("/v23.0/Y2FwaV9ncm91cDox/join_requests?"), "{}", request.target);
        let sent: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(sent, json!({"messaging_product": "whatsapp", "join_requests": ["JR1", "JR2"]}));
    }
}

#[actix_rt::test]
async fn each_decision_is_read_from_the_list_that_meta_has_for_it() {
    let graph = Graph::answering(200, r#"{"messaging_product":"whatsapp","approved_join_requests":["JR1"]}"#).await;
    let approved = graph.client().approve_join_requests(call(&token()), &group(), &["JR1"]).await.unwrap().body;
    assert_eq!(approved.done, Some(vec!["JR1".to_owned()]));
    let graph = Graph::answering(200, r#"{"messaging_product":"whatsapp","rejected_join_requests":["JR2"]}"#).await;
    let rejected = graph.client().reject_join_requests(call(&token()), &group(), &["JR2"]).await.unwrap().body;
    assert_eq!(rejected.done, Some(vec!["JR2".to_owned()]));
    assert!(rejected.failed.is_empty() && rejected.errors.is_empty());
    let graph = Graph::answering(200, "").await;
    let silent = graph.client().reject_join_requests(call(&token()), &group(), &["JR2"]).await.unwrap().body;
    assert_eq!(silent.done, None);
}

#[actix_rt::test]
async fn what_failed_is_read_with_its_reasons() {
    let body = r#"{"messaging_product":"whatsapp","approved_join_requests":["JR1"],
        "failed_join_requests":[
            {"join_request_id":"JR2","errors":[{"code":"131203","message":"m","title":"t","error_data":{"details":"d"}}]},
            {"join_request_id":"JR3"}, {"errors":[]}],
        "errors":[{"code":131201,"message":"Partial success"}]}"#;
    let graph = Graph::answering(206, body).await;
    let answer = graph.client().approve_join_requests(call(&token()), &group(), &["JR1"]).await.unwrap();
    assert_eq!(answer.status, 206);
    let ids: Vec<_> = answer.body.failed.iter().map(|failed| failed.join_request_id.as_str()).collect();
    assert_eq!(ids, ["JR2", "JR3"]);
    let reason = &answer.body.failed[0].errors[0];
    assert_eq!(
        (reason.code, reason.title.as_deref(), reason.details.as_deref()),
        (Some(131_203), Some("t"), Some("d"))
    );
    assert_eq!(answer.body.errors[0].code, Some(131_201));
    assert!(answer.body.in_part);
}

#[actix_rt::test]
async fn partial_success_in_the_place_of_an_error_names_nothing() {
    let graph = Graph::answering(206, r#"{"error":{"code":131201,"message":"Partial success"}}"#).await;
    let told = graph.client().approve_join_requests(call(&token()), &group(), &["JR1"]).await.unwrap().body;
    assert_eq!((told.done, told.failed.len(), told.errors[0].code), (Some(Vec::new()), 0, Some(131_201)));
    let graph = Graph::answering(400, r#"{"error":{"code":131213,"message":"No such request"}}"#).await;
    let refused = graph.client().approve_join_requests(call(&token()), &group(), &["JR1"]).await.unwrap_err();
    assert!(matches!(refused, GraphError::Refused(refusal) if refusal.code == 131_213));
}

#[actix_rt::test]
async fn a_page_is_asked_for_by_metas_cursors() {
    let graph = Graph::answering(200, r#"{"data":[]}"#).await;
    let (client, token) = (graph.client(), token());
    for position in [
        JoinRequestPosition::default(),
        JoinRequestPosition { after: Some("A&1"), before: None },
        JoinRequestPosition { after: None, before: Some("B") },
    ] {
        client.join_requests(call(&token), &group(), position).await.unwrap();
    }
    let targets: Vec<_> = graph.requests().into_iter().map(|request| request.target).collect();
    for (target, query) in targets.iter().zip(["?appsecret_proof=", "?after=A%261&", "?before=B&"]) {
        assert!(target.starts_with(&format!("/v23.0/Y2FwaV9ncm91cDox/join_requests{query}")), "{target}");
    }
}

#[actix_rt::test]
async fn a_page_is_read_with_hidden_numbers_and_its_cursors_as_they_are() {
    let body = r#"{"data":[
            {"join_request_id":"JR1","wa_id":"16505551234","creation_timestamp":1755548877},
            {"join_request_id":"JR2","wa_id":"","user_id":"US.1","username":"mara","creation_timestamp":"7"}],
        "paging":{"cursors":{"before":"B","after":"A"}}}"#;
    let graph = Graph::answering(200, body).await;
    let page =
        graph.client().join_requests(call(&token()), &group(), JoinRequestPosition::default()).await.unwrap().body;
    assert_eq!((page.after.as_deref(), page.before.as_deref()), (Some("A"), Some("B")));
    let [first, second] = &page.requests[..] else { panic!("{page:?}") };
    assert_eq!(
        (first.participant.wa_id.as_deref(), first.creation_timestamp),
        (Some("16505551234"), Some(1_755_548_877))
    );
    assert_eq!((second.participant.wa_id.as_deref(), second.creation_timestamp), (None, Some(7)));
    assert_eq!(second.participant.user_id.as_deref(), Some("US.1"));
}

#[actix_rt::test]
async fn a_cursor_is_found_in_the_links_alone() {
    let body = r#"{"data":[],"paging":{"next":"https://h/x?after=A%3D","previous":"https://h/x?limit=1&before=B"}}"#;
    let graph = Graph::answering(200, body).await;
    let page =
        graph.client().join_requests(call(&token()), &group(), JoinRequestPosition::default()).await.unwrap().body;
    assert_eq!((page.after.as_deref(), page.before.as_deref()), (Some("A="), Some("B")));
}

#[actix_rt::test]
async fn an_odd_entry_does_not_hide_the_others() {
    let body = r#"{"data":[{"join_request_id":17,"wa_id":"16505551234"},{"wa_id":"1"},{"join_request_id":null},7,
        {"join_request_id":"JR2"}]}"#;
    let graph = Graph::answering(200, body).await;
    let page =
        graph.client().join_requests(call(&token()), &group(), JoinRequestPosition::default()).await.unwrap().body;
    let ids: Vec<_> = page.requests.iter().map(|request| request.join_request_id.as_str()).collect();
    assert_eq!(ids, ["17", "JR2"]);
}

#[actix_rt::test]
async fn an_answer_without_a_list_is_no_empty_list() {
    for body in ["{}", r#"{"data":{}}"#, r#"{"data":null}"#, r#"{"data":[{"wa_id":"1"}]}"#, "[]"] {
        let graph = Graph::answering(200, body).await;
        let answer = graph.client().join_requests(call(&token()), &group(), JoinRequestPosition::default()).await;
        assert!(matches!(answer, Err(GraphError::Unreadable { .. })), "{body}");
    }
}
