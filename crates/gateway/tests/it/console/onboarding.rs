//! Onboarding at the console: from a form to a call that works when it is pasted.

use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sqlx::query;
use tenant_store::NewOnboarding;

use crate::support::{Answered, Browser, TestApp, actor, superuser};

const APP: (&str, &str) = ("GROUPGATE_APP_ID", "300000000000001");
const EVERYTHING: &[&str] = &["groups.read", "groups.write", "messages.send", "admin.read", "admin.write"];
const TOKEN: &str = "EAAthe-token-of-the-third";
const NEW: &str = "/console/onboarding/new";
const THIRD: &str = "/console/tenants/cams-third/onboarding";
const KEY: &str = "/console/onboarding/key";
/// A name with all that a shell, JSON or HTML might take for its own.
const NAME: &str = "O'Hara's \"Till\" <i>$(touch /tmp/never)</i> `id` \\";

/// A customer at Meta, and an administrator who is signed in.
async fn stage() -> (TestApp, Browser) {
    let app = TestApp::with(&[APP]).await;
    let numbers = json!([{"phone_number_id": "100000000000009", "display_phone_number": "+1 555-000-0009"}]);
    let waba = json!({"waba_id": "200000000000009", "numbers": numbers, "token": TOKEN, "subscribed": false});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);
    let browser = signed_in(&app, "owner", &[("*", EVERYTHING)]).await;
    (app, browser)
}

async fn signed_in(app: &TestApp, id: &str, grants: &[(&str, &[&str])]) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.sign_in(&app.key(id, grants).await).await.status, 303);
    browser
}

#[track_caller]
fn shows(page: &Answered, status: u16, told: &[&str]) {
    assert_eq!(page.status, status, "{}", page.text);
    for text in told {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
}

/// How many steps stand so.
fn steps(page: &Answered, kind: &str, word: &str) -> usize {
    page.text.matches(&format!("<span class=\"badge {kind}\">{word}</span></h3>")).count()
}

/// The words that a shell hands to `curl` when the page's command is pasted.
fn pasted(page: &Answered) -> Vec<String> {
    let (_, rest) = page.text.split_once("<pre").unwrap();
    let (_, rest) = rest.split_once("<code>").unwrap();
    let escaped = rest.split_once("</code>").unwrap().0;
    let entities = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    let command = entities.iter().fold(escaped.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    let script = format!("curl() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{command}\n");
    let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{command}");
    let words = String::from_utf8(output.stdout).unwrap();
    words.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
}

#[actix_web::test]
async fn one_form_takes_a_customer_to_a_key_and_a_call_that_makes_its_first_invite_link_when_pasted() {
    let (app, mut browser) = stage().await;
    let form = browser.get(NEW).await.form(NEW).with("cust_space_id", "cams-third");
    let both = form.clone().with("access_token", TOKEN).with("code", "a-code").with("waba_id", "none of Meta's");
    let refused = browser.send(&both).await;
    let beside =
        ["id=\"f-name-error\"", "id=\"f-access_token-error\"", "id=\"f-waba_id-error\"", "value=\"cams-third\""];
    shows(&refused, 400, &beside);
    assert!(!refused.text.contains(TOKEN), "a secret is not shown again");
    assert_eq!(browser.get("/console/tenants/cams-third").await.status, 404, "nothing is made of half a form");

    let good = refused.form(NEW).with("name", NAME).with("access_token", TOKEN).with("waba_id", "");
    let begun = browser.send(&good).await;
    assert_eq!(begun.header("location"), Some(THIRD));
    let page = browser.follow(&begun).await;
    assert_eq!((steps(&page, "good", "done"), page.header("refresh")), (5, None), "{}", page.text);
    shows(&page, 200, &["15550000009", "may have groups", "<span class=\"badge good\">active</span>"]);
    assert!(!page.text.contains(TOKEN) && !page.text.contains("<i>"), "{}", page.text);
    let twice = browser.send(&good).await;
    assert_eq!((twice.status, twice.header("location")), (303, Some(THIRD)), "the same form makes one tenant");

    let form = page.form(KEY);
    assert_eq!(form.value("name"), Some(NAME));
    shows(&browser.send(&form.clone().with("name", " ")).await, 400, &["id=\"k-name-error\""]);
    let made = browser.send(&form).await;
    shows(&made, 200, &["shown this once", "AccessKeySecret"]);
    let words = pasted(&made);
    let [silent, with_key, key, url, header, media_type, data, body] = words.as_slice() else { panic!("{words:?}") };
    assert_eq!([silent, with_key, header, data], ["-sS", "-u", "-H", "-d"]);
    assert_eq!(url, "https://gateway.example/v1/AddChatGroup", "the gateway's public address");
    assert_eq!(media_type, "Content-Type: application/json");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["Subject"], NAME);
    let basic = format!("Basic {}", BASE64_STANDARD.encode(key));
    let headers = [("authorization", basic.as_str()), ("content-type", "application/json")];
    let called = app.client.send("POST", "/v1/AddChatGroup", &headers, body.clone().into_bytes()).await;
    let link = called.expect(200, "OK")["InviteLink"].as_str().unwrap().to_owned();
    assert_eq!(app.sandbox.join("16505559999", &link).await.0, 200);

    let secret = key.split_once(':').unwrap().1;
    let again = browser.send(&form).await;
    shows(&again, 200, &["shown once, and is not shown again"]);
    assert!(!again.text.contains(secret) && !again.text.contains("<pre"), "{}", again.text);
    let keys = browser.get("/console/tenants/cams-third/keys").await;
    assert_eq!(keys.text.matches("<th scope=\"row\">").count(), 2, "the new one, and the administrator's");
}

#[actix_web::test]
async fn a_failed_step_shows_its_cure_and_is_repeated_or_begun_anew_by_whom_it_is_for() {
    let (app, mut browser) = stage().await;
    let scopes = format!("tokens/{TOKEN}/scopes");
    app.sandbox.post(&scopes, json!({"scopes": ["whatsapp_business_management"]})).await;
    let form = browser.get(NEW).await.form(NEW).with("cust_space_id", "cams-third").with("name", "The third");
    let begun = browser.send(&form.with("access_token", TOKEN)).await;
    let page = browser.follow(&begun).await;
    assert_eq!((steps(&page, "bad", "failed"), steps(&page, "neutral", "not yet")), (1, 3), "{}", page.text);
    shows(&page, 200, &["The token lacks whatsapp_business_messaging.", "What to do:"]);
    assert!(!page.text.contains(KEY) && !page.text.contains("onboarding/numbers\""), "{}", page.text);

    let both = ["whatsapp_business_management", "whatsapp_business_messaging"];
    app.sandbox.post(&scopes, json!({"scopes": both})).await;
    let at = format!("{THIRD}/permissions");
    let (repeat, stale) = (page.form(&at), page.form(&at).with("form_id", "another"));
    let repeated = browser.send(&repeat).await;
    let page = browser.follow(&repeated).await;
    assert_eq!(steps(&page, "good", "done"), 5, "{}", page.text);
    shows(&browser.send(&stale).await, 412, &["was changed since", "What is there now"]);
    let anew = page.form(THIRD);
    assert_eq!(anew.value("waba_id"), Some("200000000000009"));
    shows(&browser.send(&anew.with("code", "")).await, 400, &["either this or `code`"]);

    let of_one = [("cams-third", &["admin.read", "admin.write"][..])];
    let mut of_one = signed_in(&app, "of-the-third", &of_one).await;
    let page = of_one.get(THIRD).await;
    shows(&page, 200, &["Repeat the step Groups", "An administrator of all tenants makes the key"]);
    assert!(!page.text.contains(KEY), "{}", page.text);
    assert_eq!(of_one.get(NEW).await.status, 403);
    let token = of_one.form_token(THIRD).await;
    let key = [("form_token", token.as_str()), ("cust_space_id", "cams-third"), ("name", "mine")];
    assert_eq!(of_one.post(KEY, &key).await.status, 403, "no key by this way either");
    let reader = signed_in(&app, "reader", &[("*", &["admin.read"])]).await;
    for path in [THIRD, NEW, "/console/tenants/cams-demo1/onboarding"] {
        let page = reader.get(path).await;
        assert_eq!((page.status, page.text.matches("method=\"post\"").count()), (200, 1), "{}", page.text);
    }
}

#[actix_web::test]
async fn a_page_of_an_onboarding_that_runs_looks_again_by_itself_until_nobody_believes_that_it_runs() {
    let (app, browser) = stage().await;
    let space = app.store.space("cams-demo1");
    let new = NewOnboarding { waba_id: None, access_token: Some(TOKEN.to_owned().into()) };
    space.begin_onboarding(&new, &actor()).await.unwrap();
    let at = "/console/tenants/cams-demo1/onboarding";
    let runs = browser.get(at).await;
    assert_eq!(runs.header("refresh"), Some(format!("4; url={at}").as_str()));
    shows(&runs, 200, &["role=\"status\"", "Look again", "by_hand=yes"]);
    assert_eq!(runs.text.matches("method=\"post\"").count(), 1, "nothing is done beside it: {}", runs.text);
    let by_hand = browser.get(&format!("{at}?by_hand=yes")).await;
    assert_eq!(by_hand.header("refresh"), None);
    shows(&by_hand, 200, &["does not look again by itself"]);

    let ago = "update onboardings set updated_at = now() - interval '10 minutes'";
    query(ago).execute(&mut superuser(&app.database).await).await.unwrap();
    let broken = browser.get(at).await;
    assert_eq!(broken.header("refresh"), None);
    shows(&broken, 200, &["broke off in the middle", "Repeat the step Token", "Begin anew"]);
}
