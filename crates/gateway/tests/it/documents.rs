//! The OpenAPI document and Swagger UI.

use cams_api::operations;
use serde_json::Value;

use crate::support::TestApp;

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/groupgate.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let made = gateway::openapi::document_json().unwrap();
    assert!(committed == made, "openapi/groupgate.json is stale: run `cargo run -- openapi > openapi/groupgate.json`");
}

#[test]
fn the_program_prints_the_gateways_document_or_the_sandboxs() {
    let printed = |arguments: &[&str]| crate::program::run(arguments, &[], "").stdout;
    assert!(printed(&["openapi"]) == gateway::openapi::document_json().unwrap());
    assert!(printed(&["openapi", "--sandbox"]) == graph_sandbox::openapi::document_json().unwrap());
}

#[test]
fn the_examples_name_what_the_demo_has() {
    assert_eq!(operations::EXAMPLE_GROUP_ID, graph_sandbox::DEMO_GROUP_ID_1);
    assert_eq!(operations::EXAMPLE_SPARE_GROUP_ID, graph_sandbox::DEMO_SPARE_GROUP_ID_1);
}

/// Every schema that something is referred to by, and every schema there is.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document: Value = serde_json::from_str(&gateway::openapi::document_json().unwrap()).unwrap();
    let mut referred = Vec::new();
    references(&document, &mut referred);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in &referred {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas.contains_key(name), "{reference}");
    }
    for name in schemas.keys() {
        assert!(referred.iter().any(|reference| reference.ends_with(&format!("/{name}"))), "{name} is not used");
    }
}

#[test]
fn every_operation_and_every_field_is_explained() {
    let document: Value = serde_json::from_str(&gateway::openapi::document_json().unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, page) in item.as_object().unwrap() {
            assert!(page["summary"].is_string(), "{method} {path}");
            assert!(page["operationId"].is_string(), "{method} {path}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            assert!(is_explained(of), "{name}.{field} has no description: {of}");
        }
    }
}

fn is_explained(schema: &Value) -> bool {
    let parts = ["oneOf", "allOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    schema["description"].is_string() || parts.into_iter().any(|part| part["description"].is_string())
}

#[actix_web::test]
async fn swagger_ui_is_served_under_a_strict_policy() {
    let app = TestApp::start().await;
    let redirect = app.client.send("GET", "/docs", &[], Vec::new()).await;
    assert_eq!((redirect.status, redirect.header("location")), (308, Some("/docs/")));
    for path in ["/docs/", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"] {
        let answer = app.client.send("GET", path, &[], Vec::new()).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{path}: {policy}");
    }
    let served = app.client.send("GET", "/openapi.json", &[], Vec::new()).await.body();
    assert_eq!(served["servers"][0]["url"], "https://gateway.example");
}

#[actix_web::test]
async fn the_documentation_is_shown_to_whom_the_setting_says() {
    let off = TestApp::with(&[("GROUPGATE_DOCS", "off")]).await;
    for path in ["/docs", "/docs/", "/openapi.json"] {
        off.client.send("GET", path, &[], Vec::new()).await.expect(404, "NotFound");
    }
    let guarded = TestApp::with(&[("GROUPGATE_DOCS", "admin")]).await;
    guarded.client.send("GET", "/openapi.json", &[], Vec::new()).await.expect(401, "Unauthorized");
    let administrator = guarded.key("administrator", &[("*", &["admin.read"])]).await;
    for (key, status) in [(&guarded.first.key, 403), (&administrator, 200)] {
        let token = guarded.client.token(key, None).await.body()["access_token"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        assert_eq!(guarded.client.send("GET", "/openapi.json", &headers, Vec::new()).await.status, status);
        assert_eq!(guarded.client.send("GET", "/docs/", &headers, Vec::new()).await.status, status);
    }
}
