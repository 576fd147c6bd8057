//! Deliveries while PostgreSQL is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tenant_store::DeliveryState;

use super::{delivery_when, endpoint, first, statuses, tell};
use crate::support::{Receiver, TestApp, eventually};

#[actix_web::test]
async fn an_end_that_cannot_be_committed_is_when_postgresql_is_back() {
    let settings = [("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")];
    let (app, proxy) = TestApp::behind_proxy(&settings).await;
    let may_answer = Arc::new(AtomicBool::new(false));
    let waits = may_answer.clone();
    let receiver = Receiver::recording(move |_| {
        while !waits.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        200
    });
    let created = endpoint(&first(&app), &receiver.url("/"), &[]).await;
    tell(&app, &[("group-1", 1)]).await;
    let (space, id) = (first(&app), created.endpoint.endpoint_id);
    delivery_when(&space, id, DeliveryState::InFlight).await;
    proxy.cut();
    may_answer.store(true, Ordering::SeqCst);
    eventually("the endpoint has answered", async || (receiver.deliveries().len() == 1).then_some(())).await;
    proxy.restore();
    let delivery = delivery_when(&space, id, DeliveryState::Done).await;
    assert_eq!(statuses(&delivery), [Some(200)]);
    assert_eq!(receiver.deliveries().len(), 1, "delivered once, although its end was committed late");
}
