//! What leaves: lines, headers and bodies, as they stand on the wire.

use graph_client::{GraphClient, GroupField, GroupId, JoinApprovalMode, ListPage, NewGroup, Token};
use serde_json::{Value, json};

use crate::support::{Graph, all_answered, call, group, number, token};

/// openssl dgst -sha256 -hmac app-secret, of the token in `support`
const PROOF: &str = "appsecret_proof=8307f957ec2fe69242ed91b5880501eca8069b4abd2952fc46b53f024c866113";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[actix_rt::test]
async fn creating_a_group_posts_it_to_the_numbers_groups() {
    let graph = Graph::answering(200, "{}").await;
    let new = NewGroup {
        subject: "New \"Purchase\" ü",
        description: Some("optional"),
        join_approval_mode: Some(JoinApprovalMode::ApprovalRequired),
    };
    graph.client().create_group(call(&token()), &number(), &new).await.unwrap();
    let request = graph.request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, format!("/v23.0/106540352242922/groups?{PROOF}"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(
        json(&request.body),
        json!({"messaging_product": "whatsapp", "subject": "New \"Purchase\" ü",
               "description": "optional", "join_approval_mode": "approval_required"})
    );
}

#[actix_rt::test]
async fn what_a_new_group_does_not_say_is_not_sent() {
    let graph = Graph::answering(200, "{}").await;
    let new = NewGroup { subject: "S", description: None, join_approval_mode: None };
    graph.client().create_group(call(&token()), &number(), &new).await.unwrap();
    let sent = json(&graph.request().body);
    assert_eq!(sent, json!({"messaging_product": "whatsapp", "subject": "S"}));
}

#[actix_rt::test]
async fn group_info_asks_for_the_fields_by_name() {
    let graph = Graph::answering(200, "{}").await;
    let fields = [GroupField::Subject, GroupField::TotalParticipantCount];
    graph.client().group_info(call(&token()), &group(), &fields).await.unwrap();
    let expected = format!("/v23.0/Y2FwaV9ncm91cDox?fields=subject%2Ctotal_participant_count&{PROOF}");
    assert_eq!(graph.request().target, expected);
}

#[actix_rt::test]
async fn a_list_of_groups_carries_limit_and_cursor() {
    let graph = Graph::answering(200, "{}").await;
    let page = ListPage { limit: Some(1024), after: Some("QVFI&x=1".into()) };
    graph.client().list_groups(call(&token()), &number(), &page).await.unwrap();
    let expected = format!("/v23.0/106540352242922/groups?limit=1024&after=QVFI%26x%3D1&{PROOF}");
    assert_eq!(graph.request().target, expected);
}

#[actix_rt::test]
async fn the_three_link_calls_differ_by_method_and_body() {
    let graph = Graph::answering(200, r#"{"invite_link":"https://chat.whatsapp.com/L"}"#).await;
    let (client, token) = (graph.client(), token());
    client.invite_link(call(&token), &group()).await.unwrap();
    client.reset_invite_link(call(&token), &group()).await.unwrap();
    client.delete_invite_link(call(&token), &group()).await.unwrap();
    let product = r#"{"messaging_product":"whatsapp"}"#;
    let expected = [("GET", ""), ("POST", product), ("DELETE", product)];
    for (request, (method, body)) in graph.requests().iter().zip(expected) {
        assert_eq!((request.method.as_str(), request.body.as_str()), (method, body));
        assert_eq!(request.target, format!("/v23.0/Y2FwaV9ncm91cDox/invite_link?{PROOF}"));
    }
}

#[actix_rt::test]
async fn deleting_a_group_has_no_body() {
    let graph = Graph::answering(200, "{}").await;
    graph.client().delete_group(call(&token()), &group()).await.unwrap();
    let request = graph.request();
    assert_eq!((request.method.as_str(), request.body.as_str()), ("DELETE", ""));
    assert_eq!(request.header("content-type"), None);
    assert_eq!(request.header("transfer-encoding"), None);
}

#[actix_rt::test]
async fn a_read_has_host_credential_and_agent_and_nothing_about_a_body() {
    let graph = Graph::answering(200, "{}").await;
    graph.client().group_info(call(&token()), &group(), &[]).await.unwrap();
    let request = graph.request();
    assert_eq!(request.header("host"), Some(graph.address().to_string().as_str()));
    assert_eq!(request.header("authorization"), Some("Bearer EAAGabcdefghijklmnop"));
    assert_eq!(request.header("user-agent"), Some("groupgate/0.1.0"));
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["host", "user-agent", "authorization"]);
}

#[actix_rt::test]
async fn without_an_app_secret_no_proof_is_sent() {
    let graph = Graph::answering(200, "{}").await;
    let token = Token::new(&"EAAG".into(), None).unwrap();
    graph.client().group_info(call(&token), &group(), &[]).await.unwrap();
    assert_eq!(graph.request().target, "/v23.0/Y2FwaV9ncm91cDox");
}

#[actix_rt::test]
async fn a_token_of_4_kib_arrives_whole() {
    let graph = Graph::answering(200, "{}").await;
    let text = "A1b2".repeat(1024);
    let token = Token::new(&text.as_str().into(), None).unwrap();
    let new = NewGroup { subject: "S", description: None, join_approval_mode: None };
    graph.client().create_group(call(&token), &number(), &new).await.unwrap();
    assert_eq!(graph.request().header("authorization"), Some(format!("Bearer {text}").as_str()));
}

#[actix_rt::test]
async fn the_base_urls_own_path_and_another_version_stand_before_the_id() {
    let graph = Graph::answering(200, "{}").await;
    let mut settings = graph.settings();
    settings.base_url.set_path("/stand-in/");
    settings.version = "v26.0".to_owned();
    let client = GraphClient::new(&settings).unwrap();
    let padded: GroupId = "Zm9v==".parse().unwrap();
    client.group_info(call(&token()), &padded, &[]).await.unwrap();
    assert_eq!(graph.request().target, format!("/stand-in/v26.0/Zm9v%3D%3D?{PROOF}"));
}

#[actix_rt::test]
async fn calls_one_after_the_other_share_a_connection() {
    let graph = Graph::answering(200, "{}").await;
    let client = graph.client();
    for _ in 0..3 {
        client.clone().group_info(call(&token()), &group(), &[]).await.unwrap();
        client.delete_group(call(&token()), &group()).await.unwrap();
    }
    let connections: Vec<_> = graph.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1; 6]);
}

#[actix_rt::test]
async fn calls_at_once_are_all_answered_and_their_connections_kept() {
    let graph = Graph::answering(200, r#"{"invite_link":"L"}"#).await;
    let client = graph.client();
    all_answered(&client, 100).await;
    all_answered(&client, 100).await;
    let connections = graph.requests().iter().map(|request| request.connection).max();
    assert!(connections <= Some(100), "{connections:?}");
}
