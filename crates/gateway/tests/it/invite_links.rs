//! `GetChatGroupInviteLink`, `AddChatGroupInviteLink`, `DeleteChatGroupInviteLink`.

use serde_json::{Value, json};

use crate::support::{TestApp, eventually, overtaken};

const USER: &str = "16505559999";

fn link(answer: &Value) -> String {
    answer["InviteLink"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_link_admits_a_user() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    let answer = app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
    assert!(link(&answer).starts_with("https://chat.whatsapp.com/"), "{answer}");
    let (status, joined) = app.sandbox.join(USER, &link(&answer)).await;
    assert_eq!((status, &joined["result"], &joined["group_id"]), (200, &json!("joined"), &json!(app.first.group_id)));
}

#[actix_web::test]
async fn a_link_that_was_reset_no_longer_admits_anyone() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    let old = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let new = app.client.call("AddChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    assert_ne!(link(&old), link(&new));
    let now = app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
    assert_eq!(link(&now), link(&new));
    assert_eq!(app.sandbox.join(USER, &link(&old)).await.0, 409);
    assert_eq!(app.sandbox.join(USER, &link(&new)).await.0, 200);
}

#[actix_web::test]
async fn a_link_that_was_removed_admits_nobody_until_a_new_one_is_made() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.spare_group_id});
    let old = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let removed = app.client.call("DeleteChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    assert_eq!(removed["Result"], 1);
    assert_eq!(app.sandbox.join(USER, &link(&old)).await.0, 409);
    let none = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    assert_eq!(none["InviteLink"], Value::Null);
    let again = app.client.call("DeleteChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    assert_eq!(again["Result"], 0);
    let new = app.client.call("AddChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
    assert_eq!(app.sandbox.join(USER, &link(&new)).await.0, 200);
}

#[actix_web::test]
async fn the_mirror_learns_a_new_link_behind_the_calls_back() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    let new = app.client.call("AddChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
    eventually("the mirror has the new link", async || {
        let space = app.store.space(app.first.cust_space_id);
        let row = space.group(app.first.phone_number_id, app.first.group_id).await.unwrap()?;
        (row.invite_link.as_deref() == Some(&link(&new))).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_group_that_nobody_knows_is_looked_for_once() {
    let app = TestApp::start().await;
    let unknown = json!({"GroupId": "nobody-knows-me"});
    for _ in 0..3 {
        app.client.call("GetChatGroupInviteLink", &app.first, unknown.clone()).await.expect(404, "Group.NotFound");
    }
    assert_eq!(app.sandbox.count("GET", "/groups").await, 1);
    assert_eq!(app.sandbox.count("GET", "nobody-knows-me").await, 0, "nothing is sent about a group that is not known");
}

#[actix_web::test]
async fn many_first_calls_at_once_look_once() {
    let app = TestApp::start().await;
    let call = || app.client.call("GetChatGroupInviteLink", &app.first, json!({"GroupId": app.first.group_id}));
    for answer in futures_util::future::join_all((0..64).map(|_| call())).await {
        answer.expect(200, "OK");
    }
    assert_eq!(app.sandbox.count("GET", "/groups").await, 1);
}

#[actix_web::test]
async fn a_known_group_costs_one_call_upstream() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    for _ in 0..3 {
        app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    }
    assert_eq!(app.sandbox.count("GET", "/invite_link").await, 3);
    assert_eq!(app.sandbox.count("GET", "/groups").await, 1, "the list was asked when the group was first seen");
}

#[actix_web::test]
async fn metas_refusal_is_told_in_metas_words() {
    let app = TestApp::start().await;
    let cases = [
        (131_041, 404, "Group.NotFound"),
        (803, 404, "Group.NotFound"),
        (190, 424, "Credential.Invalid"),
        (104, 424, "Credential.Invalid"),
        (10, 424, "Credential.Forbidden"),
        (200, 424, "Credential.Forbidden"),
        (131_207, 409, "Group.Suspended"),
        (131_215, 422, "BusinessNumber.NotEligible"),
        (131_208, 429, "Throttling.Upstream"),
        (4, 429, "Throttling.Upstream"),
        (2, 502, "Upstream.Unavailable"),
        (131_000, 502, "Upstream.Unavailable"),
        (131_009, 422, "Upstream.Rejected"),
    ];
    for (upstream, status, code) in cases {
        // Meta's own trouble is asked three times.
        let count = if status == 502 { 3 } else { 1 };
        app.sandbox.fail(json!({"path": "*/invite_link", "code": upstream, "count": count})).await;
        let group = json!({"GroupId": app.first.group_id});
        let answer = app.client.call("GetChatGroupInviteLink", &app.first, group).await;
        if status == 429 {
            let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            let milliseconds: u64 = answer.header("x-acs-retry-after").unwrap().parse().unwrap();
            assert!(seconds > 0 && milliseconds >= seconds * 1000, "{seconds} s, {milliseconds} ms");
        }
        let body = answer.expect(status, code);
        assert_eq!(body["Upstream"]["Code"], json!(upstream), "{body}");
        assert!(body["Upstream"]["FbtraceId"].is_string(), "{body}");
    }
}

#[actix_web::test]
async fn retry_safe_tells_whether_the_change_may_have_happened() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    app.sandbox.fail(json!({"method": "POST", "path": "*/invite_link", "close": "after"})).await;
    let lost = app.client.call("AddChatGroupInviteLink", &app.first, group.clone()).await;
    assert_eq!(lost.expect(502, "Upstream.Unavailable")["RetrySafe"], false);
    let away = json!({"method": "GET", "path": "*/invite_link", "http_status": 503, "body": "away", "count": 3});
    app.sandbox.fail(away).await;
    let read = app.client.call("GetChatGroupInviteLink", &app.first, group).await;
    assert_eq!(read.expect(502, "Upstream.Unavailable")["RetrySafe"], true);
}

#[actix_web::test]
async fn a_slow_meta_ends_at_the_callers_deadline() {
    let app = TestApp::start().await;
    let path = "/v1/GetChatGroupInviteLink";
    let body = json!({"CustSpaceId": "cams-demo1", "BusinessNumber": "15550000001", "GroupId": app.first.group_id});
    app.client.call_as(&app.first.key, "GetChatGroupInviteLink", body.clone()).await.expect(200, "OK");
    app.sandbox.fail(json!({"path": "*/invite_link", "delay_ms": 60_000})).await;
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("x-request-timeout-ms", "150")];
    let answer = app.client.send("POST", path, &headers, body.to_string().into_bytes()).await;
    assert_eq!(answer.expect(504, "Upstream.Timeout")["RetrySafe"], true);
    let headers = [("authorization", bearer.as_str()), ("x-request-timeout-ms", "99")];
    app.client.send("POST", path, &headers, body.to_string().into_bytes()).await.expect(400, "InvalidParameter");
}

#[actix_web::test]
async fn what_is_no_answer_of_metas_gives_its_code_and_never_a_500() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let answers = [
        json!({"http_status": 200, "body": "<html>hello</html>"}),
        json!({"http_status": 200, "body": "{\"messaging_product\": \"what"}),
        json!({"http_status": 200, "body": {}}),
        json!({"http_status": 302, "body": ""}),
        json!({"http_status": 500, "body": ""}),
        json!({"close": "before"}),
    ];
    for mut answer in answers {
        answer["path"] = json!("*/invite_link");
        // What may pass is asked three times.
        let may_pass = answer.get("close").is_some() || answer["http_status"] == 500;
        answer["count"] = json!(if may_pass { 3 } else { 1 });
        app.sandbox.fail(answer.clone()).await;
        let got = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await;
        assert_eq!((got.status, got.code().as_str()), (502, "Upstream.Unavailable"), "{answer}: {}", got.text);
    }
}

#[actix_web::test]
async fn a_list_that_cannot_be_read_proves_nothing() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    app.sandbox.fail(json!({"path": "*/groups", "http_status": 200, "body": {"data": []}, "count": 1000})).await;
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(502, "Upstream.Unavailable");
    app.sandbox.calm().await;
    app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_write_goes_on_when_its_callers_time_is_over() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    let old = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    app.sandbox.fail(json!({"method": "POST", "path": "*/invite_link", "delay_ms": 60_000})).await;
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let body = json!({"CustSpaceId": "cams-demo1", "BusinessNumber": "15550000001", "GroupId": app.first.group_id});
    let late = overtaken(
        async || app.sandbox.count("POST", "/invite_link").await,
        async |time| {
            let headers = [("authorization", bearer.as_str()), ("x-request-timeout-ms", time)];
            app.client.send("POST", "/v1/AddChatGroupInviteLink", &headers, body.to_string().into()).await
        },
    );
    assert_eq!(late.await.expect(504, "Upstream.Timeout")["RetrySafe"], false);
    app.sandbox.calm().await;
    eventually("the link is new", async || {
        let now = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
        (link(&now) != link(&old)).then_some(())
    })
    .await;
}
