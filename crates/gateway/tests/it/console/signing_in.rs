//! Signing in and out, sessions, and forms that others send.

use crate::support::{TestApp, eventually};

#[actix_web::test]
async fn an_administrator_signs_in_looks_around_and_signs_out() {
    let app = TestApp::start().await;
    let key = app.admin().await.key;
    let mut browser = app.browser();
    let nobody = browser.get("/console").await;
    assert_eq!((nobody.status, nobody.header("location")), (303, Some("/console/sign-in")));
    assert_eq!(browser.get("/console/sign-in").await.status, 200);

    let entered = browser.sign_in(&key).await;
    assert_eq!((entered.status, entered.header("location")), (303, Some("/console")), "{}", entered.text);
    let set = entered.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-groupgate=") && set.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{set}");
    let home = browser.get("/console").await;
    assert!(home.text.contains("Needs attention") && home.text.contains(&key.id), "{}", home.text);

    let (signed_in, token) = (browser.cookie.clone(), browser.form_token("/console").await);
    assert_eq!(browser.post("/console/sign-out", &[("form_token", &token)]).await.status, 303);
    assert_eq!(browser.cookie, None);
    browser.cookie = signed_in;
    assert_eq!(browser.get("/console").await.status, 303, "the session is over, not its cookie alone");
}

#[actix_web::test]
async fn who_is_no_administrator_or_has_the_wrong_secret_is_told_so_and_gets_no_cookie() {
    let app = TestApp::start().await;
    let mut wrong = app.admin().await.key;
    wrong.secret.push('x');
    let mut browser = app.browser();
    for (key, status, told) in [
        (&app.first.key, 403, "This is for administrators"),
        (&wrong, 401, "The AccessKeyId or the AccessKeySecret is wrong"),
    ] {
        let refused = browser.sign_in(key).await;
        assert_eq!((refused.status, refused.header("set-cookie")), (status, None), "{}", refused.text);
        assert!(refused.text.contains(told) && !refused.text.contains(&key.secret), "{}", refused.text);
    }
}

#[actix_web::test]
async fn each_sign_in_has_a_new_session_and_one_that_was_planted_is_none() {
    let app = TestApp::start().await;
    let key = app.admin().await.key;
    let mut browser = app.browser();
    let planted = format!("__Host-groupgate={}", "0".repeat(64));
    browser.cookie = Some(planted.clone());
    assert_eq!(browser.get("/console").await.status, 303);
    browser.sign_in(&key).await;
    let first = browser.cookie.clone().unwrap();
    browser.sign_in(&key).await;
    let second = browser.cookie.clone().unwrap();
    assert!(first != planted && second != planted && first != second);
    browser.cookie = Some(planted);
    assert_eq!(browser.get("/console").await.status, 303);
}

#[actix_web::test]
async fn a_form_of_another_site_or_without_the_sessions_own_token_does_nothing() {
    let app = TestApp::start().await;
    let key = app.admin().await.key;
    let (mut browser, mut other) = (app.browser(), app.browser());
    browser.sign_in(&key).await;
    other.sign_in(&key).await;
    let (token, others) = (browser.form_token("/console").await, other.form_token("/console").await);
    for (site, fields) in [
        ("cross-site", vec![("form_token", token.as_str())]),
        ("same-site", vec![("form_token", token.as_str())]),
        ("same-origin", vec![("form_token", others.as_str())]),
        ("same-origin", vec![("form_token", "")]),
        ("same-origin", vec![]),
    ] {
        let refused = browser.post_from(site, "/console/sign-out", &fields).await;
        assert_eq!(refused.status, 403, "{site} {fields:?}");
    }
    assert_eq!(browser.get("/console").await.status, 200, "it is signed in still");
    let entered = [("access_key_id", key.id.as_str()), ("access_key_secret", &key.secret)];
    let elsewhere = app.browser().post_from("cross-site", "/console/sign-in", &entered).await;
    assert_eq!((elsewhere.status, elsewhere.header("set-cookie")), (403, None));
}

#[actix_web::test]
async fn a_session_ends_with_its_key() {
    let app = TestApp::start().await;
    let (admin, key) = (app.admin().await, app.key("second", &[("*", &["admin.read"])]).await);
    let mut browser = app.browser();
    browser.sign_in(&key).await;
    assert_eq!(browser.get("/console").await.status, 200);
    admin.change("POST", "/keys/second/revoke", "*", serde_json::Value::Null).await.done(200);
    eventually("the session is over", async || (browser.get("/console").await.status == 303).then_some(())).await;
}

#[actix_web::test]
async fn what_a_page_refuses_is_in_the_audit_log_also_where_it_shows_the_form_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut browser = app.browser();
    browser.sign_in(&admin.key).await;
    let ask = "/console/tenants/cams-demo2/suspend";
    let form = browser.get(ask).await.form(ask).with("reason", " ");
    assert_eq!(browser.send(&form).await.status, 400);
    assert_eq!(browser.get("/console/audit?since=yesterday").await.status, 400);
    eventually("both refusals are in the log", async || {
        let log = admin.get("/audit?action=refuse").await.done(200)["data"].to_string();
        let told = |object: &str| log.contains(&format!("\"object\":\"{object}\""));
        (told(&format!("POST {ask}")) && told("GET /console/audit") && log.contains("InvalidParameter")).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn whoever_may_look_no_longer_can_still_sign_out() {
    let app = TestApp::start().await;
    let admin = app.admin_with("administrator", &[("*", &["admin.read", "admin.write", "groups.read"])]).await;
    let key = app.key("second", &[("*", &["admin.read"])]).await;
    let mut browser = app.browser();
    browser.sign_in(&key).await;
    let token = browser.form_token("/console").await;
    let less = serde_json::json!({"grants": [{"cust_space_ids": ["cams-demo1"], "scopes": ["groups.read"]}]});
    admin.change("PATCH", "/keys/second", "*", less).await.done(200);
    eventually("the pages are closed", async || (browser.get("/console").await.status == 403).then_some(())).await;
    let left = browser.post("/console/sign-out", &[("form_token", &token)]).await;
    assert_eq!((left.status, browser.cookie), (303, None), "{}", left.text);
}

#[actix_web::test]
async fn no_page_takes_anothers_script_or_frame_and_none_is_kept() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    browser.sign_in(&app.admin().await.key).await;
    for path in ["/console", "/console/sign-in", "/console/nothing", "/console/assets/nothing"] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert!(!page.text.contains("<script>") && !page.text.contains(" style="), "{}", page.text);
    }
    let page = browser.get("/console").await.text;
    let (_, rest) = page.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let style = browser.get(rest.split_once('"').unwrap().0).await;
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(style.header("cache-control").unwrap().contains("immutable"));
}
