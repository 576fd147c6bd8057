//! Message templates: written, copied, reviewed, listed, deleted.

use actix_web::http::Method;
use graph_sandbox::{DEMO_TEMPLATE_NAME, DEMO_WABA_ID_1, DEMO_WABA_ID_2};
use serde_json::{Value, json};

use crate::helpers::{Reply, TOKEN_2, TestSandbox, code};

const TEMPLATES: &str = "200000000000001/message_templates";

async fn create(sandbox: &TestSandbox, template: Value) -> Reply {
    sandbox.graph(Method::POST, TEMPLATES, template).await
}

/// A template with this body and these examples.
fn written(name: &str, text: &str, examples: &[&str]) -> Value {
    json!({
        "name": name,
        "language": "en_US",
        "category": "MARKETING",
        "components": [{ "type": "BODY", "text": text, "example": { "body_text": [examples] } }],
    })
}

fn copied(name: &str, of: &str, language: &str) -> Value {
    json!({ "name": name, "language": language, "category": "UTILITY", "library_template_name": of })
}

/// Waits for the webhook on a template's status.
async fn decided(sandbox: &TestSandbox, name: &str, event: &str) -> Value {
    let is_it = |change: &Value| {
        let value = &change["value"];
        value["message_template_name"] == name && value["event"] == event
    };
    sandbox.receiver.change(is_it).await
}

async fn names(sandbox: &TestSandbox, query: &str) -> Vec<String> {
    let (status, list) = sandbox.get(&format!("{TEMPLATES}{query}")).await;
    assert_eq!(status, 200, "{list}");
    let names = list["data"].as_array().unwrap().iter();
    names.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_written_template_is_reviewed_and_a_webhook_tells_of_it() {
    let sandbox = TestSandbox::start().await;
    let (status, answer) = create(&sandbox, written("sale", "Come to {{1}} today.", &["us"])).await;
    assert_eq!((status, &answer["status"], &answer["category"]), (200, &json!("PENDING"), &json!("MARKETING")));
    let change = decided(&sandbox, "sale", "APPROVED").await;
    assert_eq!(change["field"], "message_template_status_update");
    assert_eq!(change["value"]["message_template_id"].to_string(), answer["id"].as_str().unwrap());
    assert!(change["value"].get("metadata").is_none());
    let (_, template) = sandbox.get(answer["id"].as_str().unwrap()).await;
    assert_eq!((&template["status"], &template["parameter_format"]), (&json!("APPROVED"), &json!("POSITIONAL")));
}

#[actix_web::test]
async fn an_unchanged_copy_of_the_library_is_a_utility_and_approved_at_once() {
    let sandbox = TestSandbox::start().await;
    let (status, answer) = create(&sandbox, copied("join_us", "group_invite_link", "en")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["status"], &answer["category"]), (&json!("APPROVED"), &json!("UTILITY")));
    let (_, template) = sandbox.get(answer["id"].as_str().unwrap()).await;
    assert_eq!(template["library_template_name"], "group_invite_link");
    let example = template["components"][0]["example"]["body_text"][0][0].as_str().unwrap();
    assert!(example.starts_with("https://chat.whatsapp.com/"), "{template}");

    let mut customized = copied("join_us_too", "group_invite_link", "en");
    customized["components"] = json!([{ "type": "BODY", "text": "Other words" }]);
    assert_eq!(create(&sandbox, customized).await.1["status"], "PENDING");
}

#[actix_web::test]
async fn each_account_of_the_demo_is_born_with_the_librarys_invitation() {
    let sandbox = TestSandbox::start().await;
    let (_, copy) = create(&sandbox, copied("join_us", "group_invite_link", "en")).await;
    let (_, copy) = sandbox.get(copy["id"].as_str().unwrap()).await;
    for waba_id in [DEMO_WABA_ID_1, DEMO_WABA_ID_2] {
        let path = format!("{waba_id}/message_templates?name={DEMO_TEMPLATE_NAME}");
        let (status, list) = sandbox.graph_as(TOKEN_2, Method::GET, &path, Value::Null).await;
        assert_eq!(status, 200, "{list}");
        let born = &list["data"][0];
        assert_eq!(born["name"], DEMO_TEMPLATE_NAME);
        for member in ["language", "status", "category", "components", "parameter_format", "library_template_name"] {
            assert_eq!(born[member], copy[member], "{member}");
        }
    }
}

#[actix_web::test]
async fn a_copy_needs_what_the_library_has_and_the_addresses_of_its_buttons() {
    let sandbox = TestSandbox::start().await;
    let unknown = create(&sandbox, copied("a", "nothing", "en")).await;
    assert_eq!(code(&unknown), (400, 100));
    assert!(unknown.1["error"]["error_user_msg"].as_str().unwrap().contains("nothing"));
    assert_eq!(code(&create(&sandbox, copied("a", "group_invite_link", "fr")).await), (400, 100));
    let mut marketing = copied("a", "group_invite_link", "en");
    marketing["category"] = json!("MARKETING");
    assert_eq!(code(&create(&sandbox, marketing).await), (400, 100));
    let mut order = copied("a", "order_delivery_update", "en_US");
    assert_eq!(code(&create(&sandbox, order.clone()).await), (400, 100));
    order["library_template_button_inputs"] =
        json!([{ "type": "URL", "url": { "base_url": "https://example.com/{{1}}" } }]).to_string().into();
    let (status, answer) = create(&sandbox, order).await;
    assert_eq!(status, 200, "{answer}");
    let (_, template) = sandbox.get(answer["id"].as_str().unwrap()).await;
    assert_eq!(template["components"][1]["buttons"][0]["url"], "https://example.com/{{1}}");
}

#[actix_web::test]
async fn a_name_is_taken_once_a_language() {
    let sandbox = TestSandbox::start().await;
    assert_eq!(create(&sandbox, copied("join_us", "group_invite_link", "en")).await.0, 200);
    let again = create(&sandbox, copied("join_us", "group_invite_link", "en")).await;
    assert_eq!(code(&again), (400, 100));
    assert_eq!(again.1["error"]["error_subcode"], 2_388_024);
    assert_eq!(create(&sandbox, copied("join_us", "group_invite_link", "es")).await.0, 200);
    let path = format!("{DEMO_WABA_ID_2}/message_templates");
    let other = sandbox.graph_as(TOKEN_2, Method::POST, &path, copied("join_us", "group_invite_link", "en"));
    assert_eq!(other.await.0, 200, "another account");
}

#[actix_web::test]
async fn an_unsound_template_is_refused_with_a_reason_for_people() {
    let sandbox = TestSandbox::start().await;
    let long = "x".repeat(1025);
    let cases = [
        (written("Sale", "x", &[]), 0, "upper case"),
        (written("sale", "", &[]), 2_388_043, "no text"),
        (written("sale", &long, &[]), 2_388_040, "too long"),
        (written("sale", "{{1}} first", &["x"]), 2_388_299, "a variable at the edge"),
        (written("sale", "a {{1}} and {{2}} b", &["x"]), 2_388_043, "an example too few"),
        (written("sale", "a {{1}} and {{name}} b", &["x", "y"]), 0, "both kinds of variables"),
        (json!({ "name": "sale", "language": "en", "category": "UTILITY" }), 0, "nothing"),
        (json!({ "name": "sale", "language": "english", "category": "UTILITY" }), 0, "no locale"),
        (json!({ "name": "sale", "language": "en", "category": "FUN" }), 0, "no category"),
    ];
    for (template, subcode, why) in cases {
        let reply = create(&sandbox, template).await;
        assert_eq!(code(&reply), (400, 100), "{why}");
        assert_eq!(reply.1["error"]["error_subcode"].as_i64().unwrap_or_default(), subcode, "{why}");
    }
}

#[actix_web::test]
async fn templates_are_listed_in_pages_and_by_filters() {
    let sandbox = TestSandbox::start().await;
    for (name, language) in [("join_a", "en"), ("join_b", "en"), ("join_b", "es")] {
        create(&sandbox, copied(name, "group_invite_link", language)).await;
    }
    create(&sandbox, written("sale", "Come today.", &[])).await;
    assert_eq!(names(&sandbox, "").await, [DEMO_TEMPLATE_NAME, "join_a", "join_b", "join_b", "sale"]);
    assert_eq!(names(&sandbox, "?name=join_b&language=es").await, ["join_b"]);
    assert_eq!(names(&sandbox, "?category=MARKETING").await, ["sale"]);
    assert_eq!(names(&sandbox, "?status=APPROVED,PAUSED&language=en").await, [DEMO_TEMPLATE_NAME, "join_a", "join_b"]);
    let (_, page) = sandbox.get(&format!("{TEMPLATES}?limit=4&fields=name&summary=total_count")).await;
    assert_eq!(page["summary"], json!({ "total_count": 5 }));
    assert_eq!(page["data"][1], json!({ "name": "join_a" }));
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    assert_eq!(names(&sandbox, &format!("?after={after}")).await, ["sale"]);
    let without_value = "?name=join_a&fields=name,message_send_ttl_seconds,correct_category";
    let (_, page) = sandbox.get(&format!("{TEMPLATES}{without_value}")).await;
    assert_eq!(page["data"][0], json!({ "name": "join_a" }), "known fields without a value are left out");
    let wrong = sandbox.get(&format!("{TEMPLATES}?fields=colour")).await;
    assert_eq!(code(&wrong), (400, 100));
}

#[actix_web::test]
async fn a_template_is_deleted_by_name_in_all_languages_or_by_id_in_one() {
    let sandbox = TestSandbox::start().await;
    let mut ids = Vec::new();
    for (name, language) in [("a", "en"), ("a", "es"), ("b", "en"), ("c", "en")] {
        let (_, answer) = create(&sandbox, copied(name, "group_invite_link", language)).await;
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    let delete = async |path: String| sandbox.graph(Method::DELETE, &path, Value::Null).await;
    assert_eq!(delete(format!("{TEMPLATES}?name=a&hsm_id={}", ids[1])).await.0, 200);
    assert_eq!(names(&sandbox, "?name=a").await.len(), 1);
    assert_eq!(delete(format!("{TEMPLATES}?name=a")).await, (200, json!({ "success": true })));
    assert_eq!(code(&delete(format!("{TEMPLATES}?name=a")).await), (400, 100));
    assert_eq!(delete(ids[2].clone()).await, (200, json!({ "success": true })));
    assert_eq!(code(&sandbox.get(&ids[2]).await), (400, 100));
    assert_eq!(names(&sandbox, "").await, [DEMO_TEMPLATE_NAME, "c"]);
}

#[actix_web::test]
async fn an_edited_template_is_reviewed_again_and_may_be_rejected() {
    let sandbox = TestSandbox::start().await;
    let (_, answer) = create(&sandbox, written("sale", "Come today.", &[])).await;
    let id = answer["id"].as_str().unwrap();
    let edit = json!({ "components": [{ "type": "BODY", "text": "Come tomorrow." }] });
    let early = sandbox.graph(Method::POST, id, edit.clone()).await;
    assert_eq!(code(&early), (400, 100), "it is under review");
    decided(&sandbox, "sale", "APPROVED").await;
    let moved = sandbox.graph(Method::POST, id, json!({ "category": "UTILITY" })).await;
    assert_eq!(code(&moved), (400, 100), "the category of an approved one stays");
    sandbox.control(Method::POST, "faults", json!({ "path": "/v23.0/", "later": { "code": 100 } })).await;
    let (status, answer) = sandbox.graph(Method::POST, id, edit).await;
    assert_eq!((status, &answer["success"]), (200, &json!(true)));
    let change = decided(&sandbox, "sale", "REJECTED").await;
    assert_eq!(change["value"]["reason"], "INVALID_FORMAT");
    let (_, template) = sandbox.get(&format!("{id}?fields=components,rejected_reason")).await;
    assert_eq!(template["rejected_reason"], "INVALID_FORMAT");
    assert_eq!(template["components"][0]["text"], "Come tomorrow.");
}

#[actix_web::test]
async fn the_library_is_searched_by_topic_language_and_words() {
    let sandbox = TestSandbox::start().await;
    let found = async |query: &str| {
        let (status, list) = sandbox.get(&format!("message_template_library?limit=100&{query}")).await;
        assert_eq!(status, 200, "{list}");
        list["data"].as_array().unwrap().clone()
    };
    let all = found("").await;
    let ids: std::collections::BTreeSet<String> = all.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), all.len());
    let invites = found("category=utility&topic=group_invite_link&language=en").await;
    assert!(invites.len() >= 3 && invites.len() < all.len(), "{invites:#?}");
    for invite in &invites {
        assert_eq!((&invite["language"], &invite["body_param_types"][0]), (&json!("en"), &json!("GROUP_ID")));
        for member in ["name", "usecase", "industry", "body", "body_params", "buttons", "id"] {
            assert!(!invite[member].is_null(), "{member} of {invite}");
        }
    }
    assert_eq!(found("search=WhatsApp-Gruppe").await.len(), 1);
    assert!(found("topic=PAYMENTS&industry=E_COMMERCE").await.is_empty());
    let (_, page) = sandbox.get("message_template_library?limit=2").await;
    assert!(page["paging"]["next"].is_string(), "{page}");
}

#[actix_web::test]
async fn templates_of_another_account_look_unknown() {
    let sandbox = TestSandbox::start().await;
    let path = format!("{DEMO_WABA_ID_2}/message_templates");
    let template = copied("join_us", "group_invite_link", "en");
    let (_, answer) = sandbox.graph_as(TOKEN_2, Method::POST, &path, template).await;
    for path in [&*path, answer["id"].as_str().unwrap()] {
        let reply = sandbox.get(path).await;
        assert_eq!((code(&reply), &reply.1["error"]["error_subcode"]), ((400, 100), &json!(33)));
    }
    let scopes = json!({ "scopes": ["whatsapp_business_messaging"] });
    sandbox.control(Method::POST, &format!("tokens/{TOKEN_2}/scopes"), scopes).await;
    let path = format!("{DEMO_WABA_ID_1}/message_templates");
    let reply = sandbox.graph_as(TOKEN_2, Method::GET, &path, Value::Null).await;
    assert_eq!(code(&reply), (403, 10));
}
