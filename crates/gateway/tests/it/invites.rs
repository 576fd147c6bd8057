//! `SendChatGroupInvite`.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::support::{Answered, TestApp, overtaken, with_tenant};

const PERSON: &str = "16505550100";

impl TestApp {
    /// The first tenant's template for invitations, which has a variable for the group and no other.
    pub(crate) async fn invite_template(&self) -> &'static str {
        let template =
            json!({"TemplateName": "spring_invite", "Language": "en", "LibraryTemplateName": "group_invite_link"});
        let made = self.client.call("AddChatGroupInviteTemplate", &self.first, template).await.expect(200, "OK");
        assert_eq!(made["Status"], "APPROVED", "{made}");
        "spring_invite"
    }

    async fn invite(&self, to: &[String]) -> Answered {
        self.client.call("SendChatGroupInvite", &self.first, invitation(self, to)).await
    }
}

fn invitation(app: &TestApp, to: &[String]) -> Value {
    json!({"GroupId": app.first.group_id, "To": to, "TemplateName": "spring_invite", "Language": "en"})
}

fn people(count: u64) -> Vec<String> {
    (0..count).map(|nth| (16_505_550_100 + nth).to_string()).collect()
}

fn with_status<'a>(answer: &'a Value, status: &str) -> Vec<&'a Value> {
    answer["List"].as_array().unwrap().iter().filter(|invitation| invitation["Status"] == status).collect()
}

#[actix_web::test]
async fn whoever_is_invited_can_join_by_the_link_in_the_message() {
    let app = TestApp::start().await;
    app.invite_template().await;
    let sent = app.invite(&[PERSON.to_owned()]).await.expect(200, "OK");
    let [invitation] = with_status(&sent, "SENT")[..] else { panic!("{sent}") };
    assert_eq!(
        (&invitation["To"], &invitation["Code"], &invitation["Message"]),
        (&json!(PERSON), &json!(null), &json!(null))
    );
    let got = app.sandbox.control("GET", &format!("users/{PERSON}/messages")).await["data"][0].clone();
    assert_eq!(got["message_id"], invitation["MessageId"], "{got}");
    let (status, joined) = app.sandbox.join(PERSON, got["invite_link"].as_str().unwrap()).await;
    assert_eq!((status, &joined["group_id"]), (200, &json!(app.first.group_id)), "{joined}");
}

#[actix_web::test]
async fn the_group_is_the_first_variable_and_parameters_the_others() {
    let app = TestApp::start().await;
    let mut request = invitation(&app, &["US.13491208655302741918".to_owned()]);
    request["Parameters"] = json!(["Mara", "17 h"]);
    app.sandbox
        .put(&format!("users/{PERSON}"), json!({"user_id": "US.13491208655302741918", "hide_wa_id": true}))
        .await;
    // The template is unknown, which shows only once the message has come to Meta.
    app.client.call("SendChatGroupInvite", &app.first, request).await.expect(422, "Upstream.Rejected");
    let sent = app.sandbox.last_message().await;
    assert_eq!(
        sent,
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "recipient": "US.13491208655302741918",
            "type": "template",
            "template": {
                "name": "spring_invite",
                "language": {"code": "en"},
                "components": [{"type": "body", "parameters": [
                    {"type": "group_id", "group_id": app.first.group_id},
                    {"type": "text", "text": "Mara"},
                    {"type": "text", "text": "17 h"},
                ]}],
            },
        })
    );
}

#[actix_web::test]
async fn each_recipient_has_a_result_of_its_own() {
    let app = TestApp::start().await;
    app.invite_template().await;
    app.sandbox.fail(json!({"path": "*/messages", "code": 131_026, "count": 2})).await;
    let answer = app.invite(&people(5)).await.expect(200, "PartialSuccess");
    let named: Vec<_> = answer["List"].as_array().unwrap().iter().map(|one| one["To"].as_str().unwrap()).collect();
    assert_eq!(named, people(5), "in the order of `To`");
    assert_eq!(with_status(&answer, "SENT").len(), 3);
    for failed in with_status(&answer, "NOT_SENT") {
        assert_eq!((&failed["Code"], &failed["MessageId"]), (&json!(131_026), &json!(null)), "{failed}");
        assert!(failed["Message"].as_str().unwrap().starts_with("Meta answered: "), "{failed}");
    }
}

#[actix_web::test]
async fn where_nobody_could_be_invited_the_error_has_the_list() {
    let app = TestApp::start().await;
    app.invite_template().await;
    app.sandbox.fail(json!({"path": "*/messages", "code": 131_026, "count": 3})).await;
    let answer = app.invite(&people(3)).await.expect(422, "Upstream.Rejected");
    assert_eq!(with_status(&answer, "NOT_SENT").len(), 3, "{answer}");
    assert_eq!(answer["Upstream"]["Code"], 131_026, "{answer}");
}

#[actix_web::test]
async fn a_cause_that_concerns_the_call_ends_it_with_its_own_code() {
    let app = TestApp::with(&[("GROUPGATE_UPSTREAM_PAUSE", "off")]).await;
    app.invite_template().await;
    for (upstream, status, code) in [
        (190, 424, "Credential.Invalid"),
        (10, 424, "Credential.Forbidden"),
        (131_207, 409, "Group.Suspended"),
        (131_041, 404, "Group.NotFound"),
        (130_429, 429, "Throttling.Upstream"),
        (132_001, 422, "Upstream.Rejected"),
        (131_042, 422, "Upstream.Rejected"),
    ] {
        let before = app.sandbox.count("POST", "/messages").await;
        app.sandbox.fail(json!({"path": "*/messages", "code": upstream, "count": 100})).await;
        let answer = app.invite(&people(40)).await.expect(status, code);
        app.sandbox.calm().await;
        assert_eq!(with_status(&answer, "NOT_SENT").len(), 40, "{answer}");
        let tried = app.sandbox.count("POST", "/messages").await - before;
        assert!(tried <= 8, "{upstream}: {tried} were sent although the first failure concerns them all");
    }
}

#[actix_web::test]
async fn a_persons_own_limit_does_not_stop_the_others() {
    let app = TestApp::start().await;
    app.invite_template().await;
    app.sandbox.fail(json!({"path": "*/messages", "code": 131_056, "count": 1})).await;
    let answer = app.invite(&people(30)).await.expect(200, "PartialSuccess");
    assert_eq!((with_status(&answer, "SENT").len(), with_status(&answer, "NOT_SENT").len()), (29, 1), "{answer}");
}

#[actix_web::test]
async fn invitations_of_one_call_do_not_refuse_each_other_for_the_calls_in_flight() {
    for setting in ["GROUPGATE_RATE_PER_NUMBER", "GROUPGATE_RATE_PER_NUMBER_MESSAGE"] {
        let app = TestApp::with(&[(setting, "off;in-flight=2")]).await;
        app.invite_template().await;
        let answer = app.invite(&people(5)).await.expect(200, "OK");
        assert_eq!(with_status(&answer, "SENT").len(), 5, "{answer}");
    }
}

#[actix_web::test]
async fn an_invitation_whose_answer_was_lost_is_unknown_and_not_said_to_be_unsent() {
    let app = TestApp::start().await;
    app.invite_template().await;
    app.sandbox.fail(json!({"path": "*/messages", "close": "after"})).await;
    let answer = app.invite(&people(2)).await.expect(200, "PartialSuccess");
    let [lost] = with_status(&answer, "UNKNOWN")[..] else { panic!("{answer}") };
    assert_eq!((&lost["MessageId"], &lost["Code"]), (&json!(null), &json!(null)));
    app.sandbox.fail(json!({"path": "*/messages", "close": "after"})).await;
    let answer = app.invite(&people(1)).await.expect(502, "Upstream.Unavailable");
    assert_eq!(answer["RetrySafe"], false);
    assert_eq!(with_status(&answer, "UNKNOWN").len(), 1, "{answer}");
    // The other's refusal does not make it one that may be sent again.
    app.sandbox.fail(json!({"path": "*/messages", "close": "after"})).await;
    app.sandbox.fail(json!({"path": "*/messages", "code": 131_009})).await;
    let answer = app.invite(&people(2)).await.expect(502, "Upstream.Unavailable");
    assert_eq!(answer["RetrySafe"], false);
    assert_eq!((with_status(&answer, "UNKNOWN").len(), with_status(&answer, "NOT_SENT").len()), (1, 1), "{answer}");
}

#[actix_web::test]
async fn the_callers_deadline_ends_the_sending_and_all_that_is_known_is_told() {
    let app = TestApp::start().await;
    app.invite_template().await;
    let body = with_tenant(&app.first, invitation(&app, &people(100))).to_string();
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for is_keyed in [false, true] {
        // The first eight are answered at once, and the eight behind them not within the caller's time.
        let begun_at = Cell::new(app.sandbox.count("POST", "/messages").await);
        let eight_sent = async || app.sandbox.count("POST", "/messages").await.saturating_sub(begun_at.get()) / 16;
        let answer = overtaken(eight_sent, async |time| {
            app.sandbox.calm().await;
            begun_at.set(app.sandbox.count("POST", "/messages").await);
            app.sandbox.fail(json!({"path": "*/messages", "delay_ms": 1, "count": 8})).await;
            app.sandbox.fail(json!({"path": "*/messages", "delay_ms": 60_000, "count": 1000})).await;
            let key = is_keyed.then_some(("idempotency-key", time));
            let headers = headers.into_iter().chain([("x-request-timeout-ms", time)]).chain(key).collect::<Vec<_>>();
            app.client.send("POST", "/v1/SendChatGroupInvite", &headers, body.clone().into_bytes()).await
        });
        let answer = answer.await.expect(200, "PartialSuccess");
        let count = |status| with_status(&answer, status).len();
        let (sent, unknown, not_sent) = (count("SENT"), count("UNKNOWN"), count("NOT_SENT"));
        assert!(sent >= 8 && unknown <= 8 && not_sent > 50, "{sent} sent, {unknown} unknown, {not_sent} not");
        assert_eq!(sent + unknown + not_sent, 100);
    }
}

#[actix_web::test]
async fn the_numbers_limit_counts_each_invitation() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_NUMBER", "1/h;burst=5")]).await;
    app.invite_template().await;
    // The template took one call, looking for the group another.
    let answer = app.invite(&people(10)).await.expect(200, "PartialSuccess");
    assert_eq!(with_status(&answer, "SENT").len(), 3, "{answer}");
    let answer = app.invite(&people(2)).await;
    assert!(answer.header("retry-after").is_some());
    assert_eq!(with_status(&answer.expect(429, "Throttling.Upstream"), "NOT_SENT").len(), 2);
}

#[actix_web::test]
async fn whom_to_invite_is_checked_before_anything_is_sent() {
    let app = TestApp::start().await;
    for (to, begins) in [
        (json!([]), "`To` is required"),
        (json!(people(101)), "`To` is wrong"),
        (json!([PERSON, "+1 (650) 555-0100"]), "`To[1]` is wrong"),
        (json!([PERSON, "nobody"]), "`To[1]` is wrong"),
        (json!(PERSON), "`To` is wrong"),
    ] {
        let mut request = invitation(&app, &[]);
        request["To"] = to;
        let refused = app.client.call("SendChatGroupInvite", &app.first, request).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        let message = refused.body()["Message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(begins), "{message}");
    }
    assert_eq!(app.sandbox.count("POST", "/messages").await, 0);
}
