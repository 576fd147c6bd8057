//! `SendChatappMessage`.

use serde_json::{Value, json};

use crate::support::{Answered, SandboxControl, TestApp};

const PERSON: &str = "16505550100";

impl SandboxControl {
    /// The body of the latest message that was sent to Meta.
    pub(crate) async fn last_message(&self) -> Value {
        let requests = self.requests().await;
        let mut messages =
            requests.iter().rev().filter(|request| request["path"].as_str().unwrap().ends_with("/messages"));
        messages.next().unwrap()["body"].clone()
    }
}

impl TestApp {
    async fn send(&self, parameters: Value) -> Answered {
        let mut request = json!({"CustSpaceId": self.first.cust_space_id, "From": self.first.business_number});
        request.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        self.client.call_as(&self.first.key, "SendChatappMessage", request).await
    }

    /// The first tenant's account gets this template, which has been approved once this returns; its ID.
    pub(crate) async fn make_template(&self, template: &Value) -> String {
        let path = format!("{}/v23.0/{}/message_templates", self.sandbox.url, self.first.waba_id);
        let request = awc::Client::default().post(path).bearer_auth(self.first.graph_token);
        let mut made = request.send_json(template).await.unwrap();
        assert_eq!(made.status(), 200, "{:?}", made.body().await);
        let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        crate::support::eventually("the template is approved", async || {
            let now = self.sandbox.graph(self.first.graph_token, "GET", &id).await;
            (now["status"] == "APPROVED").then_some(())
        })
        .await;
        id
    }
}

fn free_form(to: &Value, message_type: &str, content: &Value) -> Value {
    let mut message = json!({"Type": "message", "MessageType": message_type, "Content": content.to_string()});
    message.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
    message
}

fn to_group(app: &TestApp) -> Value {
    json!({"To": app.first.group_id, "RecipientType": "group"})
}

fn to_person() -> Value {
    json!({"To": "+1 (650) 555-0100"})
}

fn order_update() -> Value {
    json!({
        "name": "order_update",
        "language": "en",
        "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": "Hello {{1}}, come at {{2}} please.", "example": {"body_text": [["Mara", "17 h"]]}},
            {"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Yes"},
                {"type": "QUICK_REPLY", "text": "No"},
            ]},
        ],
    })
}

#[actix_web::test]
async fn a_text_to_a_group_reaches_its_participants() {
    let app = TestApp::start().await;
    let group = app.group_with(&[PERSON]).await;
    let to = json!({"To": group.id, "RecipientType": "group"});
    let sent = app.send(free_form(&to, "text", &json!({"text": "Hello all"}))).await.expect(200, "OK");
    let got = app.sandbox.control("GET", &format!("users/{PERSON}/messages")).await["data"][0].clone();
    assert_eq!((&got["message_id"], &got["group_id"]), (&sent["MessageId"], &json!(group.id)), "{got}");
    assert_eq!(got["content"]["body"], "Hello all");
}

#[actix_web::test]
async fn every_type_comes_to_meta_in_metas_words() {
    let app = TestApp::start().await;
    let link = "https://example.com/a";
    let cases = [
        ("text", json!({"Text": "Hi", "previewUrl": true}), json!({"body": "Hi", "preview_url": true})),
        ("image", json!({"Link": link, "caption": "c"}), json!({"link": link, "caption": "c"})),
        ("video", json!({"link": link}), json!({"link": link})),
        ("audio", json!({"link": link}), json!({"link": link})),
        ("document", json!({"link": link, "FileName": "a.pdf"}), json!({"link": link, "filename": "a.pdf"})),
        ("sticker", json!({"link": link}), json!({"link": link})),
        ("location", json!({"latitude": "1.5", "longitude": 2}), json!({"latitude": 1.5, "longitude": 2.0})),
        (
            "contacts",
            json!({"name": {"formattedName": "Mara Lind", "firstName": "Mara"}}),
            json!([{"name": {"formatted_name": "Mara Lind", "first_name": "Mara"}}]),
        ),
        ("reaction", json!({"messageId": "wamid.X", "emoji": "👍"}), json!({"message_id": "wamid.X", "emoji": "👍"})),
    ];
    for (message_type, content, expected) in cases {
        app.send(free_form(&to_person(), message_type, &content)).await.expect(200, "OK");
        let mut message = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": PERSON, "type": message_type,
        });
        message[message_type] = expected;
        assert_eq!(app.sandbox.last_message().await, message);
    }
}

#[actix_web::test]
async fn a_message_of_a_group_is_pinned_and_let_go() {
    let app = TestApp::start().await;
    let sent = app.send(free_form(&to_group(&app), "text", &json!({"text": "Read this"}))).await.expect(200, "OK");
    let pin = json!({"type": "pin", "messageId": sent["MessageId"], "expirationDays": "7"});
    app.send(free_form(&to_group(&app), "pin", &pin)).await.expect(200, "OK");
    let told = app.sandbox.last_message().await;
    let expected = json!({"type": "pin", "message_id": sent["MessageId"], "expiration_days": 7});
    assert_eq!((&told["recipient_type"], &told["pin"]), (&json!("group"), &expected));
    let unpin = json!({"type": "unpin", "messageId": sent["MessageId"]});
    app.send(free_form(&to_group(&app), "pin", &unpin)).await.expect(200, "OK");
    let expected = json!({"type": "unpin", "message_id": sent["MessageId"]});
    assert_eq!(app.sandbox.last_message().await["pin"], expected);
}

#[actix_web::test]
async fn a_user_who_hides_the_number_is_written_to_by_user_id() {
    let app = TestApp::start().await;
    let user_id = "US.13491208655302741918";
    app.sandbox.put(&format!("users/{PERSON}"), json!({"user_id": user_id, "hide_wa_id": true})).await;
    // Meta delivers free-form messages to those alone who wrote within the last 24 hours.
    let wrote = json!({"phone_number_id": app.first.phone_number_id, "text": "Hello?"});
    assert_eq!(app.sandbox.post(&format!("users/{PERSON}/messages"), wrote).await.0, 200);
    for recipient_type in ["userId", "individual"] {
        let to = json!({"To": user_id, "RecipientType": recipient_type});
        app.send(free_form(&to, "text", &json!({"text": "Hello"}))).await.expect(200, "OK");
        let told = app.sandbox.last_message().await;
        assert_eq!((&told["recipient"], told.get("to")), (&json!(user_id), None), "{told}");
    }
    let got = app.sandbox.control("GET", &format!("users/{PERSON}/messages")).await;
    assert_eq!(got["data"].as_array().unwrap().len(), 2, "{got}");
}

#[actix_web::test]
async fn a_reply_names_its_message_and_the_task_comes_along() {
    let app = TestApp::start().await;
    let first = app.send(free_form(&to_group(&app), "text", &json!({"text": "One"}))).await.expect(200, "OK");
    let mut reply = free_form(&to_group(&app), "text", &json!({"text": "Two"}));
    reply["ContextMessageId"] = first["MessageId"].clone();
    reply["TaskId"] = json!("order-1042");
    app.send(reply).await.expect(200, "OK");
    let told = app.sandbox.last_message().await;
    assert_eq!(told["context"], json!({"message_id": first["MessageId"]}));
    assert_eq!(told["biz_opaque_callback_data"], "order-1042");
}

#[actix_web::test]
async fn a_template_is_filled_in_by_position_with_its_buttons_payloads() {
    let app = TestApp::start().await;
    app.make_template(&order_update()).await;
    let mut request = json!({
        "Type": "template", "TemplateName": "order_update", "Language": "en",
        "TemplateParams": {"2": "17 h", "1": "Mara"}, "Payload": ["yes-1042", "no-1042"],
    });
    request.as_object_mut().unwrap().extend(to_group(&app).as_object().unwrap().clone());
    app.send(request).await.expect(200, "OK");
    let button = |index: &str, payload: &str| {
        let parameters = json!([{"type": "payload", "payload": payload}]);
        json!({"type": "button", "sub_type": "quick_reply", "index": index, "parameters": parameters})
    };
    assert_eq!(
        app.sandbox.last_message().await["template"],
        json!({
            "name": "order_update",
            "language": {"code": "en"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Mara"}, {"type": "text", "text": "17 h"}]},
                button("0", "yes-1042"),
                button("1", "no-1042"),
            ],
        })
    );
}

#[actix_web::test]
async fn a_template_by_its_code_is_looked_up_once_in_the_numbers_own_account() {
    let app = TestApp::start().await;
    let code = app.make_template(&order_update()).await;
    let mut request = json!({
        "To": PERSON, "Type": "template", "TemplateCode": code, "Language": "en",
        "TemplateParams": {"1": "Mara", "2": "17 h"},
    });
    for _ in 0..2 {
        app.send(request.clone()).await.expect(200, "OK");
        assert_eq!(app.sandbox.last_message().await["template"]["name"], "order_update");
    }
    assert_eq!(app.sandbox.count("GET", "/message_templates").await, 1);

    request["CustSpaceId"] = json!(app.second.cust_space_id);
    request["From"] = json!(app.second.business_number);
    // The second tenant's token sees the first one's account at Meta.
    let foreign = app.client.call_as(&app.second.key, "SendChatappMessage", request).await;
    let message = foreign.expect(400, "InvalidParameter")["Message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("`TemplateCode` is wrong"), "{message}");
    assert_eq!(app.sandbox.count("POST", "/messages").await, 2);
}

fn by_code(code: &str) -> Value {
    json!({
        "To": PERSON, "Type": "template", "TemplateCode": code, "Language": "en",
        "TemplateParams": {"1": "Mara", "2": "17 h"},
    })
}

#[actix_web::test]
async fn one_look_at_an_account_tells_of_all_its_templates() {
    let app = TestApp::start().await;
    let mut other = order_update();
    other["name"] = json!("order_delay");
    for template in [order_update(), other] {
        let code = app.make_template(&template).await;
        app.send(by_code("1")).await.expect(400, "InvalidParameter");
        app.send(by_code(&code)).await.expect(200, "OK");
        assert_eq!(app.sandbox.last_message().await["template"]["name"], template["name"]);
    }
    // The first look came before the second template.
    assert_eq!(app.sandbox.count("GET", "/message_templates").await, 2);
}

#[actix_web::test]
async fn a_code_that_no_template_has_is_looked_for_once_by_all_who_name_it() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"method": "GET", "path": "*/message_templates", "delay_ms": 200, "count": 100})).await;
    for answer in futures_util::future::join_all((0..8).map(|_| app.send(by_code("1")))).await {
        answer.expect(400, "InvalidParameter");
    }
    app.send(by_code("1")).await.expect(400, "InvalidParameter");
    assert_eq!(app.sandbox.count("GET", "/message_templates").await, 1);
}

#[actix_web::test]
async fn a_template_that_was_copied_here_is_known_by_its_code() {
    let app = TestApp::start().await;
    let copy = json!({"TemplateName": "spring_invite", "Language": "en", "LibraryTemplateName": "group_invite_link"});
    let made = app.client.call("AddChatGroupInviteTemplate", &app.first, copy).await.expect(200, "OK");
    app.send(by_code(made["TemplateId"].as_str().unwrap())).await;
    assert_eq!(app.sandbox.last_message().await["template"]["name"], "spring_invite");
    assert_eq!(app.sandbox.count("GET", "/message_templates").await, 0);
}

#[actix_web::test]
async fn a_medium_by_metas_id_is_refused_since_it_may_be_anybodys() {
    let app = TestApp::start().await;
    let refused = app.send(free_form(&to_person(), "image", &json!({"id": "1013859600285441"}))).await;
    let message = refused.expect(400, "InvalidParameter")["Message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("`Content.id` cannot be used. A medium is sent by its `link`"), "{message}");
    assert_eq!(app.sandbox.count("POST", "/messages").await, 0);
}

#[actix_web::test]
async fn a_mistake_is_named_and_nothing_is_sent() {
    let app = TestApp::start().await;
    let mut location = free_form(&to_group(&app), "location", &json!({"latitude": 1, "longitude": 1}));
    location["To"] = json!(app.first.group_id);
    for (request, status, code, begins) in [
        (
            free_form(&to_person(), "image", &json!({"link": "file:///etc/passwd"})),
            400,
            "InvalidParameter",
            "`Content.link`",
        ),
        (free_form(&to_person(), "text", &json!({})), 400, "MissingParameter", "`Content.text`"),
        (location, 400, "InvalidParameter", "`MessageType`"),
        (free_form(&json!({"To": "nobody"}), "text", &json!({"text": "a"})), 400, "InvalidParameter", "`To`"),
        (json!({"To": PERSON, "Type": "template"}), 400, "MissingParameter", "`TemplateName`"),
        (
            json!({"To": PERSON, "Type": "message", "BusinessNumber": "15550000001"}),
            400,
            "InvalidParameter",
            "`BusinessNumber`",
        ),
    ] {
        let answer = app.send(request).await.expect(status, code);
        let message = answer["Message"].as_str().unwrap();
        assert!(message.starts_with(begins), "{message}");
    }
    assert_eq!(app.sandbox.count("POST", "/messages").await, 0);
}

#[actix_web::test]
async fn metas_refusals_have_their_codes() {
    let app = TestApp::start().await;
    for (upstream, status, code) in [
        (131_047, 422, "Upstream.Rejected"),
        (131_020, 422, "Upstream.Rejected"),
        (131_041, 404, "Group.NotFound"),
        (131_207, 409, "Group.Suspended"),
        (131_056, 429, "Throttling.Upstream"),
        (190, 424, "Credential.Invalid"),
        (131_005, 424, "Credential.Forbidden"),
        (131_016, 502, "Upstream.Unavailable"),
    ] {
        app.sandbox.fail(json!({"path": "*/messages", "code": upstream})).await;
        let refused = app.send(free_form(&to_group(&app), "text", &json!({"text": "Hello"}))).await;
        assert_eq!(refused.expect(status, code)["Upstream"]["Code"], upstream);
    }
}

#[actix_web::test]
async fn a_message_whose_answer_was_lost_is_not_sent_again() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"path": "*/messages", "close": "after"})).await;
    let lost = app.send(free_form(&to_group(&app), "text", &json!({"text": "Once"}))).await;
    assert_eq!(lost.expect(502, "Upstream.Unavailable")["RetrySafe"], false);
    app.sandbox.fail(json!({"path": "*/messages", "http_status": 200, "body": {"messages": []}})).await;
    let odd = app.send(free_form(&to_group(&app), "text", &json!({"text": "Once"}))).await;
    assert_eq!(odd.expect(502, "Upstream.Unavailable")["RetrySafe"], false);
    assert_eq!(app.sandbox.count("POST", "/messages").await, 2);
}

#[actix_web::test]
async fn a_content_of_the_largest_body_is_refused_and_does_no_harm() {
    let app = TestApp::start().await;
    for content in ["[".repeat(120_000), r#"{"text":"#.repeat(20_000), json!({"text": "x".repeat(200_000)}).to_string()]
    {
        let mut request = free_form(&to_person(), "text", &json!({}));
        request["Content"] = json!(content);
        let refused = app.send(request).await;
        assert!(refused.text.len() < 1000, "{}", refused.text.len());
        refused.expect(400, "InvalidParameter");
    }
    app.send(free_form(&to_person(), "text", &json!({"text": "still here"}))).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_message_is_sent_once_under_its_idempotency_key() {
    let app = TestApp::start().await;
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "order-1042")];
    let mut request = free_form(&to_group(&app), "text", &json!({"text": "Once"}));
    request["CustSpaceId"] = json!(app.first.cust_space_id);
    request["From"] = json!(app.first.business_number);
    let send = || app.client.send("POST", "/v1/SendChatappMessage", &headers, request.to_string().into_bytes());
    let (first, second) = (send().await, send().await);
    assert_eq!((first.status, &first.text), (200, &second.text), "{}", first.text);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(app.sandbox.count("POST", "/messages").await, 1);
}
