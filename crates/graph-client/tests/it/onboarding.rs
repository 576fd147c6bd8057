//! What takes a customer from a signup to a first call: tokens, accounts, their numbers and their webhooks.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use graph_client::{App, Call, GraphError, Token, WabaId};
use secrecy::ExposeSecret;

use crate::support::{Graph, call, number, token};

fn app() -> App {
    App::new("300000000000001", &"a-secret-of-the-app".into()).unwrap()
}

fn waba() -> WabaId {
    "200000000000001".parse().unwrap()
}

#[actix_rt::test]
async fn the_app_asks_about_a_token_and_learns_what_it_may_do_on_what_and_until_when() {
    let graph = Graph::answering(
        200,
        r#"{"data":{"app_id":"300000000000001","type":"SYSTEM_USER","is_valid":true,"expires_at":1795219200,
            "scopes":["whatsapp_business_management","whatsapp_business_messaging"],
            "granular_scopes":[{"scope":"whatsapp_business_management","target_ids":["200000000000001",7]},
                               {"scope":"whatsapp_business_messaging"}]}}"#,
    )
    .await;
    let info = graph.client().inspect_token(Call::unguarded(app().token()), &token()).await.unwrap().body;
    assert!(info.is_valid);
    assert_eq!((info.app_id.as_deref(), info.expires_at), (Some("300000000000001"), Some(1_795_219_200)));
    assert_eq!(info.scopes, ["whatsapp_business_management", "whatsapp_business_messaging"]);
    assert_eq!(info.targets("whatsapp_business_management"), ["200000000000001"]);
    assert!(info.targets("whatsapp_business_messaging").is_empty() && info.targets("other").is_empty());
    let request = graph.request();
    assert_eq!(request.target, "/v23.0/debug_token?input_token=EAAGabcdefghijklmnop");
    assert_eq!(request.header("authorization"), Some("Bearer 300000000000001|a-secret-of-the-app"));
}

#[actix_rt::test]
async fn a_token_without_an_end_has_none_and_a_dead_one_says_why_without_showing_itself() {
    let endless = r#"{"data":{"is_valid":true,"expires_at":0,"scopes":[]}}"#;
    let graph = Graph::answering(200, endless).await;
    assert_eq!(
        graph.client().inspect_token(Call::unguarded(app().token()), &token()).await.unwrap().body.expires_at,
        None
    );

    let dead = r#"{"data":{"error":{"code":190,"message":"Malformed access token EAAGabcdefghijklmnop"},
                   "is_valid":false,"scopes":[]}}"#;
    let graph = Graph::answering(200, dead).await;
    let info = graph.client().inspect_token(Call::unguarded(app().token()), &token()).await.unwrap().body;
    assert!(!info.is_valid);
    assert_eq!(info.why_invalid(), Some("Malformed access token ***"));
}

#[actix_rt::test]
async fn a_no_that_is_not_the_tokens_death_can_be_told_from_one_that_is() {
    for (error, may_recover) in [
        (r#"{"code":190,"subcode":463,"message":"expired"}"#, false),
        (r#"{"code":190,"subcode":467,"message":"logged out"}"#, false),
        (r#"{"code":190,"subcode":459,"message":"checkpointed"}"#, true),
        (r#"{"code":190,"subcode":"464","message":"unconfirmed"}"#, true),
        (r#"{"code":2,"message":"Service temporarily unavailable"}"#, true),
        (r#"{"code":4,"message":"Application request limit reached"}"#, true),
        (r#"{"code":100,"message":"The App_id in the input_token did not match the Viewing App"}"#, false),
        ("null", false),
    ] {
        let answer = format!(r#"{{"data":{{"is_valid":false,"error":{error}}}}}"#);
        let graph = Graph::answering(200, &answer).await;
        let info = graph.client().inspect_token(Call::unguarded(app().token()), &token()).await.unwrap().body;
        assert_eq!(info.may_recover(), may_recover, "{error}");
    }
}

#[actix_rt::test]
async fn a_code_is_exchanged_for_a_token_and_neither_is_ever_shown() {
    let graph = Graph::answering(200, r#"{"access_token":"EAAGofthecustomer","token_type":"bearer"}"#).await;
    let exchanged =
        graph.client().exchange_code(Call::unguarded(app().token()), &app(), &"AQ code".into()).await.unwrap();
    assert_eq!(exchanged.body.expose_secret(), "EAAGofthecustomer");
    let expected = "/v23.0/oauth/access_token?client_id=300000000000001&client_secret=a-secret-of-the-app&code=AQ+code";
    assert_eq!(graph.request().target, expected);
    assert!(!format!("{exchanged:?} {:?}", app()).contains("a-secret"), "{exchanged:?}");

    let refused = r#"{"error":{"code":1,"message":"Error validating client secret: a-secret-of-the-app"}}"#;
    let graph = Graph::answering(400, refused).await;
    let error = graph.client().exchange_code(Call::unguarded(app().token()), &app(), &"AQ".into()).await.unwrap_err();
    assert!(matches!(error, GraphError::Refused(_)), "{error}");
}

#[actix_rt::test]
async fn an_accounts_numbers_come_by_pages_with_what_onboarding_needs() {
    let graph = Graph::answering(
        200,
        r#"{"data":[{"id":"100000000000009","display_phone_number":"+1 555-000-0009","verified_name":"Bakery",
                     "quality_rating":"GREEN","status":"LINKED","is_official_business_account":true},
                    {"id":"100000000000010","display_phone_number":"+49 30 1234567"},{"id":"100000000000011"}],
            "paging":{"cursors":{"after":"QVFI"},"next":"https://graph.facebook.com/next"}}"#,
    )
    .await;
    let page = graph.client().waba_numbers(call(&token()), &waba(), Some("QVF=")).await.unwrap().body;
    assert_eq!(page.after.as_deref(), Some("QVFI"));
    assert_eq!(page.numbers[0].digits(), "15550000009");
    assert_eq!(page.numbers[0].info.verified_name.as_deref(), Some("Bakery"));
    assert_eq!(page.numbers[0].info.is_official_business_account, Some(true));
    assert_eq!((page.numbers[1].digits().as_str(), page.numbers[1].info.status.as_ref()), ("49301234567", None));
    assert_eq!(page.numbers[2].digits(), "", "one without digits keeps none from being read");
    assert!(!format!("{page:?}").contains("1234567"), "{page:?}");
    let target = graph.request().target;
    assert!(target.starts_with("/v23.0/200000000000001/phone_numbers?fields=id%2Cdisplay_phone_number%2C"), "{target}");
    assert!(target.contains("&limit=100&after=QVF%3D&appsecret_proof="), "{target}");
}

#[actix_rt::test]
async fn subscribing_an_app_is_a_post_without_a_body_and_a_no_is_an_error() {
    let graph = Graph::answering(200, r#"{"success":true}"#).await;
    graph.client().subscribe_app(call(&token()), &waba()).await.unwrap();
    let request = graph.request();
    assert_eq!((request.method.as_str(), request.body.as_str()), ("POST", ""));
    assert!(request.target.starts_with("/v23.0/200000000000001/subscribed_apps?"), "{}", request.target);

    let graph = Graph::answering(200, r#"{"success":false}"#).await;
    let error = graph.client().subscribe_app(call(&token()), &waba()).await.unwrap_err();
    assert!(matches!(error, GraphError::NotDone { status: 200 }), "{error}");
}

#[actix_rt::test]
async fn a_token_tells_that_meta_refused_it_and_no_other_refusal_does() {
    let told = Arc::new(AtomicUsize::new(0));
    let teller = Arc::clone(&told);
    let watched = Token::new(&"EAAGabcdefghijklmnop".into(), None).unwrap().telling(move || {
        teller.fetch_add(1, Ordering::Relaxed);
    });
    for (code, times) in [(10, 0), (100, 0), (190, 1), (131_215, 1), (102, 2), (2, 2), (190, 3)] {
        let graph = Graph::answering(400, &format!(r#"{{"error":{{"code":{code},"message":"m"}}}}"#)).await;
        graph.client().number_info(call(&watched), &number()).await.unwrap_err();
        assert_eq!(told.load(Ordering::Relaxed), times, "{code}");
    }
    let refused = r#"{"error":{"code":190,"message":"m"}}"#;
    let graph = Graph::answering(401, refused).await;
    let address = format!("http://{}/whatsapp_business/attachments/?mid=7", graph.address()).parse().unwrap();
    assert!(graph.client().media_content(&watched, None, &address).await.is_err());
    assert_eq!(told.load(Ordering::Relaxed), 4, "a file's address, too");
}
