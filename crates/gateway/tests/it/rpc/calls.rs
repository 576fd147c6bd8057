//! How parameters may be sent, and what is answered.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::matrix::rows;
use crate::support::{RpcRequest, TestApp, fixture, with_tenant};

/// The parameter as a pair.
fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[actix_web::test]
async fn every_operation_says_by_rpc_what_it_says_by_rest() {
    let (by_rest, by_rpc) = (TestApp::start().await, TestApp::start().await);
    for row in rows() {
        let rest = by_rest.client.call_as(&by_rest.first.key, row.operation, row.about(&by_rest.first)).await;
        let rpc = by_rpc.client.rpc(&by_rpc.first.key, row.operation, &row.about(&by_rpc.first)).await;
        assert_eq!((rpc.status, rpc.code()), (rest.status, rest.code()), "{}: {}", row.operation, rpc.text);
        assert_eq!(rpc.header("x-acs-request-id"), rpc.body()["RequestId"].as_str(), "{}", row.operation);
        assert_eq!(rpc.header("content-type"), Some("application/json"));
    }
}

#[actix_web::test]
async fn the_answer_is_the_same_by_get_and_post_in_query_and_form_as_json_and_flattened() {
    let app = TestApp::start().await;
    let key = &app.first.key;
    let asked = with_tenant(&app.first, json!({"Page": {"Index": 1, "Size": 1}, "GroupId": app.first.group_id}));
    let request = || RpcRequest::new("ListChatGroupParticipants", &asked);
    let mut flattened = request();
    flattened.query.retain(|(name, _)| name != "Page");
    flattened.query.extend([pair("Page.Index", "1"), pair("Page.Size", "1")]);
    let mut both = request();
    both.form = both.query.split_off(2);
    let ways = [request(), request().by_get(), request().in_form(), both.clone(), both.by_get(), flattened];
    for way in ways {
        let sent = way.sign(&app.client, key);
        let mut body = sent.send(&app.client).await.expect(200, "OK");
        body["RequestId"] = Value::Null;
        assert_eq!(body["Data"]["List"].as_array().unwrap().len(), 1, "{} {}", sent.method, sent.target);
    }
}

#[actix_web::test]
async fn a_parameter_that_is_there_twice_is_refused_wherever_it_stands() {
    let app = TestApp::start().await;
    let mut request = RpcRequest::new("GetChatGroup", &with_tenant(&app.first, json!({"GroupId": app.first.group_id})));
    request.form = vec![pair("GroupId", app.first.group_id)];
    let answer = request.clone().sign(&app.client, &app.first.key).send(&app.client).await;
    assert!(answer.expect(400, "InvalidParameter")["Message"].as_str().unwrap().contains("`GroupId` was sent twice"));
    let mut in_query = request;
    in_query.query.append(&mut in_query.form);
    in_query.sign(&app.client, &app.first.key).send(&app.client).await.expect(400, "InvalidParameter");
}

#[actix_web::test]
async fn a_change_is_not_waited_for_unless_the_caller_says_so() {
    let app = TestApp::start().await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let create = with_tenant(&app.first, json!({"Subject": "Köln & co + 100 %"}));
    let begun = app.client.rpc(&app.first.key, "AddChatGroup", &create).await.expect(200, "OK");
    assert!(begun["UniqueCode"].is_string() && begun.get("GroupId").is_none(), "{begun}");
    app.sandbox.webhooks(json!({"mode": "normal"})).await;
    app.sandbox.release().await;
    let create = with_tenant(&app.first, json!({"Subject": "S", "WaitSeconds": 10, "OwnerId": 1, "Colour": "red"}));
    let made = app.client.rpc(&app.first.key, "AddChatGroup", &create).await.expect(200, "OK");
    assert!(made["GroupId"].is_string(), "{made}");
}

#[actix_web::test]
async fn an_error_has_what_the_sdks_read() {
    let app = TestApp::start().await;
    let asked = with_tenant(&app.first, json!({}));
    let refused = app.client.rpc(&app.first.key, "AddChatGroup", &asked).await.expect(400, "MissingSubject");
    assert_eq!(refused["HostId"], app.client.host());
    assert_eq!(refused["Recommend"], "https://gateway.example/docs/");
    assert_eq!(refused["Message"], "`Subject` is required, and was absent or empty.");
    let foreign = with_tenant(&app.second, json!({"Subject": "S"}));
    let refused = app.client.rpc(&app.first.key, "AddChatGroup", &foreign).await.expect(403, "Forbidden.Tenant");
    assert_eq!(refused["AccessDeniedDetail"], "cust_space:cams-demo2");
    assert_eq!(refused["HostId"], app.client.host());
}

#[actix_web::test]
async fn a_client_token_stands_for_one_call_however_it_ended() {
    let app = TestApp::start().await;
    let key = &app.first.key;
    let create = with_tenant(&app.first, json!({"Subject": "Once", "ClientToken": "order-1"}));
    let first = app.client.rpc(key, "AddChatGroup", &create).await;
    let again = app.client.rpc(key, "AddChatGroup", &create).await;
    assert_eq!((first.text.as_str(), again.header("idempotency-replayed")), (again.text.as_str(), Some("true")));
    let other = with_tenant(&app.first, json!({"Subject": "Another", "ClientToken": "order-1"}));
    app.client.rpc(key, "AddChatGroup", &other).await.expect(422, "IdempotentParameterMismatch");

    let gone = with_tenant(&app.first, json!({"GroupId": "bm9uZQ", "ClientToken": "order-2"}));
    let first = app.client.rpc(key, "DeleteChatGroup", &gone).await;
    let again = app.client.rpc(key, "DeleteChatGroup", &gone).await;
    assert_eq!((first.status, first.text.as_str()), (404, again.text.as_str()));
    assert_eq!(again.body()["HostId"], app.client.host());

    let older = |token: &str| {
        let create = with_tenant(&app.first, json!({"Subject": "Older", "ClientToken": token}));
        RpcRequest::new("AddChatGroup", &create).sign_hmac_sha1(key)
    };
    let first = older("order-3").send(&app.client).await;
    assert_eq!(first.code(), "OK", "{}", first.text);
    assert_eq!(older("order-3").send(&app.client).await.text, first.text, "time and nonce are no part of the request");
}

#[actix_web::test]
async fn the_longest_description_and_a_picture_in_the_query_come_through() {
    let app = TestApp::start().await;
    let picture = fixture("pictures/baseline.jpg");
    let mut padded = picture;
    padded.resize(45_000 / 4 * 3, 0);
    let description = "群".repeat(2048);
    let update = json!({"GroupId": app.first.group_id, "Description": description});
    let answer = app.client.rpc(&app.first.key, "UpdateChatGroup", &with_tenant(&app.first, update)).await;
    answer.expect(200, "OK");
    let update = json!({"GroupId": app.first.group_id, "ProfilePictureFile": BASE64_STANDARD.encode(&padded)});
    let answer = app.client.rpc(&app.first.key, "UpdateChatGroup", &with_tenant(&app.first, update)).await;
    answer.expect(200, "OK");
}

#[actix_web::test]
async fn who_opens_the_address_in_a_browser_comes_to_the_documentation() {
    let app = TestApp::start().await;
    for method in ["GET", "HEAD"] {
        let answer = app.client.send(method, "/", &[], Vec::new()).await;
        assert_eq!((answer.status, answer.header("location")), (302, Some("/docs/")));
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = app.client.send(method, "/", &[], Vec::new()).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST")));
    }
    let unsigned = app.client.send("POST", "/", &[], Vec::new()).await;
    unsigned.expect(400, "IncompleteSignature");
}

#[actix_web::test]
async fn an_unknown_operation_or_version_is_told_to_those_who_sign_and_to_no_others() {
    let app = TestApp::start().await;
    let key = &app.first.key;
    let asked = json!({});
    let send = async |request: RpcRequest| request.sign(&app.client, key).send(&app.client).await;
    for action in ["NoSuchOperation", "addchatgroup", "AddChatGroup/"] {
        send(RpcRequest::new(action, &asked)).await.expect(404, "InvalidAction.NotFound");
        let unsigned = app.client.send("GET", "/", &[("x-acs-action", action)], Vec::new()).await;
        unsigned.expect(400, "IncompleteSignature");
    }
    for method in ["GET", "POST"] {
        let without = RpcRequest { method, ..RpcRequest::new("x", &asked).without("x-acs-action") };
        send(without).await.expect(404, "InvalidAction.NotFound");
    }
    let other = RpcRequest::new("AddChatGroup", &asked).header("x-acs-version", "2018-01-01");
    send(other).await.expect(400, "InvalidVersion");
}

#[actix_web::test]
async fn a_body_that_is_no_form_or_too_large_is_refused() {
    let app = TestApp::start().await;
    let mut json = RpcRequest::new("GetChatGroup", &json!({})).in_form();
    json.form = vec![pair("Subject", "x")];
    let mut sent = json.sign(&app.client, &app.first.key);
    "application/json".clone_into(sent.header("content-type"));
    sent.send(&app.client).await.expect(415, "UnsupportedMediaType");
    let mut large = RpcRequest::new("AddChatGroup", &with_tenant(&app.first, json!({"Subject": "S"}))).in_form();
    large.form.push(pair("Description", &"x".repeat(256 * 1024)));
    large.sign(&app.client, &app.first.key).send(&app.client).await.expect(413, "RequestTooLarge");
}
