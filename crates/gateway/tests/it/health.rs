//! `/health/live` and `/health/ready`.

use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn a_gateway_with_its_database_is_live_and_ready() {
    let app = TestApp::start().await;
    let live = app.client.send("GET", "/health/live", &[], Vec::new()).await;
    assert_eq!((live.status, live.body()), (200, json!({"status": "live"})));
    let ready = app.client.send("GET", "/health/ready", &[], Vec::new()).await;
    assert_eq!((ready.status, ready.body()), (200, json!({"status": "ready", "missing": []})));
    assert_eq!(app.client.send("HEAD", "/health/ready", &[], Vec::new()).await.status, 200);
}
