//! Limits: what the headers promise, who has to wait, and how long.

mod classes;

use std::num::NonZeroU32;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tenant_store::{Limit, Limits, PerClass};

use crate::support::{Answered, Credentials, Tenant, TestApp, actor, eventually, with_tenant};

/// Of an hour, so that nothing comes back while a test runs.
const FEW: &str = "1/h;burst=3";
const MANY: &str = "1/h;burst=1000";

const PER_KEY: &str = "GROUPGATE_RATE_PER_KEY";
const PER_TENANT: &str = "GROUPGATE_RATE_PER_TENANT";
const PER_NUMBER: &str = "GROUPGATE_RATE_PER_NUMBER";
const AUTH_FAILURES: &str = "GROUPGATE_AUTH_FAILURES";

async fn app(per_key: &str, per_tenant: &str, per_number: &str) -> TestApp {
    TestApp::with(&[(PER_KEY, per_key), (PER_TENANT, per_tenant), (PER_NUMBER, per_number)]).await
}

async fn look(app: &TestApp, tenant: &Tenant) -> Answered {
    app.client.call("GetChatGroup", tenant, json!({"GroupId": tenant.group_id})).await
}

/// The name, `r` and `t` of `RateLimit`.
fn left(answer: &Answered) -> (String, u64, u64) {
    let header = answer.header("ratelimit").unwrap_or_else(|| panic!("no RateLimit: {answer:?}"));
    let (name, rest) = header.strip_prefix('"').unwrap().split_once("\";r=").unwrap();
    let (remaining, full_in) = rest.split_once(";t=").unwrap();
    (name.to_owned(), remaining.parse().unwrap(), full_in.parse().unwrap())
}

fn number(answer: &Answered, header: &str) -> u64 {
    answer.header(header).unwrap_or_else(|| panic!("no {header}: {answer:?}")).parse().unwrap()
}

/// Asserts that the call has to wait, and that both headers tell how long.
fn expect_throttled(answer: Answered, code: &str) -> Value {
    let (seconds, milliseconds) = (number(&answer, "retry-after"), number(&answer, "x-acs-retry-after"));
    assert!(seconds >= 1 && milliseconds >= 1 && milliseconds.div_ceil(1_000).max(1) == seconds, "{answer:?}");
    answer.expect(429, code)
}

#[actix_web::test]
async fn by_default_the_policies_are_those_of_the_contract() {
    let app = TestApp::start().await;
    let answer = look(&app, &app.first).await;
    assert_eq!(answer.header("ratelimit-policy"), Some(r#""key";q=200;w=2, "tenant";q=200;w=2"#));
    let (_, remaining, full_in) = left(&answer);
    assert!((1..200).contains(&remaining) && full_in <= 2, "{answer:?}");
}

#[actix_web::test]
async fn every_answer_tells_what_is_left_of_the_tightest_limit() {
    let app = app("1/h;burst=20", "1/h;burst=10", "off").await;
    let answer = look(&app, &app.first).await;
    assert_eq!(answer.header("ratelimit-policy"), Some(r#""key";q=20;w=72000, "tenant";q=10;w=36000"#));
    assert_eq!(left(&answer), ("tenant".to_owned(), 9, 3_600));
    let wrong = app.client.call("GetChatGroup", &app.first, json!({"GroupId": "none-of-ours"})).await;
    assert_eq!((wrong.status, left(&wrong)), (404, ("tenant".to_owned(), 8, 7_200)));
}

#[actix_web::test]
async fn an_answer_before_the_tenant_is_known_tells_of_the_key_alone() {
    let app = app("1/h;burst=20", "1/h;burst=10", "off").await;
    let key = &app.first.key;
    let others = with_tenant(&app.second, json!({"GroupId": app.second.group_id}));
    let nobodys = json!({"CustSpaceId": "cams-nobody", "BusinessNumber": "15550000001", "GroupId": "x"});
    for (used, (status, parameters)) in [(400, json!({})), (403, others), (403, nobodys)].into_iter().enumerate() {
        let answer = app.client.call_as(key, "GetChatGroup", parameters).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("ratelimit-policy"), Some(r#""key";q=20;w=72000"#));
        assert_eq!((left(&answer).0.as_str(), left(&answer).1), ("key", 19 - used as u64));
    }
    let nobody = app.client.send("POST", "/v1/GetChatGroup", &[], b"{}".to_vec()).await;
    assert_eq!((nobody.status, nobody.header("ratelimit")), (401, None));
}

#[actix_web::test]
async fn what_is_promised_gets_through_and_the_next_does_not() {
    let app = app(MANY, MANY, "1/h;burst=12").await;
    let (_, promised, _) = left(&look(&app, &app.first).await);
    let answers = futures_util::future::join_all((0..promised).map(|_| look(&app, &app.first))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(look(&app, &app.first).await.status, 429);
}

#[actix_web::test]
async fn a_key_that_has_used_up_its_calls_has_to_wait_and_others_have_not() {
    let app = app(FEW, MANY, "off").await;
    for _ in 0..3 {
        look(&app, &app.first).await.expect(200, "OK");
    }
    let refused = look(&app, &app.first).await;
    assert_eq!(left(&refused), ("key".to_owned(), 0, 10_800));
    expect_throttled(refused, "Throttling.User");
    let other = app.key("another-key", &[(app.first.cust_space_id, &["groups.read"])]).await;
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    app.client.call_as(&other, "GetChatGroup", parameters).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_token_and_the_secret_of_a_key_share_its_limit_and_so_does_asking_for_the_token() {
    let app = app(FEW, MANY, "off").await;
    let answer = app.client.token(&app.first.key, None).await;
    assert_eq!(answer.header("ratelimit-policy"), Some(r#""key";q=3;w=10800"#));
    assert_eq!(left(&answer), ("key".to_owned(), 2, 3_600));
    let token = answer.body()["access_token"].as_str().unwrap().to_owned();
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    app.client.call_with_token(&token, "GetChatGroup", parameters.clone()).await.expect(200, "OK");
    look(&app, &app.first).await.expect(200, "OK");
    expect_throttled(app.client.call_with_token(&token, "GetChatGroup", parameters).await, "Throttling.User");
    let refused = app.client.token(&app.first.key, None).await;
    assert_eq!(refused.body()["error"], "temporarily_unavailable");
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    expect_throttled(refused, "Throttling.User");
}

#[actix_web::test]
async fn a_caller_who_waits_as_long_as_told_gets_through() {
    let app = app("1/s;burst=1", MANY, "off").await;
    for _ in 0..3 {
        let refused = loop {
            let answer = look(&app, &app.first).await;
            if answer.status == 429 {
                break answer;
            }
        };
        tokio::time::sleep(Duration::from_millis(number(&refused, "x-acs-retry-after"))).await;
        look(&app, &app.first).await.expect(200, "OK");
    }
}

#[actix_web::test]
async fn all_keys_of_a_tenant_share_its_limit_and_another_tenant_does_not() {
    let app = app(MANY, FEW, "off").await;
    let other = app.key("another-key", &[(app.first.cust_space_id, &["groups.read"])]).await;
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    for _ in 0..3 {
        look(&app, &app.first).await.expect(200, "OK");
    }
    let refused = app.client.call_as(&other, "GetChatGroup", parameters).await;
    assert_eq!(left(&refused).0, "tenant");
    expect_throttled(refused, "Throttling.Tenant");
    look(&app, &app.second).await.expect(200, "OK");
}

#[actix_web::test]
async fn beyond_the_numbers_limit_nothing_is_sent() {
    let app = app(MANY, MANY, "1/h;burst=12").await;
    let refused = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 429);
    let refused = eventually("the number's limit", refused).await;
    assert_eq!(left(&refused).1, 0, "no more is promised than the number has");
    expect_throttled(refused, "Throttling.Upstream");
    let before = calls_to_meta(&app, &app.first).await;
    let create = app.client.call("AddChatGroup", &app.first, json!({"Subject": "One too many"})).await;
    expect_throttled(create, "Throttling.Upstream");
    assert_eq!(calls_to_meta(&app, &app.first).await, before);
    look(&app, &app.second).await.expect(200, "OK");
}

#[actix_web::test]
async fn every_call_to_meta_counts_for_the_number_the_gateways_own_too() {
    let app = app("off", MANY, "1/h;burst=100").await;
    let parameters = json!({"GroupId": app.first.group_id, "IncludeInviteLink": true});
    let is_exact = async || {
        let answer = app.client.call("GetChatGroup", &app.first, parameters.clone()).await;
        let used = calls_to_meta(&app, &app.first).await;
        // One of the gateway's own may have come in between.
        (left(&answer).1 + used == 100).then_some(used)
    };
    let used = eventually("a budget that is what Meta saw", is_exact).await;
    assert!(used >= 2, "the group and its link");
}

/// How many calls for the tenant's number Meta has seen.
async fn calls_to_meta(app: &TestApp, tenant: &Tenant) -> u64 {
    let ids = [tenant.phone_number_id, tenant.group_id, tenant.spare_group_id];
    let is_its = |request: &&Value| ids.iter().any(|id| request["path"].as_str().unwrap().contains(id));
    app.sandbox.requests().await.iter().filter(is_its).count().try_into().unwrap()
}

#[actix_web::test]
async fn without_limits_nothing_has_to_wait_and_nothing_is_told() {
    let app = app("off", "off", "off").await;
    for _ in 0..300 {
        let answer = look(&app, &app.first).await;
        assert_eq!((answer.status, answer.header("ratelimit"), answer.header("ratelimit-policy")), (200, None, None));
    }
}

async fn set(app: &TestApp, limits: Limits) {
    app.store.space(app.first.cust_space_id).set_limits(&limits, &actor()).await.unwrap();
}

fn all(text: &str) -> PerClass<Option<Limit>> {
    PerClass { all: Some(text.parse().unwrap()), ..PerClass::default() }
}

#[actix_web::test]
async fn a_tenants_own_limits_are_in_force_on_a_running_gateway_and_their_end_too() {
    let app = app(MANY, MANY, "off").await;
    look(&app, &app.first).await.expect(200, "OK");
    set(&app, Limits { per_tenant: all("1/h;burst=2"), ..Limits::default() }).await;
    let refused = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 429);
    let refused = eventually("the tenant's own limit", refused).await;
    assert_eq!(refused.header("ratelimit-policy"), Some(r#""key";q=1000;w=3600000, "tenant";q=2;w=7200"#));
    expect_throttled(refused, "Throttling.Tenant");
    set(&app, Limits { per_number: all(FEW), ..Limits::default() }).await;
    let refused = async || Some(look(&app, &app.first).await).filter(|answer| answer.code() == "Throttling.Upstream");
    expect_throttled(eventually("the number's own limit", refused).await, "Throttling.Upstream");
    look(&app, &app.second).await.expect(200, "OK");
    set(&app, Limits::default()).await;
    let admitted = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 200);
    eventually("the end of the limits", admitted).await;
}

#[actix_web::test]
async fn what_was_counted_holds_when_a_tenant_and_a_key_are_looked_up_anew() {
    let app = app(MANY, "1/h;burst=500", "1/h;burst=900").await;
    for _ in 0..10 {
        look(&app, &app.first).await.expect(200, "OK");
    }
    let space = app.store.space(app.first.cust_space_id);
    space.suspend("a test", &actor()).await.unwrap();
    let suspended = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 403);
    eventually("the suspension", suspended).await;
    space.resume(&actor()).await.unwrap();
    let resumed = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 200);
    let (name, remaining, _) = left(&eventually("the end of the suspension", resumed).await);
    assert!(name == "tenant" && remaining <= 489, "{name} {remaining}");
}

#[actix_web::test]
async fn a_tenant_has_no_more_calls_in_flight_than_it_may() {
    let app = app(MANY, MANY, "off").await;
    set(&app, Limits { in_flight: NonZeroU32::new(1), ..Limits::default() }).await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let long = app.client.call("AddChatGroup", &app.first, json!({"Subject": "Waits", "WaitSeconds": 30}));
    let meanwhile = async {
        // A look before it would be the one that is let in.
        eventually("it is in flight", async || (app.sandbox.count("POST", "/groups").await == 1).then_some(())).await;
        let refused = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 429);
        let refused = eventually("a call too many", refused).await;
        look(&app, &app.second).await.expect(200, "OK");
        app.sandbox.webhooks(json!({"mode": "normal"})).await;
        app.sandbox.release().await;
        expect_throttled(refused, "Throttling.Tenant");
    };
    let (made, ()) = futures_util::future::join(long, meanwhile).await;
    made.expect(200, "OK");
    look(&app, &app.first).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_write_is_in_flight_until_it_has_ended_also_when_its_caller_has_gone() {
    let app = app(MANY, MANY, "off").await;
    set(&app, Limits { in_flight: NonZeroU32::new(1), ..Limits::default() }).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": 60_000})).await;
    tokio::select! {
        answer = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})) => panic!("{answer:?}"),
        () = eventually("Meta is asked", async || {
            (app.sandbox.count("POST", "/groups").await == 1).then_some(())
        }) => {}
    }
    let refused = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 429);
    eventually("a call too many", refused).await;
    for _ in 0..10 {
        expect_throttled(look(&app, &app.first).await, "Throttling.Tenant");
    }
    app.sandbox.calm().await;
    let free = async || Some(look(&app, &app.first).await).filter(|answer| answer.status == 200);
    eventually("the next call's turn", free).await;
}

fn wrong_secret(app: &TestApp) -> Credentials {
    Credentials::new(&app.second.key.id, "not its secret")
}

async fn guess(app: &TestApp) -> Answered {
    app.client.call_as(&wrong_secret(app), "GetChatGroup", json!({})).await
}

#[actix_web::test]
async fn after_too_many_wrong_secrets_an_address_has_to_wait() {
    let app = TestApp::with(&[(AUTH_FAILURES, "1/h;burst=4")]).await;
    look(&app, &app.first).await.expect(200, "OK");
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        guess(&app).await.expect(401, "Unauthorized");
        assert_eq!(app.client.token(&wrong_secret(&app), None).await.status, 401);
    }
    expect_throttled(guess(&app).await, "Throttling.User");
    let refused = app.client.token(&wrong_secret(&app), None).await;
    assert_eq!(refused.body()["error"], "temporarily_unavailable");
    expect_throttled(refused, "Throttling.User");
    expect_throttled(look(&app, &app.second).await, "Throttling.User");
    // Who has shown a secret from there before goes on, and so does who shows none.
    look(&app, &app.first).await.expect(200, "OK");
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    app.client.call_with_token(&token, "GetChatGroup", parameters).await.expect(200, "OK");
}

#[actix_web::test]
async fn what_is_no_secret_is_not_counted() {
    let app = TestApp::with(&[(AUTH_FAILURES, "1/h;burst=1")]).await;
    let forged = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.e30.AAAA";
    for _ in 0..5 {
        app.client.call_with_token(forged, "GetChatGroup", json!({})).await.expect(401, "InvalidToken");
        for header in [None, Some("Basic !"), Some("Digest x"), Some("Bearer x")] {
            let headers: Vec<(&str, &str)> = header.map(|value| ("authorization", value)).into_iter().collect();
            let answer = app.client.send("POST", "/v1/GetChatGroup", &headers, b"{}".to_vec()).await;
            assert_eq!(answer.status, 401, "{answer:?}");
        }
    }
    guess(&app).await.expect(401, "Unauthorized");
    expect_throttled(guess(&app).await, "Throttling.User");
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_limit_and_nobody_elses_word_counts() {
    let guess_from = async |app: &TestApp, client: &str| {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:wrong", app.first.key.id)));
        let headers = [("authorization", basic.as_str()), ("x-forwarded-for", client)];
        app.client.send("POST", "/v1/GetChatGroup", &headers, b"{}".to_vec()).await.status
    };
    let one = (AUTH_FAILURES, "1/h;burst=1");
    let app = TestApp::with(&[one, ("GROUPGATE_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    assert_eq!(guess_from(&app, "203.0.113.1").await, 401);
    assert_eq!(guess_from(&app, "203.0.113.1").await, 429);
    assert_eq!(guess_from(&app, "203.0.113.1, 203.0.113.2").await, 401);
    let open = TestApp::with(&[one]).await;
    assert_eq!(guess_from(&open, "203.0.113.1").await, 401);
    assert_eq!(guess_from(&open, "203.0.113.2").await, 429);
}

#[actix_web::test]
async fn without_that_limit_wrong_secrets_stay_wrong_secrets() {
    let app = TestApp::with(&[(AUTH_FAILURES, "off")]).await;
    for _ in 0..50 {
        guess(&app).await.expect(401, "Unauthorized");
    }
}

#[test]
fn every_operation_documents_that_it_may_have_to_wait() {
    let document: Value = serde_json::from_str(&gateway::openapi::document_json().unwrap()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/") {
            continue;
        }
        for page in item.as_object().unwrap().values() {
            let headers = &page["responses"]["429"]["headers"];
            for header in ["RateLimit-Policy", "RateLimit", "Retry-After", "x-acs-retry-after"] {
                assert!(headers[header]["description"].is_string(), "{path}: {header}");
            }
        }
    }
}

#[actix_web::test]
async fn a_caller_can_ask_for_the_limit_of_its_key() {
    let ask = async |per_key: &str| {
        let app = app(per_key, MANY, "off").await;
        let basic =
            format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", app.first.key.id, app.first.key.secret)));
        let answer = app.client.send("GET", "/v1/whoami", &[("authorization", &basic)], Vec::new()).await;
        (answer.header("ratelimit").map(str::to_owned), answer.expect(200, "OK")["Limits"]["PerKey"].clone())
    };
    let limited = json!({"Rate": "1/h;burst=20", "Remaining": 19, "FullInSeconds": 3600});
    assert_eq!(ask("1/h;burst=20").await, (Some(r#""key";r=19;t=3600"#.to_owned()), limited));
    assert_eq!(ask("off").await, (None, json!({"Rate": "off"})));
}
