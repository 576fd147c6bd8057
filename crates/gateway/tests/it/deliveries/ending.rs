//! What is given up, and what comes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tenant_store::{DeliveryState, EndpointState, Replay, ReplayOnly, ReplaySpan};

use super::{app, delivery_when, endpoint, first, statuses, tell};
use crate::support::{Receiver, actor, eventually};

#[actix_web::test]
async fn a_delivery_that_failed_to_the_last_is_dead_and_can_be_replayed() {
    let app = app("50ms,50ms").await;
    let status = Arc::new(AtomicU16::new(500));
    let said = status.clone();
    let receiver = Receiver::recording(move |_| said.load(Ordering::SeqCst));
    let created = endpoint(&first(&app), &receiver.url("/"), &[]).await;
    let (space, id) = (first(&app), created.endpoint.endpoint_id);
    tell(&app, &[("group-1", 1)]).await;
    let dead = delivery_when(&space, id, DeliveryState::Dead).await;
    assert_eq!(statuses(&dead), [Some(500); 3]);
    assert_eq!(dead.reason.as_deref(), Some("3 tries have failed, the last one with HTTP status 500"));

    status.store(200, Ordering::SeqCst);
    let span = ReplaySpan::Sequences { cust_space_id: app.first.cust_space_id.to_owned(), since: 1, until: None };
    let replay = Replay { span, only: ReplayOnly::Failed };
    assert_eq!(space.replay(id, &replay, &actor()).await.unwrap(), 1);
    eventually("the replayed event arrives", async || (receiver.deliveries().len() == 4).then_some(())).await;
    let requests = receiver.deliveries();
    assert_eq!(requests[3].header("webhook-id"), requests[0].header("webhook-id"));
    assert_eq!(requests[3].body, requests[0].body);
}

#[actix_web::test]
async fn an_endpoint_that_is_gone_is_disabled_and_the_isv_hears_of_it() {
    let app = app("5s").await;
    let gone = Receiver::recording(|_| 410);
    let isv = Receiver::recording(|_| 200);
    let created = endpoint(&first(&app), &gone.url("/"), &[]).await;
    endpoint(&app.store.isv(), &isv.url("/"), &["endpoint.*"]).await;
    tell(&app, &[("group-1", 1)]).await;
    let (space, id) = (first(&app), created.endpoint.endpoint_id);
    let dead = delivery_when(&space, id, DeliveryState::Dead).await;
    assert_eq!(statuses(&dead), [Some(410)]);
    let endpoint = space.endpoint(id).await.unwrap().unwrap();
    assert_eq!(endpoint.state, EndpointState::Disabled);

    let told = eventually("the ISV is told", async || isv.deliveries().pop()).await.event();
    assert_eq!(told["Type"], "endpoint.disabled");
    assert_eq!(told["CustSpaceId"], app.first.cust_space_id);
    tell(&app, &[("group-1", 2)]).await;
    eventually("the next event is published", async || {
        let page = space.events_after(Some(1), 10).await.unwrap();
        (page.last == 2).then_some(())
    })
    .await;
    assert_eq!(gone.deliveries().len(), 1, "nothing is sent to what is gone");
}
