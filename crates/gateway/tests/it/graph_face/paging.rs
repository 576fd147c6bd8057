//! Pages lead to us, and carry no token.

use serde_json::{Value, json};

use super::{call, done, graph};
use crate::support::TestApp;

#[actix_web::test]
async fn the_next_and_the_previous_page_are_read_where_the_answer_leads() {
    let app = TestApp::start().await;
    let path = format!("{}/groups?limit=1", app.first.phone_number_id);
    let first = done(&graph(&app, "GET", &path, Value::Null).await);
    let next = first["paging"]["next"].as_str().unwrap();
    let behind = next.strip_prefix("https://gateway.example/graph/").expect("an address of the gateway");
    assert!(behind.starts_with(&format!("v23.0/{}/groups?", app.first.phone_number_id)), "{next}");
    let second = done(&call(&app, &app.first.key, "GET", behind, Value::Null).await);
    assert_ne!(first["data"], second["data"]);
    let previous = second["paging"]["previous"].as_str().unwrap();
    let before = previous.strip_prefix("https://gateway.example/graph/").unwrap();
    assert_eq!(done(&call(&app, &app.first.key, "GET", before, Value::Null).await)["data"], first["data"]);
}

#[actix_web::test]
async fn a_page_that_meta_wrote_a_token_into_is_given_without_it() {
    let app = TestApp::start().await;
    let next = format!(
        "https://graph.facebook.com/v23.0/1/groups?access_token={}&limit=1&after=x%3D&appsecret_proof=p",
        app.first.graph_token
    );
    let body =
        json!({"data": {"groups": []}, "paging": {"cursors": {"after": "x="}, "next": next, "previous": "no address"}});
    app.sandbox.fail(json!({"method": "GET", "http_status": 200, "body": body})).await;
    let path = format!("{}/groups", app.first.phone_number_id);
    let paging = done(&graph(&app, "GET", &path, Value::Null).await)["paging"].clone();
    let expected = format!("https://gateway.example/graph/v23.0/{path}?limit=1&after=x%3D");
    assert_eq!(paging, json!({"cursors": {"after": "x="}, "next": expected}));
}

#[actix_web::test]
async fn the_librarys_next_page_is_of_the_same_account() {
    let app = TestApp::start().await;
    let next = "https://graph.facebook.com/v23.0/message_template_library?language=en&after=x";
    app.sandbox
        .fail(json!({"method": "GET", "http_status": 200, "body": {"data": [], "paging": {"next": next}}}))
        .await;
    let path = format!("message_template_library?language=en&waba_id={}", app.first.waba_id);
    let paging = done(&graph(&app, "GET", &path, Value::Null).await)["paging"].clone();
    let expected = "https://gateway.example/graph/v23.0/message_template_library?language=en&after=x&waba_id=";
    assert_eq!(paging["next"], format!("{expected}{}", app.first.waba_id));
}
