//! Template messages, held against the template that the account has.

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_GROUP_ID_2, DEMO_SPARE_GROUP_ID_1};
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSandbox, code, whatsapp};

const USER: &str = "16505557777";

/// Makes a template that may be sent at once; its ID.
async fn made(sandbox: &TestSandbox, template: Value) -> String {
    let (status, answer) = sandbox.graph(Method::POST, "200000000000001/message_templates", template).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["id"].as_str().unwrap().to_owned();
    approve(sandbox, &id, "APPROVED").await;
    id
}

async fn approve(sandbox: &TestSandbox, id: &str, status: &str) {
    let path = format!("templates/{id}");
    assert_eq!(sandbox.control(Method::PUT, &path, json!({ "status": status })).await.0, 200);
}

/// A copy of the library's invitation with a purpose, in English.
async fn invitation(sandbox: &TestSandbox) -> String {
    let of = "group_invite_link_with_purpose";
    let copy = json!({ "name": "join_us", "language": "en", "category": "UTILITY", "library_template_name": of });
    made(sandbox, copy).await
}

/// Sends a template in English with this body.
async fn send(sandbox: &TestSandbox, name: &str, parameters: Value) -> Reply {
    let components = json!([{ "type": "body", "parameters": parameters }]);
    send_with(sandbox, USER, name, "en", components).await
}

async fn send_with(sandbox: &TestSandbox, to: &str, name: &str, language: &str, components: Value) -> Reply {
    let template = json!({ "name": name, "language": { "code": language }, "components": components });
    let body = whatsapp(json!({ "to": to, "type": "template", "template": template }));
    sandbox.graph(Method::POST, "100000000000001/messages", body).await
}

fn invites_to(group: &str) -> Value {
    json!([{ "type": "group_id", "group_id": group }, { "type": "text", "text": "boats" }])
}

#[actix_web::test]
async fn an_invited_user_gets_the_link_and_joins_by_it() {
    let sandbox = TestSandbox::start().await;
    invitation(&sandbox).await;
    let (status, answer) = send(&sandbox, "join_us", invites_to(DEMO_SPARE_GROUP_ID_1)).await;
    assert_eq!(status, 200, "{answer}");
    let (_, phone) = sandbox.control(Method::GET, &format!("users/{USER}/messages"), Value::Null).await;
    let message = &phone["data"][0];
    assert_eq!(message["message_id"], answer["messages"][0]["id"]);
    let link = message["invite_link"].as_str().unwrap();
    assert!(message["text"].as_str().unwrap().contains(link) && message["text"].as_str().unwrap().contains("boats"));
    let (status, joined) = sandbox.join(USER, link).await;
    assert_eq!((status, &joined["group_id"]), (200, &json!(DEMO_SPARE_GROUP_ID_1)));
}

#[actix_web::test]
async fn the_groups_parameter_stands_only_where_the_template_has_it_and_names_an_own_group() {
    let sandbox = TestSandbox::start().await;
    invitation(&sandbox).await;
    let text = |text: &str| json!({ "type": "text", "text": text });
    let group = |id: &str| json!({ "type": "group_id", "group_id": id });
    let cases = [
        (json!([text("x"), text("y")]), 400, 132_012, "a text for the link"),
        (json!([group(DEMO_GROUP_ID_1), group(DEMO_GROUP_ID_1)]), 400, 132_012, "a link for the text"),
        (json!([group(DEMO_GROUP_ID_2), text("y")]), 400, 131_041, "another's group"),
        (json!([group("nothing"), text("y")]), 400, 131_041, "no group"),
        (json!([group(DEMO_GROUP_ID_1)]), 400, 132_000, "one too few"),
        (json!([group(DEMO_GROUP_ID_1), text("")]), 400, 100, "an empty text"),
    ];
    for (parameters, status, expected, why) in cases {
        assert_eq!(code(&send(&sandbox, "join_us", parameters).await), (status, expected), "{why}");
    }
    let unlink = format!("{DEMO_GROUP_ID_1}/invite_link");
    sandbox.graph(Method::DELETE, &unlink, whatsapp(json!({}))).await;
    let reply = send(&sandbox, "join_us", invites_to(DEMO_GROUP_ID_1)).await;
    assert_eq!(code(&reply), (400, 131_009), "a group without a link");
}

#[actix_web::test]
async fn only_an_approved_template_of_the_language_is_sent() {
    let sandbox = TestSandbox::start().await;
    let id = invitation(&sandbox).await;
    assert_eq!(code(&send(&sandbox, "nothing", json!([])).await), (404, 132_001));
    let components = json!([{ "type": "body", "parameters": invites_to(DEMO_GROUP_ID_1) }]);
    let reply = send_with(&sandbox, USER, "join_us", "es", components).await;
    assert_eq!(code(&reply), (404, 132_001), "another language");
    let cases =
        [("PENDING", 404, 132_001), ("REJECTED", 404, 132_001), ("PAUSED", 400, 132_015), ("DISABLED", 400, 132_016)];
    for (status, http, expected) in cases {
        approve(&sandbox, &id, status).await;
        let reply = send(&sandbox, "join_us", invites_to(DEMO_GROUP_ID_1)).await;
        assert_eq!(code(&reply), (http, expected), "{status}");
    }
    let nobody = sandbox.control(Method::PUT, "templates/1", json!({ "status": "PAUSED" })).await;
    assert_eq!(nobody.0, 404);
}

#[actix_web::test]
async fn named_variables_are_filled_by_name() {
    let sandbox = TestSandbox::start().await;
    let examples = json!([{ "param_name": "day", "example": "Monday" }, { "param_name": "place", "example": "us" }]);
    let body = json!({ "type": "BODY", "text": "On {{day}} at {{place}}.", "example": { "body_text_named_params": examples } });
    let template = json!({ "name": "visit", "language": "en", "category": "UTILITY", "components": [body] });
    made(&sandbox, template).await;
    let named = |name: &str, text: &str| json!({ "type": "text", "parameter_name": name, "text": text });
    let (status, answer) = send(&sandbox, "visit", json!([named("place", "home"), named("day", "Friday")])).await;
    assert_eq!(status, 200, "{answer}");
    let (_, phone) = sandbox.control(Method::GET, &format!("users/{USER}/messages"), Value::Null).await;
    assert_eq!(phone["data"][0]["text"], "On Friday at home.");
    let bare = json!([{ "type": "text", "text": "home" }, { "type": "text", "text": "Friday" }]);
    assert_eq!(code(&send(&sandbox, "visit", bare).await), (400, 100));
}

#[actix_web::test]
async fn headers_and_buttons_have_parameters_of_their_own() {
    let sandbox = TestSandbox::start().await;
    let button = json!({ "type": "URL", "text": "See", "url": "https://example.com/{{1}}" });
    let template = json!({ "name": "offer", "language": "en", "category": "MARKETING", "components": [
        { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["4::aW"] } },
        { "type": "BODY", "text": "Have a look." },
        { "type": "BUTTONS", "buttons": [button] },
    ] });
    made(&sandbox, template).await;
    let image = json!({ "type": "header", "parameters": [{ "type": "image", "image": { "link": "https://example.com/a.jpg" } }] });
    let words = json!({ "type": "header", "parameters": [{ "type": "text", "text": "x" }] });
    let end =
        json!({ "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "7" }] });
    let sent = async |components: Value| code(&send_with(&sandbox, USER, "offer", "en", components).await);
    assert_eq!(sent(json!([image, end])).await.0, 200);
    assert_eq!(sent(json!([end])).await, (400, 132_000), "no picture");
    assert_eq!(sent(json!([words, end])).await, (400, 132_012), "words in place of the picture");
    assert_eq!(sent(json!([image])).await, (400, 131_008), "no end of the address");
}

#[actix_web::test]
async fn codes_go_to_phone_numbers_only_and_templates_reach_groups() {
    let sandbox = TestSandbox::start().await;
    let body = json!({ "type": "BODY", "text": "Your code is {{1}}, keep it.", "example": { "body_text": [["1"]] } });
    for (name, category) in [("code", "AUTHENTICATION"), ("news", "MARKETING")] {
        let template = json!({ "name": name, "language": "en", "category": category, "components": [body] });
        made(&sandbox, template).await;
    }
    let (_, user) = sandbox.control(Method::PUT, &format!("users/{USER}"), json!({})).await;
    let template = |name: &str| {
        let components = json!([{ "type": "body", "parameters": [{ "type": "text", "text": "7" }] }]);
        json!({ "name": name, "language": { "code": "en" }, "components": components })
    };
    let send = async |to: Value, name: &str| {
        let mut body = whatsapp(json!({ "type": "template", "template": template(name) }));
        body.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        sandbox.graph(Method::POST, "100000000000001/messages", body).await
    };
    let by_id = json!({ "recipient": user["user_id"] });
    let group = json!({ "recipient_type": "group", "to": DEMO_GROUP_ID_1 });
    assert_eq!(send(json!({ "to": USER }), "code").await.0, 200);
    assert_eq!(code(&send(by_id.clone(), "code").await), (400, 131_062));
    assert_eq!(send(by_id, "news").await.0, 200);
    assert_eq!(code(&send(group.clone(), "code").await), (400, 131_051));
    assert_eq!(send(group, "news").await.0, 200);
}
