//! Administrators of an identity provider at the console.

use serde_json::json;

use super::provider::{Provider, now};
use super::{add, issuer_of, start};
use crate::support::eventually;

#[actix_web::test]
async fn an_external_administrator_signs_in_by_a_token_and_the_session_ends_with_it() {
    let (app, admin) = start().await;
    let provider = Provider::start().await;
    add(&admin, issuer_of(&provider)).await;
    let token = |claims: serde_json::Value| provider.token("ES256", &claims);
    let operator = |ends: i64| token(json!({"roles": null, "realm": {"roles": ["operators"]}, "exp": now() + ends}));
    let mut browser = app.browser();
    let sign_in = "/console/sign-in";
    eventually("the issuer is known", async || {
        (browser.post(sign_in, &[("token", &operator(600))]).await.status == 303).then_some(())
    })
    .await;
    let home = browser.get("/console").await;
    assert!(home.status == 200 && home.text.contains("#alice"), "{}", home.text);
    let refused = browser.post(sign_in, &[("token", &token(json!({})))]).await;
    assert_eq!(refused.status, 403, "who supports one tenant's groups is no administrator: {}", refused.text);

    assert_eq!(browser.post(sign_in, &[("token", &operator(2))]).await.status, 303);
    eventually("the token has ended", async || (browser.get("/console").await.status == 303).then_some(())).await;
    let ended = browser.post(sign_in, &[("token", &operator(-1))]).await;
    assert_eq!(ended.status, 401, "{}", ended.text);
}
