//! The tenants' list, a tenant's page, and what is changed there: details, suspension, limits, the end.

use serde_json::json;

use crate::support::{Answered, Browser, TestApp, eventually};

/// A browser in which an administrator of these tenants is signed in.
async fn signed_in(app: &TestApp, id: &str, grants: &[(&str, &[&str])]) -> Browser {
    let mut browser = app.browser();
    let entered = browser.sign_in(&app.key(id, grants).await).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    browser
}

async fn administrator(app: &TestApp) -> Browser {
    signed_in(app, "administrator", &[("*", &["admin.read", "admin.write"])]).await
}

#[track_caller]
fn shows(page: &Answered, told: &[&str]) {
    assert_eq!(page.status, 200, "{}", page.text);
    for text in told {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
}

/// The tenants that a list shows.
fn listed(page: &Answered) -> Vec<&str> {
    let ids = page.text.split("<br><code>").skip(1).filter_map(|rest| rest.split_once("</code>"));
    ids.map(|(id, _)| id).collect()
}

#[actix_web::test]
async fn the_list_is_searched_filtered_and_paged_by_its_address_and_shows_no_more_than_the_key_names() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let bakery =
        json!({"cust_space_id": "cams-bakery", "name": "Bakery <b>Müller</b>", "labels": {"customer": "4711"}});
    admin.post("/tenants", bakery).await.done(201);
    let mut browser = app.browser();
    browser.sign_in(&admin.key).await;
    let all = browser.get("/console/tenants").await;
    assert_eq!(listed(&all), ["cams-bakery", "cams-demo1", "cams-demo2"]);
    shows(&all, &["Bakery &#60;b&#62;Müller&#60;/b&#62;", "pending", "missing", "active", "valid", "Onboard a tenant"]);

    for (query, ids) in [
        ("q=m%C3%BCLLER", vec!["cams-bakery"]),
        ("q=customer%3D4711&status=&credential_state=", vec!["cams-bakery"]),
        ("q=%2B1+555+0000002", vec!["cams-demo2"]),
        ("status=active", vec!["cams-demo1", "cams-demo2"]),
        ("credential_state=missing", vec!["cams-bakery"]),
        ("status=active&q=demo1", vec!["cams-demo1"]),
        ("limit=1&after=cams-bakery&status=active", vec!["cams-demo1"]),
    ] {
        let page = browser.get(&format!("/console/tenants?{query}")).await;
        assert_eq!(listed(&page), ids, "{query}");
        let told = admin.get(&format!("/tenants?{}", query.replace("&status=&credential_state=", ""))).await.done(200);
        let told: Vec<_> = told["data"].as_array().unwrap().iter().map(|tenant| &tenant["cust_space_id"]).collect();
        assert_eq!(told, ids, "the API says the same of {query}");
    }
    let first = browser.get("/console/tenants?limit=1&q=cams").await;
    shows(&first, &["href=\"/console/tenants?limit=1&#38;q=cams&#38;after=cams-bakery\"", "value=\"cams\""]);
    let nothing = browser.get("/console/tenants?q=nobody").await;
    shows(
        &nothing,
        &["No tenant is like this.", "<a class=\"button\" href=\"/console/tenants\">Clear the filters</a>"],
    );
    for (query, field) in [("status=gone", "status"), ("limit=0", "limit"), ("page=2", "page")] {
        let wrong = browser.get(&format!("/console/tenants?{query}")).await;
        assert_eq!(wrong.status, 400, "{query}");
        assert!(wrong.text.contains(&format!("href=\"#by-{field}\"")), "{query} {}", wrong.text);
    }

    let mut of_one = signed_in(&app, "of-one", &[("cams-demo2", &["admin.read"])]).await;
    let own = of_one.get("/console/tenants").await;
    assert_eq!(listed(&own), ["cams-demo2"]);
    assert!(!own.text.contains("/console/onboarding/new"), "{}", own.text);
    assert!(listed(&of_one.get("/console/tenants?q=demo1").await).is_empty());
    for place in ["", "/edit", "/suspend", "/erase", "/numbers", "/numbers/15550000001", "/credential", "/limits"] {
        assert_eq!(of_one.get(&format!("/console/tenants/cams-demo1{place}")).await.status, 403, "{place}");
        let page = of_one.get(&format!("/console/tenants/cams-demo2{}", place.replace("01", "02"))).await;
        assert_eq!(page.status, 200, "{place}");
        assert_eq!(
            page.text.matches("method=\"post\"").count(),
            1,
            "it reads only, and may sign out: {place} {}",
            page.text
        );
        let asked = [("form_token", of_one.form_token("/console/tenants").await)];
        let asked = asked.each_ref().map(|(name, value)| (*name, value.as_str()));
        if !place.is_empty() {
            let refused = of_one.post(&format!("/console/tenants/cams-demo2{place}"), &asked).await;
            assert_eq!(refused.status, 403, "{place}");
        }
    }
}

#[actix_web::test]
async fn without_a_tenant_the_list_leads_to_the_first_one() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for tenant in ["cams-demo1", "cams-demo2"] {
        admin.change("DELETE", &format!("/tenants/{tenant}?confirm={tenant}"), "*", json!(null)).await;
    }
    let mut browser = app.browser();
    browser.sign_in(&admin.key).await;
    let empty = browser.get("/console/tenants").await;
    shows(&empty, &["There is no tenant yet.", "Onboard your first customer"]);
    let reader = signed_in(&app, "reader", &[("*", &["admin.read"])]).await;
    let empty = reader.get("/console/tenants").await;
    shows(&empty, &["There is no tenant yet.", "Somebody with <code>admin.write</code>"]);
    assert!(!empty.text.contains("/console/onboarding/new\">Onboard your first"), "{}", empty.text);
}

#[actix_web::test]
async fn a_tenants_page_says_what_it_is_and_its_details_are_changed_without_undoing_anothers_work() {
    let app = TestApp::start().await;
    let mut browser = administrator(&app).await;
    let (page, edit) = ("/console/tenants/cams-demo1", "/console/tenants/cams-demo1/edit");
    shows(
        &browser.get(page).await,
        &["cams-demo1", "15550000001", "key-of-the-first", "Traffic", "the gateway’s default"],
    );

    let form = browser.get(edit).await.form(edit);
    assert_eq!((form.value("name"), form.value("labels")), (Some("A tenant"), Some("")));
    let wrong =
        form.clone().with("name", " ").with("labels", &format!("plan={}", "x".repeat(101))).with("notes", "kept");
    let wrong = browser.send(&wrong).await;
    assert_eq!(wrong.status, 400);
    for told in ["href=\"#f-name\"", "id=\"f-name-error\"", "href=\"#f-labels\"", "plan: 0 to 100 characters", "kept"] {
        assert!(wrong.text.contains(told), "{told} in {}", wrong.text);
    }
    let filled = form.with("name", "Bakery Miller").with("labels", "customer=4711\r\nvip").with("notes", "a\r\nb");
    let done = browser.send(&filled).await;
    shows(&browser.follow(&done).await, &["Saved.", "Bakery Miller", "4711", "vip"]);
    let again = browser.send(&filled).await;
    shows(&browser.follow(&again).await, &["This was done already"]);

    let (mine, theirs) = (browser.get(edit).await.form(edit), browser.get(edit).await.form(edit));
    assert_eq!((mine.value("labels"), mine.value("notes")), (Some("customer=4711\nvip="), Some("a\nb")));
    assert_eq!(browser.send(&theirs.with("notes", "theirs")).await.status, 303);
    let stale = browser.send(&mine.with("notes", "mine").with("name", "Mine")).await;
    assert_eq!(stale.status, 412);
    assert!(stale.text.contains("theirs") && stale.text.contains("changed since you read it"), "{}", stale.text);
    let form = stale.form(edit);
    assert_eq!((form.value("notes"), form.value("name")), (Some("mine"), Some("Mine")), "what was typed is not lost");
    assert_eq!(browser.send(&form).await.status, 303, "whoever has seen it may replace it");
    shows(&browser.get(page).await, &["mine"]);
}

#[actix_web::test]
async fn a_tenant_is_suspended_with_a_reason_resumed_and_erased_by_its_name() {
    let app = TestApp::start().await;
    let mut browser = administrator(&app).await;
    let page = "/console/tenants/cams-demo1";
    let call =
        async || app.client.call("ListChatGroup", &app.first, json!({"Page": {"Index": 1, "Size": 1}})).await.code();
    let suspend = format!("{page}/suspend");
    let asking = browser.get(&suspend).await;
    shows(&asking, &["Tenant.Suspended", "deliveries to its own endpoints wait"]);
    let refused = browser.send(&asking.form(&suspend)).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("id=\"f-reason-error\""), "{}", refused.text);
    let done = browser.send(&refused.form(&suspend).with("reason", "unpaid since May")).await;
    let suspended = browser.follow(&done).await;
    shows(&suspended, &["Suspended. Every call", "This tenant is suspended.", "unpaid since May"]);
    eventually("its calls are refused", async || (call().await == "Tenant.Suspended").then_some(())).await;
    let resume = suspended.form(&format!("{page}/resume"));
    let done = browser.send(&resume).await;
    shows(&browser.follow(&done).await, &["Resumed."]);
    eventually("its calls are taken", async || (call().await == "OK").then_some(())).await;
    let stale = browser.send(&resume.with("form_id", "another")).await;
    assert_eq!(stale.status, 412, "{}", stale.text);

    let erase = format!("{page}/erase");
    let asking = browser.get(&erase).await;
    shows(&asking, &["15550000001", "It has no endpoints of its own.", "A key", "cannot be undone"]);
    let refused = browser.send(&asking.form(&erase).with("confirm", "cams-demo2")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("id=\"f-confirm-error\""), "{}", refused.text);
    let done = browser.send(&refused.form(&erase).with("confirm", "cams-demo1")).await;
    let left = browser.follow(&done).await;
    assert_eq!(listed(&left), ["cams-demo2"]);
    shows(&left, &["Erased, with everything"]);
    assert_eq!(browser.get(page).await.status, 404);
}

#[actix_web::test]
async fn limits_are_shown_beside_the_gateways_own_and_set_or_left_to_them() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_TENANT", "77/s")]).await;
    let mut browser = administrator(&app).await;
    let path = "/console/tenants/cams-demo1/limits";
    let page = browser.get(path).await;
    shows(&page, &["77/s", "as many as come"]);
    let wrong = page.form(path).with("per_tenant", "fast").with("in_flight", "some").with("per_number", "5/s");
    let wrong = browser.send(&wrong).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    assert!(wrong.text.contains("id=\"f-in_flight-error\"") && wrong.text.contains("fast"), "{}", wrong.text);
    let form = wrong.form(path).with("per_tenant", "fast").with("in_flight", "0");
    let wrong = browser.send(&form).await;
    assert!(wrong.text.contains("id=\"f-per_tenant-error\"") && wrong.text.contains("id=\"f-in_flight-error\""));
    let form = wrong
        .form(path)
        .with("per_tenant", "20/s;burst=40")
        .with("per_number", " ")
        .with("in_flight", "8")
        .with("per_tenant_write", "5/s;in-flight=4");
    let done = browser.send(&form).await;
    shows(&browser.follow(&done).await, &["Saved.", "20/s;burst=40", "77/s", "value=\"8\"", "5/s;in-flight=4"]);
    let stale = browser.send(&form.with("form_id", "another").with("in_flight", "9")).await;
    assert_eq!(stale.status, 412);
    assert!(stale.text.contains("value=\"9\"") && stale.text.contains("20/s;burst=40"), "{}", stale.text);
}

#[actix_web::test]
async fn what_is_shown_to_hold_is_what_is_counted_by() {
    let (per_tenant, per_number) = ("77/s;in-flight=50", "66/s;in-flight=9");
    let app =
        TestApp::with(&[("GROUPGATE_RATE_PER_TENANT", per_tenant), ("GROUPGATE_RATE_PER_NUMBER", per_number)]).await;
    let mut browser = administrator(&app).await;
    let home = "/console/tenants/cams-demo1";
    let path = format!("{home}/limits");
    let form = browser.get(&path).await.form(&path).with("per_tenant", "20/s").with("per_number", "5/s");
    let done = browser.send(&form).await;
    // A rate of its own leaves the setting's calls in flight in force.
    let of_a_rate = ["<td>20/s;in-flight=50</td>", "<td>5/s;in-flight=9</td>"];
    shows(&browser.follow(&done).await, &of_a_rate);
    shows(&browser.get(home).await, &["20/s;in-flight=50", "5/s;in-flight=9"]);
    let form = browser.get(&path).await.form(&path).with("in_flight", "8");
    let done = browser.send(&form).await;
    shows(&browser.follow(&done).await, &["<td>20/s;in-flight=8</td>", "<td>8</td><td>50</td>"]);
    let form = browser.get(&path).await.form(&path).with("per_tenant", "20/s;in-flight=4").with("in_flight", "");
    let done = browser.send(&form).await;
    shows(&browser.follow(&done).await, &["<td>20/s;in-flight=4</td>", "<td>4</td><td>50</td>"]);
}
