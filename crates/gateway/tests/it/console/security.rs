//! What keeps others out of the console: tried on every page and form that there is.

use std::collections::BTreeSet;

use gateway::console::{By, reached};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::deliveries::tell;
use crate::support::{Admin, Answered, Browser, Credentials, TestApp, eventually, superuser};

const SCRIPT: &str = "<script>alert(1)</script>";
const WRITTEN: &str = "&#60;script&#62;alert(1)";
const EVERYTHING: &[&str] = &["admin.read", "admin.write"];
/// What may be given away besides.
const MORE: &[&str] = &["admin.read", "admin.write", "groups.read"];

/// What a path names, parameter by parameter. A new parameter is added here, and is tried from then on.
struct Named(Vec<(&'static str, String)>);

impl Named {
    /// Things of the first tenant; those that are not there yet have an ID that might be.
    fn of(app: &TestApp) -> Self {
        let nobody = "0".repeat(32);
        Self(vec![
            ("cust_space_id", app.first.cust_space_id.to_owned()),
            ("business_number", app.first.business_number.to_owned()),
            ("group_id", app.first.group_id.to_owned()),
            ("access_key_id", app.first.key.id.clone()),
            ("event_id", format!("evt_{nobody}")),
            ("endpoint_id", format!("ep_{nobody}")),
            ("delivery_id", format!("dlv_{nobody}")),
            ("issuer_id", format!("iss_{nobody}")),
            ("step", "eligibility".to_owned()),
        ])
    }

    fn with(mut self, parameter: &str, value: &Value) -> Self {
        let named = self.0.iter_mut().find(|(name, _)| *name == parameter).unwrap();
        value.as_str().unwrap().clone_into(&mut named.1);
        self
    }

    #[track_caller]
    fn path(&self, path: &str) -> String {
        let put = |path: String, (name, value): &(&str, String)| path.replace(&format!("{{{name}}}"), value);
        let path = self.0.iter().fold(format!("/console{path}"), put);
        assert!(!path.contains('{'), "nothing is named for a parameter of {path}");
        path
    }
}

/// All that is for administrators alone: its method, and its path.
fn walled(named: &Named) -> Vec<(String, String)> {
    let walled = reached().into_iter().filter(|reached| reached.by == By::Administrators);
    let walled: Vec<_> = walled.map(|reached| (reached.method.to_string(), named.path(reached.path))).collect();
    assert!(walled.len() >= 40, "{walled:?}");
    walled
}

fn pages(named: &Named) -> Vec<String> {
    walled(named).into_iter().filter(|(method, _)| method == "GET").map(|(_, path)| path).collect()
}

fn forms(named: &Named) -> Vec<String> {
    walled(named).into_iter().filter(|(method, _)| method == "POST").map(|(_, path)| path).collect()
}

/// Asserts what every answer has, so that nobody else's page shows it in a frame, nor adds a script to it.
#[track_caller]
fn is_hardened(path: &str, answered: &Answered) {
    let policy = answered.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    for (header, wanted) in
        [("x-frame-options", "DENY"), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(answered.header(header), Some(wanted), "{path} {header}");
    }
    if answered.header("content-disposition").is_some_and(|kept| kept.starts_with("attachment")) {
        return;
    }
    assert!(!answered.text.contains("<script>") && !answered.text.contains(" style="), "{path}: {}", answered.text);
}

async fn signed_in(app: &TestApp, key: &Credentials) -> (Browser, String) {
    let mut browser = app.browser();
    assert_eq!(browser.sign_in(key).await.status, 303);
    let token = browser.form_token("/console").await;
    (browser, token)
}

#[actix_web::test]
async fn nobody_gets_past_the_sign_in_to_any_page_or_form() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for (method, path) in walled(&Named::of(&app)) {
        let answered = if method == "GET" { browser.get(&path).await } else { browser.post(&path, &[]).await };
        is_hardened(&path, &answered);
        let led = (answered.status, answered.header("location"));
        assert_eq!(led, (303, Some("/console/sign-in")), "{method} {path}: {}", answered.text);
    }
    for path in ["/console/sign-in", "/console/sign-out", "/console/nothing", "/console/assets/nothing"] {
        is_hardened(path, &browser.get(path).await);
    }
    let page = browser.get("/console/sign-in?next=//evil.example/").await;
    assert!(!page.text.contains("evil"), "{}", page.text);
}

#[actix_web::test]
async fn who_may_only_look_sees_no_form_and_sends_none() {
    let app = TestApp::start().await;
    let reader = app.key("reader", &[("*", &["admin.read"])]).await;
    let (mut browser, token) = signed_in(&app, &reader).await;
    let named = Named::of(&app);
    for path in pages(&named) {
        let page = browser.get(&path).await;
        is_hardened(&path, &page);
        assert!(page.status < 500 && page.status != 303, "{path}: {} {}", page.status, page.text);
        let forms: Vec<_> = page.text.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")).collect();
        assert!(
            forms.len() <= 1 && page.text.matches("action=\"/console/sign-out\"").count() <= 1,
            "{path}: {forms:?}"
        );
    }
    for path in forms(&named) {
        let refused = browser.post(&path, &[("form_token", &token)]).await;
        is_hardened(&path, &refused);
        assert_eq!(refused.status, 403, "{path}: {}", refused.text);
    }
}

#[actix_web::test]
async fn a_form_of_another_site_another_session_or_none_does_nothing_anywhere() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (mut browser, token) = signed_in(&app, &admin.key).await;
    let (_, others) = signed_in(&app, &admin.key).await;
    let named = Named::of(&app);
    for path in forms(&named) {
        for (site, token) in
            [("cross-site", &token), ("same-site", &token), ("same-origin", &others), ("same-origin", &String::new())]
        {
            let refused = browser.post_from(site, &path, &[("form_token", token)]).await;
            assert_eq!(refused.status, 403, "{site} {path}: {}", refused.text);
        }
    }
    let large = "x".repeat(64 * 1024);
    let refused = browser.post("/console/sign-out", &[("form_token", &token), ("more", &large)]).await;
    assert_eq!(refused.status, 413, "{}", refused.text);
    assert_eq!(browser.post("/console/sign-in", &[("access_key_id", &large)]).await.status, 413);
    assert_eq!(browser.get("/console/sign-out").await.status, 404, "a link signs nobody out");
    assert_eq!(browser.get("/console").await.status, 200);
}

#[actix_web::test]
async fn an_administrator_of_one_tenant_gets_nothing_of_another_and_nothing_of_all() {
    let app = TestApp::start().await;
    let others = app.key("of-the-second", &[("cams-demo2", EVERYTHING)]).await;
    let (mut browser, token) = signed_in(&app, &others).await;
    for (method, path) in walled(&Named::of(&app)) {
        let fields = [("form_token", token.as_str())];
        let answered = if method == "GET" { browser.get(&path).await } else { browser.post(&path, &fields).await };
        is_hardened(&path, &answered);
        let is_shut = [403, 404].contains(&answered.status);
        let names_it = answered.text.contains("cams-demo1") || answered.text.contains(app.first.key.id.as_str());
        assert!(
            is_shut || (method == "GET" && answered.status == 200 && !names_it),
            "{method} {path}: {}",
            answered.text
        );
        assert!(is_shut || !path.contains("cams-demo1"), "{method} {path}: {}", answered.text);
    }
}

#[actix_web::test]
async fn a_session_is_over_when_it_is_idle_after_a_day_or_when_its_key_is_no_longer_what_it_was() {
    let app = TestApp::start().await;
    let admin = app.admin_with("administrator", &[("*", MORE)]).await;
    let mut database = superuser(&app.database).await;
    let lasts = "select extract(epoch from ends_at - begun_at)::bigint from console_sessions";
    let sessions = "select count(*) from console_sessions where actor = $1";
    for (id, end) in [
        ("idle", "update console_sessions set seen_at = now() - interval '31 minutes' where actor = $1"),
        ("late", "update console_sessions set ends_at = now() where actor = $1"),
        ("expired", "update access_keys set expires_at = now() where access_key_id = $1"),
    ] {
        let (browser, _) = signed_in(&app, &app.key(id, &[("*", EVERYTHING)]).await).await;
        assert!(
            (43_190..=43_200).contains(&sqlx::query_scalar::<_, i64>(lasts).fetch_one(&mut database).await.unwrap())
        );
        sqlx::query(AssertSqlSafe(end)).bind(id).execute(&mut database).await.unwrap();
        eventually(id, async || (browser.get("/console").await.status == 303).then_some(())).await;
    }
    for (id, path, change) in [
        ("revoked", "/revoke", Value::Null),
        ("rotated", "/rotate", json!({"overlap_seconds": 0})),
        ("gone", "", Value::Null),
    ] {
        let (browser, _) = signed_in(&app, &app.key(id, &[("*", EVERYTHING)]).await).await;
        if id == "gone" {
            admin.change("POST", "/keys/gone/revoke", "*", Value::Null).await.done(200);
        }
        let method = if path.is_empty() { "DELETE" } else { "POST" };
        admin.change(method, &format!("/keys/{id}{path}"), "*", change).await;
        eventually(id, async || (browser.get("/console").await.status == 303).then_some(())).await;
        let left: i64 = sqlx::query_scalar(sessions).bind(id).fetch_one(&mut database).await.unwrap();
        assert_eq!(left, 0, "{id}: it does not go on showing a wrong secret");
    }
    let (browser, _) = signed_in(&app, &app.key("narrowed", &[("*", EVERYTHING)]).await).await;
    let grants = json!({"grants": [{"cust_space_ids": ["*"], "scopes": ["groups.read"]}]});
    admin.change("PATCH", "/keys/narrowed", "*", grants).await.done(200);
    eventually("narrowed", async || (browser.get("/console").await.status == 403).then_some(())).await;
    assert_eq!(browser.get("/console/sign-in").await.status, 200, "another key can be shown");

    let (mut browser, _) = signed_in(&app, &admin.key).await;
    let first = browser.cookie.clone();
    let home = browser.get("/console/sign-in").await;
    assert_eq!((home.status, home.header("location")), (303, Some("/console")));
    browser.sign_in(&admin.key).await;
    assert_ne!(browser.cookie, first);
    let second = std::mem::replace(&mut browser.cookie, first);
    assert_eq!(browser.get("/console").await.status, 303, "the second sign-in ends the first session");
    browser.cookie = second;
    assert_eq!(browser.get("/console").await.status, 200);
}

#[actix_web::test]
async fn who_signs_in_and_who_may_not_is_in_the_audit_log_and_guessing_is_limited() {
    let app = TestApp::with(&[("GROUPGATE_AUTH_FAILURES", "3/m")]).await;
    let admin = app.admin().await;
    let mut browser = app.browser();
    assert_eq!(browser.sign_in(&app.first.key).await.status, 403);
    browser.sign_in(&admin.key).await;
    let log = eventually("the refusal is in the log", async || {
        let log = admin.get(&format!("/audit?action=refuse&actor={}", app.first.key.id)).await.done(200);
        log["data"].get(0).cloned()
    })
    .await;
    assert_eq!((&log["object"], &log["after"]["status"]), (&json!("POST /console/sign-in"), &json!(403)));
    let log = admin.get("/audit?action=console.sign_in").await.done(200);
    assert_eq!(log["data"][0]["actor"], json!(admin.key.id));
    let cookie = browser.cookie.clone().unwrap();
    assert!(!log.to_string().contains(cookie.split_once('=').unwrap().1));

    let guess = Credentials::new("nobody", "a secret of thirty characters or so");
    let mut told = BTreeSet::new();
    for _ in 0..5 {
        told.insert(app.browser().sign_in(&guess).await.status);
    }
    assert_eq!(told, BTreeSet::from([401, 429]));
}

/// Has script written everywhere where somebody may write. What is named where.
async fn written(app: &TestApp, admin: &Admin) -> Named {
    let tenant = json!({"name": SCRIPT, "notes": SCRIPT, "labels": {"customer": SCRIPT}});
    admin.change("PATCH", "/tenants/cams-demo1", "*", tenant).await.done(200);
    let grants = json!([{"cust_space_ids": ["cams-demo1"], "scopes": ["groups.read"]}]);
    let key = admin.post("/keys", json!({"name": SCRIPT, "grants": grants})).await.done(201);
    let endpoint = json!({"url": "https://hook.example/", "description": SCRIPT, "types": ["group.*"]});
    let endpoint = admin.post("/tenants/cams-demo1/endpoints", endpoint).await.done(201);
    tell(app, &[("G", 1)]).await;
    let event = eventually("the event is there", async || {
        admin.get("/tenants/cams-demo1/events").await.done(200)["data"].get(0).cloned()
    })
    .await;
    let deliveries = format!("/tenants/cams-demo1/endpoints/{}/deliveries", endpoint["endpoint_id"].as_str().unwrap());
    let delivery = admin.get(&deliveries).await.done(200)["data"][0].clone();
    let mut database = superuser(&app.database).await;
    for statement in [
        "update groups set subject = $1, description = $1",
        "update business_numbers set verified_name = $1",
        "update mirrors set failure = $1",
        "update calls set operation = $1, code = $1, fbtrace_id = $1",
    ] {
        sqlx::query(AssertSqlSafe(statement)).bind(SCRIPT).execute(&mut database).await.unwrap();
    }
    Named::of(app)
        .with("access_key_id", &key["access_key_id"])
        .with("endpoint_id", &endpoint["endpoint_id"])
        .with("event_id", &event["Id"])
        .with("delivery_id", &delivery["delivery_id"])
        .with("group_id", &json!("G"))
}

#[actix_web::test]
async fn what_others_write_is_shown_as_text_and_no_page_shows_a_secret() {
    let app = TestApp::start().await;
    let admin = app.admin_with("administrator", &[("*", MORE)]).await;
    let named = written(&app, &admin).await;
    let (browser, _) = signed_in(&app, &admin.key).await;
    let mut showing = Vec::new();
    for path in pages(&named) {
        let page = browser.get(&path).await;
        is_hardened(&path, &page);
        assert!(page.status < 500 && page.status != 303, "{path}: {} {}", page.status, page.text);
        for secret in [app.first.graph_token, &admin.key.secret, &app.first.key.secret, "whsec_", "chat.whatsapp.com/X"]
        {
            assert!(!page.text.contains(secret), "{path} shows {secret}: {}", page.text);
        }
        if page.text.contains(WRITTEN) {
            showing.push(path);
        }
    }
    for part in ["/audit", "/groups", "/groups/G", "/keys", "/tenants", "/tenants/cams-demo1", "/numbers"] {
        assert!(showing.iter().any(|path| path.ends_with(part)), "{part} is not among {showing:?}");
    }
}
