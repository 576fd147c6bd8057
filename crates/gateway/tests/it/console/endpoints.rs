//! Endpoints in the console: a tenant's and the ISV's own, their deliveries, and events that are nobody's.

use serde_json::json;

use crate::deliveries::tell;
use crate::support::{APP_SECRET, Admin, Answered, Browser, Receiver, Reply, TestApp, WebServer, eventually};

const ROOT: &str = "/console/tenants/cams-demo1/endpoints";
const SCRIPT: &str = "<script>alert(1)</script>";

async fn app() -> TestApp {
    TestApp::with(&[("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8"), ("GROUPGATE_DELIVERY_RETRIES", "1s")]).await
}

async fn signed_in(app: &TestApp) -> (Browser, Admin) {
    let (mut browser, admin) = (app.browser(), app.admin().await);
    browser.sign_in(&admin.key).await;
    (browser, admin)
}

/// Adds an endpoint by the API; where its page stands.
async fn added(admin: &Admin, tenant: &str, url: &str) -> String {
    let endpoint = admin.post(&format!("{tenant}/endpoints"), json!({"url": url})).await.done(201);
    format!("/console{tenant}/endpoints/{}", endpoint["endpoint_id"].as_str().unwrap())
}

impl Answered {
    /// Asserts that all of this stands on the page.
    #[track_caller]
    fn shows(self, status: u16, texts: &[&str]) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        for text in texts {
            assert!(self.text.contains(text), "{text}: {}", self.text);
        }
        assert!(!self.text.contains(SCRIPT), "{}", self.text);
        self
    }

    /// Asserts that it leads elsewhere; where to.
    #[track_caller]
    fn leads(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.text);
        self.header("location").unwrap().to_owned()
    }
}

/// Sends the form of the page `at` that goes to `to`, with this typed into it.
async fn submit(browser: &mut Browser, at: &str, to: &str, typed: &[(&str, &str)]) -> Answered {
    let form = browser.get(at).await.form(to);
    browser.send(&typed.iter().fold(form, |form, (name, value)| form.with(name, value))).await
}

/// The page, as soon as it shows this.
async fn once_it_shows(browser: &Browser, path: &str, text: &str) -> Answered {
    eventually(text, async || {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page.text.contains(text).then_some(page)
    })
    .await
}

#[actix_web::test]
async fn an_endpoint_is_added_tried_changed_and_removed_by_forms() {
    let app = app().await;
    let (mut browser, admin) = signed_in(&app).await;
    let receiver = Receiver::recording(|_| 200);
    browser.get(ROOT).await.shows(200, &["There is no endpoint yet", "Add an endpoint"]);

    let new = format!("{ROOT}/new");
    browser.get(&new).await.shows(200, &["value=\"group.created\"", "The group that was asked for exists."]);
    let wrong =
        [("url", "ftp://x"), ("types", "message.read"), ("other_types", "group.nothing"), ("description", "mine")];
    let refused = submit(&mut browser, &new, &new, &wrong).await;
    refused.shows(
        400,
        &[
            "id=\"f-url-error\"",
            "id=\"f-other_types-error\"",
            "value=\"ftp://x\"",
            "value=\"group.nothing\"",
            "value=\"message.read\" checked",
            "value=\"mine\"",
        ],
    );

    let url = receiver.url("/hook");
    let form = browser.get(&new).await.form(&new).with("url", &url).with("types", "group.*");
    let form = form.with("other_types", "account.x, message.sent").with("description", SCRIPT);
    let page = browser.send(&form).await.shows(200, &["The secret is shown this once", "whsec_"]);
    let (_, secret) = page.text.split_once("<code translate=\"no\">").unwrap();
    let secret = secret.split_once('<').unwrap().0.to_owned();
    let again = browser.send(&form).await.shows(200, &["is not shown again"]);
    assert!(!again.text.contains(&secret), "a form that is sent twice is done once");
    let listed = admin.get("/tenants/cams-demo1/endpoints").await.done(200);
    let [endpoint] = listed["data"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(endpoint["types"], json!(["group.*", "account.x", "message.sent"]));
    let at = format!("{ROOT}/{}", endpoint["endpoint_id"].as_str().unwrap());
    for path in [ROOT, at.as_str()] {
        let page = browser.get(path).await.shows(200, &[url.as_str(), "&#60;script&#62;alert(1)", "enabled"]);
        assert!(!page.text.contains(&secret));
    }

    let delivery = submit(&mut browser, &at, &format!("{at}/test"), &[]).await.leads();
    once_it_shows(&browser, &delivery, "HTTP 200")
        .await
        .shows(200, &["delivered", "endpoint.test", "Send another test event"]);
    assert!(receiver.deliveries()[0].is_signed_with(&secret));

    let change = format!("{at}/change");
    let stale =
        browser.get(&change).await.shows(200, &["value=\"account.x\"", "value=\"message.sent\" checked"]).form(&change);
    let path = at.strip_prefix("/console").unwrap();
    admin.change("PATCH", path, "*", json!({"description": "somebody else's"})).await.done(200);
    let typed = [("types", "message.*"), ("other_types", ""), ("description", "of mine")];
    let refused = browser.send(&typed.iter().fold(stale, |form, (name, value)| form.with(name, value))).await;
    refused.shows(412, &["changed since", "somebody else&#39;s", "value=\"of mine\"", "value=\"message.*\" checked"]);
    assert_eq!(submit(&mut browser, &change, &change, &typed).await.leads(), format!("{at}?notice=saved"));
    let changed = admin.get(path).await.done(200);
    assert_eq!((&changed["types"], &changed["description"]), (&json!(["message.*"]), &json!("of mine")));

    let rotate = format!("{at}/rotate-secret");
    let rotated = submit(&mut browser, &rotate, &rotate, &[("overlap_seconds", "3600")]).await;
    rotated.shows(200, &["whsec_", "The one before signs, too, until"]);

    let remove = format!("{at}/remove");
    browser.get(&remove).await.shows(200, &[&url, "What stops working", "Remove the endpoint"]);
    assert_eq!(submit(&mut browser, &remove, &remove, &[]).await.leads(), format!("{ROOT}?notice=removed"));
    assert_eq!(browser.get(&at).await.status, 404);
}

#[actix_web::test]
async fn what_an_endpoint_missed_is_counted_and_delivered_and_one_event_is_sent_again() {
    let app = app().await;
    let (mut browser, admin) = signed_in(&app).await;
    let receiver = Receiver::recording(|_| 200);
    let at = added(&admin, "/tenants/cams-demo1", &receiver.url("/hook")).await;
    let disable = format!("{at}/disable");
    submit(&mut browser, &disable, &disable, &[("reason", " ")]).await.shows(400, &["id=\"f-reason-error\""]);
    let reason = format!("moves {SCRIPT}");
    assert!(submit(&mut browser, &disable, &disable, &[("reason", &reason)]).await.leads().starts_with(&at));
    browser.get(&at).await.shows(200, &["Nothing is delivered to this endpoint", "moves &#60;script"]);
    browser.get(ROOT).await.shows(200, &["disabled"]);
    tell(&app, &[("G1", 1), ("G2", 2)]).await;
    eventually("the events are there", async || {
        let events = admin.get("/tenants/cams-demo1/events").await.done(200);
        (events["data"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;

    let replay = submit(&mut browser, &at, &format!("{at}/enable"), &[]).await.leads();
    assert!(replay.starts_with(&format!("{at}/replay?since=")), "{replay}");
    browser
        .get(&replay)
        .await
        .shows(200, &["<strong>2 events</strong>", "The endpoint is enabled", "Deliver them once more"]);
    assert!(
        submit(&mut browser, &replay, &format!("{at}/replay"), &[])
            .await
            .leads()
            .starts_with(&format!("{at}/deliveries?"))
    );
    let list = format!("{at}/deliveries?state=done&event_type=group.*&since=2020-01-01T00:00");
    let delivered = once_it_shows(&browser, &list, "group.created 2").await;
    for (asked, told) in [
        ("since=soon", "id=\"by-since-error\""),
        ("event_id=x", "hex digits"),
        ("event_type=nothing", "is no type of event"),
        ("state=lost", "by-state"),
    ] {
        let page = browser.get(&format!("{at}/deliveries?{asked}")).await;
        assert!(
            page.status == 400 && (page.text.contains(told) || told.ends_with("error\"")),
            "{asked}: {}",
            page.text
        );
    }
    browser.get(&format!("{at}/deliveries?state=dead")).await.shows(200, &["No delivery is like that"]);
    for (asked, status, told) in [
        ("since=1&until=2&only=all", 200, "<strong>2 events</strong>"),
        ("since=2&only=all", 200, "<strong>1 event</strong>"),
        ("since=1&only=failed", 200, "No event of that span"),
        ("since=yesterday&only=all", 400, "id=\"f-since-error\""),
    ] {
        browser.get(&format!("{at}/replay?{asked}")).await.shows(status, &[told]);
    }

    let (_, link) = delivered.text.split_once(&format!("href=\"{at}/deliveries/dlv_")).unwrap();
    let one = format!("{at}/deliveries/dlv_{}", link.split_once('"').unwrap().0);
    browser.get(&one).await.shows(200, &["delivered", "The group that was asked for exists.", "HTTP 200"]);
    let all = submit(&mut browser, &one, &format!("{one}/send-again"), &[]).await.leads();
    let all = browser.get(&all).await.shows(200, &["The event is sent again"]);
    assert_eq!(all.text.matches("/deliveries/dlv_").count(), 2, "{}", all.text);
    let api = at.strip_prefix("/console").unwrap();
    admin.change("POST", &format!("{api}/disable"), "*", json!({"reason": "ends"})).await.done(200);
    submit(&mut browser, &one, &format!("{one}/send-again"), &[]).await.shows(409, &["enable it first"]);
}

#[actix_web::test]
async fn what_an_endpoint_answers_is_shown_as_text_whatever_it_is() {
    let app = app().await;
    let (mut browser, admin) = signed_in(&app).await;
    let answer =
        [SCRIPT.as_bytes(), b"\0\xff\x1b[2J", "\u{202e}txt \u{5e9}".as_bytes(), "x".repeat(2_000).as_bytes()].concat();
    let receiver = WebServer::start(Reply::with(500, &[], &answer)).await;
    let at = added(&admin, "/tenants/cams-demo1", &receiver.url("/hook")).await;
    let delivery = submit(&mut browser, &at, &format!("{at}/test"), &[]).await.leads();
    let page = once_it_shows(&browser, &delivery, "given up").await;
    let page = page
        .shows(200, &["HTTP 500", "&#60;script&#62;alert(1)", "\\u{1b}[2J", "\\u{202e}txt \u{5e9}", "Answer to try 2"]);
    assert!(page.text.chars().all(|char| !matches!(char, '\0' | '\u{1b}' | '\u{202e}')));
    browser.get(&at).await.shows(200, &["given up", "HTTP 500"]);
}

#[actix_web::test]
async fn the_isvs_own_endpoints_have_the_same_pages_and_who_only_reads_has_no_form() {
    let app = app().await;
    let (mut browser, admin) = signed_in(&app).await;
    let new = "/console/endpoints/new";
    browser.get("/console/endpoints").await.shows(200, &["There is no endpoint yet"]);
    browser.get(new).await.shows(200, &["value=\"number.unknown\""]);
    let page =
        submit(&mut browser, new, new, &[("url", "https://hooks.example.com/all")]).await.shows(200, &["whsec_"]);
    let (_, id) = page.text.split_once("/console/endpoints/ep_").unwrap();
    let isvs = format!("/console/endpoints/ep_{}", &id[..32]);
    browser.get(&isvs).await.shows(200, &["events of all types", "Rotate the secret"]);
    browser.get(&format!("{isvs}/replay?since=1&only=all")).await.shows(400, &["id=\"f-since-error\""]);

    let at = added(&admin, "/tenants/cams-demo1", "https://hooks.example.com/one").await;
    let reader = app.key("reader", &[("cams-demo1", &["admin.read"])]).await;
    let mut reading = app.browser();
    reading.sign_in(&reader).await;
    let token = reading.form_token("/console").await;
    for path in
        [ROOT.to_owned(), at.clone(), format!("{at}/deliveries"), format!("{at}/remove"), format!("{at}/change")]
    {
        let page = reading.get(&path).await.shows(200, &[]);
        assert_eq!(page.text.matches("method=\"post\"").count(), 1, "signing out alone: {}", page.text);
    }
    for end in ["change", "rotate-secret", "test", "enable", "disable", "remove", "replay"] {
        let refused = reading.post(&format!("{at}/{end}"), &[("form_token", &token), ("reason", "x")]).await;
        assert_eq!(refused.status, 403, "{end}");
    }
    let elsewhere = at.replace("cams-demo1", "cams-demo2");
    for path in [elsewhere.as_str(), &isvs, "/console/endpoints", "/console/events/unrouted"] {
        assert_eq!(reading.get(path).await.status, 403, "{path}");
    }
    assert_eq!(browser.get(&elsewhere).await.status, 404, "it is another's");

    browser.get("/console/events/unrouted").await.shows(200, &["There are none"]);
    stray(&app).await;
    let shown = ["15559999999", "199", "299", "group_lifecycle_update", "Onboard the number"];
    browser.get("/console/events/unrouted").await.shows(200, &shown);
}

/// An event of a number that nobody has.
async fn stray(app: &TestApp) {
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "299", "changes": [{
        "field": "group_lifecycle_update",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "+1 555-999-9999", "phone_number_id": "199"},
            "groups": [{"timestamp": "1763712000", "group_id": "G", "type": "group_create", "subject": SCRIPT}],
        },
    }]}]});
    let body = body.to_string().into_bytes();
    assert_eq!(app.webhook(APP_SECRET, &body, &[("content-type", "application/json")]).await.status, 200);
}
