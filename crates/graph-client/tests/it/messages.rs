//! Messages and templates: what leaves, and what is read from the answers.

use graph_client::{
    Acted, ButtonType, GraphError, Location, Media, MediaSource, MessageContent, OutgoingMessage, Pin, Reaction,
    Recipient, TemplateComponent, TemplateCopy, TemplateMessage, TemplateParameter, Text, WabaId,
};
use serde_json::{Value, json};

use crate::support::{Graph, Reply, call, group, number, response, token};

fn waba() -> WabaId {
    "102290129340398".try_into().unwrap()
}

/// The body that Meta gets, for this content to this recipient.
async fn sent(to: Recipient<'_>, content: MessageContent<'_>) -> Value {
    let graph = Graph::answering(200, r#"{"messages":[{"id":"wamid.A"}]}"#).await;
    let message = OutgoingMessage { to, content: &content, in_reply_to: None, callback_data: None };
    let accepted = graph.client().send_message(call(&token()), &number(), &message).await.unwrap();
    assert_eq!(accepted.body.message_id, "wamid.A");
    let request = graph.request();
    assert!(request.target.starts_with("/v23.0/106540352242922/messages?appsecret_proof="), "{}", request.target);
    serde_json::from_str(&request.body).unwrap()
}

fn text(body: &str) -> MessageContent<'_> {
    MessageContent::Text(Text { body, preview_url: None })
}

#[actix_rt::test]
async fn a_group_a_number_and_a_user_id_are_each_named_as_meta_wants_it() {
    let to_group = sent(Recipient::Group(&group()), text("Hi")).await;
    let of_group = json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": "Y2FwaV9ncm91cDox",
                          "type": "text", "text": {"body": "Hi"}});
    assert_eq!(to_group, of_group);
    let to_number = sent(Recipient::Number("16505551234"), text("Hi")).await;
    assert_eq!((&to_number["recipient_type"], &to_number["to"]), (&json!("individual"), &json!("16505551234")));
    let to_user = sent(Recipient::User("US.13491208655302741918"), text("Hi")).await;
    assert_eq!((&to_user["recipient"], to_user.get("to")), (&json!("US.13491208655302741918"), None));
}

#[actix_rt::test]
async fn each_type_has_its_member_in_metas_form() {
    let media = Media { source: MediaSource::Link("https://h/a"), caption: Some("c"), filename: Some("a.pdf") };
    let bare = Media { source: MediaSource::Id("17"), caption: None, filename: None };
    let place = Location { latitude: 37.4847, longitude: -122.1486, name: Some("HQ"), address: None };
    let (message_id, expiration_days) = ("wamid.X", 30);
    for (content, member, expected) in [
        (
            MessageContent::Text(Text { body: "a", preview_url: Some(true) }),
            "text",
            json!({"body": "a", "preview_url": true}),
        ),
        (MessageContent::Image(bare), "image", json!({"id": "17"})),
        (MessageContent::Video(bare), "video", json!({"id": "17"})),
        (MessageContent::Audio(bare), "audio", json!({"id": "17"})),
        (MessageContent::Sticker(bare), "sticker", json!({"id": "17"})),
        (
            MessageContent::Document(media),
            "document",
            json!({"link": "https://h/a", "caption": "c", "filename": "a.pdf"}),
        ),
        (
            MessageContent::Location(place),
            "location",
            json!({"latitude": 37.4847, "longitude": -122.1486, "name": "HQ"}),
        ),
        (MessageContent::Contacts(vec![json!({"name": {}})]), "contacts", json!([{"name": {}}])),
        (
            MessageContent::Reaction(Reaction { message_id, emoji: "" }),
            "reaction",
            json!({"message_id": "wamid.X", "emoji": ""}),
        ),
        (
            MessageContent::Pin(Pin::Pin { message_id, expiration_days }),
            "pin",
            json!({"type": "pin", "message_id": "wamid.X", "expiration_days": 30}),
        ),
        (MessageContent::Pin(Pin::Unpin { message_id }), "pin", json!({"type": "unpin", "message_id": "wamid.X"})),
    ] {
        let body = sent(Recipient::Group(&group()), content).await;
        assert_eq!((&body["type"], &body[member]), (&json!(member), &expected));
        assert_eq!(body.as_object().unwrap().len(), 5, "{body}");
    }
}

#[actix_rt::test]
async fn a_template_has_its_language_in_an_object_and_its_parameters_typed() {
    let (group, named) = (group(), Some("first_name"));
    let template = TemplateMessage {
        name: "invite",
        language: "en_US",
        components: vec![
            TemplateComponent::Body {
                parameters: vec![
                    TemplateParameter::GroupId { group_id: &group },
                    TemplateParameter::Text { parameter_name: None, text: "17 h" },
                    TemplateParameter::Text { parameter_name: named, text: "Mara" },
                ],
            },
            TemplateComponent::Button {
                sub_type: ButtonType::QuickReply,
                index: "0".to_owned(),
                parameters: [TemplateParameter::Payload { payload: "yes" }],
            },
        ],
    };
    let body = sent(Recipient::Number("16505551234"), MessageContent::Template(template)).await;
    assert_eq!(
        body["template"],
        json!({
            "name": "invite",
            "language": {"code": "en_US"},
            "components": [
                {"type": "body", "parameters": [
                    {"type": "group_id", "group_id": "Y2FwaV9ncm91cDox"},
                    {"type": "text", "text": "17 h"},
                    {"type": "text", "parameter_name": "first_name", "text": "Mara"},
                ]},
                {"type": "button", "sub_type": "quick_reply", "index": "0",
                 "parameters": [{"type": "payload", "payload": "yes"}]},
            ],
        })
    );
}

#[actix_rt::test]
async fn a_reply_and_what_comes_back_with_statuses_stand_beside_the_content() {
    let graph = Graph::answering(200, r#"{"messages":[{"id":"wamid.A"}]}"#).await;
    let content = text("Hi");
    let to = Recipient::Number("16505551234");
    let message =
        OutgoingMessage { to, content: &content, in_reply_to: Some("wamid.Q"), callback_data: Some("order-1042") };
    graph.client().send_message(call(&token()), &number(), &message).await.unwrap();
    let body: Value = serde_json::from_str(&graph.request().body).unwrap();
    assert_eq!(body["context"], json!({"message_id": "wamid.Q"}));
    assert_eq!(body["biz_opaque_callback_data"], "order-1042");
}

#[actix_rt::test]
async fn an_answer_without_a_messages_id_leaves_open_whether_it_was_sent() {
    for body in ["{}", r#"{"messages":[]}"#, r#"{"messages":[{}]}"#, r#"{"success":true}"#, "[]", "<html>"] {
        let graph = Graph::answering(200, body).await;
        let content = text("Hi");
        let to = Recipient::Number("16505551234");
        let message = OutgoingMessage { to, content: &content, in_reply_to: None, callback_data: None };
        let error = graph.client().send_message(call(&token()), &number(), &message).await.unwrap_err();
        assert!(matches!(error, GraphError::Unreadable { .. }), "{body}: {error}");
        assert_eq!(error.acted(), Acted::Unknown, "{body}");
    }
}

#[actix_rt::test]
async fn templates_are_listed_page_by_page() {
    let first = json!({
        "data": [{"id": "1", "name": "a", "language": "en", "status": "APPROVED", "category": "UTILITY",
                  "library_template_name": "group_invite_link",
                  "components": [{"type": "BODY", "text": "Join {{1}}"}]}],
        "paging": {"cursors": {"before": "B", "after": "A&1"}, "next": "https://graph.facebook.com/next"},
    });
    let last = r#"{"data":[{"id":17}],"paging":{"cursors":{"after":"Z"}}}"#;
    let replies = [first.to_string().as_str(), last].map(|body| Reply::Whole(response(200, &[], body)));
    let graph = Graph::with(replies.to_vec()).await;
    let (client, token) = (graph.client(), token());
    let page = client.list_templates(call(&token), &waba(), Some("en"), None).await.unwrap().body;
    let template = &page.templates[0];
    assert_eq!((template.body(), template.name.as_deref()), (Some("Join {{1}}"), Some("a")));
    assert_eq!(page.after.as_deref(), Some("A&1"));
    let page = client.list_templates(call(&token), &waba(), None, page.after.as_deref()).await.unwrap().body;
    assert_eq!((page.templates[0].id.as_deref(), page.after), (Some("17"), None), "an ID may be a number");
    let fields = "fields=id%2Cname%2Clanguage%2Cstatus%2Ccategory%2Ccomponents%2Clibrary_template_name";
    for (request, query) in graph.requests().iter().zip(["&language=en&limit=100&", "&limit=100&after=A%261&"]) {
        let expected = format!("/v23.0/102290129340398/message_templates?{fields}{query}");
        assert!(request.target.starts_with(&expected), "{}", request.target);
    }
}

#[actix_rt::test]
async fn the_library_is_asked_for_invitations_alone() {
    let entry = json!({"name": "group_invite_link", "language": "en", "category": "UTILITY", "topic": "GROUP_INVITE_LINK",
                       "body": "Join {{1}}", "body_params": ["L"], "body_param_types": ["GROUP_ID"], "buttons": [], "id": "7"});
    let graph = Graph::answering(200, &json!({"data": [entry, {}]}).to_string()).await;
    let page = graph.client().list_invite_library(call(&token()), Some("en"), None).await.unwrap().body;
    assert_eq!(page.templates[0].body_param_types, ["GROUP_ID"]);
    assert_eq!((page.templates.len(), &page.templates[1].name), (2, &None), "what is absent is no reason to fail");
    let expected =
        "/v23.0/message_template_library?category=utility&topic=group_invite_link&language=en&appsecret_proof=";
    assert!(graph.request().target.starts_with(expected), "{}", graph.request().target);
}

#[actix_rt::test]
async fn a_copy_is_made_as_a_utility() {
    let graph = Graph::answering(200, r#"{"id":"594425479261596","status":"APPROVED","category":"UTILITY"}"#).await;
    let copy = TemplateCopy { name: "our_invite", language: "en", library_template_name: "group_invite_link" };
    let made = graph.client().copy_template(call(&token()), &waba(), &copy).await.unwrap().body;
    assert_eq!((made.id.as_str(), made.status.as_deref()), ("594425479261596", Some("APPROVED")));
    let body: Value = serde_json::from_str(&graph.request().body).unwrap();
    let expected = json!({"name": "our_invite", "language": "en", "category": "UTILITY",
                          "library_template_name": "group_invite_link"});
    assert_eq!(body, expected);
}
