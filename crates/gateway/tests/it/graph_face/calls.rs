//! Every call of Meta's, through the face to Meta and back.

use serde_json::{Value, json};

use super::{asked, call, done, form, graph, list_groups, send_form, text_to};
use crate::support::{TestApp, eventually, fixture};

#[actix_web::test]
async fn a_group_lives_its_whole_life() {
    let app = TestApp::start().await;
    let groups = format!("{}/groups", app.first.phone_number_id);
    let wanted = json!({"messaging_product": "whatsapp", "subject": "Probe group", "description": "from afar",
                        "join_approval_mode": "approval_required"});
    let created = done(&graph(&app, "POST", &groups, wanted).await);
    assert_eq!(created["messaging_product"], "whatsapp");
    assert!(created["request_id"].is_string());
    let id = eventually("the group is there", async || {
        let listed = list_groups(&app, &app.first).await;
        let found = listed["data"]["groups"].as_array()?.iter().find(|group| group["subject"] == "Probe group")?;
        Some(found["id"].as_str().unwrap().to_owned())
    })
    .await;

    let fields = "fields=id%2Csubject%2Cdescription%2Cparticipants%2Ctotal_participant_count%2Cjoin_approval_mode";
    let info = done(&graph(&app, "GET", &format!("{id}?{fields}"), Value::Null).await);
    assert_eq!((&info["subject"], &info["description"]), (&json!("Probe group"), &json!("from afar")));

    let link = done(&graph(&app, "GET", &format!("{id}/invite_link"), Value::Null).await)["invite_link"].clone();
    let product = json!({"messaging_product": "whatsapp"});
    let renewed =
        done(&graph(&app, "POST", &format!("{id}/invite_link"), product.clone()).await)["invite_link"].clone();
    assert_ne!(link, renewed);
    let (_, joined) = app.sandbox.join("16505550141", renewed.as_str().unwrap()).await;
    assert_eq!(joined["result"], "requested", "{joined}");

    let open = done(&graph(&app, "GET", &format!("{id}/join_requests"), Value::Null).await);
    let request = open["data"][0]["join_request_id"].clone();
    let decision = json!({"messaging_product": "whatsapp", "join_requests": [request]});
    let approved = done(&graph(&app, "POST", &format!("{id}/join_requests"), decision).await);
    assert_eq!(approved["approved_join_requests"], json!([request]));

    let sent = done(&graph(&app, "POST", &format!("{}/messages", app.first.phone_number_id), text_to(&id)).await);
    assert!(sent["messages"][0]["id"].is_string(), "{sent}");

    let gone = json!({"messaging_product": "whatsapp", "participants": [{"user": "+16505550141"}]});
    assert!(done(&graph(&app, "DELETE", &format!("{id}/participants"), gone).await)["request_id"].is_string());
    let removed = done(&graph(&app, "DELETE", &format!("{id}/invite_link"), product).await);
    assert_eq!(removed["success"], "true");
    assert!(done(&graph(&app, "DELETE", &id, Value::Null).await)["request_id"].is_string());
    eventually("the group is gone", async || {
        let listed = list_groups(&app, &app.first).await;
        let is_listed = listed["data"]["groups"].as_array().unwrap().iter().any(|group| group["id"] == id.as_str());
        (!is_listed).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn join_requests_are_turned_away() {
    let app = TestApp::start().await;
    let (group, requests) = app.group_asked_by(&["16505550142"]).await;
    let path = format!("{}/join_requests", group.id);
    let rejected =
        graph(&app, "DELETE", &path, json!({"messaging_product": "whatsapp", "join_requests": requests})).await;
    assert_eq!(done(&rejected)["rejected_join_requests"], json!(requests));
}

#[actix_web::test]
async fn settings_are_sent_in_json_in_a_form_and_with_a_picture_under_both_names() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    let subject = async |wanted: &str| {
        eventually("the subject is changed", async || {
            let info = done(&graph(&app, "GET", &format!("{}?fields=subject", group.id), Value::Null).await);
            (info["subject"] == wanted).then_some(())
        })
        .await;
    };
    done(&graph(&app, "POST", &group.id, json!({"messaging_product": "whatsapp", "subject": "In JSON"})).await);
    subject("In JSON").await;
    done(&send_form(&app, &group.id, form(&[("messaging_product", "whatsapp"), ("subject", "In parts")], None)).await);
    subject("In parts").await;
    let picture = fixture("pictures/baseline.jpg");
    for name in ["file", "profile_picture_file"] {
        let texts = [("messaging_product", "whatsapp"), ("subject", name)];
        done(&send_form(&app, &group.id, form(&texts, Some((name, "image/jpeg", &picture)))).await);
        subject(name).await;
    }
}

#[actix_web::test]
async fn a_form_may_hold_what_is_otherwise_json() {
    let app = TestApp::start().await;
    let group = app.group_with(&["16505551234"]).await;
    let authorization = app.first.key.bearer();
    let send = async |method: &str, path: &str, body: &str| {
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        app.client.send(method, &format!("/graph/v23.0/{path}"), &headers, body.as_bytes().to_vec()).await
    };
    let message = format!(
        "messaging_product=whatsapp&recipient_type=group&type=text&to={}&text=%7B%22body%22%3A%22hi%22%7D",
        group.id
    );
    let sent = send("POST", &format!("{}/messages", app.first.phone_number_id), &message).await;
    assert!(done(&sent)["messages"][0]["id"].is_string());
    let gone = "messaging_product=whatsapp&participants=%5B%7B%22user%22%3A%2216505551234%22%7D%5D";
    let removed = done(&send("DELETE", &format!("{}/participants", group.id), gone).await);
    assert!(removed["request_id"].is_string());
}

#[actix_web::test]
async fn numbers_and_accounts_are_read() {
    let app = TestApp::start().await;
    let number =
        done(&graph(&app, "GET", &format!("{}?fields=id,status", app.first.phone_number_id), Value::Null).await);
    assert_eq!((&number["id"], &number["status"]), (&json!(app.first.phone_number_id), &json!("LINKED")));
    let numbers = done(&graph(&app, "GET", &format!("{}/phone_numbers", app.first.waba_id), Value::Null).await);
    assert_eq!(numbers["data"][0]["id"], app.first.phone_number_id);
}

#[actix_web::test]
async fn templates_are_listed_copied_read_and_deleted() {
    let app = TestApp::start().await;
    let templates = format!("{}/message_templates", app.first.waba_id);
    let path = "message_template_library?category=utility&topic=group_invite_link&language=en";
    let library = done(&graph(&app, "GET", path, Value::Null).await);
    assert!(!library["data"].as_array().unwrap().is_empty());
    let copy = json!({"name": "come_in", "language": "en", "category": "UTILITY",
                      "library_template_name": library["data"][0]["name"]});
    let made = done(&graph(&app, "POST", &templates, copy).await)["id"].as_str().unwrap().to_owned();
    assert_eq!(done(&graph(&app, "GET", &made, Value::Null).await)["name"], "come_in");
    let listed = done(&graph(&app, "GET", &templates, Value::Null).await);
    let born = listed["data"].as_array().unwrap().iter().find(|template| template["name"] != "come_in").unwrap();
    done(&graph(&app, "GET", born["id"].as_str().unwrap(), Value::Null).await);
    done(&graph(&app, "DELETE", &made, Value::Null).await);
}

#[actix_web::test]
async fn versions_and_none_lead_to_the_same_call() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    for (path, upstream) in [("v24.0/", "/v24.0/"), ("v21.0/", "/v21.0/"), ("", "/v23.0/")] {
        let path = format!("{path}{}", app.first.group_id);
        done(&call(&app, &app.first.key, "GET", &path, Value::Null).await);
        let asked = asked(&app, "GET", app.first.group_id).await;
        assert_eq!(asked["path"], format!("{upstream}{}", app.first.group_id));
    }
}

#[actix_web::test]
async fn a_template_that_another_face_copied_or_listed_is_found_by_its_id() {
    let app = TestApp::start().await;
    let listed = app.client.call("ListChatGroupInviteTemplates", &app.first, json!({})).await.expect(200, "OK");
    let born = listed["Data"]["Own"][0]["TemplateId"].as_str().unwrap();
    eventually("the listed template is recorded", async || {
        (graph(&app, "GET", born, Value::Null).await.status == 200).then_some(())
    })
    .await;
    let copy = json!({"TemplateName": "come_in", "Language": "en",
                      "LibraryTemplateName": listed["Data"]["Library"][0]["LibraryTemplateName"]});
    let made = app.client.call("AddChatGroupInviteTemplate", &app.first, copy).await.expect(200, "OK");
    done(&graph(&app, "GET", made["TemplateId"].as_str().unwrap(), Value::Null).await);
}
