//! Which calls are the same call, and what the second of them gets.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{UNLIMITED, call, creates, is_replayed, keyed, send, subject, with_keys};
use crate::support::{TestApp, with_tenant};

#[actix_web::test]
async fn a_hundred_calls_at_once_under_one_key_on_two_replicas_make_one_group() {
    let app = TestApp::with(&UNLIMITED).await;
    let (other, running) = app.replica().await;
    let clients = [&app.client, &other].into_iter().cycle().take(100);
    let answers =
        join_all(clients.map(|client| call(client, &app.first, "AddChatGroup", "order-1", subject("S")))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    let first = made.iter().find(|answer| !is_replayed(answer)).expect("one that was made");
    assert_eq!(made.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert!(made.iter().all(|answer| answer.text == first.text));
    let others: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(others.iter().all(|answer| (answer.status, answer.code().as_str()) == (409, "IdempotentProcessing")));
    assert_eq!(made.len() + others.len(), 100);
    assert_eq!(creates(&app).await, 1);
    let again = keyed(&app, "AddChatGroup", "order-1", subject("S")).await;
    assert!(is_replayed(&again) && again.text == first.text);
    running.stop(Duration::from_secs(1)).await;
}

#[actix_web::test]
async fn a_replay_is_the_first_answer_to_the_byte_on_every_replica() {
    let app = TestApp::start().await;
    let (other, running) = app.replica().await;
    let first = keyed(&app, "AddChatGroup", "order-1", subject("S")).await;
    assert!(!is_replayed(&first));
    assert!(first.body()["GroupId"].is_string(), "{}", first.text);
    for client in [&app.client, &other] {
        let again = call(client, &app.first, "AddChatGroup", "order-1", subject("S")).await;
        assert!(is_replayed(&again));
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("content-type"), first.header("content-type"));
        assert!(again.header("ratelimit").is_some(), "a replay is counted as any call");
        // Also looks whether the headers name the call that the body names.
        again.expect(200, "OK");
    }
    assert_eq!(creates(&app).await, 1);
    running.stop(Duration::from_secs(1)).await;
}

#[actix_web::test]
async fn another_body_under_the_key_is_a_mismatch_and_another_spelling_of_it_is_not() {
    let app = TestApp::start().await;
    let group = json!({"Subject": "S", "Description": "D"});
    keyed(&app, "AddChatGroup", "order-1", group).await.expect(200, "OK");
    let other = keyed(&app, "AddChatGroup", "order-1", subject("T")).await;
    other.expect(422, "IdempotentParameterMismatch");
    let spelled = format!(
        "{{ \"Description\" : \"\\u0044\",\n  \"Subject\": \"S\", \"BusinessNumber\": \"{}\", \"CustSpaceId\": \"{}\" }}",
        app.first.business_number, app.first.cust_space_id
    );
    let again = send(&app.client, &app.first.key, "AddChatGroup", &[("idempotency-key", "order-1")], spelled).await;
    assert!(is_replayed(&again), "{}", again.text);
    assert_eq!(creates(&app).await, 1);
}

#[actix_web::test]
async fn a_key_is_one_of_its_tenant_and_operation() {
    let app = TestApp::start().await;
    let group = |tenant: &crate::support::Tenant| json!({"GroupId": tenant.group_id});
    for operation in ["AddChatGroupInviteLink", "DeleteChatGroupInviteLink"] {
        for tenant in [&app.first, &app.second] {
            let answer = call(&app.client, tenant, operation, "1", group(tenant)).await;
            assert!(!is_replayed(&answer));
            answer.expect(200, "OK");
        }
    }
    assert_eq!(app.sandbox.count("POST", "/invite_link").await, 2);
    assert_eq!(app.sandbox.count("DELETE", "/invite_link").await, 2);
}

#[actix_web::test]
async fn what_only_reads_ignores_a_key() {
    let app = TestApp::start().await;
    let too_long = "x".repeat(300);
    for (key, group) in [("1", app.first.group_id), ("1", app.first.spare_group_id), (&too_long, app.first.group_id)] {
        let answer = keyed(&app, "GetChatGroupInviteLink", key, json!({"GroupId": group})).await;
        assert!(!is_replayed(&answer));
        answer.expect(200, "OK");
    }
    assert_eq!(app.sandbox.count("GET", "/invite_link").await, 3);
}

#[actix_web::test]
async fn a_key_that_is_none_is_refused_by_name() {
    let app = TestApp::start().await;
    let body = || with_tenant(&app.first, subject("S")).to_string();
    let long = "\u{1f389}".repeat(256);
    let wrong: [&[(&str, &str)]; 4] = [
        &[("idempotency-key", "")],
        &[("idempotency-key", &long)],
        &[("idempotency-key", "a\tb")],
        &[("idempotency-key", "order-1"), ("idempotency-key", "order-1")],
    ];
    for headers in wrong {
        let refused = send(&app.client, &app.first.key, "AddChatGroup", headers, body()).await;
        let refused = refused.expect(400, "InvalidParameter");
        assert!(refused["Message"].as_str().unwrap().contains("`Idempotency-Key`"), "{refused}");
    }
    assert_eq!(creates(&app).await, 0);
}

#[actix_web::test]
async fn a_key_of_255_characters_of_four_bytes_is_a_key() {
    let app = TestApp::start().await;
    let key = "\u{1f389}".repeat(255);
    keyed(&app, "AddChatGroup", &key, subject("S")).await.expect(200, "OK");
    assert!(is_replayed(&keyed(&app, "AddChatGroup", &key, subject("S")).await));
}

#[actix_web::test]
async fn many_keys_at_once_are_each_their_own() {
    let app = TestApp::with(&UNLIMITED).await;
    let make = async |n: i32| {
        let wanted = json!({"Subject": format!("Group {n}"), "WaitSeconds": 20});
        let made = keyed(&app, "AddChatGroup", &format!("order-{n}"), wanted).await;
        made.expect(200, "OK")["GroupId"].as_str().unwrap().to_owned()
    };
    let mut made = join_all((0..100).map(make)).await;
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 100);
}

#[actix_web::test]
async fn after_24_hours_a_key_is_a_new_one() {
    let app = TestApp::start().await;
    keyed(&app, "AddChatGroup", "order-1", subject("S")).await.expect(200, "OK");
    with_keys(&app, "update idempotency_keys set created_at = created_at - interval '23 hours'").await;
    assert!(is_replayed(&keyed(&app, "AddChatGroup", "order-1", subject("S")).await));
    with_keys(&app, "update idempotency_keys set created_at = created_at - interval '2 hours'").await;
    let another = keyed(&app, "AddChatGroup", "order-1", subject("T")).await;
    assert!(!is_replayed(&another));
    another.expect(200, "OK");
    assert_eq!(creates(&app).await, 2);
}
