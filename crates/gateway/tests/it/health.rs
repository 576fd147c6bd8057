//! `/health/live` and `/health/ready`.

use serde_json::json;

use crate::{
    program::{Ended, free_port, run},
    support::TestApp,
};

/// Runs `groupgate health` beside this test's gateway, which answers on this thread.
async fn asked(flags: &str, bind: &str) -> Ended {
    let (line, bind) = (format!("health {flags}"), bind.to_owned());
    let ask = move || run(&line.split_whitespace().collect::<Vec<_>>(), &[("GROUPGATE_BIND", &bind)], "");
    actix_web::web::block(ask).await.unwrap()
}

#[actix_web::test]
async fn a_gateway_with_its_database_is_live_and_ready() {
    let app = TestApp::start().await;
    let live = app.client.send("GET", "/health/live", &[], Vec::new()).await;
    assert_eq!((live.status, live.body()), (200, json!({"status": "live"})));
    let ready = app.client.send("GET", "/health/ready", &[], Vec::new()).await;
    assert_eq!((ready.status, ready.body()), (200, json!({"status": "ready", "missing": []})));
    assert_eq!(app.client.send("HEAD", "/health/ready", &[], Vec::new()).await.status, 200);
}

#[actix_web::test]
async fn the_program_asks_the_gateway_that_its_environment_names() {
    let app = TestApp::start().await;
    let ended = asked("", app.client.url.strip_prefix("http://").unwrap()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[actix_web::test]
async fn the_program_takes_no_answer_but_a_good_one_for_health() {
    let app = TestApp::start().await;
    let ready = asked(&format!("--url {}/health/ready", app.client.url), "").await;
    assert_eq!(ready.code, Some(0), "{ready:?}");
    let nothing = asked(&format!("--url {}/health/none", app.client.url), "").await;
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stderr.contains("it answered 404"), "{nothing:?}");
}

#[actix_web::test]
async fn the_program_says_which_address_did_not_answer() {
    let bind = format!("127.0.0.1:{}", free_port());
    let ended = asked("", &bind).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(&format!("http://{bind}/health/live is not healthy")), "{ended:?}");
}
