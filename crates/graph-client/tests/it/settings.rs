//! Changing a group's settings: JSON without a picture, a form with one.

use graph_client::NewSettings;
use graph_client::webhooks::GroupEvent;
use serde_json::{Value, json};

use crate::support::{Graph, Request, call, group, token};

async fn sent(settings: NewSettings<'_>) -> Request {
    let graph = Graph::answering(200, "{}").await;
    graph.client().update_group(call(&token()), &group(), &settings).await.unwrap();
    let request = graph.request();
    assert_eq!(request.method, "POST");
    assert!(request.target.starts_with("/v23.0/Y2FwaV9ncm91cDox?"), "{}", request.target);
    request
}

#[actix_rt::test]
async fn texts_alone_are_sent_as_json() {
    for (settings, expected) in [
        (NewSettings { subject: Some("S ü"), ..NewSettings::default() }, json!({"subject": "S ü"})),
        (NewSettings { description: Some(""), ..NewSettings::default() }, json!({"description": ""})),
        (
            NewSettings { subject: Some("S"), description: Some("D"), picture: None },
            json!({"subject": "S", "description": "D"}),
        ),
    ] {
        let request = sent(settings).await;
        assert_eq!(request.header("content-type"), Some("application/json"));
        let mut body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body.as_object_mut().unwrap().remove("messaging_product"), Some(json!("whatsapp")));
        assert_eq!(body, expected);
    }
}

#[actix_rt::test]
async fn a_picture_is_sent_as_the_part_file_of_a_form() {
    let picture = b"not really\r\na JPEG\r\n--";
    let settings = NewSettings { subject: Some("S \"ü\""), description: Some("a\r\nb"), picture: Some(picture) };
    let request = sent(settings).await;
    let content_type = request.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let part = |head: &str, content: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    };
    let expected = [
        part("name=\"messaging_product\"", "whatsapp"),
        part("name=\"subject\"", "S \"ü\""),
        part("name=\"description\"", "a\r\nb"),
        part("name=\"file\"; filename=\"picture.jpg\"\r\nContent-Type: image/jpeg", "not really\r\na JPEG\r\n--"),
        format!("--{boundary}--\r\n"),
    ];
    assert_eq!(request.body, expected.concat());
}

#[actix_rt::test]
async fn a_picture_of_5_mb_arrives_whole() {
    let picture = "0123456789abcdef".repeat(5 * 1024 * 1024 / 16);
    let request = sent(NewSettings { picture: Some(picture.as_bytes()), ..NewSettings::default() }).await;
    let begin = request.body.find("image/jpeg\r\n\r\n").unwrap() + "image/jpeg\r\n\r\n".len();
    assert!(request.body[begin..].starts_with(&picture));
    assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
}

#[actix_rt::test]
async fn an_answer_that_tells_the_outcome_is_read_as_the_webhook_would_be() {
    let body = r#"{"request_id":"R","group_subject":{"text":"S","update_successful":true},
        "group_description":{"text":"D","update_successful":false,"errors":[{"code":131000}]}}"#;
    let graph = Graph::answering(206, body).await;
    let settings = NewSettings { subject: Some("S"), ..NewSettings::default() };
    let accepted = graph.client().update_group(call(&token()), &group(), &settings).await.unwrap().body;
    assert_eq!(accepted.request_id.as_deref(), Some("R"));
    let Some(GroupEvent::SettingsUpdated(told)) = accepted.told else { panic!("{accepted:?}") };
    assert!(told.subject.unwrap().update_successful && !told.description.unwrap().update_successful);
    assert_eq!(told.profile_picture, None);
    let graph = Graph::answering(200, r#"{"request_id":"R"}"#).await;
    let accepted = graph.client().update_group(call(&token()), &group(), &settings).await.unwrap().body;
    assert_eq!((accepted.request_id.as_deref(), accepted.told), (Some("R"), None));
}
