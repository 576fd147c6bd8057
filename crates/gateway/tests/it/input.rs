//! Wrong input of every kind, on every operation: each gives its code, and nothing gives a 500.

use cams_api::Operation;
use gateway::operations::{Context, OperationError, OperationVisitor, each_operation};
use serde_json::{Value, json};

use crate::support::{Answered, TestApp};

/// Every operation with its example, which names the demo's tenant, as the tests' first is.
struct Examples(Vec<(&'static str, Value)>);

impl OperationVisitor for Examples {
    fn visit<O: Operation>(
        &mut self,
        _: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        self.0.push((O::NAME, O::example()));
    }
}

fn examples() -> Vec<(&'static str, Value)> {
    let mut examples = Examples(Vec::new());
    each_operation(&mut examples);
    examples.0
}

async fn send(app: &TestApp, operation: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answered {
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let mut all = vec![("authorization", bearer.as_str())];
    all.extend_from_slice(headers);
    app.client.send("POST", &format!("/v1/{operation}"), &all, body.into()).await
}

#[actix_web::test]
async fn every_parameter_of_every_operation_is_held_to_its_rule() {
    let app = TestApp::start().await;
    let wrong: Vec<Value> = vec![
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("x".repeat(100_000)),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(true),
        json!([]),
        json!([1]),
        json!({}),
        json!({"a": {"b": []}}),
        json!("'; drop table tenants; --"),
        json!("../../etc/passwd"),
        json!("\u{202e}\u{fffd}"),
        Value::Null,
    ];
    for (operation, example) in examples() {
        for parameter in example.as_object().unwrap().keys() {
            for value in &wrong {
                let mut body = example.clone();
                body[parameter] = value.clone();
                let answer = app.client.call_as(&app.first.key, operation, body).await;
                assert!(answer.status < 500, "{operation} {parameter}={value:.60}: {}", answer.text);
                assert!(answer.body()["RequestId"].is_string(), "{}", answer.text);
                if answer.code() == "MissingParameter" || answer.code() == "InvalidParameter" {
                    assert_eq!(answer.status, 400);
                    let message = answer.body()["Message"].as_str().unwrap().to_owned();
                    assert!(message.contains(parameter.as_str()), "{message}");
                    assert!(message.len() < 600, "{message}");
                }
            }
        }
    }
}

/// The parameters that the document says an operation needs.
fn required(document: &Value, operation: &str) -> Vec<String> {
    let required = document["components"]["schemas"][operation]["required"].as_array().unwrap();
    required.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn what_every_operation_needs_is_asked_for() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_KEY", "off"), ("GROUPGATE_RATE_PER_TENANT", "off")]).await;
    let document: Value = serde_json::from_str(&gateway::openapi::document_json().unwrap()).unwrap();
    for (operation, example) in examples() {
        for parameter in required(&document, operation) {
            let mut body = example.clone();
            body.as_object_mut().unwrap().remove(&parameter).unwrap();
            let answer = app.client.call_as(&app.first.key, operation, body).await.expect(400, "MissingParameter");
            assert!(answer["Message"].as_str().unwrap().contains(&parameter), "{answer}");
        }
        let mut body = example.clone();
        body["Colour"] = json!("red");
        let answer = app.client.call_as(&app.first.key, operation, body).await.expect(400, "InvalidParameter");
        assert!(answer["Message"].as_str().unwrap().contains("Colour"), "{answer}");
    }
}

#[actix_web::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_KEY", "off")]).await;
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b"\"a\"",
        b"{\"a\": \"\xff\xfe\"}",
        b"\xef\xbb\xbf{}",
        b"{\"a\": 1}{\"b\": 2}",
    ];
    for (operation, _) in examples() {
        for body in bodies {
            send(&app, operation, &[("content-type", "application/json")], body).await.expect(400, "InvalidParameter");
        }
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        send(&app, operation, &[], deep).await.expect(400, "InvalidParameter");
    }
}

#[actix_web::test]
async fn a_parameter_that_is_sent_twice_is_refused_by_name_wherever_it_stands() {
    let app = TestApp::start().await;
    let common = r#""CustSpaceId": "cams-demo1", "BusinessNumber": "15550000001""#;
    for (operation, own, named) in [
        ("GetChatGroup", r#""GroupId": "A", "GroupId": "A""#, "`GroupId` was sent twice"),
        ("GetChatGroup", r#""GroupId": "A", "\u0047roupId": "B""#, "`GroupId` was sent twice"),
        ("ListChatGroup", r#""Page": {"Index": 1, "Size": 1, "Size": 100}"#, "`Page.Size` was sent twice"),
        (
            "ListChatGroup",
            r#""Page": {"Index": 1, "Size": 1}, "List": [{"A": 1, "A": 2}]"#,
            "`List[0].A` was sent twice",
        ),
        ("GetChatGroup", r#""GroupId": "A", "CustSpaceId": "cams-demo2""#, "`CustSpaceId` was sent twice"),
    ] {
        let answer = send(&app, operation, &[], format!("{{{common}, {own}}}")).await.expect(400, "InvalidParameter");
        assert!(answer["Message"].as_str().unwrap().contains(named), "{answer}");
    }
}

#[actix_web::test]
async fn a_parameter_in_the_url_is_refused_by_name() {
    let app = TestApp::start().await;
    let (operation, request) = examples().into_iter().find(|(name, _)| *name == "ListChatGroup").unwrap();
    for (query, name) in [("Nope=1", "Nope"), ("CustSpaceId=cams-demo1&Nope=1", "CustSpaceId")] {
        let answer = send(&app, &format!("{operation}?{query}"), &[], request.to_string()).await;
        let refused = answer.expect(400, "InvalidParameter");
        let told = refused["Message"].as_str().unwrap();
        assert!(told.starts_with(&format!("`{name}` is not a parameter")) && told.contains("in the body"), "{told}");
    }
    send(&app, &format!("{operation}?"), &[], request.to_string()).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_body_of_another_type_is_refused_by_name() {
    let app = TestApp::start().await;
    for sort in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "", "json"] {
        let answer = send(&app, "GetChatGroup", &[("content-type", sort)], "{}").await;
        let answer = answer.expect(415, "UnsupportedMediaType");
        assert!(answer["Message"].as_str().unwrap().contains("application/json"), "{answer}");
    }
    let (_, example) = examples().remove(0);
    for sort in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        send(&app, examples()[0].0, &[("content-type", sort)], example.to_string()).await.expect(200, "OK");
    }
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused_and_its_sender_hears_it() {
    let app = TestApp::start().await;
    for size in [256 * 1024 + 1, 10 * 1024 * 1024] {
        let body = format!("{{\"Subject\": \"{}\"}}", "x".repeat(size));
        send(&app, "AddChatGroup", &[], body).await.expect(413, "RequestTooLarge");
    }
    let body = format!("{{\"Subject\": \"{}\"}}", "x".repeat(200 * 1024));
    send(&app, "AddChatGroup", &[], body).await.expect(400, "InvalidParameter");
}

#[actix_web::test]
async fn what_is_not_there_is_told_in_the_envelope() {
    let app = TestApp::start().await;
    let at = async |method: &str, path: &str| app.client.send(method, path, &[], Vec::new()).await;
    at("POST", "/v1/NoSuchOperation").await.expect(404, "InvalidAction.NotFound");
    at("POST", "/v1/addchatgroup").await.expect(404, "InvalidAction.NotFound");
    for path in ["/v2/GetChatGroup", "/v1/GetChatGroup/x", "/%00", "/v1/../v1", "//", "/favicon.ico"] {
        at("GET", path).await.expect(404, "NotFound");
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = at(method, "/v1/GetChatGroup").await;
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
        answer.expect(405, "MethodNotAllowed");
    }
    assert_eq!(at("DELETE", "/webhooks/graph").await.header("allow"), Some("GET, POST"));
}

#[actix_web::test]
async fn what_is_only_read_is_read_with_get_and_head_and_refused_otherwise_in_the_envelope() {
    let app = TestApp::start().await;
    let at = async |method: &str, path: &str| app.client.send(method, path, &[], Vec::new()).await;
    for path in ["/openapi.json", "/docs/", "/docs/index.html", "/docs", "/health/live", "/.well-known/jwks.json"] {
        let (got, head) = (at("GET", path).await, at("HEAD", path).await);
        assert_eq!((head.status, head.text.as_str()), (got.status, ""), "{path}");
        assert_eq!(head.header("content-type"), got.header("content-type"), "{path}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = at(method, path).await;
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method} {path}");
            answer.expect(405, "MethodNotAllowed");
        }
    }
}

#[actix_web::test]
async fn the_channel_is_whatsapp_in_any_case_and_no_other() {
    let app = TestApp::start().await;
    for (channel, right) in
        [("WHATSAPP", true), ("whatsapp", true), ("WhatsApp", true), ("TELEGRAM", false), ("sms", false)]
    {
        let parameters = json!({"GroupId": app.first.group_id, "ChannelType": channel});
        let answer = app.client.call("GetChatGroup", &app.first, parameters).await;
        assert_eq!(answer.status == 200, right, "{channel}: {}", answer.text);
    }
}

#[actix_web::test]
async fn a_number_is_understood_in_every_usual_spelling() {
    let app = TestApp::start().await;
    for number in ["15550000001", "+15550000001", "+1 (555) 000-0001"] {
        let body = json!({"CustSpaceId": "cams-demo1", "BusinessNumber": number, "GroupId": app.first.group_id});
        app.client.call_as(&app.first.key, "GetChatGroup", body).await.expect(200, "OK");
    }
}
