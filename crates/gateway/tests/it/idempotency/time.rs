//! A call with a key and time: its caller's, and its own.

use serde_json::json;

use super::{creates, is_replayed, keyed, send};
use crate::support::{META_MAY_TAKE, TestApp, eventually, overtaken, superuser, with_tenant};

#[actix_web::test]
async fn a_call_that_waits_for_meta_ends_with_its_callers_time_as_one_without_a_key() {
    let app = TestApp::start().await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let body = with_tenant(&app.first, json!({"Subject": "S", "WaitSeconds": 30})).to_string();
    let in_time = ("x-request-timeout-ms", "6000");
    let without = send(&app.client, &app.first.key, "AddChatGroup", &[in_time], body.clone()).await.expect(200, "OK");
    assert!(without["UniqueCode"].is_string() && without.get("GroupId").is_none(), "{without}");
    let headers = [("idempotency-key", "order-1"), in_time];
    let first = send(&app.client, &app.first.key, "AddChatGroup", &headers, body.clone()).await;
    let again = send(&app.client, &app.first.key, "AddChatGroup", &headers, body).await;
    assert!(is_replayed(&again) && again.text == first.text, "{}", again.text);
    let first = first.expect(200, "OK");
    assert!(first["UniqueCode"].is_string() && first.get("GroupId").is_none(), "{first}");
    assert_eq!(creates(&app).await, 2);
}

#[actix_web::test]
async fn a_call_whose_time_was_over_before_metas_answer_names_the_change_that_goes_on() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": 60_000})).await;
    let body = with_tenant(&app.first, json!({"Subject": "S"})).to_string();
    let late = overtaken(
        async || creates(&app).await,
        async |time| {
            send(&app.client, &app.first.key, "AddChatGroup", &[("x-request-timeout-ms", time)], body.clone()).await
        },
    );
    let late = late.await.expect(504, "Upstream.Timeout");
    assert_eq!(late["RetrySafe"], false);
    app.sandbox.calm().await;
    let ask = json!({"UniqueCode": late["UniqueCode"]});
    eventually("the change goes on to its end", async || {
        let state = app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await.expect(200, "OK");
        (state["Status"] == "SUCCEEDED").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_call_is_believed_to_run_however_long_it_takes() {
    let app = TestApp::with(&[META_MAY_TAKE]).await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let wanted = json!({"Subject": "S", "WaitSeconds": 30});
    let meanwhile = async {
        eventually("Meta is asked", async || (creates(&app).await == 1).then_some(())).await;
        let mut superuser = superuser(&app.database).await;
        sqlx::query("update idempotency_keys set running_until = now()").execute(&mut superuser).await.unwrap();
        eventually("it is heard of", async || {
            let running = sqlx::query("select from idempotency_keys where running_until > now()");
            running.fetch_optional(&mut superuser).await.unwrap().map(|_| ())
        })
        .await;
        let running = keyed(&app, "AddChatGroup", "order-1", wanted.clone()).await;
        let running = running.expect(409, "IdempotentProcessing");
        assert!(running["Message"].as_str().unwrap().contains("still running"), "{running}");
        eventually("held webhooks are sent", async || (app.sandbox.release().await > 0).then_some(())).await;
    };
    let (made, ()) = tokio::join!(keyed(&app, "AddChatGroup", "order-1", wanted.clone()), meanwhile);
    assert!(made.expect(200, "OK")["GroupId"].is_string());
}
