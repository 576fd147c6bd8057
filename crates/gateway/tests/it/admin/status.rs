//! How the gateways are.

use serde_json::json;

use crate::support::{TestApp, eventually};

#[actix_web::test]
async fn the_status_tells_of_every_replica_of_what_waits_and_of_the_budgets() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (_client, replica) = app.replica().await;
    app.client.call("ListChatGroup", &app.first, json!({"Page": {"Index": 1, "Size": 1}})).await.expect(200, "OK");
    let status = eventually("both replicas are seen", async || {
        let status = admin.get("/status").await.done(200);
        (status["replicas"].as_array().unwrap().len() == 2).then_some(status)
    })
    .await;
    replica.stop(std::time::Duration::ZERO).await;
    assert_eq!(status["versions"], json!({"gateway": env!("CARGO_PKG_VERSION"), "schema": "current"}));
    let replicas = status["replicas"].as_array().unwrap();
    assert_eq!(replicas.iter().filter(|replica| replica["is_this"] == true).count(), 1, "{status}");
    assert_eq!(replicas[0]["master_key_ids"], json!(["k1"]));
    assert_eq!(status["master_key_ids"], json!(["k1"]));
    assert_eq!((&status["queues"]["deliveries_open"], &status["queues"]["events_unrouted"]), (&json!(0), &json!(0)));
    let budget = &status["budgets"][0];
    assert_eq!(budget["waba_id"], app.first.waba_id);
    assert_eq!(budget["numbers"][0]["phone_number_id"], app.first.phone_number_id);
    assert!(budget["numbers"][0]["remaining"].as_u64().unwrap() > 0, "{status}");
}
