//! Our own refusals, in Meta's error object; and what no answer and no request may hold.

use serde_json::{Value, json};

use super::{call, done, graph, list_groups, refusal};
use crate::support::TestApp;

#[actix_web::test]
async fn who_is_not_known_gets_190_and_who_may_not_gets_10() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let path = format!("/graph/v23.0/{}", app.first.group_id);
    for authorization in
        ["Bearer x", "Bearer key-of-the-first:wrong", "Basic eDp5", "Bearer ", "EAAG", "Bearer nobody:x"]
    {
        let answer = app.client.send("GET", &path, &[("authorization", authorization)], Vec::new()).await;
        assert_eq!(refusal(&answer), (401, 190, None), "{authorization}: {}", answer.text);
        assert!(answer.header("www-authenticate").is_some());
    }
    assert_eq!(refusal(&app.client.send("GET", &path, &[], Vec::new()).await), (401, 190, None));
    let twice = app.first.key.bearer();
    let answer =
        app.client.send("GET", &path, &[("authorization", &twice), ("authorization", &twice)], Vec::new()).await;
    assert_eq!(refusal(&answer), (401, 190, None));

    let reader = app.key("a-reader", &[(app.first.cust_space_id, &["groups.read"])]).await;
    let update = json!({"messaging_product": "whatsapp", "subject": "S"});
    let group = format!("v23.0/{}", app.first.group_id);
    assert_eq!(refusal(&call(&app, &reader, "POST", &group, update).await), (403, 10, None));
    done(&call(&app, &reader, "GET", &group, Value::Null).await);
    let media = format!("v23.0/{}/media", app.first.phone_number_id);
    assert_eq!(refusal(&call(&app, &reader, "POST", &media, json!({})).await), (403, 10, None));
}

#[actix_web::test]
async fn a_token_of_ours_is_taken_in_the_header_and_in_the_query() {
    let app = TestApp::start().await;
    let issued = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let path = format!("/graph/v23.0/{}/groups?limit=1", app.first.phone_number_id);
    let authorization = format!("Bearer {issued}");
    done(&app.client.send("GET", &path, &[("authorization", &authorization)], Vec::new()).await);
    let in_query = format!("{path}&access_token={issued}&appsecret_proof=made-up");
    done(&app.client.send("GET", &in_query, &[], Vec::new()).await);
    for asked in app.sandbox.requests().await {
        assert!(!asked.to_string().contains(&issued[..20]), "{asked}");
        assert!(!asked.to_string().contains("made-up"), "{asked}");
    }
}

#[actix_web::test]
async fn limits_count_as_in_the_other_faces() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_NUMBER", "1/m;burst=1")]).await;
    list_groups(&app, &app.first).await;
    let throttled = graph(&app, "GET", app.first.group_id, Value::Null).await;
    assert_eq!(refusal(&throttled), (429, 130_429, None));
    assert!(throttled.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(throttled.body()["error"]["is_transient"], true);
    let other = app.client.call("GetChatGroup", &app.first, json!({"GroupId": app.first.group_id})).await;
    other.expect(429, "Throttling.Upstream");
}

#[actix_web::test]
async fn meta_away_is_told_as_transient_unless_a_change_may_have_been_made() {
    let (app, proxy) = TestApp::with_meta_behind_proxy().await;
    list_groups(&app, &app.first).await;
    proxy.cut();
    let read = graph(&app, "GET", app.first.group_id, Value::Null).await;
    assert_eq!((refusal(&read), &read.body()["error"]["is_transient"]), ((503, 2, None), &json!(true)));
    proxy.restore();
    app.sandbox.fail(json!({"method": "POST", "close": "after"})).await;
    let message = super::text_to(app.first.group_id);
    let lost = graph(&app, "POST", &format!("{}/messages", app.first.phone_number_id), message).await;
    assert_eq!((refusal(&lost), &lost.body()["error"]["is_transient"]), ((503, 2, None), &json!(false)));
}

#[actix_web::test]
async fn a_suspended_tenant_is_refused() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    app.store.space(app.first.cust_space_id).suspend("a test", &crate::support::actor()).await.unwrap();
    crate::support::eventually("the tenant is refused", async || {
        let answer = graph(&app, "GET", app.first.group_id, Value::Null).await;
        (answer.status == 403 && refusal(&answer) == (403, 10, None)).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_token_that_meta_repeats_is_in_no_answer() {
    let app = TestApp::start().await;
    let long = "EAAGabcdefghijklmnopqrstuvwxyz0123456789";
    let space = app.store.space(app.first.cust_space_id);
    space.set_credential(&long.to_owned().into(), &crate::support::actor()).await.unwrap();
    let answer = crate::support::eventually("Meta refuses the new token", async || {
        let body = json!({"error": {"message": format!("Malformed access token {long}"), "type": "OAuthException",
                                    "code": 190, "fbtrace_id": "A"}});
        app.sandbox.fail(json!({"method": "GET", "token": long, "http_status": 401, "body": body})).await;
        let path = format!("{}/groups", app.first.phone_number_id);
        let answer = graph(&app, "GET", &path, Value::Null).await;
        (answer.status == 401).then_some(answer)
    })
    .await;
    assert_eq!(refusal(&answer), (401, 190, None));
    assert!(!answer.text.contains("EAAGabc"), "{}", answer.text);
}

#[actix_web::test]
async fn quotas_pass_through_and_headers_of_the_connection_do_not() {
    let app = TestApp::start().await;
    app.sandbox.put("usage", json!({"app": {"call_count": 28, "total_time": 25, "total_cputime": 25}})).await;
    let path = format!("/graph/v23.0/{}/groups", app.first.phone_number_id);
    let authorization = app.first.key.bearer();
    let headers = [
        ("authorization", authorization.as_str()),
        ("user-agent", "PyWa/4.5.0"),
        ("cookie", "a=b"),
        ("x-forwarded-for", "203.0.113.7"),
        ("te", "trailers"),
        ("proxy-authorization", "Basic eDp5"),
        ("content-type", "multipart/form-data; boundary=+++"),
    ];
    let answer = app.client.send("GET", &path, &headers, Vec::new()).await;
    done(&answer);
    assert!(answer.header("x-app-usage").unwrap().contains("28"));
    assert!(answer.header("x-request-id").is_some());
    let asked = super::asked(&app, "GET", "/groups").await;
    let sent = asked["headers"].as_object().unwrap();
    let names: Vec<&str> = sent.keys().map(String::as_str).collect();
    for name in ["cookie", "x-forwarded-for", "te", "proxy-authorization", "content-type", "connection"] {
        assert!(!names.contains(&name), "{names:?}");
    }
    let agent = sent["user-agent"].as_str().unwrap();
    assert!(agent.starts_with("groupgate/") && agent.ends_with(" PyWa/4.5.0"), "{agent}");
    assert!(asked["query"].to_string().contains("appsecret_proof"), "{asked}");
}

#[actix_web::test]
async fn a_wrong_secret_counts_against_its_address() {
    let app = TestApp::with(&[("GROUPGATE_AUTH_FAILURES", "2/m")]).await;
    let wrong = crate::support::Credentials::new(&app.first.key.id, "wrong");
    let path = format!("v23.0/{}/groups", app.first.phone_number_id);
    let mut last = call(&app, &wrong, "GET", &path, Value::Null).await;
    for _ in 0..4 {
        last = call(&app, &wrong, "GET", &path, Value::Null).await;
    }
    assert_eq!(refusal(&last), (429, 130_429, None));
    assert!(last.header("retry-after").is_some());
}
