//! A tenant's key never reaches another tenant's objects, whatever kind of ID it sends. The second tenant's token sees the
//! first tenant's account at Meta; that is no proof.

use serde_json::{Value, json};

use super::{NO_OBJECT, call, done, form, list_groups, refusal, send_form, text_to};
use crate::support::{Credentials, TestApp};

async fn refused(app: &TestApp, key: &Credentials, method: &str, path: &str, body: Value) {
    let answer = call(app, key, method, &format!("v23.0/{path}"), body).await;
    assert_eq!(refusal(&answer), NO_OBJECT, "{method} {path}: {}", answer.text);
}

#[actix_web::test]
async fn foreign_and_unknown_objects_of_every_kind_look_alike_and_meta_is_not_asked() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let (content_type, body) = form(&[("messaging_product", "whatsapp")], Some(("file", "text/plain", b"words")));
    let uploaded = send_form(&app, &format!("{}/media", app.first.phone_number_id), (content_type, body)).await;
    let media = done(&uploaded)["id"].as_str().unwrap().to_owned();
    let templates = format!("v23.0/{}/message_templates", app.first.waba_id);
    let listed = done(&call(&app, &app.first.key, "GET", &templates, Value::Null).await);
    let template = listed["data"][0]["id"].as_str().unwrap().to_owned();
    let before = app.sandbox.requests().await.len();

    let product = json!({"messaging_product": "whatsapp"});
    let named = [app.first.phone_number_id, app.first.waba_id, app.first.group_id, &media, &template, "999", "G0"];
    for id in named {
        refused(&app, &app.second.key, "GET", id, Value::Null).await;
        refused(&app, &app.second.key, "POST", id, product.clone()).await;
        refused(&app, &app.second.key, "DELETE", id, Value::Null).await;
        for edge in ["groups", "invite_link", "join_requests", "phone_numbers", "message_templates", "content"] {
            refused(&app, &app.second.key, "GET", &format!("{id}/{edge}"), Value::Null).await;
        }
        for edge in ["groups", "messages", "media", "invite_link", "join_requests", "participants"] {
            refused(&app, &app.second.key, "POST", &format!("{id}/{edge}"), product.clone()).await;
        }
        for edge in ["invite_link", "join_requests", "participants"] {
            refused(&app, &app.second.key, "DELETE", &format!("{id}/{edge}"), product.clone()).await;
        }
    }
    assert_eq!(app.sandbox.requests().await.len(), before);
}

#[actix_web::test]
async fn the_words_for_a_foreign_object_and_for_none_are_the_same() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let foreign = call(&app, &app.second.key, "GET", app.first.group_id, Value::Null).await;
    let unknown = call(&app, &app.second.key, "GET", "G0", Value::Null).await;
    let words = |text: &str, id: &str| text.replace(id, "ID");
    let without_trace = |text: String| text.split(r#""fbtrace_id""#).next().unwrap().to_owned();
    assert_eq!(without_trace(words(&foreign.text, app.first.group_id)), without_trace(words(&unknown.text, "G0")),);
}

#[actix_web::test]
async fn nothing_is_looked_for_where_a_path_names_no_number() {
    let app = TestApp::start().await;
    refused(&app, &app.first.key, "GET", app.first.group_id, Value::Null).await;
    assert_eq!(app.sandbox.requests().await.len(), 0);
    list_groups(&app, &app.first).await;
    done(&call(&app, &app.first.key, "GET", app.first.group_id, Value::Null).await);
}

#[actix_web::test]
async fn a_message_reaches_no_foreign_group_neither_as_its_reader_nor_by_its_link() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let messages = format!("{}/messages", app.second.phone_number_id);
    let template = json!({"name": "group_invite", "language": {"code": "en"}, "components": [
        {"type": "body", "parameters": [{"type": "group_id", "group_id": app.first.group_id}]}]});
    let invite =
        json!({"messaging_product": "whatsapp", "to": "16505550143", "type": "template", "template": template});
    let mut as_a_person = text_to(app.first.group_id);
    as_a_person["recipient_type"] = json!("individual");
    for message in [text_to(app.first.group_id), as_a_person, invite] {
        refused(&app, &app.second.key, "POST", &messages, message).await;
    }
    let in_the_query = format!("{messages}?recipient_type=group&to={}", app.first.group_id);
    let rest = json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "hello"}});
    refused(&app, &app.second.key, "POST", &in_the_query, rest).await;
    assert_eq!(app.sandbox.count("POST", "/messages").await, 0);
}

#[actix_web::test]
async fn a_key_for_several_tenants_acts_for_the_one_whose_object_it_names() {
    let app = TestApp::start().await;
    let key = app.key("key-for-all", &[("*", &["groups.read"])]).await;
    for tenant in [&app.first, &app.second] {
        let path = format!("v23.0/{}/groups", tenant.phone_number_id);
        done(&call(&app, &key, "GET", &path, Value::Null).await);
        let asked = super::asked(&app, "GET", "/groups").await;
        assert!(asked["path"].as_str().unwrap().contains(tenant.phone_number_id), "{asked}");
    }
    let library = "v23.0/message_template_library?category=utility&topic=group_invite_link&language=en";
    assert_eq!(refusal(&call(&app, &key, "GET", library, Value::Null).await), (400, 100, None));
    let of_the_second = format!("{library}&waba_id={}", app.second.waba_id);
    done(&call(&app, &key, "GET", &of_the_second, Value::Null).await);
    let asked = super::asked(&app, "GET", "/message_template_library").await;
    assert!(!asked.to_string().contains("waba_id"), "{asked}");
    let foreign = format!("{library}&waba_id={}", app.first.waba_id);
    assert_eq!(refusal(&call(&app, &app.second.key, "GET", &foreign, Value::Null).await), NO_OBJECT);
}

#[actix_web::test]
async fn what_a_tenant_has_no_more_is_nobodys() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let (space, number) = (app.store.space(app.first.cust_space_id), app.first.business_number);
    space.remove_number(number, &crate::support::actor()).await.unwrap();
    crate::support::eventually("the group is nobody's", async || {
        let answer = call(&app, &app.first.key, "GET", app.first.group_id, Value::Null).await;
        (answer.status == 400 && refusal(&answer) == NO_OBJECT).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_message_carries_no_foreign_file_and_carries_ones_own() {
    let app = TestApp::start().await;
    let group = app.group_with(&["16505550152"]).await;
    let picture = crate::support::fixture("pictures/baseline.jpg");
    let file = form(&[("messaging_product", "whatsapp")], Some(("file", "image/jpeg", &picture)));
    let uploaded = send_form(&app, &format!("{}/media", app.first.phone_number_id), file).await;
    let message = |kind: &str| {
        let mut message = json!({"messaging_product": "whatsapp", "to": "16505550152", "type": kind});
        message[kind] = json!({"id": done(&uploaded)["id"]});
        message
    };
    let foreign = format!("v23.0/{}/messages", app.second.phone_number_id);
    for kind in ["image", "document", "sticker"] {
        let answer = call(&app, &app.second.key, "POST", &foreign, message(kind)).await;
        assert_eq!(refusal(&answer), NO_OBJECT, "{kind}");
    }
    assert_eq!(app.sandbox.count("POST", "/messages").await, 0);
    let mut own = message("image");
    own["recipient_type"] = json!("group");
    own["to"] = json!(group.id);
    let path = format!("v23.0/{}/messages", app.first.phone_number_id);
    done(&call(&app, &app.first.key, "POST", &path, own).await);
}
