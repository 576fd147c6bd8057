//! How the gateways are, on a page.

use serde_json::json;

use crate::support::{TestApp, eventually, superuser};

#[actix_web::test]
async fn the_status_page_tells_how_the_gateways_are_and_marks_what_is_bad() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut browser = app.browser();
    browser.sign_in(&admin.key).await;
    let page_of = json!({"Page": {"Index": 1, "Size": 1}});
    app.client.call("ListChatGroup", &app.first, page_of).await.expect(200, "OK");
    let page = eventually("the gateway has told that it runs", async || {
        let page = browser.get("/console/status").await.text;
        page.contains("(answers now)").then_some(page)
    })
    .await;
    for wanted in
        ["All is well.", env!("CARGO_PKG_VERSION"), "<code>k1</code>", app.first.phone_number_id, "Events to be routed"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }

    // A replica of another version, without the key, that was not heard of for a while.
    let replica = "insert into replicas (replica, version, master_key_ids, started_at, seen_at)
                   values (7, '0.0.9', '{k0}', now(), now() - interval '45 seconds')";
    sqlx::query(replica).execute(&mut superuser(&app.database).await).await.unwrap();
    let page = browser.get("/console/status").await.text;
    for wanted in ["Something is not as it should be.", "another version", "silent", "one is missing"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }

    let mut other = app.browser();
    other.sign_in(&app.key("firsts", &[(app.first.cust_space_id, &["admin.read"])]).await).await;
    assert_eq!(other.get("/console/status").await.status, 403, "it is no single tenant's");
}
