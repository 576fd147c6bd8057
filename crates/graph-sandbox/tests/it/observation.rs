//! What the sandbox shows of itself.

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_PHONE_NUMBER_ID_1};
use serde_json::{Value, json};

use crate::helpers::{TOKEN_1, TOKEN_2, TestSandbox, sent, whatsapp};

async fn requests(sandbox: &TestSandbox, query: &str) -> Vec<Value> {
    let (status, body) = sandbox.control(Method::GET, &format!("requests{query}"), Value::Null).await;
    assert_eq!(status, 200, "{body}");
    body["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn what_was_asked_can_be_read_without_its_secrets() {
    let sandbox = TestSandbox::start().await;
    let path = format!("{DEMO_GROUP_ID_1}/invite_link?access_token={TOKEN_1}&appsecret_proof=abcdef");
    let body = whatsapp(json!({ "é": "ü" }));
    sandbox.graph(Method::POST, &path, body.clone()).await;
    let call = requests(&sandbox, "").await.remove(0);
    assert_eq!(call["seq"], 1);
    assert_eq!(call["method"], "POST");
    assert_eq!(call["path"], format!("/v23.0/{DEMO_GROUP_ID_1}/invite_link"));
    assert_eq!(call["body"], body);
    assert_eq!(call["status"], 400, "the proof is wrong");
    assert!(call["headers"]["authorization"].as_str().unwrap().starts_with("Bearer EAA-"));
    assert!(!call.to_string().contains(TOKEN_1) && !call.to_string().contains("abcdef"));
}

#[actix_web::test]
async fn calls_come_oldest_first_in_pages() {
    let sandbox = TestSandbox::start().await;
    for n in 0..5 {
        sandbox.get(&format!("{n}")).await;
    }
    let seqs = |calls: Vec<Value>| -> Vec<i64> { calls.iter().map(|call| call["seq"].as_i64().unwrap()).collect() };
    assert_eq!(seqs(requests(&sandbox, "?after=1&limit=2").await), [2, 3]);
    assert_eq!(seqs(requests(&sandbox, "?after=4").await), [5]);
    for limit in ["0", "1001", "many"] {
        let path = format!("requests?limit={limit}");
        let (status, answer) = sandbox.control(Method::GET, &path, Value::Null).await;
        assert_eq!(status, 400);
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
}

#[actix_web::test]
async fn the_state_shows_no_token_whole() {
    let sandbox = TestSandbox::start().await;
    let state = sandbox.state().await;
    let text = state.to_string();
    assert!(!text.contains(TOKEN_1) && !text.contains(TOKEN_2));
    assert_eq!(state["tokens"].as_array().unwrap().len(), 2);
    assert_eq!(state["numbers"][0]["phone_number_id"], DEMO_PHONE_NUMBER_ID_1);
    assert_eq!(state["numbers"][0]["group_count"], 3);
    let groups = state["groups"].as_array().unwrap();
    assert!(groups.iter().any(|group| group["group_id"] == DEMO_GROUP_ID_1));
}

#[actix_web::test]
async fn a_state_that_is_deleted_is_born_anew() {
    let sandbox = TestSandbox::start().await;
    let old = sandbox.link(DEMO_GROUP_ID_1).await;
    sandbox.create_group(json!({})).await;
    let reply = sandbox.control(Method::DELETE, "state", Value::Null).await;
    assert_eq!(reply, (200, json!({ "success": true })));
    assert_eq!(sandbox.state().await["groups"].as_array().unwrap().len(), 5);
    assert_ne!(sandbox.link(DEMO_GROUP_ID_1).await, old);
}

#[actix_web::test]
async fn answers_tell_of_the_usage_that_was_set() {
    let sandbox = TestSandbox::start().await;
    let usage = json!({
        "app": { "call_count": 28 },
        "business": { "1": [{ "estimated_time_to_regain_access": 19 }] },
    });
    sandbox.control(Method::PUT, "usage", usage.clone()).await;
    let request = sandbox.raw(Method::GET, &format!("/{DEMO_GROUP_ID_1}")).bearer_auth(TOKEN_1);
    let response = request.send().await.unwrap();
    for (header, part) in [("x-app-usage", "app"), ("x-business-use-case-usage", "business")] {
        let text = response.headers().get(header).unwrap().to_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), usage[part]);
    }
}

#[actix_web::test]
async fn the_page_shows_what_callers_wrote_as_text() {
    let sandbox = TestSandbox::start().await;
    sandbox.create_group(json!({ "subject": "<script>alert(1)</script>" })).await;
    let mut page = sandbox.raw(Method::GET, "/_sandbox/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = String::from_utf8(page.body().await.unwrap().to_vec()).unwrap();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    assert!(page.contains("POST /_sandbox/users/{wa_id}/join"));
    assert!(!page.contains(TOKEN_1));
}

#[actix_web::test]
async fn the_page_leads_to_swagger_ui_which_shows_the_document_and_loads_nothing_from_elsewhere() {
    let sandbox = TestSandbox::start().await;
    let get = async |path: &str| {
        let mut response = sandbox.raw(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers().get("content-security-policy").unwrap().to_str().unwrap().to_owned();
        (policy, String::from_utf8(response.body().await.unwrap().to_vec()).unwrap())
    };
    assert!(get("/_sandbox/").await.1.contains("href=\"/_sandbox/docs/\""));
    let (policy, ui) = get("/_sandbox/docs/").await;
    assert!(ui.contains("swagger-ui"), "{ui}");
    assert!(policy.contains("default-src 'none'; script-src 'self';") && !policy.contains("http"), "{policy}");
    let document: Value = serde_json::from_str(&get("/_sandbox/openapi.json").await.1).unwrap();
    assert_eq!(document, serde_json::to_value(graph_sandbox::openapi::document()).unwrap());
}

/// Every body that Swagger UI offers, sent as it stands.
#[actix_web::test]
async fn every_example_of_the_document_is_a_body_that_is_understood() {
    let document = serde_json::to_value(graph_sandbox::openapi::document()).unwrap();
    let sandbox = TestSandbox::start().await;
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |one| (path, one)));
    let mut tried = 0;
    for (path, (method, operation)) in operations {
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        if example.is_null() {
            continue;
        }
        let path = path.trim_start_matches("/_sandbox/").replace("{wa_id}", "16505559999");
        let method = method.to_uppercase().parse().unwrap();
        let (status, answer) = sandbox.control(method, &path, example.clone()).await;
        assert_eq!(status, 200, "{path}: {answer}");
        tried += 1;
    }
    assert!(tried >= 7, "{tried}");
}

#[actix_web::test]
async fn an_unknown_control_call_and_a_wrong_body_say_what_is_wrong() {
    let sandbox = TestSandbox::start().await;
    let (status, body) = sandbox.control(Method::GET, "nothing", Value::Null).await;
    assert!(status == 404 && body["error"]["message"].is_string());
    let request = sandbox.raw(Method::POST, "/_sandbox/users/16505550001/join");
    let (status, body) = sent(request, json!({ "link": 1 })).await.unwrap();
    assert!(status == 400 && body["error"]["message"].as_str().unwrap().contains("link"));
}
