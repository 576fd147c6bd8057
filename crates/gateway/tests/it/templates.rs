//! `ListChatGroupInviteTemplates`, `AddChatGroupInviteTemplate`.

use serde_json::{Value, json};

use crate::support::TestApp;

async fn listed(app: &TestApp, parameters: Value) -> Value {
    let answer = app.client.call("ListChatGroupInviteTemplates", &app.first, parameters).await;
    answer.expect(200, "OK")["Data"].clone()
}

/// The first of the library's templates in English.
async fn library_name(app: &TestApp) -> String {
    let library = listed(app, json!({"Language": "en"})).await["Library"].clone();
    library[0]["LibraryTemplateName"].as_str().unwrap().to_owned()
}

fn copy(name: &str, library_name: &str) -> Value {
    json!({"TemplateName": name, "Language": "en", "LibraryTemplateName": library_name})
}

#[actix_web::test]
async fn metas_library_is_listed_in_one_language_or_in_all() {
    let app = TestApp::start().await;
    let all = listed(&app, json!({})).await["Library"].as_array().unwrap().clone();
    let english = listed(&app, json!({"Language": "en"})).await["Library"].as_array().unwrap().clone();
    assert!(!english.is_empty() && english.len() < all.len(), "{} of {}", english.len(), all.len());
    assert!(english.iter().all(|template| template["Language"] == "en"), "{english:?}");
    for template in &all {
        assert_eq!(template["BodyParamTypes"][0], "GROUP_ID", "{template}");
        assert!(template["Body"].as_str().unwrap().contains("{{1}}"), "{template}");
    }
    let asked = app.sandbox.requests().await;
    let query = asked[0]["query"].to_string();
    assert!(query.contains("utility") && query.contains("group_invite_link"), "{query}");
}

#[actix_web::test]
async fn a_copy_of_the_librarys_is_listed_as_the_accounts_own() {
    let app = TestApp::start().await;
    let before = listed(&app, json!({})).await["Own"].as_array().unwrap().len();
    let library_name = library_name(&app).await;
    let made = app.client.call("AddChatGroupInviteTemplate", &app.first, copy("spring_invite", &library_name)).await;
    let made = made.expect(200, "OK");
    assert_eq!(made["Category"], "UTILITY");
    let own = listed(&app, json!({"Language": "en"})).await["Own"].as_array().unwrap().clone();
    let copied = own.iter().find(|template| template["TemplateName"] == "spring_invite").unwrap();
    assert_eq!((&copied["TemplateId"], &copied["Status"]), (&made["TemplateId"], &made["Status"]));
    assert_eq!((&copied["Language"], &copied["LibraryTemplateName"]), (&json!("en"), &json!(library_name)));
    assert!(copied["Body"].as_str().unwrap().contains("{{1}}"), "{copied}");
    assert_eq!(listed(&app, json!({})).await["Own"].as_array().unwrap().len(), before + 1);
    let german = listed(&app, json!({"Language": "de"})).await["Own"].as_array().unwrap().clone();
    assert!(german.iter().all(|template| template["TemplateName"] != "spring_invite"), "{german:?}");
}

#[actix_web::test]
async fn a_template_without_a_groups_link_is_no_invitation() {
    let app = TestApp::start().await;
    let components = json!([
        {"type": "BODY", "text": "Hello {{1}}, your watch is ready.", "example": {"body_text": [["Mara"]]}},
    ]);
    let template = json!({"name": "watch_ready", "language": "en", "category": "UTILITY", "components": components});
    app.make_template(&template).await;
    let own = listed(&app, json!({})).await["Own"].as_array().unwrap().clone();
    assert!(own.iter().all(|template| template["TemplateName"] != "watch_ready"), "{own:?}");
}

#[actix_web::test]
async fn a_name_is_given_once_in_a_language_and_meta_says_so() {
    let app = TestApp::start().await;
    let request = copy("spring_invite", &library_name(&app).await);
    app.client.call("AddChatGroupInviteTemplate", &app.first, request.clone()).await.expect(200, "OK");
    let again = app.client.call("AddChatGroupInviteTemplate", &app.first, request).await;
    let again = again.expect(422, "Upstream.Rejected");
    assert_eq!(again["Upstream"]["Code"], 100, "{again}");
}

#[actix_web::test]
async fn what_the_library_does_not_have_is_refused_in_metas_words() {
    let app = TestApp::start().await;
    let unknown = app.client.call("AddChatGroupInviteTemplate", &app.first, copy("spring_invite", "no_such")).await;
    assert!(unknown.expect(422, "Upstream.Rejected")["Upstream"]["Message"].is_string());
}

#[actix_web::test]
async fn a_name_or_language_that_meta_could_not_have_is_not_sent() {
    let app = TestApp::start().await;
    for (parameter, value) in [
        ("TemplateName", json!("Spring Invite")),
        ("Language", json!("english")),
        ("LibraryTemplateName", json!("a/b")),
    ] {
        let mut request = copy("spring_invite", "group_invite_link");
        request[parameter] = value;
        let refused = app.client.call("AddChatGroupInviteTemplate", &app.first, request).await;
        let message = refused.expect(400, "InvalidParameter")["Message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("`{parameter}` is wrong")), "{message}");
    }
    assert_eq!(app.sandbox.count("POST", "message_templates").await, 0);
}

#[actix_web::test]
async fn a_copy_whose_answer_was_lost_is_not_said_to_be_undone() {
    let app = TestApp::start().await;
    let library_name = library_name(&app).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/message_templates", "close": "after"})).await;
    let lost = app.client.call("AddChatGroupInviteTemplate", &app.first, copy("spring_invite", &library_name)).await;
    assert_eq!(lost.expect(502, "Upstream.Unavailable")["RetrySafe"], false);
    let own = listed(&app, json!({})).await["Own"].clone();
    assert!(own.as_array().unwrap().iter().any(|template| template["TemplateName"] == "spring_invite"), "{own}");
}
