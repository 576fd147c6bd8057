//! `POST /webhooks/graph`, and `GET` for Meta's challenge.

use serde_json::{Value, json};

use crate::support::{APP_SECRET, Answered, TestApp, VERIFY_TOKEN, eventually, signature, superuser};

async fn send(app: &TestApp, signature: &str, body: &[u8]) -> Answered {
    let headers = [("x-hub-signature-256", signature), ("content-type", "application/json")];
    app.client.send("POST", "/webhooks/graph", &headers, body.to_vec()).await
}

fn payload(phone_number_id: &str, waba_id: &str, group: Value) -> Vec<u8> {
    json!({"object": "whatsapp_business_account", "entry": [{"id": waba_id, "changes": [{
        "field": "group_lifecycle_update",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000001", "phone_number_id": phone_number_id},
            "groups": [group],
        },
    }]}]})
    .to_string()
    .into_bytes()
}

fn created(group_id: &str) -> Value {
    json!({"timestamp": "1763712000", "group_id": group_id, "type": "group_create", "request_id": "R1",
           "subject": "Made elsewhere", "invite_link": "https://chat.whatsapp.com/X", "join_approval_mode": "auto_approve"})
}

/// How many events the inbox has, seen past row-level security.
async fn events(app: &TestApp) -> i64 {
    let counted = sqlx::query_scalar("select count(*) from events");
    counted.fetch_one(&mut superuser(&app.database).await).await.unwrap()
}

/// How much is kept that was no webhook, or no event.
async fn malformed(app: &TestApp) -> i64 {
    let counted = sqlx::query_scalar("select count(*) from malformed_webhooks");
    counted.fetch_one(&mut superuser(&app.database).await).await.unwrap()
}

#[actix_web::test]
async fn a_webhook_is_committed_and_answered_with_an_empty_200() {
    let app = TestApp::start().await;
    let body = payload(app.first.phone_number_id, app.first.waba_id, created("made-elsewhere"));
    let answer = send(&app, &signature(APP_SECRET, &body), &body).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(events(&app).await, 1, "committed before it is answered");
    eventually("the group is known", async || {
        let space = app.store.space(app.first.cust_space_id);
        space.knows_group(app.first.phone_number_id, "made-elsewhere").await.unwrap().then_some(())
    })
    .await;
}

#[actix_web::test]
async fn the_same_webhook_again_changes_nothing() {
    let app = TestApp::start().await;
    let body = payload(app.first.phone_number_id, app.first.waba_id, created("made-elsewhere"));
    for _ in 0..3 {
        assert_eq!(send(&app, &signature(APP_SECRET, &body), &body).await.status, 200);
    }
    assert_eq!(events(&app).await, 1);
}

#[actix_web::test]
async fn a_webhook_that_the_app_did_not_sign_is_refused() {
    let app = TestApp::start().await;
    let body = payload(app.first.phone_number_id, app.first.waba_id, created("forged"));
    let right = signature(APP_SECRET, &body);
    let re_serialized = serde_json::to_vec_pretty(&serde_json::from_slice::<Value>(&body).unwrap()).unwrap();
    let refused = send(&app, &right, &re_serialized).await;
    assert_eq!(refused.header("www-authenticate"), Some(r#"X-Hub-Signature-256 realm="groupgate""#));
    refused.expect(401, "Unauthorized");
    for wrong in
        [signature("another secret", &body), right.replace("sha256=", "sha1="), right[..40].to_owned(), String::new()]
    {
        send(&app, &wrong, &body).await.expect(401, "Unauthorized");
    }
    app.client.send("POST", "/webhooks/graph", &[], body.clone()).await.expect(401, "Unauthorized");
    let sha1 = [("x-hub-signature", right.as_str())];
    app.client.send("POST", "/webhooks/graph", &sha1, body.clone()).await.expect(401, "Unauthorized");
    let twice = [("x-hub-signature-256", right.as_str()), ("x-hub-signature-256", right.as_str())];
    app.client.send("POST", "/webhooks/graph", &twice, body).await.expect(401, "Unauthorized");
    assert_eq!(events(&app).await, 0);
}

#[actix_web::test]
async fn an_unknown_field_and_an_unknown_number_are_kept() {
    let app = TestApp::start().await;
    let unknown_number = payload("999999999999999", "888888888888888", created("nobodys"));
    assert_eq!(send(&app, &signature(APP_SECRET, &unknown_number), &unknown_number).await.status, 200);
    let unknown_field = json!({"object": "whatsapp_business_account", "entry": [{"id": app.first.waba_id, "changes": [
        {"field": "something_new", "value": {"a": "\u{0}", "b": [1, 2]}}]}]});
    let body = unknown_field.to_string().into_bytes();
    assert_eq!(send(&app, &signature(APP_SECRET, &body), &body).await.status, 200);
    assert_eq!(events(&app).await, 2);
}

#[actix_web::test]
async fn an_event_that_came_while_its_number_was_being_added_finds_its_tenant() {
    let app = TestApp::start().await;
    let body = payload("999999999999999", app.first.waba_id, created("made-meanwhile"));
    assert_eq!(send(&app, &signature(APP_SECRET, &body), &body).await.status, 200);
    // As a transaction does that did not see the event yet, and so could not adopt it.
    let number = "insert into business_numbers (cust_space_id, business_number, phone_number_id, waba_id)
                  values ($1, '15550000099', '999999999999999', $2)";
    let insert = sqlx::query(number).bind(app.first.cust_space_id).bind(app.first.waba_id);
    insert.execute(&mut superuser(&app.database).await).await.unwrap();
    let space = app.store.space(app.first.cust_space_id);
    eventually("the event is routed", async || {
        space.knows_group("999999999999999", "made-meanwhile").await.unwrap().then_some(())
    })
    .await;
}

#[actix_web::test]
async fn what_is_signed_and_no_webhook_is_kept_and_refused() {
    let app = TestApp::start().await;
    for body in [&b"{ not json"[..], b"[]", br#"{"object": "page", "entry": []}"#, b"\xff\xfe"] {
        send(&app, &signature(APP_SECRET, body), body).await.expect(400, "InvalidParameter");
    }
}

#[actix_web::test]
async fn a_secret_that_is_being_replaced_is_still_good() {
    let app = TestApp::with(&[("GROUPGATE_APP_SECRET", "the new one,the-secret-of-the-app-in-tests")]).await;
    let body = payload(app.first.phone_number_id, app.first.waba_id, created("made-elsewhere"));
    for secret in ["the new one", APP_SECRET] {
        assert_eq!(send(&app, &signature(secret, &body), &body).await.status, 200);
    }
}

#[actix_web::test]
async fn without_an_app_secret_no_webhook_is_taken() {
    let app = TestApp::with(&[("GROUPGATE_APP_SECRET", "")]).await;
    let body = payload(app.first.phone_number_id, app.first.waba_id, created("made-elsewhere"));
    send(&app, &signature("", &body), &body).await.expect(503, "ServiceUnavailable");
}

#[actix_web::test]
async fn three_megabytes_with_a_thousand_updates_are_taken() {
    let app = TestApp::start().await;
    let groups: Vec<Value> = (0..1000)
        .map(|n| {
            let mut group = created(&format!("group-{n}"));
            group["description"] = json!("ü".repeat(400));
            group["padding"] = json!("x".repeat(2000));
            group
        })
        .collect();
    let mut whole: Value =
        serde_json::from_slice(&payload(app.first.phone_number_id, app.first.waba_id, Value::Null)).unwrap();
    whole["entry"][0]["changes"][0]["value"]["groups"] = json!(groups);
    let body = whole.to_string().into_bytes();
    assert!(body.len() > 2_500_000, "{}", body.len());
    assert_eq!(send(&app, &signature(APP_SECRET, &body), &body).await.status, 200);
    assert_eq!(events(&app).await, 1000);
    let too_large = vec![b' '; 4 * 1024 * 1024 + 1];
    send(&app, &signature(APP_SECRET, &too_large), &too_large).await.expect(413, "RequestTooLarge");
}

#[actix_web::test]
async fn metas_challenge_is_answered_to_whoever_knows_the_token() {
    let app = TestApp::start().await;
    let ask = async |mode: &str, token: &str| {
        let token = token.replace(' ', "%20");
        let path = format!("/webhooks/graph?hub.mode={mode}&hub.challenge=1158201444&hub.verify_token={token}");
        app.client.send("GET", &path, &[], Vec::new()).await
    };
    let answer = ask("subscribe", VERIFY_TOKEN).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "1158201444"));
    for (mode, token) in [("subscribe", "wrong"), ("subscribe", ""), ("unsubscribe", VERIFY_TOKEN)] {
        assert_eq!(ask(mode, token).await.status, 403, "{mode} {token}");
    }
    assert_eq!(app.client.send("GET", "/webhooks/graph", &[], Vec::new()).await.status, 403);
    let twice = "/webhooks/graph?hub.mode=subscribe&hub.challenge=1&hub.challenge=2";
    app.client.send("GET", twice, &[], Vec::new()).await.expect(400, "InvalidParameter");
}

#[actix_web::test]
async fn what_is_not_signed_is_refused_before_its_body_has_come() {
    let app = TestApp::start().await;
    let address = app.client.url.strip_prefix("http://").unwrap();
    for header in ["", "x-hub-signature-256: sha256=abc\r\n", "x-hub-signature-256: sha1=0123\r\n"] {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!("POST /webhooks/graph HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n{header}\r\n{{");
        tokio::io::AsyncWriteExt::write_all(&mut connection, head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 64];
        let read = tokio::io::AsyncReadExt::read(&mut connection, &mut answer);
        let length = tokio::time::timeout(std::time::Duration::from_secs(25), read).await.unwrap().unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&answer));
    }
}

#[actix_web::test]
async fn an_event_that_cannot_be_stored_costs_nothing_beside_it_and_is_counted() {
    let app = TestApp::with(&[("GROUPGATE_METRICS_BIND", "127.0.0.1:0")]).await;
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let odd = format!(r#"{{"field":"odd","value":{{"deep":{deep}}}}},{{"field":"future_field"}}"#);
    let good =
        String::from_utf8(payload(app.first.phone_number_id, app.first.waba_id, created("made-elsewhere"))).unwrap();
    let body = good.replace(r#""changes":["#, &format!(r#""changes":[{odd},"#));
    assert_eq!(send(&app, &signature(APP_SECRET, body.as_bytes()), body.as_bytes()).await.status, 200);
    assert_eq!(events(&app).await, 2, "the good one and the one without a value");
    assert_eq!(malformed(&app).await, 1);
    let metrics = app.metrics().send("GET", "/metrics", &[], Vec::new()).await.text;
    assert!(metrics.contains("groupgate_webhook_events_total{result=\"set_aside\"} 1\n"), "{metrics}");
}

#[actix_web::test]
async fn a_webhook_that_the_gateway_has_no_right_to_commit_is_sent_again_by_meta() {
    let app = TestApp::start().await;
    let mut database = superuser(&app.database).await;
    let take = "revoke execute on function receive_traced_events from groupgate_app";
    sqlx::query(take).execute(&mut database).await.unwrap();
    let body = payload(app.first.phone_number_id, app.first.waba_id, created("made-elsewhere"));
    send(&app, &signature(APP_SECRET, &body), &body).await.expect(503, "ServiceUnavailable");
    assert_eq!((events(&app).await, malformed(&app).await), (0, 0));
    let give = "grant execute on function receive_traced_events to groupgate_app";
    sqlx::query(give).execute(&mut database).await.unwrap();
    assert_eq!(send(&app, &signature(APP_SECRET, &body), &body).await.status, 200);
    assert_eq!(events(&app).await, 1);
}

/// A webhook is Meta's, and is not refused for its depth: it would be sent again for a week.
#[actix_web::test]
async fn an_event_is_kept_and_told_whole_however_deep_it_is() {
    let app = TestApp::start().await;
    let reader = app.key("reader", &[(app.first.cust_space_id, &["events.read"])]).await;
    // The element of a list of events is the eighth level of a webhook.
    for levels in [127, 128, 129, 1_000] {
        let (name, deep) =
            (format!("made-at-{levels}"), format!("{}{}", "[".repeat(levels - 8), "]".repeat(levels - 8)));
        let mut group = created(&name);
        group["deep"] = json!("DEEP");
        let body = String::from_utf8(payload(app.first.phone_number_id, app.first.waba_id, group)).unwrap();
        let body = body.replace("\"DEEP\"", &deep);
        let answer = send(&app, &signature(APP_SECRET, body.as_bytes()), body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{levels} levels: {}", answer.text);
        eventually("the group is known", async || {
            let space = app.store.space(app.first.cust_space_id);
            space.knows_group(app.first.phone_number_id, &name).await.unwrap().then_some(())
        })
        .await;
        let pull = format!("/v1/events?CustSpaceId={}", app.first.cust_space_id);
        let pulled = app.client.send("GET", &pull, &[("authorization", &reader.basic())], Vec::new()).await;
        assert!(
            pulled.status == 200 && pulled.text.contains(&deep),
            "{levels} levels: {} {}",
            pulled.status,
            pulled.text
        );
    }
}

#[actix_web::test]
async fn a_number_under_another_account_than_its_own_is_not_believed() {
    let app = TestApp::start().await;
    let body = payload(app.first.phone_number_id, app.second.waba_id, created("smuggled-in"));
    assert_eq!(send(&app, &signature(APP_SECRET, &body), &body).await.status, 200);
    let marker = payload(app.first.phone_number_id, app.first.waba_id, created("made-elsewhere"));
    assert_eq!(send(&app, &signature(APP_SECRET, &marker), &marker).await.status, 200);
    let space = app.store.space(app.first.cust_space_id);
    eventually("the event behind it is routed", async || {
        space.knows_group(app.first.phone_number_id, "made-elsewhere").await.unwrap().then_some(())
    })
    .await;
    assert!(!space.knows_group(app.first.phone_number_id, "smuggled-in").await.unwrap());
}

#[actix_web::test]
async fn the_same_word_for_two_accounts_reaches_both_of_their_tenants() {
    let app = TestApp::start().await;
    let approved = |waba_id: &str| {
        let change = json!({"field": "account_review_update", "value": {"decision": "APPROVED"}});
        let entry = json!({"id": waba_id, "time": 1_763_712_000, "changes": [change]});
        json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string().into_bytes()
    };
    for waba_id in [app.first.waba_id, app.second.waba_id, app.first.waba_id] {
        let body = approved(waba_id);
        assert_eq!(send(&app, &signature(APP_SECRET, &body), &body).await.status, 200);
    }
    for tenant in [&app.first, &app.second] {
        let space = app.store.space(tenant.cust_space_id);
        let told = eventually("it is published", async || {
            let page = space.events_after(None, 10).await.unwrap();
            (!page.events.is_empty()).then_some(page.events)
        });
        let types: Vec<String> = told.await.into_iter().map(|event| event.event_type).collect();
        assert_eq!(types, ["account.account_review_update"], "once for {}", tenant.cust_space_id);
    }
}
