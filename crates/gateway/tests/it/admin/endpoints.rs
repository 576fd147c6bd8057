//! Endpoints and their deliveries by the API: a tenant's, and the ISV's own.

use serde_json::{Value, json};

use crate::deliveries::tell;
use crate::support::{Admin, Receiver, Reply, TestApp, WebServer, eventually, superuser};

const ALLOWED: (&str, &str) = ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8");
const FIRST: &str = "/tenants/cams-demo1/endpoints";

async fn app() -> TestApp {
    TestApp::with(&[ALLOWED, ("GROUPGATE_DELIVERY_RETRIES", "1s")]).await
}

/// Adds an endpoint; its path, its secret and its entity tag.
async fn added(admin: &Admin, root: &str, url: &str) -> (String, String, String) {
    let answered = admin.post(root, json!({"url": url, "types": ["group.*"]})).await;
    let (tag, endpoint) = (answered.etag(), answered.done(201));
    let path = format!("{root}/{}", endpoint["endpoint_id"].as_str().unwrap());
    (path, endpoint["secret"].as_str().unwrap().to_owned(), tag)
}

/// The newest delivery of an endpoint, as soon as it stands so.
async fn newest(admin: &Admin, endpoint: &str, state: &str) -> Value {
    let path = format!("{endpoint}/deliveries?state={state}&limit=1");
    eventually("the delivery stands as expected", async || {
        let listed = admin.get(&path).await.done(200);
        listed["data"].as_array().unwrap().first().cloned()
    })
    .await
}

#[actix_web::test]
async fn an_endpoint_is_added_tried_and_signed_with_the_secret_that_was_shown_once() {
    let app = app().await;
    let admin = app.admin().await;
    let receiver = Receiver::recording(|_| 200);
    let (path, secret, _) = added(&admin, FIRST, &receiver.url("/hook")).await;
    let shown = admin.get(&path).await;
    assert!(!shown.text.contains(&secret));
    assert_eq!(shown.done(200)["state"], "enabled");

    let sent = admin.post(&format!("{path}/test"), Value::Null).await.done(200);
    let delivered = newest(&admin, &path, "done").await;
    assert_eq!((&delivered["delivery_id"], &delivered["event_id"]), (&sent["delivery_id"], &sent["event_id"]));
    assert_eq!((&delivered["event_type"], &delivered["tries"][0]["status"]), (&json!("endpoint.test"), &json!(200)));
    assert!(receiver.deliveries()[0].is_signed_with(&secret));
    let one = format!("{path}/deliveries/{}", sent["delivery_id"].as_str().unwrap());
    assert_eq!(admin.get(&one).await.done(200), delivered);

    let other = "/tenants/cams-demo2/endpoints";
    let elsewhere = path.replace(FIRST, other);
    admin.get(&elsewhere).await.problem(404, "NotFound");
    admin.get(&one.replace(FIRST, other)).await.problem(404, "NotFound");
    admin.change("DELETE", &elsewhere, "*", Value::Null).await.problem(404, "NotFound");
    assert_eq!(admin.get(other).await.done(200), json!({"data": [], "next": null}));
    admin.get("/tenants/cams-nobody/endpoints").await.problem(404, "NotFound");
    admin.post("/tenants/cams-nobody/endpoints", json!({"url": "https://x.example"})).await.problem(404, "NotFound");
}

#[actix_web::test]
async fn an_endpoint_is_changed_on_what_was_seen_alone_and_removed() {
    let app = app().await;
    let admin = app.admin().await;
    for root in [FIRST, "/endpoints"] {
        let (path, _, tag) = added(&admin, root, "https://hooks.example.com/one").await;
        admin.send("PATCH", &path, &[], "{}").await.problem(428, "PreconditionRequired");
        let change = json!({"url": "https://hooks.example.com/two", "types": [], "description": "the till's"});
        let changed = admin.change("PATCH", &path, &tag, change.clone()).await;
        let newer = changed.etag();
        let changed = changed.done(200);
        assert_eq!(changed["types"], json!([]));
        assert_eq!((&changed["url"], &changed["description"]), (&change["url"], &change["description"]));
        for (method, path, body) in [
            ("PATCH", path.clone(), json!({})),
            ("DELETE", path.clone(), Value::Null),
            ("POST", format!("{path}/rotate-secret"), json!({})),
            ("POST", format!("{path}/enable"), Value::Null),
            ("POST", format!("{path}/disable"), json!({"reason": "moves"})),
        ] {
            admin.change(method, &path, &tag, body).await.problem(412, "PreconditionFailed");
        }
        let plain = admin.change("PATCH", &path, &newer, json!({"description": null})).await;
        let newest = plain.etag();
        assert_eq!(plain.done(200)["description"], Value::Null);
        let listed = admin.get(&format!("{root}?limit=1")).await.done(200);
        assert_eq!((listed["data"].as_array().unwrap().len(), &listed["next"]), (1, &Value::Null));
        admin.change("DELETE", &path, &newest, Value::Null).await.done(204);
        admin.get(&path).await.problem(404, "NotFound");
    }
}

#[actix_web::test]
async fn a_disabled_endpoint_gets_nothing_until_it_is_enabled_and_then_what_it_missed() {
    let app = app().await;
    let admin = app.admin().await;
    let receiver = Receiver::recording(|_| 200);
    let (path, _, tag) = added(&admin, FIRST, &receiver.url("/hook")).await;
    let disabled = admin.change("POST", &format!("{path}/disable"), &tag, json!({"reason": "moves"})).await;
    let tag = disabled.etag();
    let disabled = disabled.done(200);
    assert_eq!((&disabled["state"], &disabled["disabled_reason"]), (&json!("disabled"), &json!("moves")));
    tell(&app, &[("G1", 1)]).await;
    eventually("the event is there", async || {
        let events = admin.get("/tenants/cams-demo1/events").await.done(200);
        (events["data"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    let replay = format!("{path}/replay");
    admin.post(&replay, json!({"since": 1})).await.problem(409, "Conflict.State");

    let enabled = admin.change("POST", &format!("{path}/enable"), &tag, Value::Null).await.done(200);
    assert_eq!(enabled["state"], "enabled");
    let since = enabled["missed_since"].as_str().unwrap();
    assert_eq!(admin.post(&replay, json!({"since": since})).await.done(200), json!({"replayed": 1}));
    assert_eq!(newest(&admin, &path, "done").await["sequence"], 1);
    let delivered = newest(&admin, &path, "done").await;
    assert_eq!(
        admin.post(&replay, json!({"since": since, "only_missed": true})).await.done(200),
        json!({"replayed": 0})
    );
    let event = &delivered["event_id"];
    assert_eq!(admin.post(&replay, json!({"event_id": event})).await.done(200), json!({"replayed": 1}));
    let strange = json!({"event_id": format!("evt_{}", "7".repeat(32))});
    admin.post(&replay, strange).await.problem(409, "Conflict.State");
    assert_eq!(admin.post(&replay, json!({"since": 1, "until": 1})).await.done(200), json!({"replayed": 1}));
    assert_eq!(admin.post(&replay, json!({"since": 1, "only_failed": true})).await.done(200), json!({"replayed": 0}));
    let made = delivered["created_at"].as_str().unwrap();
    for (asked, expected) in [
        (format!("event_type=group.*&since={made}"), 3),
        (format!("event_type=group.created&until={made}"), 1),
        ("event_type=message.*".to_owned(), 0),
    ] {
        let listed = admin.get(&format!("{path}/deliveries?{asked}")).await.done(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), expected, "{asked}");
    }
    let wrong = admin.get(&format!("{path}/deliveries?event_type=x&since=x&until=x&event_id=x")).await;
    assert_eq!(wrong.problem(400, "InvalidParameter")["errors"].as_array().unwrap().len(), 4);
    for (wrong, field) in [
        (json!({"since": "soon"}), "since"),
        (json!({"since": 1, "until": "2026-11-20T08:00:00Z"}), "until"),
        (json!({}), "since"),
        (json!({"since": 1, "event_id": event}), "event_id"),
        (json!({"since": 1, "only_failed": true, "only_missed": true}), "only_missed"),
    ] {
        let problem = admin.post(&replay, wrong).await.problem(400, "InvalidParameter");
        assert_eq!(problem["errors"][0]["field"], field);
    }
}

#[actix_web::test]
async fn an_endpoint_of_the_isvs_own_hears_of_all_tenants_and_is_replayed_by_time() {
    let app = app().await;
    let admin = app.admin().await;
    let receiver = Receiver::recording(|_| 200);
    let (path, _, _) = added(&admin, "/endpoints", &receiver.url("/all")).await;
    tell(&app, &[("G1", 1)]).await;
    let delivered = newest(&admin, &path, "done").await;
    assert_eq!((&delivered["cust_space_id"], &delivered["group_id"]), (&json!("cams-demo1"), &json!("G1")));
    let replay = format!("{path}/replay");
    let problem = admin.post(&replay, json!({"since": 1})).await.problem(400, "InvalidParameter");
    assert_eq!(problem["errors"][0]["field"], "since");
    let replayed = admin.post(&replay, json!({"since": "2020-01-01T00:00:00Z"})).await.done(200);
    assert_eq!(replayed, json!({"replayed": 1}));
}

#[actix_web::test]
async fn a_secret_is_rotated_with_an_overlap_in_which_both_sign() {
    let app = app().await;
    let admin = app.admin().await;
    let receiver = Receiver::recording(|_| 200);
    let (path, before, tag) = added(&admin, FIRST, &receiver.url("/hook")).await;
    let rotated = admin.change("POST", &format!("{path}/rotate-secret"), &tag, json!({"overlap_seconds": 3600})).await;
    assert_ne!(rotated.etag(), tag);
    let rotated = rotated.done(200);
    let after = rotated["secret"].as_str().unwrap();
    assert!(rotated["previous_until"].is_string() && after != before);
    admin.post(&format!("{path}/test"), Value::Null).await.done(200);
    newest(&admin, &path, "done").await;
    let delivery = receiver.deliveries().remove(0);
    assert!(delivery.is_signed_with(&before) && delivery.is_signed_with(after));
}

#[actix_web::test]
async fn a_url_that_may_not_be_called_and_a_type_that_is_none_are_refused_together() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for url in ["http://127.0.0.1:1/", "http://hooks.example.com/", "https://10.0.0.1/", "ftp://x", "x"] {
        let wrong = json!({"url": url, "types": ["group.created", "group"], "description": "x".repeat(501)});
        let problem = admin.post(FIRST, wrong).await.problem(400, "InvalidParameter");
        let fields: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
        assert_eq!(fields, ["url", "types.1", "description"], "{url}");
    }
}

#[actix_web::test]
async fn an_endpoint_of_another_is_told_in_the_same_words_as_one_that_does_not_exist() {
    let app = app().await;
    let admin = app.admin().await;
    let mut told = std::collections::HashMap::<String, Value>::new();
    let (ours, _, _) = added(&admin, FIRST, "https://hooks.example.com/one").await;
    let (isvs, _, _) = added(&admin, "/endpoints", "https://hooks.example.com/all").await;
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let delivery = admin.post(&format!("{ours}/test"), Value::Null).await.done(200)["delivery_id"].clone();
    let one = format!("/deliveries/{}", delivery.as_str().unwrap());
    for root in ["/tenants/cams-demo2/endpoints", "/endpoints"] {
        let others = if root == "/endpoints" { vec![id(&ours)] } else { vec![id(&ours), id(&isvs)] };
        for endpoint in others.into_iter().chain([format!("ep_{}", "7".repeat(32))]) {
            for (method, end, body) in [
                ("GET", "", Value::Null),
                ("PATCH", "", json!({"description": "mine"})),
                ("DELETE", "", Value::Null),
                ("POST", "/rotate-secret", json!({})),
                ("POST", "/enable", Value::Null),
                ("POST", "/disable", json!({"reason": "mine"})),
                ("POST", "/test", Value::Null),
                ("POST", "/replay", json!({"since": "2020-01-01T00:00:00Z"})),
                ("GET", "/deliveries", Value::Null),
                ("GET", &one, Value::Null),
            ] {
                let path = format!("{root}/{endpoint}{end}");
                let mut problem = admin.change(method, &path, "*", body).await.problem(404, "NotFound");
                problem["request_id"] = Value::Null;
                let first = told.entry(format!("{method} {root}{end}")).or_insert_with(|| problem.clone());
                assert_eq!(*first, problem, "{method} {path}");
            }
        }
    }
}

#[actix_web::test]
async fn more_endpoints_than_there_may_be_are_no_mistake_of_ours() {
    let app = app().await;
    let admin = app.admin().await;
    added(&admin, FIRST, "https://hooks.example.com/one").await;
    let more = "insert into endpoints (endpoint_id, cust_space_id, url, types, sealed_secret, key_version)
                select gen_random_uuid(), cust_space_id, url, types, sealed_secret, key_version
                from endpoints, generate_series(2, 100)";
    sqlx::query(more).execute(&mut superuser(&app.database).await).await.unwrap();
    let problem =
        admin.post(FIRST, json!({"url": "https://hooks.example.com/101"})).await.problem(409, "Conflict.State");
    assert!(problem["detail"].as_str().unwrap().contains("100 endpoints"), "{problem}");
    let page = admin.get(&format!("{FIRST}?limit=60")).await.done(200);
    let rest = admin.get(&format!("{FIRST}?limit=60&after={}", page["next"].as_str().unwrap())).await.done(200);
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (40, &Value::Null));
}

#[actix_web::test]
async fn of_an_answer_the_first_kib_is_shown() {
    let app = app().await;
    let admin = app.admin().await;
    let long = format!("{}END", "no".repeat(2_000));
    let receiver = WebServer::start(Reply::with(500, &[], long.as_bytes())).await;
    let (path, secret, _) = added(&admin, FIRST, &receiver.url("/hook")).await;
    admin.post(&format!("{path}/test"), Value::Null).await.done(200);
    let dead = newest(&admin, &path, "dead").await;
    let tried = &dead["tries"][0];
    assert_eq!((&tried["status"], &tried["answer"]), (&json!(500), &json!("no".repeat(512))));
    assert!(tried["milliseconds"].is_u64() && tried["at"].is_string() && tried["error"].is_null());
    assert!(!dead.to_string().contains(&secret));
}
