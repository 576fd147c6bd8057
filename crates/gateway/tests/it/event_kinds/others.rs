//! Every other field of Meta's, and what cannot be read of those that are known.

use serde_json::{Value, json};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Feed, control};
use crate::support::{APP_SECRET, TestApp, eventually};

/// Meta sends a change of the first tenant's account.
async fn send(app: &TestApp, field: &str, value: Value) {
    let change = json!({"field": field, "value": value, "waba_id": app.first.waba_id});
    let answer = control(app, "webhooks/send", change).await;
    assert_eq!(answer["status"], 200, "{answer}");
}

#[actix_web::test]
async fn a_field_of_the_account_is_told_as_meta_told_it_known_or_not() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    for (field, event_type) in [
        ("message_template_status_update", "account.message_template_status_update"),
        ("Something-New", "account.something_new"),
    ] {
        let value = json!({"event": "APPROVED", "nested": [1, {"é": null}]});
        send(&app, field, value.clone()).await;
        let expected = json!({"Data": {}, "Meta": {"Field": field, "Value": value}});
        assert_eq!(feed.event_where(event_type, |event| event["Meta"]["Field"] == field).await, expected);
    }
}

#[actix_web::test]
async fn an_element_that_cannot_be_read_is_told_by_its_field_with_what_meta_sent() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    let number =
        json!({"display_phone_number": app.first.business_number, "phone_number_id": app.first.phone_number_id});
    let odd = json!({"type": "group_frobnicated", "group_id": app.first.group_id});
    let value = json!({"messaging_product": "whatsapp", "metadata": number, "groups": [odd]});
    send(&app, "group_status_update", value.clone()).await;
    let event = feed.event("account.group_status_update").await;
    let expected = json!({"BusinessNumber": app.first.business_number, "PhoneNumberId": app.first.phone_number_id,
                          "GroupId": app.first.group_id, "Data": {},
                          "Meta": {"Field": "group_status_update", "Value": value}});
    assert_eq!(event, expected);
}

#[actix_web::test]
async fn a_change_without_a_time_of_its_own_happened_when_its_entry_says() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    let minute_ago = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() - time::Duration::MINUTE;
    let change = json!({"field": "account_review_update", "value": {"decision": "APPROVED"}});
    let entry = json!({"id": app.first.waba_id, "time": minute_ago.unix_timestamp(), "changes": [change]});
    let body = json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string().into_bytes();
    assert_eq!(app.webhook(APP_SECRET, &body, &[]).await.status, 200);
    let event = eventually("the change is told", async || feed.all().await.into_iter().next()).await;
    assert_eq!(event["Type"], "account.account_review_update");
    assert_eq!(event["OccurredAt"], minute_ago.format(&Rfc3339).unwrap());
}
