//! A quota is used up.

use serde_json::json;

use super::{app, asked, held, meta_says, read, write};
use crate::support::{Tenant, TestApp};

#[actix_web::test]
async fn while_meta_says_not_before_nothing_is_sent_and_the_caller_is_told_the_time() {
    let app = app().await;
    let used = json!({"type": "messages", "call_count": 100, "estimated_time_to_regain_access": 19});
    meta_says(&app, json!({"business": {app.first.waba_id: [used]}})).await;
    let before = asked(&app).await;
    for answer in [read(&app, &app.first).await, write(&app, &app.first).await, read(&app, &app.first).await] {
        let wait = held(answer);
        assert!((60_000..=19 * 60_000).contains(&wait), "{wait} ms");
    }
    assert_eq!(asked(&app).await, before);
    read(&app, &app.second).await.expect(200, "OK");
}

/// Refuses two calls of the first tenant's with this code, as Meta does.
async fn refuse(app: &TestApp, code: i64) {
    let paths = [app.first.group_id, app.first.spare_group_id].map(|group| format!("/v23.0/{group}/invite_link"));
    for path in paths {
        app.sandbox.fail(json!({"method": "POST", "path": path, "code": code})).await;
    }
    for group in [app.first.group_id, app.first.spare_group_id] {
        let answer = app.client.call("AddChatGroupInviteLink", &app.first, json!({"GroupId": group})).await;
        assert_eq!(answer.expect(429, "Throttling.Upstream")["Upstream"]["Code"], code);
    }
}

/// Whether a read, and whether a write is sent.
async fn goes_on(app: &TestApp, tenant: &Tenant) -> (bool, bool) {
    let before = asked(app).await;
    let reads = read(app, tenant).await.status == 200;
    let writes = write(app, tenant).await.status == 200;
    assert_eq!(asked(app).await - before, usize::from(reads) + usize::from(writes), "what is held is not sent");
    (reads, writes)
}

#[actix_web::test]
async fn each_code_of_metas_holds_those_whose_quota_it_is_about_and_nobody_else() {
    // A pause that does not end while the test looks.
    let pause = ("GROUPGATE_UPSTREAM_PAUSE", "5m");
    for (code, first, second) in [
        (4, (false, false), (false, false)),
        (80_007, (false, false), (true, true)),
        (131_208, (false, false), (true, true)),
        (130_429, (true, false), (true, true)),
        (131_056, (true, true), (true, true)),
    ] {
        let app = TestApp::with(&[pause]).await;
        refuse(&app, code).await;
        assert_eq!(goes_on(&app, &app.first).await, first, "{code}");
        assert_eq!(goes_on(&app, &app.second).await, second, "{code}");
    }
}

#[actix_web::test]
async fn after_the_pause_one_call_finds_out_and_all_go_on() {
    let app = TestApp::with(&[("GROUPGATE_UPSTREAM_PAUSE", "300ms")]).await;
    refuse(&app, 80_007).await;
    crate::support::eventually("calls go through again", async || {
        let answer = read(&app, &app.first).await;
        (answer.status == 200).then_some(())
    })
    .await;
    write(&app, &app.first).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_refusal_by_itself_is_its_callers_alone() {
    let app = app().await;
    for code in [4, 80_007, 131_208, 130_429] {
        app.sandbox.fail(json!({"path": "*/invite_link", "code": code})).await;
        write(&app, &app.first).await.expect(429, "Throttling.Upstream");
        write(&app, &app.first).await.expect(200, "OK");
    }
}

#[actix_web::test]
async fn a_code_that_nobody_knows_holds_the_number_where_its_status_is_a_throttles() {
    let app = app().await;
    let body = json!({"error": {"code": 999_999, "message": "m"}});
    let fault = json!({"path": "*/invite_link", "http_status": 429, "body": body, "retry_after": 60});
    app.sandbox.fail(fault).await;
    let refused = read(&app, &app.first).await;
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(refused.expect(429, "Throttling.Upstream")["Upstream"]["Code"], 999_999);
    assert_eq!(goes_on(&app, &app.first).await, (false, false));
    assert_eq!(goes_on(&app, &app.second).await, (true, true));
}
