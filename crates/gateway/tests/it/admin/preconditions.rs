//! Two administrators at once: nobody changes what somebody else has changed since.

use std::time::Duration;

use serde_json::json;

use crate::support::{Admin, Answered, TestApp};

const TENANT: &str = "/tenants/cams-demo1";

#[actix_web::test]
async fn every_change_of_what_stands_needs_if_match() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (method, path, body) in [
        ("PATCH", TENANT, r#"{"name": "X"}"#),
        ("DELETE", "/tenants/cams-demo1?confirm=cams-demo1", ""),
        ("POST", "/tenants/cams-demo1/suspend", r#"{"reason": "x"}"#),
        ("POST", "/tenants/cams-demo1/resume", ""),
        ("PATCH", "/tenants/cams-demo1/numbers/15550000001", "{}"),
        ("DELETE", "/tenants/cams-demo1/numbers/15550000001", ""),
        ("PUT", "/tenants/cams-demo1/limits", "{}"),
    ] {
        admin.send(method, path, &[], body).await.problem(428, "PreconditionRequired");
        for foreign in ["\"1\"", "W/\"1\"", "1", "\"x\""] {
            admin.send(method, path, &[("if-match", foreign)], body).await.problem(412, "PreconditionFailed");
        }
    }
    assert_eq!(admin.get(TENANT).await.done(200)["status"], "active", "nothing was done");
}

#[actix_web::test]
async fn of_two_administrators_who_change_one_tenant_at_once_one_is_told_to_look_again() {
    let app = TestApp::start().await;
    let (one, other) = (app.admin().await, app.admin_with("other", &[("*", &["admin.write"])]).await);
    let tag = one.get(TENANT).await.etag();
    for _ in 0..8 {
        let tag = one.get(TENANT).await.etag();
        let (first, second) = futures_util::join!(
            one.change("PATCH", TENANT, &tag, json!({"name": "One"})),
            other.change("POST", "/tenants/cams-demo1/suspend", &tag, json!({"reason": "other"})),
        );
        let mut ends: Vec<u16> = [&first, &second].map(|answer: &Answered| answer.status).to_vec();
        ends.sort_unstable();
        assert_eq!(ends, [200, 412], "{} {}", first.text, second.text);
        other.change("POST", "/tenants/cams-demo1/resume", "*", json!(null)).await.done(200);
    }
    one.change("PUT", "/tenants/cams-demo1/limits", &tag, json!({})).await.problem(412, "PreconditionFailed");
}

/// What the log has of this action.
async fn logged(admin: &Admin, action: &str) -> usize {
    let log = admin.get(&format!("/audit?limit=1000&action={action}")).await.done(200);
    log["data"].as_array().unwrap().len()
}

#[actix_web::test]
async fn on_two_replicas_one_change_is_made_and_logged_and_its_tag_is_what_stands() {
    const NUMBER: &str = "/tenants/cams-demo1/numbers/15550000001";
    const LIMITS: &str = "/tenants/cams-demo1/limits";
    const ROUNDS: usize = 4;
    let app = TestApp::start().await;
    let (client, replica) = app.replica().await;
    let one = app.admin().await;
    let other = Admin::new(client, app.key("other", &[("*", &["admin.read", "admin.write"])]).await);
    for (method, path, seen, body, action) in [
        ("PATCH", TENANT, TENANT, json!({"name": "New"}), "tenant.change"),
        ("PATCH", NUMBER, NUMBER, json!({"waba_id": "200000000000001"}), "number.change"),
        ("PUT", LIMITS, LIMITS, json!({"per_tenant": "100/s"}), "limits.set"),
        ("POST", "/tenants/cams-demo1/suspend", TENANT, json!({"reason": "unpaid"}), "tenant.suspend"),
        ("POST", "/tenants/cams-demo1/resume", TENANT, json!(null), "tenant.resume"),
    ] {
        for _ in 0..ROUNDS {
            let tag = other.get(seen).await.etag();
            let ends = futures_util::join!(
                one.change(method, path, &tag, body.clone()),
                other.change(method, path, &tag, body.clone()),
            );
            let (done, refused) = if ends.0.status == 200 { ends } else { (ends.1, ends.0) };
            assert_eq!(done.etag(), one.get(seen).await.etag(), "{method} {path}");
            done.done(200);
            refused.problem(412, "PreconditionFailed");
        }
        assert_eq!(logged(&one, action).await, ROUNDS, "{action}");
    }
    replica.stop(Duration::ZERO).await;
}

#[actix_web::test]
async fn what_the_gateway_keeps_up_to_date_itself_makes_no_change_stale() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let tag = admin.get("/tenants/cams-demo1/numbers/15550000001").await.etag();
    let record = tenant_store::NumberRecord { verified_name: Some("Bakery".to_owned()), ..Default::default() };
    app.store
        .space("cams-demo1")
        .record_number(app.first.phone_number_id, &record, Duration::from_hours(1))
        .await
        .unwrap();
    let number = admin.get("/tenants/cams-demo1/numbers/15550000001").await;
    assert_eq!(number.etag(), tag);
    assert_eq!(number.done(200)["verified_name"], "Bakery");
}
