//! A gateway that stops while it delivers.

use std::time::{Duration, Instant};

use tenant_store::{DeliveryFilter, DeliveryState};

use super::{app, delivery_when, endpoint, first, statuses, tell};
use crate::support::{PATIENCE, Receiver, Reply, WebServer, eventually};

#[actix_web::test]
async fn what_is_in_flight_may_end_within_the_drain() {
    let app = app("5s").await;
    let slow = Receiver::start(|_| {
        std::thread::sleep(Duration::from_millis(700));
        200
    });
    let created = endpoint(&first(&app), &slow.url("/"), &[]).await;
    let (store, tenant) = (app.store.clone(), app.first.cust_space_id);
    tell(&app, &[("group-1", 1)]).await;
    delivery_when(&first(&app), created.endpoint.endpoint_id, DeliveryState::InFlight).await;
    let _stopped = app.stop_gateway_within(PATIENCE).await;
    let delivery = delivery_when(&store.space(tenant), created.endpoint.endpoint_id, DeliveryState::Done).await;
    assert_eq!(statuses(&delivery), [Some(200)]);
}

#[actix_web::test]
async fn what_does_not_end_within_the_drain_is_given_back_and_tried_elsewhere() {
    let app = app("5s").await;
    let silent = WebServer::start(Reply::Silence).await;
    let created = endpoint(&first(&app), &silent.url("/"), &[]).await;
    let (store, tenant, id) = (app.store.clone(), app.first.cust_space_id, created.endpoint.endpoint_id);
    tell(&app, &[("group-1", 1)]).await;
    eventually("the endpoint is called", async || (silent.requests().len() == 1).then_some(())).await;
    let begun = Instant::now();
    let stopped = app.stop_gateway_within(Duration::from_millis(100)).await;
    // The endpoint would be waited for for 15 s.
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    let delivery = store.space(tenant).deliveries(id, &DeliveryFilter::default(), None, 1).await.unwrap().remove(0);
    assert_eq!((delivery.state, delivery.tries.len()), (DeliveryState::Waiting, 0));

    let settings = [("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")];
    let (_, next) = stopped.start_gateway_with(&settings).await;
    eventually("another replica calls it", async || (silent.requests().len() == 2).then_some(())).await;
    next.stop(Duration::ZERO).await;
}
