//! The OpenAPI document and Swagger UI.

use std::collections::BTreeSet;

use cams_api::operations;
use gateway::api::graph::{Served, served};
use gateway::openapi::{admin, graph_face, postman};
use gateway::operations::operation_names;
use serde_json::Value;

use crate::support::TestApp;

/// Asserts that what is committed at `path` is what `groupgate openapi` with this flag prints.
fn is_fresh(path: &str, flag: &str, made: &str) {
    let committed = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    let committed = std::fs::read_to_string(committed).unwrap_or_default();
    assert!(committed == made, "{path} is stale: run `cargo run -- openapi {flag} > {path}`");
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    is_fresh("openapi/groupgate.json", "", &gateway::openapi::document_json().unwrap());
}

#[test]
fn the_committed_document_of_metas_paths_is_the_one_that_is_served() {
    is_fresh("openapi/graph.json", "--graph", &graph_face::document_json().unwrap());
}

#[test]
fn the_committed_document_of_the_administrators_api_is_the_one_that_is_served() {
    is_fresh("openapi/admin.json", "--admin", &admin::document_json().unwrap());
}

#[test]
fn the_committed_collection_is_the_one_that_is_made() {
    is_fresh("openapi/postman_collection.json", "--postman", &postman::collection_json().unwrap());
}

#[test]
fn the_collection_has_every_operation_with_a_body_that_names_no_example_by_itself() {
    let collection: Value = serde_json::from_str(&postman::collection_json().unwrap()).unwrap();
    let folders = collection["item"].as_array().unwrap();
    let items: Vec<&Value> = folders.iter().flat_map(|folder| folder["item"].as_array().unwrap()).collect();
    for name in operation_names() {
        let item = items.iter().find(|item| item["name"] == name).expect(name);
        assert_eq!(item["request"]["url"]["raw"], format!("{{{{baseUrl}}}}/v1/{name}"));
        let body = item["request"]["body"]["raw"].as_str().unwrap();
        assert!(body.contains(r#""CustSpaceId": "{{custSpaceId}}""#), "{name}: {body}");
        for example in [operations::EXAMPLE_BUSINESS_NUMBER, operations::EXAMPLE_GROUP_ID] {
            assert!(!body.contains(example), "{name}: {body}");
        }
    }
    assert_eq!(folders[0]["item"][0]["name"], "GetToken");
    assert!(!items.iter().any(|item| item["name"] == "ReceiveWebhook"), "only Meta can sign one");
}

#[test]
fn the_committed_page_of_operations_is_the_one_that_is_made() {
    is_fresh("docs/operations.md", "--markdown", &gateway::openapi::document_markdown());
}

#[test]
fn the_committed_page_of_events_is_the_one_that_is_made() {
    is_fresh("docs/events.md", "--events", &gateway::openapi::events_markdown());
}

#[test]
fn the_committed_page_of_settings_is_the_one_that_is_made() {
    is_fresh("docs/settings.md", "--settings", &gateway::config::settings_markdown());
}

#[test]
fn the_page_of_operations_has_each_with_its_parameters_to_the_innermost_its_codes_and_a_call() {
    let page = gateway::openapi::document_markdown();
    for name in operation_names() {
        let (_, section) = page.split_once(&format!("\n### {name}\n")).expect(name);
        let section = section.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
        for part in [
            "| `CustSpaceId` | string | yes |",
            "- 200: `OK`",
            "- 401: `Unauthorized`",
            "Scope: `",
            "```json\n{\n  \"RequestId\"",
        ] {
            assert!(section.contains(part), "{name} lacks {part}: {section}");
        }
        assert!(section.contains(&format!("/v1/{name}\"")), "{name} has no call: {section}");
    }
    for row in [
        "| `Page.Index` | integer | yes | 1 to 2147483647 |  |",
        "| `WaitSeconds` | integer | no | 0 to 30 | `10` |",
        "| `Subject` | string | yes | 1 to 128 characters after trimming",
        "| `Data.List[].GroupId` | string or `null` |",
        "| `Group.NotFound` | 404 |",
    ] {
        assert!(page.contains(row), "{row}");
    }
}

#[test]
fn the_page_about_what_goes_wrong_tells_of_every_code_with_its_status_and_of_no_other() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/when-things-go-wrong.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, table) = page.split_once("## Every code\n").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `Code` |"));
    let told: Vec<String> = rows.map(|row| row.splitn(4, '|').take(3).collect::<Vec<_>>().join("|")).collect();
    let refusals = cams_api::Code::ALL.iter().filter(|code| !matches!(code, cams_api::Code::Ok));
    let expected: Vec<String> = refusals.map(|code| format!("| `{code}` | {} ", code.http_status())).collect();
    for row in &expected {
        assert_eq!(told.iter().filter(|told| *told == row).count(), 1, "{row} in {told:#?}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
}

#[test]
fn the_program_prints_the_gateways_documents_as_json_or_markdown_or_the_sandboxs() {
    let printed = |arguments: &[&str]| crate::program::run(arguments, &[], "").stdout;
    assert!(printed(&["openapi"]) == gateway::openapi::document_json().unwrap());
    assert!(printed(&["openapi", "--graph"]) == graph_face::document_json().unwrap());
    assert!(printed(&["openapi", "--admin"]) == admin::document_json().unwrap());
    assert!(printed(&["openapi", "--postman"]) == postman::collection_json().unwrap());
    assert!(printed(&["openapi", "--markdown"]) == gateway::openapi::document_markdown());
    assert!(printed(&["openapi", "--events"]) == gateway::openapi::events_markdown());
    assert!(printed(&["openapi", "--sandbox"]) == graph_sandbox::openapi::document_json().unwrap());
}

#[test]
fn the_examples_name_what_the_demo_has() {
    assert_eq!(operations::EXAMPLE_GROUP_ID, graph_sandbox::DEMO_GROUP_ID_1);
    assert_eq!(operations::EXAMPLE_SPARE_GROUP_ID, graph_sandbox::DEMO_SPARE_GROUP_ID_1);
    assert_eq!(operations::EXAMPLE_APPROVAL_GROUP_ID, graph_sandbox::DEMO_APPROVAL_GROUP_ID_1);
    assert_eq!(operations::EXAMPLE_JOIN_REQUEST_ID, graph_sandbox::DEMO_JOIN_REQUEST_ID_1);
    assert_eq!(operations::EXAMPLE_OTHER_JOIN_REQUEST_ID, graph_sandbox::DEMO_JOIN_REQUEST_ID_2);
    assert_eq!(operations::EXAMPLE_TEMPLATE_NAME, graph_sandbox::DEMO_TEMPLATE_NAME);
    assert_eq!(operations::EXAMPLE_PARTICIPANT, graph_sandbox::DEMO_PARTICIPANT);
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

fn documents() -> [Value; 3] {
    let documents = [gateway::openapi::document_json(), graph_face::document_json(), admin::document_json()];
    documents.map(|document| serde_json::from_str(&document.unwrap()).unwrap())
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    documents().iter().for_each(references_and_schemas_fit);
}

fn references_and_schemas_fit(document: &Value) {
    let mut referred = Vec::new();
    references(document, &mut referred);
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
    documents().iter().for_each(is_explained_throughout);
}

fn is_explained_throughout(document: &Value) {
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

/// What a path is to OpenAPI: the names of its parameters make no difference.
fn template(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn the_document_of_metas_paths_has_every_call_that_is_served_and_no_two_paths_alike() {
    let [_, document, _] = documents();
    let paths = document["paths"].as_object().unwrap();
    let templates: BTreeSet<String> = paths.keys().map(|path| template(path)).collect();
    assert_eq!(templates.len(), paths.len(), "{:?}", paths.keys());
    for Served { method, kind, edge, call } in served() {
        let object = kind.map(|_| "{}");
        let parts: Vec<&str> = ["", "graph", "{}"].into_iter().chain(object).chain(edge).collect();
        let path = paths.keys().find(|path| template(path) == parts.join("/")).unwrap();
        let page = &paths[path][method.as_str().to_lowercase()];
        let told = format!("Scope: `{}`.", call.scope());
        assert!(page["description"].as_str().is_some_and(|text| text.contains(&told)), "{call:?}: {page}");
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
    for path in [
        "/docs/",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/openapi.json",
        "/openapi-graph.json",
        "/openapi-admin.json",
    ] {
        let answer = app.client.send("GET", path, &[], Vec::new()).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{path}: {policy}");
    }
    let served = app.client.send("GET", "/openapi.json", &[], Vec::new()).await.body();
    assert_eq!(served["servers"][0]["url"], "https://gateway.example");
}

#[actix_web::test]
async fn the_operations_are_listed_in_plain_text_with_links_that_lead_to_each() {
    let app = TestApp::start().await;
    let list = app.client.send("GET", "/llms.txt", &[], Vec::new()).await;
    assert_eq!((list.status, list.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let page = app.client.send("GET", "/docs/operations.md", &[], Vec::new()).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/markdown; charset=utf-8")));
    let (list, page) = (list.text, page.text);
    assert!(list.starts_with("# groupgate\n\n> A multi-tenant gateway"), "{list}");
    for name in operation_names() {
        let anchor = name.to_lowercase();
        let link = format!("\n- [{name}](https://gateway.example/docs/operations.md#{anchor}): ");
        assert!(list.contains(&link), "{link} in {list}");
        assert!(page.contains(&format!("\n### {name}\n")), "{name}");
    }
    for link in ["(https://gateway.example/openapi.json)", "(https://gateway.example/docs/)"] {
        assert!(list.contains(link), "{link} in {list}");
    }
}

#[actix_web::test]
async fn the_documentation_is_shown_to_whom_the_setting_says() {
    let off = TestApp::with(&[("GROUPGATE_DOCS", "off")]).await;
    for path in ["/docs", "/docs/", "/openapi.json", "/openapi-graph.json", "/openapi-admin.json", "/llms.txt"] {
        off.client.send("GET", path, &[], Vec::new()).await.expect(404, "NotFound");
    }
    let guarded = TestApp::with(&[("GROUPGATE_DOCS", "admin")]).await;
    for path in ["/openapi.json", "/openapi-graph.json", "/openapi-admin.json", "/docs/operations.md", "/llms.txt"] {
        guarded.client.send("GET", path, &[], Vec::new()).await.expect(401, "Unauthorized");
    }
    let administrator = guarded.key("administrator", &[("*", &["admin.read"])]).await;
    for (key, status) in [(&guarded.first.key, 403), (&administrator, 200)] {
        let token = guarded.client.token(key, None).await.body()["access_token"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        for path in ["/openapi.json", "/docs/", "/docs/operations.md", "/llms.txt"] {
            assert_eq!(guarded.client.send("GET", path, &headers, Vec::new()).await.status, status, "{path}");
        }
    }
}
