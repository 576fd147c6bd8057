//! Paths and headers that no client library would send, over a bare connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::list_groups;
use crate::support::TestApp;

/// The whole answer to what is sent as it stands.
pub(super) async fn answered(app: &TestApp, sent: &str) -> String {
    let address = app.client.url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    // The server may end the connection under what it has not read.
    while let Ok(read) = connection.read(&mut piece).await {
        answer.extend_from_slice(&piece[..read]);
        if read == 0 || answer.ends_with(b"}") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(app: &TestApp, target: &str, headers: &str) -> String {
    let authorization = app.first.key.bearer();
    let head = format!("GET {target} HTTP/1.1\r\nhost: gateway.example\r\nauthorization: {authorization}\r\n{headers}");
    answered(app, &format!("{head}connection: close\r\n\r\n")).await
}

#[actix_web::test]
async fn a_path_that_could_lead_elsewhere_is_metas_2500_and_meta_is_not_asked() {
    let app = TestApp::start().await;
    let (own, foreign) = (app.first.phone_number_id, app.second.phone_number_id);
    for target in [
        format!("/graph/v23.0/{own}/../{foreign}/groups"),
        format!("/graph/v23.0/{own}/..%2f{foreign}/groups"),
        format!("/graph/v23.0/{own}%2f..%2f{foreign}/groups"),
        format!("/graph/v23.0/{own}%00/groups"),
        format!("/graph/v23.0//{own}/groups"),
        format!("/graph//v23.0/{own}/groups"),
        format!("/graph/v23.0/{own}/groups/"),
        format!("/graph/v23.0/{own}/groups/{foreign}"),
        format!("/graph/v23.0/v23.0/{own}/groups"),
        format!("/graph/v1.0/{own}/groups"),
        format!("/graph/v23.0/{own};{foreign}/groups"),
        format!("/graph/v23.0/{own}/%67roups%00"),
        format!("/graph/v23.0/%252e%252e/{foreign}/groups"),
        format!("/graph/v23.0/{own}/subscribed_apps"),
        format!("/graph/http://evil.example/{own}/groups"),
        "/graph/v23.0/oauth/access_token".to_owned(),
        "/graph/v23.0/debug_token/x".to_owned(),
        "/graph".to_owned(),
        "/graph/".to_owned(),
        "/%67raph/v23.0/1/groups".to_owned(),
    ] {
        let answer = get(&app, &target, "").await;
        let is_refused = answer.starts_with("HTTP/1.1 400") && answer.contains(r#""code":2500"#);
        assert!(is_refused || answer.starts_with("HTTP/1.1 404"), "{target}: {answer}");
    }
    assert_eq!(app.sandbox.requests().await.len(), 0);
}

#[actix_web::test]
async fn an_absolute_address_names_the_same_path_and_leads_nowhere_else() {
    let app = TestApp::start().await;
    let target = format!("http://evil.example/graph/v23.0/{}/groups", app.first.phone_number_id);
    let answer = get(&app, &target, "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains("evil.example"), "{answer}");
}

#[actix_web::test]
async fn a_second_question_mark_is_a_letter_of_the_query() {
    let app = TestApp::start().await;
    let target = format!("/graph/v23.0/{}/groups?limit=1&after=a?access_token=x", app.first.phone_number_id);
    let answer = get(&app, &target, "").await;
    assert!(answer.contains(r#""code":131059"#), "{answer}");
    let asked = super::asked(&app, "GET", "/groups").await;
    assert!(!asked["query"].to_string().contains("?access_token"), "it is encoded: {asked}");
}

#[actix_web::test]
async fn a_request_whose_framing_or_host_is_told_twice_is_refused() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let before = app.sandbox.requests().await.len();
    let target = format!("/graph/v23.0/{}/groups", app.first.phone_number_id);
    let answer = get(&app, &target, "host: evil.example\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let authorization = app.first.key.bearer();
    for framing in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "content-length: +5\r\n",
    ] {
        let path = format!("/graph/v23.0/{}", app.first.group_id);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\ncontent-type: application/json\r\n{framing}connection: close\r\n\r\n0\r\n\r\n"
        );
        let answer = answered(&app, &head).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
    }
    assert_eq!(app.sandbox.requests().await.len(), before);
}

#[actix_web::test]
async fn a_read_is_answered_at_once_whatever_it_says_of_a_body() {
    let app = TestApp::start().await;
    let authorization = app.first.key.bearer();
    let path = format!("/graph/v23.0/{}/groups", app.first.phone_number_id);
    for more in ["connection: Upgrade\r\nupgrade: websocket\r\n", "content-length: 5\r\n"] {
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n{more}\r\n");
        let answer = tokio::time::timeout(std::time::Duration::from_secs(25), answered(&app, &head)).await;
        assert!(answer.unwrap().starts_with("HTTP/1.1 200"), "{more}");
    }
}
