//! Limits of reads, writes and messages beside that of all calls, and of calls in flight by each.

use serde_json::{Value, json};
use tenant_store::{Limit, Limits, PerClass};

use super::{MANY, PER_KEY, PER_NUMBER, PER_TENANT, expect_throttled, left, look, set};
use crate::support::{Answered, TestApp, eventually, with_tenant};

const NONE: &str = "off";

fn own(text: &str) -> Limit {
    text.parse().unwrap()
}

/// A write that changes nothing, since there is no such group.
async fn write(app: &TestApp) -> Answered {
    app.client.call("DeleteChatGroup", &app.first, json!({"GroupId": "none-of-ours"})).await
}

async fn message(app: &TestApp) -> Answered {
    let message = json!({
        "CustSpaceId": app.first.cust_space_id, "From": app.first.business_number, "To": "none-of-ours",
        "RecipientType": "group", "Type": "message", "MessageType": "text", "Content": r#"{"text":"Hello"}"#,
    });
    app.client.call_as(&app.first.key, "SendChatappMessage", message).await
}

/// The calls so far, one after another, until one has to wait.
async fn refused(what: &str, call: impl AsyncFn() -> Answered) -> Answered {
    eventually(what, async || Some(call().await).filter(|answer| answer.status == 429)).await
}

#[actix_web::test]
async fn a_keys_writes_have_a_limit_of_their_own_beside_that_of_all_its_calls() {
    let app = TestApp::with(&[
        (PER_KEY, "1/h;burst=20"),
        ("GROUPGATE_RATE_PER_KEY_WRITE", "1/h;burst=2"),
        (PER_TENANT, NONE),
        (PER_NUMBER, NONE),
    ])
    .await;
    for left_then in [1, 0] {
        let answer = write(&app).await;
        assert_eq!((answer.status, left(&answer).0.as_str(), left(&answer).1), (404, "key-write", left_then));
        assert_eq!(answer.header("ratelimit-policy"), Some(r#""key";q=20;w=72000, "key-write";q=2;w=7200"#));
    }
    let answer = write(&app).await;
    assert_eq!(left(&answer).0, "key-write");
    expect_throttled(answer, "Throttling.User");
    let read = look(&app, &app.first).await;
    assert_eq!((read.status, left(&read).0.as_str(), left(&read).1), (200, "key", 17), "the refused one did not count");
}

#[actix_web::test]
async fn a_tenants_own_limits_by_class_are_in_force_on_a_running_gateway() {
    let app = super::app(MANY, MANY, NONE).await;
    let of_tenant =
        PerClass { write: Some(own("1/h;burst=1")), message: Some(own("1/h;burst=1")), ..PerClass::default() };
    set(&app, Limits { per_tenant: of_tenant, ..Limits::default() }).await;
    let answer = refused("the limit of writes", async || write(&app).await).await;
    let policies =
        r#""key";q=1000;w=3600000, "tenant";q=1000;w=3600000, "tenant-write";q=1;w=3600, "tenant-message";q=1;w=3600"#;
    assert_eq!(answer.header("ratelimit-policy"), Some(policies));
    expect_throttled(answer, "Throttling.Tenant");
    expect_throttled(refused("the limit of messages", async || message(&app).await).await, "Throttling.Tenant");
    look(&app, &app.first).await.expect(200, "OK");
    let other = app.client.call("DeleteChatGroup", &app.second, json!({"GroupId": "none-of-ours"})).await;
    assert_eq!(other.status, 404, "another tenant has its own");
}

#[actix_web::test]
async fn a_numbers_limit_of_writes_lets_reads_go_on_and_is_promised_to_no_write() {
    let app = super::app(MANY, MANY, NONE).await;
    let of_number = PerClass { write: Some(own("1/h;burst=1")), ..PerClass::default() };
    set(&app, Limits { per_number: of_number, ..Limits::default() }).await;
    let create = async || app.client.call("AddChatGroup", &app.first, json!({"Subject": "S", "WaitSeconds": 0})).await;
    let answer = refused("the limit of writes to Meta", create).await;
    assert_eq!(left(&answer).1, 0);
    expect_throttled(answer, "Throttling.Upstream");
    let read = look(&app, &app.first).await;
    assert!(read.status == 200 && left(&read).1 > 900, "{read:?}");
}

#[actix_web::test]
async fn what_the_tenants_limit_refuses_is_not_counted_against_the_key() {
    let app = super::app("1/h;burst=50", "1/h;burst=2", NONE).await;
    let key = app
        .key("of-both", &[(app.first.cust_space_id, &["groups.read"]), (app.second.cust_space_id, &["groups.read"])])
        .await;
    let look = async |tenant| {
        let parameters = with_tenant(tenant, json!({"GroupId": tenant.group_id}));
        app.client.call_as(&key, "GetChatGroup", parameters).await
    };
    for _ in 0..2 {
        look(&app.first).await.expect(200, "OK");
    }
    for _ in 0..10 {
        expect_throttled(look(&app.first).await, "Throttling.Tenant");
    }
    let basic = key.basic();
    let told = app.client.send("GET", "/v1/whoami", &[("authorization", &basic)], Vec::new()).await;
    assert_eq!(told.expect(200, "OK")["Limits"]["PerKey"]["Remaining"], 47);
}

#[actix_web::test]
async fn who_has_one_tenant_that_is_used_up_is_refused_before_the_call_is_read() {
    let app = super::app("1/h;burst=50", "1/h;burst=2", NONE).await;
    let key = app.key("of-one", &[(app.first.cust_space_id, &["groups.read"])]).await;
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    for _ in 0..2 {
        app.client.call_as(&key, "GetChatGroup", parameters.clone()).await.expect(200, "OK");
    }
    for _ in 0..10 {
        let refused = app.client.call_as(&key, "GetChatGroup", json!("no parameters")).await;
        assert_eq!(left(&refused), ("tenant".to_owned(), 0, 7_200));
        expect_throttled(refused, "Throttling.Tenant");
    }
    let basic = key.basic();
    let told = app.client.send("GET", "/v1/whoami", &[("authorization", &basic)], Vec::new()).await;
    assert_eq!(told.expect(200, "OK")["Limits"]["PerKey"]["Remaining"], 47);
    // What it may not do at all is no matter of limits.
    let beyond = with_tenant(&app.first, json!({"Subject": "S"}));
    app.client.call_as(&key, "AddChatGroup", beyond).await.expect(403, "Forbidden.Scope");
}

#[actix_web::test]
async fn a_call_that_is_wrong_counts_against_its_key_by_every_face() {
    let app = super::app("1/h;burst=4", MANY, NONE).await;
    let (basic, bearer) = (app.first.key.basic(), app.first.key.bearer());
    let send = async |method, path, header: &str, body: &str| {
        app.client
            .send(method, path, &[("authorization", header), ("content-type", "application/json")], body.into())
            .await
    };
    let wrong: [(&str, &str, &str, &str); 4] = [
        ("POST", "/v1/GetChatGroup", &basic, "no JSON"),
        ("POST", "/v1/GetChatGroup", &basic, r#"{"CustSpaceId":"cams-nobody","GroupId":"x"}"#),
        ("GET", "/v1/events?After=x", &basic, ""),
        ("GET", "/graph/v23.0/999999999999999", &bearer, ""),
    ];
    for (used, (method, path, header, body)) in wrong.into_iter().enumerate() {
        let answer = send(method, path, header, body).await;
        assert!((400..500).contains(&answer.status) && answer.status != 429, "{path}: {answer:?}");
        assert_eq!(left(&answer), ("key".to_owned(), 3 - used as u64, 3_600 * (used as u64 + 1)), "{path}");
    }
    for (method, path, header, body) in wrong {
        assert_eq!(send(method, path, header, body).await.status, 429, "{path}");
    }
}

/// A write of the first tenant is at Meta, and stays there while `meanwhile` runs.
async fn while_a_write_is_at_meta(app: &TestApp, meanwhile: impl AsyncFnOnce()) {
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": 120_000})).await;
    tokio::select! {
        answer = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})) => panic!("{answer:?}"),
        () = eventually("Meta is asked", async || (app.sandbox.count("POST", "/groups").await == 1).then_some(())) => {}
    }
    meanwhile().await;
    app.sandbox.calm().await;
}

#[actix_web::test]
async fn a_key_has_no_more_calls_in_flight_than_it_may_and_another_key_has_its_own() {
    let app = super::app("1/h;burst=1000;in-flight=1", MANY, NONE).await;
    let other = app.key("another-key", &[(app.first.cust_space_id, &["groups.read"])]).await;
    while_a_write_is_at_meta(&app, async || {
        expect_throttled(look(&app, &app.first).await, "Throttling.User");
        let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
        app.client.call_as(&other, "GetChatGroup", parameters).await.expect(200, "OK");
    })
    .await;
}

#[actix_web::test]
async fn of_a_class_no_more_calls_are_in_flight_than_may_be_for_tenant_and_number() {
    for (setting, code) in [
        ("GROUPGATE_RATE_PER_TENANT_WRITE", "Throttling.Tenant"),
        ("GROUPGATE_RATE_PER_NUMBER_WRITE", "Throttling.Upstream"),
    ] {
        let app = TestApp::with(&[(setting, "off;in-flight=1")]).await;
        while_a_write_is_at_meta(&app, async || {
            let second = app.client.call("AddChatGroup", &app.first, json!({"Subject": "Another"})).await;
            expect_throttled(second, code);
            look(&app, &app.first).await.expect(200, "OK");
            assert_eq!(app.sandbox.count("POST", "/groups").await, 1, "what is refused is not sent");
        })
        .await;
    }
}

#[actix_web::test]
async fn a_caller_can_ask_for_the_limits_of_its_key_by_class() {
    let app = TestApp::with(&[(PER_KEY, "1/h;burst=20;in-flight=9"), ("GROUPGATE_RATE_PER_KEY_MESSAGE", "5/h")]).await;
    let basic = app.first.key.basic();
    let told = app.client.send("GET", "/v1/whoami", &[("authorization", &basic)], Vec::new()).await;
    let limits: Value = told.expect(200, "OK")["Limits"].clone();
    let expected = json!({
        "PerKey": {"Rate": "1/h;burst=20", "Remaining": 19, "FullInSeconds": 3600, "InFlight": 9},
        "PerKeyMessage": {"Rate": "5/h", "Remaining": 5, "FullInSeconds": 0},
    });
    assert_eq!(limits, expected);
}
