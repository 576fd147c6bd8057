//! Wrong input of every kind, many callers at once, callers who hang up.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::TcpStream;

use actix_web::http::Method;
use futures_util::future::join_all;
use graph_sandbox::{DEMO_GROUP_ID_1, SandboxSettings};
use serde_json::{Value, json};

use crate::helpers::{TOKEN_1, TestSandbox, settings, whatsapp};

const GROUPS: &str = "100000000000001/groups";

/// A POST with a body as it stands; its status and Meta's code.
async fn post_raw(sandbox: &TestSandbox, path: &str, kind: &str, body: Vec<u8>) -> (u16, i64) {
    let request = sandbox.raw(Method::POST, &format!("/v23.0/{path}")).bearer_auth(TOKEN_1);
    let request = request.insert_header(("Content-Type", kind));
    let mut response = request.send_body(body).await.unwrap();
    let body: Value = serde_json::from_slice(&response.body().await.unwrap()).unwrap();
    let code = body["error"]["code"].as_i64().unwrap_or_default();
    (response.status().as_u16(), code)
}

#[actix_web::test]
async fn no_body_is_answered_with_a_500() {
    let sandbox = TestSandbox::start().await;
    let multipart = "multipart/form-data; boundary=x";
    let cases: [(&str, Vec<u8>); 9] = [
        ("application/json", b"{\"subject\":\"\xff\xfe\"}".to_vec()),
        ("application/json", "[".repeat(100_000).into_bytes()),
        ("application/json", b"null".to_vec()),
        ("application/json", b"{\"messaging_product\":[]}".to_vec()),
        ("text/plain", b"hello".to_vec()),
        ("application/x-www-form-urlencoded", b"%ff=%ff&&==".to_vec()),
        ("multipart/form-data", b"--x--".to_vec()),
        (multipart, b"no boundary at all".to_vec()),
        (multipart, b"--x\r\nContent-Disposition: nonsense\r\n\r\n\r\n--x--\r\n".to_vec()),
    ];
    let paths = [GROUPS.to_owned(), DEMO_GROUP_ID_1.to_owned(), format!("{DEMO_GROUP_ID_1}/participants")];
    for path in &paths {
        for (kind, body) in &cases {
            let outcome = post_raw(&sandbox, path, kind, body.clone()).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(outcome, (400, 100), "{path}, {kind}: {shown}");
        }
    }
}

#[actix_web::test]
async fn paths_that_try_to_escape_are_unknown() {
    let sandbox = TestSandbox::start().await;
    for path in ["/v23.0/../_sandbox/state/x/y", "/v23.0/%2e%2e/x", "//", "/v23.0//groups", "/%00", "/v23/1/groups/x"] {
        let request = sandbox.raw(Method::GET, path).bearer_auth(TOKEN_1);
        let status = request.send().await.unwrap().status();
        assert!(status.is_client_error(), "{path}: {status}");
    }
}

#[actix_web::test]
async fn many_callers_at_once_each_get_a_group_of_their_own() {
    let sandbox = TestSandbox::start().await;
    let create = |n: usize| {
        let body = whatsapp(json!({ "subject": format!("Group {n}") }));
        sandbox.graph(Method::POST, GROUPS, body)
    };
    let answers = join_all((0..60).map(create)).await;
    let promised: BTreeSet<String> = answers.iter().map(|(_, body)| body["request_id"].to_string()).collect();
    assert_eq!(promised.len(), 60);
    sandbox.receiver.count(60).await;
    let told = sandbox.receiver.changes();
    let told: BTreeSet<String> =
        told.iter().map(|change| change["value"]["groups"][0]["request_id"].to_string()).collect();
    assert_eq!(told, promised);
    let (_, list) = sandbox.get(&format!("{GROUPS}?limit=100")).await;
    assert_eq!(list["data"]["groups"].as_array().unwrap().len(), 63);
}

#[actix_web::test]
async fn of_many_resets_at_once_one_link_lives() {
    let sandbox = TestSandbox::start().await;
    let path = format!("{DEMO_GROUP_ID_1}/invite_link");
    let reset = || sandbox.graph(Method::POST, &path, whatsapp(json!({})));
    let answers = join_all((0..20).map(|_| reset())).await;
    let mut admitting = 0;
    for (n, (_, body)) in answers.iter().enumerate() {
        let link = body["invite_link"].as_str().unwrap();
        let (status, _) = sandbox.join(&format!("1650556{n:04}"), link).await;
        admitting += usize::from(status == 200);
    }
    assert_eq!(admitting, 1);
}

#[actix_web::test]
async fn a_call_that_has_begun_is_done_even_if_its_caller_hangs_up() {
    let sandbox = TestSandbox::start().await;
    sandbox.control(Method::POST, "faults", json!({ "delay_ms": 60_000 })).await;
    let before = sandbox.link_without_faults(DEMO_GROUP_ID_1).await;
    let body = r#"{"messaging_product":"whatsapp"}"#;
    let mut caller = TcpStream::connect(sandbox.sandbox.addr()).unwrap();
    write!(
        caller,
        "POST /{DEMO_GROUP_ID_1}/invite_link HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN_1}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    sandbox.logged(1).await;
    drop(caller);
    sandbox.control(Method::DELETE, "faults", Value::Null).await;
    sandbox.answered(1).await;
    assert_ne!(sandbox.link_without_faults(DEMO_GROUP_ID_1).await, before);
}

#[actix_web::test]
async fn the_file_holds_a_whole_state_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = Some(dir.path().to_owned());
    let sandbox = TestSandbox::start_with(SandboxSettings { data_dir, ..settings() }).await;
    let path = dir.path().join("sandbox.json");
    let mut seen = BTreeSet::new();
    for n in 0..200 {
        sandbox.control(Method::PUT, &format!("users/1650555{n:04}"), json!({})).await;
        if let Ok(text) = std::fs::read_to_string(&path) {
            let state: Value = serde_json::from_str(&text).unwrap();
            seen.insert(state["users"].as_object().unwrap().len());
        }
    }
    assert!(seen.len() > 1, "it was written on the way: {seen:?}");
}
