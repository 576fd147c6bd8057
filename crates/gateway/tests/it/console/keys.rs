//! Access keys at the console: made, shown once, changed, replaced and ended by forms, each of which says what it does.

use tenant_store::{Grant, NewAccessKey};

use crate::support::{Answered, Browser, Credentials, TestApp, actor, eventually};

const EVERYTHING: &[&str] =
    &["groups.read", "groups.write", "messages.send", "events.read", "admin.read", "admin.write"];
const NEW: &str = "/console/keys/new";

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

/// What is shown to be taken away under this label.
fn taken(page: &Answered, label: &str) -> Option<String> {
    let (_, rest) = page.text.split_once(&format!("<p class=\"secret-label\">{label}</p>"))?;
    let (_, rest) = rest.split_once("<code translate=\"no\">")?;
    Some(rest.split_once("</code>")?.0.to_owned())
}

async fn status(app: &TestApp, key: &Credentials) -> u16 {
    let basic = key.basic();
    app.client.send("GET", "/v1/whoami", &[("authorization", basic.as_str())], Vec::new()).await.status
}

#[actix_web::test]
async fn a_key_is_made_shown_once_changed_and_given_a_new_secret_beside_the_old_one() {
    let app = TestApp::start().await;
    let mut browser = signed_in(&app, "owner", &[("*", EVERYTHING)]).await;
    let form = browser.get(NEW).await.form(NEW);
    let wrong = form
        .clone()
        .with("grants.0.cust_space_ids", "cams-demo1, cams-nobody")
        .with("grants.0.scopes", "groups.read")
        .with("grants.0.operations", "cams:AddChatGruop")
        .with("grants.1.reach", "all")
        .with("expires_at", "2020-01-01T00:00")
        .with("allowed_networks", "127.0.0.0/8\nhome");
    let refused = browser.send(&wrong).await;
    let beside =
        ["name", "grants.0.cust_space_ids", "grants.0.operations", "grants.1.scopes", "expires_at", "allowed_networks"];
    for field in beside {
        shows(&refused, 400, &[&format!("id=\"f-{field}-error\""), &format!("href=\"#f-{field}\"")]);
    }
    shows(&refused, 400, &["cams-nobody: a tenant that there is", "cams:AddChatGruop: ", "home: a network"]);
    let kept = refused.form(NEW);
    assert_eq!(
        kept.value("grants.0.cust_space_ids"),
        Some("cams-demo1, cams-nobody"),
        "nothing that was typed is lost"
    );
    assert_eq!((kept.value("grants.0.scopes"), kept.value("grants.1.reach")), (Some("groups.read"), Some("all")));

    let good = kept
        .with("name", "till <b>1</b>")
        .with("grants.0.cust_space_ids", "cams-demo1")
        .with("grants.0.operations", "")
        .with("grants.1.reach", "")
        .with("expires_at", "")
        .with("allowed_networks", "");
    let more = browser.send(&good.clone().with("more", "grant")).await;
    assert_eq!(more.form(NEW).value("name"), Some("till <b>1</b>"), "one more grant is a look, and makes nothing");
    let made = browser.send(&good).await;
    shows(&made, 200, &["shown this once", "till &#60;b&#62;1&#60;/b&#62;"]);
    let first = Credentials::new(&taken(&made, "AccessKeyId").unwrap(), &taken(&made, "AccessKeySecret").unwrap());
    assert_eq!(status(&app, &first).await, 200);
    let again = browser.send(&good).await;
    shows(&again, 200, &["shown once, and is not shown again"]);
    assert_eq!(taken(&again, "AccessKeyId").as_deref(), Some(first.id.as_str()), "the same form makes one key");
    assert!(!again.text.contains(&first.secret));

    let at = format!("/console/keys/{}", first.id);
    let page = browser.get(&at).await;
    shows(&page, 200, &["read groups", "href=\"/console/tenants/cams-demo1\""]);
    assert!(!page.text.contains(&first.secret));
    let (change, stale) = (page.form(&at), page.form(&at).with("name", "somebody else's"));
    let change =
        change.with("name", "till").with("expires_at", "2199-01-01T00:00").also("grants.0.scopes", "events.read");
    let changed = browser.send(&change).await;
    shows(&browser.follow(&changed).await, 200, &["Saved.", "read groups, read events", "1 Jan 2199, 00:00 UTC"]);
    let late = browser.send(&stale).await;
    shows(&late, 412, &["was changed since", "value=\"somebody else&#39;s\"", "<h1 id=\"title\">till</h1>"]);

    let at = format!("{at}/rotate");
    let form = browser.get(&at).await.form(&at);
    let refused = browser.send(&form.clone().with("overlap_seconds", "other").with("hours", "soon")).await;
    shows(&refused, 400, &["id=\"f-hours-error\"", "value=\"soon\""]);
    let rotate = form.with("overlap_seconds", "other").with("hours", "2");
    let rotated = browser.send(&rotate).await;
    shows(&rotated, 200, &["Both secrets work until", "shown this once"]);
    let second = Credentials::new(&first.id, &taken(&rotated, "AccessKeySecret").unwrap());
    assert_ne!(second.secret, first.secret);
    eventually("the new secret is known", async || (status(&app, &second).await == 200).then_some(())).await;
    assert_eq!(status(&app, &first).await, 200, "the one before works beside it");
    let again = browser.send(&rotate).await;
    assert_eq!((again.status, taken(&again, "AccessKeySecret")), (200, None));

    let at = format!("/console/keys/{}/revoke", first.id);
    let ask = browser.get(&at).await;
    shows(&ask, 200, &["Revoke till?", "What stops working", "Console sessions", "read groups", "It was "]);
    let done = browser.send(&ask.form(&at)).await;
    shows(&browser.follow(&done).await, 200, &["It is refused within a second", "The key is revoked, for good"]);
    let again = browser.send(&ask.form(&at)).await;
    shows(&browser.follow(&again).await, 200, &["This was done already, and was not done again."]);
    eventually("both secrets have ended", async || (status(&app, &second).await == 401).then_some(())).await;
    let gone = format!("/console/keys/{}/remove", first.id);
    let gone = browser.send(&browser.get(&gone).await.form(&gone)).await;
    let list = browser.follow(&gone).await;
    shows(&list, 200, &["Removed.", "owner"]);
    assert!(!list.text.contains(&first.id), "{}", list.text);
}

#[actix_web::test]
async fn keys_are_found_by_their_address_and_seen_and_changed_by_whom_the_api_lets() {
    let app = TestApp::start().await;
    let admin = app.admin_with("owner", &[("*", EVERYTHING)]).await;
    let scopes = ["groups.read", "cams:AddChatGroup"].map(str::to_owned).to_vec();
    let till = NewAccessKey {
        name: "The till".to_owned(),
        grants: vec![Grant { cust_space_ids: vec!["cams-demo1".to_owned()], scopes }],
        access_key_id: Some("till-of-the-first".to_owned()),
        ..NewAccessKey::default()
    };
    app.store.create_access_key(&till, &actor()).await.unwrap();
    let mut browser = app.browser();
    browser.sign_in(&admin.key).await;
    let listed = |page: &Answered| {
        let rows = page.text.split("<th scope=\"row\"><a href=\"/console/keys/").skip(1);
        rows.map(|row| row.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (first, second) = (app.first.key.id.as_str(), app.second.key.id.as_str());
    for (query, ids) in [
        ("", vec![first, second, "owner", "till-of-the-first"]),
        ("name=TILL&state=&cust_space_id=", vec!["till-of-the-first"]),
        ("cust_space_id=cams-demo2", vec![second, "owner"]),
        ("state=revoked", vec![]),
        ("limit=1&after=owner", vec!["till-of-the-first"]),
    ] {
        let page = browser.get(&format!("/console/keys?{query}")).await;
        let mut shown = listed(&page);
        shown.sort();
        assert_eq!(
            shown,
            {
                let mut ids = ids;
                ids.sort_unstable();
                ids
            },
            "{query}"
        );
        let told = admin.get(&format!("/keys?{}", query.replace("&state=&cust_space_id=", ""))).await.done(200);
        assert_eq!(told["data"].as_array().unwrap().len(), shown.len(), "the API says the same of {query}");
    }
    admin.get("/keys?state=ended").await.problem(400, "InvalidParameter");
    for (asked, field) in [("state=ended", "state"), ("limit=0", "limit")] {
        let refused = browser.get(&format!("/console/keys?{asked}")).await;
        shows(&refused, 400, &[&format!("<a href=\"#by-{field}\">"), "Access keys"]);
    }
    shows(&browser.get("/console/keys?name=nobody").await, 200, &["No access key is like that", "Show all keys"]);
    let tab = browser.get("/console/tenants/cams-demo2/keys").await;
    assert_eq!(listed(&tab).len(), 2, "{}", tab.text);
    shows(&tab, 200, &["(yours)", "/console/keys/new?cust_space_id=cams-demo2"]);
    let made_for = browser.get("/console/keys/new?cust_space_id=cams-demo2").await;
    assert_eq!(made_for.form(NEW).value("grants.0.cust_space_ids"), Some("cams-demo2"));

    let mut reader = signed_in(&app, "reader", &[("*", &["admin.read"])]).await;
    let carried = [("form_token", reader.form_token("/console").await)];
    for path in
        ["/console/keys", NEW, "/console/keys/owner", "/console/keys/owner/rotate", "/console/keys/owner/revoke"]
    {
        let page = reader.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.text.matches("method=\"post\"").count(), 1, "the sign-out alone: {}", page.text);
        assert!(!page.text.contains("/console/keys/new\""), "{}", page.text);
    }
    let pairs: Vec<(&str, &str)> = carried.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for path in [NEW, "/console/keys/owner/revoke", "/console/keys/owner/remove", "/console/keys/owner"] {
        assert_eq!(reader.post(path, &pairs).await.status, 403, "{path}");
    }
    let of_one = signed_in(&app, "of-one", &[("cams-demo1", &["admin.read", "admin.write"])]).await;
    assert_eq!(of_one.get("/console/keys").await.status, 403);
    let tab = of_one.get("/console/tenants/cams-demo1/keys").await;
    shows(&tab, 200, &["shown to administrators of all tenants"]);
    assert!(!tab.text.contains("till-of-the-first"));
}

#[actix_web::test]
async fn who_revokes_the_own_key_is_told_before_and_signed_out_with_it_and_nobody_gives_more_than_he_has() {
    let app = TestApp::start().await;
    let mut few = signed_in(&app, "few", &[("*", &["admin.read", "admin.write"])]).await;
    let form = few.get(NEW).await.form(NEW).with("name", "more than mine").with("grants.0.reach", "all");
    let beyond = few.send(&form.with("grants.0.scopes", "groups.write")).await;
    shows(&beyond, 403, &["You do not have `groups.write` on `*` yourself", "value=\"more than mine\""]);
    let at = "/console/keys/few/revoke";
    let ask = few.get(at).await;
    shows(&ask, 200, &["Yours, too: you are signed out", "look at the console, administer", "All tenants"]);
    assert_eq!(few.send(&ask.form(at)).await.status, 303);
    eventually("the session has ended", async || (few.get("/console").await.status == 303).then_some(())).await;
}
