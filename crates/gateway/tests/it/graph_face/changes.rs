//! Changes through the face are recorded, settled and learned as those of the operations are.

use serde_json::{Value, json};

use super::{call, done, graph};
use crate::support::{TestApp, eventually};

/// Our record of a change, once it is settled.
async fn record(app: &TestApp, operation: &str) -> (String, Option<String>, String) {
    eventually("the change is settled", async || {
        let found: Option<(String, Option<String>, String)> = sqlx::query_as(
            "select unique_code::text, request_id, status from changes
             where operation = $1 and status not in ('SENDING', 'PENDING') order by created_at desc limit 1",
        )
        .bind(operation)
        .fetch_optional(&mut crate::support::superuser(&app.database).await)
        .await
        .unwrap();
        found
    })
    .await
}

#[actix_web::test]
async fn metas_request_id_is_kept_and_finds_the_record() {
    let app = TestApp::start().await;
    let path = format!("{}/groups", app.first.phone_number_id);
    let created = graph(&app, "POST", &path, json!({"messaging_product": "whatsapp", "subject": " Spaced "})).await;
    let (_, request_id, status) = record(&app, "AddChatGroup").await;
    assert_eq!((request_id.as_deref(), status.as_str()), (done(&created)["request_id"].as_str(), "SUCCEEDED"));
}

#[actix_web::test]
async fn a_decision_without_metas_request_id_gets_ours_by_which_it_can_be_asked_for() {
    let app = TestApp::start().await;
    let (group, requests) = app.group_asked_by(&["16505550144"]).await;
    let path = format!("{}/join_requests", group.id);
    let asked = json!({"messaging_product": "whatsapp", "join_requests": requests});
    let approved = done(&graph(&app, "POST", &path, asked).await);
    let state = app.settled(&approved["request_id"]).await;
    assert_eq!((&state["Operation"], &state["Status"]), (&json!("ApproveChatGroupJoinRequests"), &json!("SUCCEEDED")));
}

#[actix_web::test]
async fn an_empty_answer_becomes_an_object_with_our_request_id() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    app.sandbox.fail(json!({"method": "DELETE", "http_status": 200, "body": ""})).await;
    let deleted = done(&graph(&app, "DELETE", &group.id, Value::Null).await);
    let (unique_code, ..) = {
        let found: (String,) =
            sqlx::query_as("select unique_code::text from changes where operation = 'DeleteChatGroup'")
                .fetch_one(&mut crate::support::superuser(&app.database).await)
                .await
                .unwrap();
        found
    };
    assert_eq!(deleted, json!({"request_id": unique_code}));
}

#[actix_web::test]
async fn where_the_superset_is_off_the_answer_is_metas_to_the_byte() {
    let app = TestApp::with(&[("GROUPGATE_GRAPH_SUPERSET", "false")]).await;
    let (group, requests) = app.group_asked_by(&["16505550145"]).await;
    let path = format!("{}/join_requests", group.id);
    let asked = json!({"messaging_product": "whatsapp", "join_requests": requests});
    let approved = done(&graph(&app, "POST", &path, asked).await);
    assert_eq!(approved, json!({"messaging_product": "whatsapp", "approved_join_requests": requests}));
    let (.., status) = record(&app, "ApproveChatGroupJoinRequests").await;
    assert_eq!(status, "SUCCEEDED");
}

#[actix_web::test]
async fn a_206_passes_as_it_is_and_is_recorded_as_partial() {
    let app = TestApp::start().await;
    let (group, requests) = app.group_asked_by(&["16505550146"]).await;
    let path = format!("{}/join_requests", group.id);
    let asked = json!({"messaging_product": "whatsapp", "join_requests": [requests[0], "bm9ib2R5"]});
    let answer = graph(&app, "POST", &path, asked).await;
    assert_eq!(answer.status, 206, "{}", answer.text);
    assert_eq!(answer.body()["approved_join_requests"], json!([requests[0]]));
    assert_eq!(answer.body()["failed_join_requests"][0]["join_request_id"], "bm9ib2R5");
    assert!(answer.body().get("request_id").is_none(), "{}", answer.text);
    assert_eq!(record(&app, "ApproveChatGroupJoinRequests").await.2, "PARTIAL");
}

#[actix_web::test]
async fn metas_refusal_passes_as_it_is_and_ends_the_record() {
    let app = TestApp::start().await;
    let path = format!("{}/groups", app.first.phone_number_id);
    let answer = graph(&app, "POST", &path, json!({"messaging_product": "whatsapp", "subject": " "})).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(answer.body()["request_id"].is_null() && answer.body()["error"]["fbtrace_id"].is_string());
    assert_eq!(record(&app, "AddChatGroup").await.2, "FAILED");
}

#[actix_web::test]
async fn a_removal_is_settled_by_its_event() {
    let app = TestApp::start().await;
    let group = app.group_with(&["16505550147"]).await;
    let gone = json!({"messaging_product": "whatsapp", "participants": [{"user": "+16505550147"}]});
    done(&graph(&app, "DELETE", &format!("{}/participants", group.id), gone).await);
    assert_eq!(record(&app, "DeleteChatGroupParticipants").await.2, "SUCCEEDED");
}

#[actix_web::test]
async fn the_mirror_learns_links_settings_and_ends() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    let product = json!({"messaging_product": "whatsapp"});
    let link =
        done(&graph(&app, "POST", &format!("{}/invite_link", group.id), product.clone()).await)["invite_link"].clone();
    let update = json!({"messaging_product": "whatsapp", "subject": "Renamed"});
    done(&graph(&app, "POST", &group.id, update).await);
    let seen = async |what: &str, status: &str, is_so: &dyn Fn(&Value) -> bool| {
        eventually(what, async || {
            let asked = json!({"Page": {"Index": 1, "Size": 100}, "GroupStatus": status});
            let listed = app.client.call("ListChatGroup", &app.first, asked).await.expect(200, "OK");
            let of_group = |listed: &&Value| listed["GroupId"] == group.id.as_str();
            listed["Data"]["List"].as_array()?.iter().find(of_group).filter(|group| is_so(group)).map(|_| ())
        })
        .await;
    };
    seen("the link and the subject", "ACTIVE", &|group| group["InviteLink"] == link && group["Subject"] == "Renamed")
        .await;
    done(&graph(&app, "DELETE", &format!("{}/invite_link", group.id), product).await);
    seen("no link", "ACTIVE", &|group| group["InviteLink"].is_null()).await;
    done(&graph(&app, "DELETE", &group.id, Value::Null).await);
    seen("the end", "INACTIVE", &|_| true).await;
}

#[actix_web::test]
async fn without_postgresql_no_change_is_begun_and_known_objects_are_read() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    super::list_groups(&app, &app.first).await;
    done(&call(&app, &app.first.key, "GET", app.first.group_id, Value::Null).await);
    proxy.cut();
    done(&call(&app, &app.first.key, "GET", app.first.group_id, Value::Null).await);
    let update = json!({"messaging_product": "whatsapp", "subject": "S"});
    let refused = call(&app, &app.first.key, "POST", app.first.group_id, update).await;
    assert_eq!(super::refusal(&refused), (503, 2, None));
    assert_eq!(refused.body()["error"]["is_transient"], true);
    assert_eq!(app.sandbox.count("POST", app.first.group_id).await, 0);
}
