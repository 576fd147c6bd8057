//! Each kind of event, made to happen by a call or by the sandbox's phones, and pulled as its tenant gets it.

mod groups;
mod messages;
mod others;
mod participants;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::{Credentials, Tenant, TestApp, eventually};

const MARA: &str = "16505550101";
const NOAH: &str = "16505550102";
const MARAS_USER_ID: &str = "US.13491208655302741918";

/// A tenant's events.
struct Feed<'a> {
    app: &'a TestApp,
    tenant: &'a Tenant,
    reader: Credentials,
}

impl<'a> Feed<'a> {
    async fn of(app: &'a TestApp, tenant: &'a Tenant) -> Self {
        let reader = app.key("reader", &[(tenant.cust_space_id, &["events.read"])]).await;
        Self { app, tenant, reader }
    }

    /// All events until now, each of which has been looked at.
    async fn all(&self) -> Vec<Value> {
        let path = format!("/v1/events?CustSpaceId={}&After=0&Limit=1000", self.tenant.cust_space_id);
        let headers = [("authorization", self.reader.basic())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = self.app.client.send("GET", &path, &headers, Vec::new()).await.expect(200, "OK");
        let events = answer["Data"]["List"].as_array().unwrap().clone();
        for (event, sequence) in events.iter().zip(1..) {
            self.look_at(event, sequence);
        }
        let ids: BTreeSet<_> = events.iter().map(|event| event["Id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), events.len(), "no ID twice");
        events
    }

    /// What stands around every event.
    fn look_at(&self, event: &Value, sequence: i64) {
        assert_eq!(event["Sequence"], sequence, "without gaps: {event}");
        assert_eq!(event["CustSpaceId"], self.tenant.cust_space_id, "{event}");
        assert_eq!(event["WabaId"], self.tenant.waba_id, "{event}");
        for (name, length) in
            [("OccurredAt", "2026-11-21T08:15:00Z".len()), ("ReceivedAt", "2026-11-21T08:15:00.412Z".len())]
        {
            let text = event[name].as_str().unwrap();
            let age = OffsetDateTime::now_utc() - OffsetDateTime::parse(text, &Rfc3339).unwrap();
            assert!(text.len() == length && text.ends_with('Z') && age.abs() < time::Duration::minutes(5), "{event}");
        }
        crate::conformance::expect_schema("Event", event);
    }

    /// The first event of this type that `is_wanted`, without what differs from run to run and was looked at.
    async fn event_where(&self, event_type: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut event = eventually(event_type, async || {
            self.all().await.into_iter().find(|event| event["Type"] == event_type && is_wanted(event))
        })
        .await;
        for name in ["Id", "Sequence", "Type", "OccurredAt", "ReceivedAt", "CustSpaceId", "WabaId"] {
            event.as_object_mut().unwrap().remove(name);
        }
        event
    }

    /// The first event of this type.
    async fn event(&self, event_type: &str) -> Value {
        self.event_where(event_type, |_| true).await
    }

    /// The same of an event of the tenant's number, which has come in `field`, without these.
    async fn of_number(&self, event_type: &str, field: &str) -> Value {
        self.of_number_where(event_type, field, |_| true).await
    }

    async fn of_number_where(&self, event_type: &str, field: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut event = self.event_where(event_type, is_wanted).await;
        assert_eq!(event["BusinessNumber"], self.tenant.business_number, "{event}");
        assert_eq!(event["PhoneNumberId"], self.tenant.phone_number_id, "{event}");
        assert_eq!(event["Meta"]["Field"], field, "{event}");
        assert_eq!(event["Meta"]["Value"]["metadata"]["phone_number_id"], self.tenant.phone_number_id, "{event}");
        for name in ["BusinessNumber", "PhoneNumberId", "Meta"] {
            event.as_object_mut().unwrap().remove(name);
        }
        event
    }
}

/// Mara has a user ID and a username that a test can expect.
async fn name_mara(app: &TestApp) {
    let appearance = json!({"user_id": MARAS_USER_ID, "username": "mara", "name": "Mara"});
    app.sandbox.put(&format!("users/{MARA}"), appearance).await;
}

/// Mara, as events name her.
fn mara() -> Value {
    json!({"ParticipantNumber": MARA, "WaId": MARA, "UserId": MARAS_USER_ID, "Username": "mara"})
}

/// The next call of this method and path is accepted, and fails later with this code.
async fn fail_later(app: &TestApp, method: &str, path: &str, later: Value) {
    app.sandbox.fail(json!({"method": method, "path": path, "later": later})).await;
}

/// What the sandbox's control API answers to a `POST` that must succeed.
async fn control(app: &TestApp, path: &str, body: Value) -> Value {
    let (status, answer) = app.sandbox.post(path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}
