//! A tenant's numbers and its token.

use crate::support::{APP_SECRET, Answered, Browser, TestApp, eventually};

async fn administrator(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.sign_in(&app.admin().await.key).await.status, 303);
    browser
}

#[track_caller]
fn shows(page: &Answered, told: &[&str]) {
    assert_eq!(page.status, 200, "{}", page.text);
    for text in told {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
}

#[actix_web::test]
async fn a_number_is_added_changed_and_removed_after_what_stops_working_was_said() {
    let app = TestApp::start().await;
    let mut browser = administrator(&app).await;
    let path = "/console/tenants/cams-demo1/numbers";
    let page = browser.get(path).await;
    shows(&page, &["15550000001", app.first.phone_number_id, app.first.waba_id, "not known yet"]);
    let filled = page.form(path).with("business_number", "+1 555 000 0009").with("phone_number_id", "ten");
    let wrong = browser.send(&filled).await;
    assert_eq!(wrong.status, 400);
    for told in ["id=\"f-phone_number_id-error\"", "id=\"f-waba_id-error\"", "value=\"+1 555 000 0009\""] {
        assert!(wrong.text.contains(told), "{told} in {}", wrong.text);
    }
    let taken = wrong.form(path).with("phone_number_id", app.second.phone_number_id).with("waba_id", "7");
    let taken = browser.send(&taken).await;
    assert_eq!(taken.status, 409);
    let search = format!("/console/tenants?q={}", app.second.phone_number_id);
    assert!(taken.text.contains("already in use") && taken.text.contains(&search), "{}", taken.text);
    shows(&browser.get(&search).await, &["cams-demo2"]);
    let done = browser.send(&taken.form(path).with("phone_number_id", "1009")).await;
    shows(&browser.follow(&done).await, &["Added.", "15550000009", "1009"]);

    let one = "/console/tenants/cams-demo1/numbers/15550000009";
    let form = browser.get(one).await.form(one);
    let moved = form.clone().with("waba_id", "8");
    let done = browser.send(&moved).await;
    shows(&browser.follow(&done).await, &["Saved.", "<code>8</code>"]);
    let stale = browser.send(&form.with("waba_id", "9")).await;
    assert_eq!(stale.status, 412);
    assert!(
        stale.text.contains("Its account is <code>8</code>") && stale.text.contains("value=\"9\""),
        "{}",
        stale.text
    );

    let remove = format!("{one}/remove");
    let asking = browser.get(&remove).await;
    shows(&asking, &["Calls with this number are refused", "is unrouted"]);
    assert!(!asking.text.contains("last number"), "{}", asking.text);
    let done = browser.send(&asking.form(&remove)).await;
    let left = browser.follow(&done).await;
    shows(&left, &["Removed."]);
    assert!(!left.text.contains("15550000009"), "{}", left.text);
    assert_eq!(browser.get(one).await.status, 404);
    shows(&browser.get(&format!("{path}/15550000001/remove")).await, &["the tenant is pending again"]);
}

#[actix_web::test]
async fn a_token_is_asked_about_replaced_and_removed_and_no_page_ever_shows_it() {
    let settings = [("GROUPGATE_APP_ID", "300000000000001"), ("GROUPGATE_APP_SECRET", APP_SECRET)];
    let app = TestApp::with(&settings).await;
    let mut browser = administrator(&app).await;
    let path = "/console/tenants/cams-demo1/credential";
    let page = browser.get(path).await;
    shows(&page, &["valid", "Ask Meta now"]);
    let done = browser.send(&page.form(&format!("{path}/check"))).await;
    let checked = browser.follow(&done).await;
    shows(
        &checked,
        &["Meta was asked just now", "300000000000001", "whatsapp_business_messaging", "too short to show"],
    );

    let stale = page.form(path).with("access_token", "EAAsecond");
    let refused = browser.send(&checked.form(path).with("access_token", "EAAnobody-knows-it")).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.text.contains("id=\"f-access_token-error\"") && !refused.text.contains("nobody-knows"));
    let done = browser.send(&refused.form(path).with("access_token", "EAAsecond")).await;
    let stored = browser.follow(&done).await;
    shows(&stored, &["Stored.", "valid"]);
    assert!(!stored.text.contains("EAAsecond"), "{}", stored.text);
    let stale = browser.send(&stale).await;
    assert_eq!(stale.status, 412, "{}", stale.text);
    assert!(!stale.text.contains("EAAsecond"), "{}", stale.text);

    let remove = format!("{path}/remove");
    let asking = browser.get(&remove).await;
    shows(&asking, &["Credential.Missing", "The tenant is pending"]);
    let done = browser.send(&asking.form(&remove)).await;
    shows(&browser.follow(&done).await, &["Removed.", "There is no token", "Store a token"]);
    shows(&browser.get("/console/tenants/cams-demo1").await, &["pending", "No token"]);
    let list = async || {
        browser.get("/console/tenants?credential_state=missing").await.text.contains("cams-demo1").then_some(())
    };
    eventually("the list finds it", list).await;
}
