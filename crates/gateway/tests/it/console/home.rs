//! Home: what needs a person, and the traffic of the last day.

use serde_json::json;
use tenant_store::{CredentialCheck, CredentialState, NewEndpoint, TenantChange};

use crate::support::{Browser, TestApp, actor, eventually};

async fn signed_in(app: &TestApp, id: &str, grants: &[(&str, &[&str])]) -> Browser {
    let mut browser = app.browser();
    let entered = browser.sign_in(&app.key(id, grants).await).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    browser
}

async fn home(browser: &Browser) -> String {
    let page = browser.get("/console").await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.text
}

/// Meta refuses the first tenant's token, from now on.
async fn refuse_token(app: &TestApp) {
    let check = CredentialCheck {
        state: CredentialState::Invalid,
        reason: Some("Session has <b>expired</b>".to_owned()),
        app_id: None,
        scopes: Vec::new(),
        expires_at: None,
        next: std::time::Duration::from_hours(1),
    };
    let token = app.first.graph_token.to_owned().into();
    app.store.space(app.first.cust_space_id).set_checked_credential(&token, &check, &actor()).await.unwrap();
}

#[actix_web::test]
async fn what_needs_a_person_is_told_to_who_may_see_it_with_where_to_go_and_nothing_when_all_is_well() {
    let app = TestApp::start().await;
    let all = signed_in(&app, "all", &[("*", &["admin.read"])]).await;
    let seconds = signed_in(&app, "seconds", &[(app.second.cust_space_id, &["admin.read"])]).await;
    for browser in [&all, &seconds] {
        assert!(home(browser).await.contains("Nothing needs you now."));
    }

    let name = TenantChange { name: Some("<script>alert(1)</script>".to_owned()), ..TenantChange::default() };
    let (first, second) = (app.store.space(app.first.cust_space_id), app.store.space(app.second.cust_space_id));
    first.change_tenant(&name, &actor()).await.unwrap();
    refuse_token(&app).await;
    let new = NewEndpoint { url: "https://receiver.example/hook".to_owned(), ..NewEndpoint::default() };
    let endpoint = second.create_endpoint(&new, &actor()).await.unwrap().endpoint.endpoint_id;
    second.disable_endpoint(endpoint, "five days of failures", &actor()).await.unwrap();

    let page = home(&all).await;
    for wanted in [
        format!("href=\"/console/tenants/{}/credential\"", app.first.cust_space_id),
        format!("href=\"/console/tenants/{}/endpoints/{endpoint}\"", app.second.cust_space_id),
        "Token refused".to_owned(),
        "The reason: five days of failures.".to_owned(),
        "Since <time datetime=".to_owned(),
    ] {
        assert!(page.contains(&wanted), "{wanted}: {page}");
    }
    let place = |word: &str| page.find(word).unwrap();
    assert!(place("Token refused") < place("Endpoint off"), "what is worse comes first");
    assert!(!page.contains("<script>alert") && !page.contains("<b>expired"), "{page}");
    let page = home(&seconds).await;
    assert!(page.contains("Endpoint off") && !page.contains("Token refused"), "{page}");
    assert!(!page.contains(app.first.cust_space_id), "{page}");
}

#[actix_web::test]
async fn calls_and_errors_of_the_last_day_are_drawn_and_told_as_a_table_of_ones_own_tenants() {
    let app = TestApp::start().await;
    let all = signed_in(&app, "all", &[("*", &["admin.read"])]).await;
    let seconds = signed_in(&app, "seconds", &[(app.second.cust_space_id, &["admin.read"])]).await;
    assert!(home(&all).await.contains("None in these hours."));
    for tenant in [&app.first, &app.second] {
        app.client.call("ListChatGroup", tenant, json!({"Page": {"Index": 1, "Size": 1}})).await.expect(200, "OK");
    }
    app.client.call("GetChatGroup", &app.first, json!({"GroupId": "nobodys"})).await.expect(404, "Group.NotFound");
    let page = eventually("all calls are counted", async || {
        let page = home(&all).await;
        page.contains("<dt>Calls</dt><dd>3</dd>").then_some(page)
    })
    .await;
    for wanted in [
        "<dt>Refused</dt><dd>1</dd>",
        "<dt>Failed</dt><dd>0</dd>",
        "<dd>33.3 %</dd>",
        "role=\"img\"",
        "3 in all, at the most 3 in an hour, in this hour.",
        "1 in all, at the most 1 in an hour, in this hour.",
        "<summary>The same in numbers</summary>",
        "<h2 id=\"erring\">Most errors</h2>",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert_eq!(page.matches("<rect class=\"chart-").count(), 2, "a bar of calls, and one of errors");
    let ranked = page.split_once("id=\"busiest\"").unwrap().1;
    let place = |tenant: &str| ranked.find(&format!("href=\"/console/tenants/{tenant}\"")).unwrap();
    assert!(place(app.first.cust_space_id) < place(app.second.cust_space_id), "the busier one comes first");
    let page = home(&seconds).await;
    assert!(page.contains("<dt>Calls</dt><dd>1</dd>") && page.contains("No call went wrong"), "{page}");
    assert!(!page.contains(app.first.cust_space_id), "{page}");
}

#[actix_web::test]
async fn without_a_tenant_it_is_told_what_to_do_first_and_by_whom() {
    let app = TestApp::start().await;
    for tenant in [&app.first, &app.second] {
        app.store.space(tenant.cust_space_id).erase(&actor()).await.unwrap();
    }
    let writes = signed_in(&app, "writes", &[("*", &["admin.read", "admin.write"])]).await;
    let reads = signed_in(&app, "reads", &[("*", &["admin.read"])]).await;
    let page = home(&writes).await;
    assert!(page.contains("There is no tenant yet.") && page.contains("href=\"/console/onboarding/new\""), "{page}");
    assert!(!page.contains("Nothing needs you now.") && !page.contains("<svg"), "{page}");
    let page = home(&reads).await;
    assert!(page.contains("can onboard the first") && !page.contains("/console/onboarding/new"), "{page}");
}
