//! What becomes of webhooks that come again, late, or for numbers that nobody has yet.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgConnection;
use tenant_store::{NewEndpoint, NewNumber, PublishedEvent};

use crate::support::{APP_SECRET, Receiver, TestApp, actor, eventually, superuser};

const UNKNOWN_NUMBER: &str = "999999999999999";
const UNKNOWN_WABA: &str = "888888888888888";
const DAY: Duration = Duration::from_hours(24);

async fn post(app: &TestApp, secret: &str, body: &str) {
    let answer = app.webhook(secret, body.as_bytes(), &[("content-type", "application/json")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// One webhook with a message in a group for each ID.
fn messages(phone_number_id: &str, waba_id: &str, ids: &[&str]) -> String {
    let message = |id: &&str| {
        json!({"from": "16505551234", "id": id, "timestamp": "1763712000", "type": "text", "text": {"body": "Hi"},
               "group_id": "Y2FwaV9ncm91cDox"})
    };
    let messages: Vec<Value> = ids.iter().map(message).collect();
    let metadata = json!({"display_phone_number": "15550000001", "phone_number_id": phone_number_id});
    let value = json!({"messaging_product": "whatsapp", "metadata": metadata, "messages": messages});
    json!({"object": "whatsapp_business_account", "entry": [{"id": waba_id, "time": 1_763_712_000,
           "changes": [{"field": "messages", "value": value}]}]})
    .to_string()
}

/// The first tenant's events, as soon as there are so many.
async fn published(app: &TestApp, count: usize) -> Vec<PublishedEvent> {
    let events = eventually(&format!("{count} events are published"), async || {
        let page = app.store.space(app.first.cust_space_id).events_after(None, 100).await.unwrap();
        (page.events.len() >= count).then_some(page.events)
    })
    .await;
    assert_eq!(events.len(), count);
    events
}

/// The IDs that Meta gave the messages, with the place that each has in the tenant's sequence.
fn places(events: &[PublishedEvent]) -> Vec<(String, i64)> {
    let id = |event: &PublishedEvent| {
        let value: Value = serde_json::from_str(&event.value).unwrap();
        value["messages"][0]["id"].as_str().unwrap().to_owned()
    };
    events.iter().map(|event| (id(event), event.sequence.unwrap())).collect()
}

/// Makes everything that came so far look as if it had come so many days ago.
async fn grow_older(database: &mut PgConnection, days: i32) {
    let statements = [
        "select make_partition('events', date_trunc('day', now() - $1 * interval '1 day', 'UTC'))",
        "update events set id = uuid_at(received_at - $1 * interval '1 day'),
                           received_at = received_at - $1 * interval '1 day'",
        "update event_fingerprints set seen_at = seen_at - $1 * interval '1 day'",
    ];
    for statement in statements {
        sqlx::query(statement).bind(days).execute(&mut *database).await.unwrap();
    }
}

#[actix_web::test]
async fn the_same_event_on_the_next_day_is_no_new_one() {
    let app = TestApp::start().await;
    let body = messages(app.first.phone_number_id, app.first.waba_id, &["wamid.1"]);
    post(&app, APP_SECRET, &body).await;
    published(&app, 1).await;
    grow_older(&mut superuser(&app.database).await, 1).await;
    post(&app, APP_SECRET, &body).await;
    // Batched by Meta in another way, with one that is new.
    post(&app, APP_SECRET, &messages(app.first.phone_number_id, app.first.waba_id, &["wamid.2", "wamid.1"])).await;
    let events = published(&app, 2).await;
    assert_eq!(places(&events), [("wamid.1".to_owned(), 1), ("wamid.2".to_owned(), 2)]);
}

#[actix_web::test]
async fn the_same_event_is_no_new_one_also_when_the_first_was_dropped_by_its_age() {
    let app = TestApp::start().await;
    let body = messages(app.first.phone_number_id, app.first.waba_id, &["wamid.1"]);
    post(&app, APP_SECRET, &body).await;
    published(&app, 1).await;
    grow_older(&mut superuser(&app.database).await, 3).await;
    let kept = eventually("no lock is in the way of the partition", async || {
        let kept = app.store.keep_partitions(DAY).await.unwrap();
        (!kept.is_put_off).then_some(kept)
    })
    .await;
    assert_eq!(kept.dropped, 1);
    let space = app.store.space(app.first.cust_space_id);
    assert!(space.events_after(None, 100).await.unwrap().events.is_empty());
    post(&app, APP_SECRET, &body).await;
    post(&app, APP_SECRET, &messages(app.first.phone_number_id, app.first.waba_id, &["wamid.2"])).await;
    assert_eq!(places(&published(&app, 1).await), [("wamid.2".to_owned(), 2)]);
}

#[actix_web::test]
async fn one_event_under_the_old_and_the_new_secret_of_the_app_is_one() {
    let app = TestApp::with(&[("GROUPGATE_APP_SECRET", "the new one,another,the-secret-of-the-app-in-tests")]).await;
    let body = messages(app.first.phone_number_id, app.first.waba_id, &["wamid.1"]);
    for secret in [APP_SECRET, "another", "the new one"] {
        post(&app, secret, &body).await;
    }
    post(&app, APP_SECRET, &messages(app.first.phone_number_id, app.first.waba_id, &["wamid.2"])).await;
    assert_eq!(places(&published(&app, 2).await), [("wamid.1".to_owned(), 1), ("wamid.2".to_owned(), 2)]);
}

#[actix_web::test]
async fn events_of_an_unknown_number_are_its_tenants_in_their_order_once_it_is_added() {
    let app = TestApp::with(&[("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")]).await;
    let receiver = Receiver::recording(|_| 200);
    let new = NewEndpoint { url: receiver.url("/hook"), ..NewEndpoint::default() };
    app.store.space(app.first.cust_space_id).create_endpoint(&new, &actor()).await.unwrap();
    let ids: Vec<String> = (1..=12).map(|nth| format!("wamid.{nth}")).collect();
    for some in ids.chunks(5) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        post(&app, APP_SECRET, &messages(UNKNOWN_NUMBER, UNKNOWN_WABA, &some)).await;
    }
    let unrouted = app.store.unrouted_events(None, 100).await.unwrap();
    assert_eq!(unrouted.len(), ids.len(), "they are kept and shown");
    assert!(receiver.deliveries().is_empty());

    let number = NewNumber {
        business_number: "15550000099".to_owned(),
        phone_number_id: UNKNOWN_NUMBER.to_owned(),
        waba_id: UNKNOWN_WABA.to_owned(),
    };
    app.store.space(app.first.cust_space_id).add_number(&number, &actor()).await.unwrap();
    let expected: Vec<(String, i64)> = ids.into_iter().zip(1..).collect();
    assert_eq!(places(&published(&app, 12).await), expected);
    assert!(app.store.unrouted_events(None, 100).await.unwrap().is_empty());
    let delivered = eventually("all are delivered", async || {
        let deliveries = receiver.deliveries();
        (deliveries.len() == 12).then_some(deliveries)
    })
    .await;
    for (delivery, (id, sequence)) in delivered.iter().zip(expected) {
        let event = delivery.event();
        assert_eq!((&event["Data"]["MessageId"], &event["Sequence"]), (&json!(id), &json!(sequence)));
        assert_eq!(event["BusinessNumber"], "15550000099");
    }
}
