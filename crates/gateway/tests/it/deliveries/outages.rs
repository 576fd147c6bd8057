//! Deliveries while PostgreSQL is away, or others work on what they need there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tenant_store::DeliveryState;

use super::{app, delivery_when, endpoint, first, statuses, tell};
use crate::support::{Receiver, TestApp, actor, eventually, superuser};

/// One that answers nobody until it may.
struct PatientReceiver {
    receiver: Receiver,
    is_called: Arc<AtomicBool>,
    may_answer: Arc<AtomicBool>,
}

impl PatientReceiver {
    fn start() -> Self {
        let (is_called, may_answer) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (called, waits) = (is_called.clone(), may_answer.clone());
        let receiver = Receiver::recording(move |_| {
            called.store(true, Ordering::SeqCst);
            while !waits.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            200
        });
        Self { receiver, is_called, may_answer }
    }

    /// Waits until it is called. That a delivery stands as claimed is not enough: its claimer may not know of it yet.
    async fn called(&self) {
        eventually("the endpoint is called", async || self.is_called.load(Ordering::SeqCst).then_some(())).await;
    }

    /// Has it answer, and waits until it has.
    async fn answer(&self) {
        self.may_answer.store(true, Ordering::SeqCst);
        eventually("the endpoint has answered", async || (self.receiver.deliveries().len() == 1).then_some(())).await;
    }
}

#[actix_web::test]
async fn an_end_that_cannot_be_committed_is_when_postgresql_is_back() {
    let settings = [("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")];
    let (app, proxy) = TestApp::behind_proxy(&settings).await;
    let patient = PatientReceiver::start();
    let created = endpoint(&first(&app), &patient.receiver.url("/"), &[]).await;
    tell(&app, &[("group-1", 1)]).await;
    let (space, id) = (first(&app), created.endpoint.endpoint_id);
    patient.called().await;
    proxy.cut();
    patient.answer().await;
    proxy.restore();
    let delivery = delivery_when(&space, id, DeliveryState::Done).await;
    assert_eq!(statuses(&delivery), [Some(200)]);
    assert_eq!(patient.receiver.deliveries().len(), 1, "delivered once, although its end was committed late");
}

#[actix_web::test]
async fn an_endpoint_on_whose_deliveries_others_work_keeps_no_other_end_from_being_recorded() {
    let app = app("5s").await;
    let slow = PatientReceiver::start();
    let quick = Receiver::recording(|_| 200);
    let (busy, other) = (
        endpoint(&first(&app), &slow.receiver.url("/"), &[]).await,
        endpoint(&first(&app), &quick.url("/"), &[]).await,
    );
    let (space, busy, other) = (first(&app), busy.endpoint.endpoint_id, other.endpoint.endpoint_id);
    space.test_endpoint(busy, &actor()).await.unwrap();
    slow.called().await;

    let mut working = superuser(&app.database).await;
    let lock = "select pg_advisory_lock(lanes_lock($1))";
    sqlx::query(lock).bind(busy.0).execute(&mut working).await.unwrap();
    slow.answer().await;
    space.test_endpoint(other, &actor()).await.unwrap();
    delivery_when(&space, other, DeliveryState::Done).await;
    delivery_when(&space, busy, DeliveryState::InFlight).await;
    drop(working);
    delivery_when(&space, busy, DeliveryState::Done).await;
}
