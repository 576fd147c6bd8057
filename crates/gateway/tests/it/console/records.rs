//! What was recorded, in the console: groups, events, calls, usage, the audit log.

use serde_json::json;

use crate::deliveries::tell;
use crate::support::{Answered, Browser, TestApp, eventually, superuser};

const TENANT: &str = "/console/tenants/cams-demo1";

async fn signed_in(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.sign_in(&app.admin().await.key).await;
    browser
}

/// Asserts that the page shows each of these texts, and none of those.
#[track_caller]
fn shows(page: &Answered, status: u16, there: &[&str], not_there: &[&str]) {
    assert_eq!(page.status, status, "{}", page.text);
    for text in there {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    for text in not_there {
        assert!(!page.text.contains(text), "{text}: {}", page.text);
    }
}

/// The page, as soon as it shows this.
async fn once_it_shows(browser: &Browser, path: &str, text: &str) -> Answered {
    eventually(text, async || {
        let page = browser.get(path).await;
        page.text.contains(text).then_some(page)
    })
    .await
}

#[actix_web::test]
async fn groups_are_found_and_one_shows_its_people_and_its_link_to_whoever_asks() {
    let app = TestApp::with_mirrors().await;
    let mut browser = signed_in(&app).await;
    let list = format!("{TENANT}/groups");
    let group = format!("{list}/{}", app.first.group_id);
    once_it_shows(&browser, &list, &format!("href=\"{group}\"")).await;
    eventually("its details are known", async || {
        browser.get(&group).await.text.contains("is in at once").then_some(())
    })
    .await;
    let subject = "update groups set subject = 'Bread & more' , subject_folded = 'bread & more' where group_id = $1";
    sqlx::query(subject).bind(app.first.group_id).execute(&mut superuser(&app.database).await).await.unwrap();
    for (filter, is_there) in [
        ("subject=BREAD", true),
        ("subject=cake", false),
        ("business_number=15550000001", true),
        ("business_number=15550000002", false),
        ("status=active&subject=+&business_number=", true),
        ("status=inactive", false),
    ] {
        let page = browser.get(&format!("{list}?{filter}")).await;
        assert_eq!((page.status, page.text.contains(&group)), (200, is_there), "{filter}: {}", page.text);
    }
    shows(&browser.get(&format!("{list}?status=gone")).await, 400, &["id=\"by-status\"", "href=\"#by-status\""], &[]);

    let page = browser.get(&group).await;
    shows(&page, 200, &["Bread &#38; more", "15550000001", "Show the invite link"], &["chat.whatsapp.com"]);
    let link = app.client.call("GetChatGroupInviteLink", &app.first, json!({"GroupId": app.first.group_id})).await;
    let link = link.expect(200, "OK")["InviteLink"].as_str().unwrap().to_owned();
    let (status, joined) = app.sandbox.join("15551230001", &link).await;
    assert_eq!(status, 200, "{joined}");
    once_it_shows(&browser, &format!("{group}/members"), "15551230001").await;
    shows(&browser.get(&format!("{group}/invite-link")).await, 200, &[&link], &["15551230001"]);
    shows(&browser.get(&list).await, 200, &[], &[&link]);
    let looked = format!("GET {group}/invite-link");
    let log = once_it_shows(&browser, "/console/audit?action=read", &looked).await;
    assert!(!log.text.contains(&link));

    let compared = browser.send(&browser.get(&list).await.form(&format!("{list}/reconcile"))).await;
    assert_eq!(compared.header("location"), Some(format!("{list}?notice=comparing").as_str()));
    app.admin_with("other", &[("*", &["admin.read", "admin.write"])])
        .await
        .change("POST", "/tenants/cams-demo1/suspend", "*", json!({"reason": "unpaid"}))
        .await
        .done(200);
    let page = eventually("it is suspended", async || {
        let page = browser.get(&format!("{group}/members")).await;
        (page.status == 422).then_some(page)
    })
    .await;
    shows(&page, 422, &["Bread &#38; more", "Meta did not say"], &["15551230001"]);
    let refused = browser.send(&browser.get(&list).await.form(&format!("{list}/reconcile"))).await;
    shows(&refused, 409, &["The tenant is not active"], &[]);
    assert_eq!(browser.get(&format!("{list}/nobodys")).await.status, 404);
}

#[actix_web::test]
async fn events_calls_and_usage_are_listed_newest_first_and_by_what_the_address_asks() {
    let app = TestApp::start().await;
    let browser = signed_in(&app).await;
    let events = format!("{TENANT}/events");
    shows(&browser.get(&events).await, 200, &["Nothing has happened yet"], &[]);
    tell(&app, &[("G1", 1), ("G2", 2), ("G3", 3)]).await;
    let page = once_it_shows(&browser, &events, "G3").await;
    let at = |text: &str| page.text.find(text).unwrap();
    assert!(at("groups/G3") < at("groups/G2") && at("groups/G2") < at("groups/G1"), "{}", page.text);
    shows(&page, 200, &["&#34;Subject&#34;: &#34;3&#34;"], &["chat.whatsapp.com/X"]);
    let first = browser.get(&format!("{events}?limit=2")).await;
    shows(&first, 200, &["groups/G3", "after=2", "Next page"], &["groups/G1"]);
    let last = browser.get(&format!("{events}?limit=2&after=2")).await;
    shows(&last, 200, &["groups/G1", "First page"], &["groups/G2"]);
    for (filter, is_there) in [
        ("group_id=G2", true),
        ("group_id=G1", false),
        ("type=group.created", true),
        ("type=message.read", false),
        ("business_number=15550000001", true),
        ("business_number=15550000002", false),
        ("since=2020-01-01T00:00", true),
        ("until=2020-01-01T00:00", false),
    ] {
        let page = browser.get(&format!("{events}?{filter}")).await;
        assert_eq!((page.status, page.text.contains("groups/G2")), (200, is_there), "{filter}: {}", page.text);
    }
    let since = browser.get(&format!("{events}?since=2020-01-01T00:00")).await;
    shows(&since, 200, &["value=\"2020-01-01T00:00:00\""], &[]);
    shows(&browser.get(&format!("{events}?since=soon")).await, 400, &["href=\"#by-since\"", "value=\"soon\""], &[]);
    let (_, rest) = page.text.split_once(&format!("href=\"{events}/evt_")).unwrap();
    let one = format!("{events}/evt_{}", rest.split('"').next().unwrap());
    shows(&browser.get(&one).await, 200, &["group.created", "G3", "no endpoint"], &["chat.whatsapp.com/X"]);

    app.client.call("GetChatGroup", &app.first, json!({"GroupId": app.first.group_id})).await.expect(200, "OK");
    app.client.call("GetChatGroup", &app.first, json!({"GroupId": "nobodys"})).await;
    let calls = format!("{TENANT}/calls");
    let wrong = once_it_shows(&browser, &format!("{calls}?errors_only=true"), "GetChatGroup").await;
    shows(&wrong, 200, &["<option value=\"true\" selected>"], &["badge good"]);
    shows(&browser.get(&format!("{calls}?code=OK")).await, 200, &["GetChatGroup", "badge good"], &["badge bad"]);
    shows(&browser.get(&format!("{calls}?operation=SendMessage")).await, 200, &["No call is like that"], &[]);
    shows(&browser.get(&format!("{calls}?request_id=7")).await, 400, &["href=\"#by-request_id\""], &[]);
    let usage = format!("{TENANT}/usage");
    let page = once_it_shows(&browser, &usage, "GetChatGroup, OK: 1").await;
    shows(&page, 200, &["By operation and code", "Download as JSON lines", "<th scope=\"row\">All</th>"], &[]);
    shows(&browser.get(&format!("{usage}?first=2020-01-01&last=2020-01-31")).await, 200, &["Nothing was used"], &[]);
    shows(&browser.get(&format!("{usage}?first=2020")).await, 400, &["href=\"#by-first\""], &[]);
    let lines = browser.get(&format!("{usage}/export")).await;
    assert_eq!(lines.header("content-type"), Some("application/jsonl"));
    assert!(lines.header("content-disposition").unwrap().contains("usage-cams-demo1.jsonl"));
    assert_eq!(lines.body()["operations"].as_array().map(Vec::len), Some(2), "{}", lines.text);
}

#[actix_web::test]
async fn the_audit_log_says_field_by_field_what_was_different_and_is_taken_away_whole() {
    let app = TestApp::start().await;
    let browser = signed_in(&app).await;
    let admin = app.admin_with("changer", &[("*", &["admin.read", "admin.write"])]).await;
    let change = json!({"name": "Miller <b>", "labels": {"customer": "4711"}});
    admin.change("PATCH", "/tenants/cams-demo1", "*", change).await.done(200);
    let token = json!({"access_token": "EAAanother"});
    admin.change("PUT", "/tenants/cams-demo1/credential", "*", token).await;
    let audit = "/console/audit";
    let page = browser.get(&format!("{audit}?actor=changer&action=tenant.change")).await;
    shows(
        &page,
        200,
        &[
            "<del>A tenant</del>",
            "<ins>Miller &#60;b&#62;</ins>",
            "labels.customer",
            "<ins>4711</ins>",
            "?cust_space_id=cams-demo1",
        ],
        &["EAAanother", "credential"],
    );
    let (_, rest) = page.text.split_once("?request_id=").unwrap();
    let request_id = rest.split('"').next().unwrap();
    for (filter, is_there) in [
        (format!("request_id={request_id}"), true),
        ("cust_space_id=cams-demo1&object=cams-demo1".to_owned(), true),
        ("cust_space_id=cams-demo2".to_owned(), false),
        ("until=2020-01-01T00:00".to_owned(), false),
        ("since=2020-01-01T00:00".to_owned(), true),
    ] {
        let page = browser.get(&format!("{audit}?{filter}")).await;
        assert_eq!((page.status, page.text.contains("4711")), (200, is_there), "{filter}: {}", page.text);
        assert!(!page.text.contains("EAAanother"));
    }
    let wrong = browser.get(&format!("{audit}?request_id=7&since=soon")).await;
    shows(&wrong, 400, &["2 fields are wrong", "href=\"#by-request_id\"", "href=\"#by-since\""], &[]);
    let lines = browser.get(&format!("{audit}/export?actor=changer&action=tenant.change")).await;
    assert_eq!((lines.status, lines.header("cache-control")), (200, Some("no-store")), "{}", lines.text);
    assert_eq!(lines.body()["after"]["labels"], json!({"customer": "4711"}), "{}", lines.text);
    let mut narrow = app.browser();
    narrow.sign_in(&app.key("narrow", &[("cams-demo1", &["admin.read"])]).await).await;
    for path in [audit, "/console/audit/export", "/console/tenants/cams-demo2/usage/export"] {
        assert_eq!(narrow.get(path).await.status, 403, "{path}");
    }
}
