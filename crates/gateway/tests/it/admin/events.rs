//! A tenant's events and groups by the API, and events that are nobody's.

use serde_json::{Value, json};

use crate::deliveries::tell;
use crate::support::{APP_SECRET, TestApp, eventually};

#[actix_web::test]
async fn a_tenants_events_are_paged_by_their_sequence_as_they_are_delivered() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    tell(&app, &[("G1", 1), ("G2", 2), ("G3", 3)]).await;
    let path = "/tenants/cams-demo1/events";
    eventually("the events are there", async || {
        let events = admin.get(path).await.done(200);
        (events["data"].as_array().unwrap().len() == 3).then_some(())
    })
    .await;
    let page = admin.get(&format!("{path}?limit=2")).await.done(200);
    assert_eq!(page["next"], "2");
    assert_eq!((&page["data"][0]["Type"], &page["data"][0]["GroupId"]), (&json!("group.created"), &json!("G1")));
    let rest = admin.get(&format!("{path}?after=2")).await.done(200);
    assert_eq!((&rest["data"][0]["Sequence"], &rest["next"]), (&json!(3), &Value::Null));
    let newest = admin.get(&format!("{path}?order=newest&limit=2")).await.done(200);
    assert_eq!((&newest["data"][0]["GroupId"], &newest["next"]), (&json!("G3"), &json!("2")));
    let one = admin.get(&format!("{path}?group_id=G2&type=group.created&since=2020-01-01T00:00:00Z")).await.done(200);
    assert_eq!(one["data"][0]["Sequence"], 2);
    let id = one["data"][0]["Id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("{path}/{id}")).await.done(200), one["data"][0]);
    admin.get(&format!("/tenants/cams-demo2/events/{id}")).await.problem(404, "NotFound");
    let wrong = admin.get(&format!("{path}?since=soon&after=soon")).await.problem(400, "InvalidParameter");
    assert_eq!(wrong["errors"].as_array().map(Vec::len), Some(2), "{wrong}");
    admin.get(&format!("{path}?after=soon")).await.problem(400, "InvalidParameter");
    admin.get("/tenants/cams-nobody/events").await.problem(404, "NotFound");
    assert_eq!(admin.get("/tenants/cams-demo2/events").await.done(200)["data"], json!([]));
}

#[actix_web::test]
async fn events_of_unknown_numbers_are_listed_without_what_they_say() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "299", "changes": [{
        "field": "group_lifecycle_update",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15559999999", "phone_number_id": "199"},
            "groups": [{"timestamp": "1763712000", "group_id": "G", "type": "group_create", "subject": "hush"}],
        },
    }]}]});
    let body = body.to_string().into_bytes();
    assert_eq!(app.webhook(APP_SECRET, &body, &[("content-type", "application/json")]).await.status, 200);
    let listed = admin.get("/events/unrouted").await;
    assert!(!listed.text.contains("hush"));
    let listed = listed.done(200);
    let event = &listed["data"][0];
    assert_eq!((&event["phone_number_id"], &event["waba_id"]), (&json!("199"), &json!("299")));
    assert!(event["event_id"].as_str().unwrap().starts_with("evt_"));
    let one_tenants = app.admin_with("one", &[("cams-demo1", &["admin.read"])]).await;
    assert_eq!(one_tenants.get("/events/unrouted").await.status, 403);
}

#[actix_web::test]
async fn the_mirror_is_listed_without_invite_links_and_compared_when_asked() {
    let app = TestApp::with_mirrors().await;
    let admin = app.admin().await;
    let path = "/tenants/cams-demo1/groups";
    let groups = eventually("the mirror is filled", async || {
        let groups = admin.get(&format!("{path}?status=active")).await;
        assert!(!groups.text.contains("chat.whatsapp.com"));
        let groups = groups.done(200);
        (groups["data"].as_array().unwrap().len() >= 2).then_some(groups)
    })
    .await;
    let page = admin.get(&format!("{path}?limit=1")).await.done(200);
    let next = page["next"].as_str().unwrap();
    let second = admin.get(&format!("{path}?limit=1&after={next}")).await.done(200);
    assert_ne!(page["data"][0]["group_id"], second["data"][0]["group_id"]);
    assert_eq!(groups["data"][0]["phone_number_id"], app.first.phone_number_id);

    let one = format!("{path}/{}", groups["data"][0]["group_id"].as_str().unwrap());
    let group = admin.get(&one).await.done(200);
    assert_eq!(
        (&group["group_id"], &group["business_number"]),
        (&groups["data"][0]["group_id"], &json!("15550000001"))
    );
    assert!(!group.to_string().contains("chat.whatsapp.com"));
    let link = admin.get(&format!("{one}/invite_link")).await.done(200);
    assert!(link["invite_link"].as_str().unwrap().starts_with("https://chat.whatsapp.com/"), "{link}");
    let members = admin.get(&format!("{one}/members")).await.done(200);
    let named = |member: &Value| member["wa_id"].as_str().is_some_and(|number| number.starts_with("1650555"));
    assert!(members["participants"].as_array().unwrap().iter().all(named), "{members}");
    assert_eq!((&members["join_requests"], &members["has_more_join_requests"]), (&json!([]), &json!(false)));
    admin.get(&one.replace("demo1", "demo2")).await.problem(404, "NotFound");
    assert_eq!(admin.get(&format!("{path}?business_number=15550000002")).await.done(200)["data"], json!([]));

    let asked = admin.post(&format!("{path}/reconcile"), Value::Null).await.done(200);
    assert_eq!(asked["numbers"][0]["phone_number_id"], app.first.phone_number_id);
    let tag = admin.get("/tenants/cams-demo1").await.etag();
    let suspend = json!({"reason": "unpaid"});
    admin.change("POST", "/tenants/cams-demo1/suspend", &tag, suspend).await.done(200);
    admin.post(&format!("{path}/reconcile"), Value::Null).await.problem(409, "Conflict.State");
}
