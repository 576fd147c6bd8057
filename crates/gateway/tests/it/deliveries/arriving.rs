//! What arrives, where, and in which order.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use tenant_store::{DeliveryFilter, DeliveryState};

use super::{app, endpoint, first, secret, tell};
use crate::support::{Delivery, Receiver, Reply, WebServer, actor, eventually, superuser};

/// All deliveries of a receiver, as soon as there are so many.
async fn arrived(receiver: &Receiver, count: usize) -> Vec<Delivery> {
    eventually("the deliveries arrive", async || {
        let deliveries = receiver.deliveries();
        (deliveries.len() >= count).then_some(deliveries)
    })
    .await
}

/// The ordinals of the events, as they were told.
fn ordinals(deliveries: &[Delivery]) -> Vec<usize> {
    let ordinal = |delivery: &Delivery| delivery.event()["Data"]["Subject"].as_str().unwrap().parse().unwrap();
    deliveries.iter().map(ordinal).collect()
}

#[actix_web::test]
async fn an_event_arrives_signed_at_its_tenants_endpoints_and_at_the_isvs() {
    let app = app("5s").await;
    let receiver = Receiver::recording(|_| 204);
    let of_tenant = endpoint(&first(&app), &receiver.url("/tenant"), &["group.*"]).await;
    let of_isv = endpoint(&app.store.isv(), &receiver.url("/isv"), &[]).await;
    let of_other = app.store.space(app.second.cust_space_id);
    endpoint(&of_other, &receiver.url("/other"), &[]).await;
    endpoint(&first(&app), &receiver.url("/filtered"), &["message.*", "group.deleted"]).await;
    tell(&app, &[("group-1", 1)]).await;

    let mut deliveries = arrived(&receiver, 2).await;
    deliveries.sort_by(|one, other| one.path.cmp(&other.path));
    let [to_isv, to_tenant] = deliveries.as_slice() else { panic!("{deliveries:?}") };
    assert_eq!((to_isv.path.as_str(), to_tenant.path.as_str()), ("/isv", "/tenant"));
    assert!(to_isv.is_signed_with(&secret(&of_isv)) && to_tenant.is_signed_with(&secret(&of_tenant)));
    assert!(!to_isv.is_signed_with(&secret(&of_tenant)));
    assert_eq!(to_isv.body, to_tenant.body);

    let event = to_tenant.event();
    assert_eq!(event["Type"], "group.created");
    assert_eq!(event["CustSpaceId"], app.first.cust_space_id);
    assert_eq!((&event["Sequence"], &event["GroupId"]), (&json!(1), &json!("group-1")));
    assert_eq!(to_tenant.header("webhook-id"), event["Id"].as_str().unwrap());
    assert_eq!(to_tenant.header("content-type"), "application/json");
    assert_eq!(to_tenant.header("user-agent"), concat!("groupgate/", env!("CARGO_PKG_VERSION")));
}

#[actix_web::test]
async fn a_test_arrives_at_once() {
    let app = app("5s").await;
    let receiver = Receiver::recording(|_| 200);
    let created = endpoint(&first(&app), &receiver.url("/"), &["message.*"]).await;
    first(&app).test_endpoint(created.endpoint.endpoint_id, &actor()).await.unwrap();
    let delivery = arrived(&receiver, 1).await.remove(0);
    assert_eq!(delivery.event()["Type"], "endpoint.test");
    assert!(delivery.is_signed_with(&secret(&created)));
}

#[actix_web::test]
async fn events_of_a_group_arrive_in_their_order_until_one_fails() {
    let app = app("1h").await;
    let failed = Mutex::new(false);
    let receiver = Receiver::recording(move |delivery| {
        let mut failed = failed.lock().unwrap();
        let fails = !*failed && delivery.event()["Sequence"] == 4;
        *failed |= fails;
        if fails { 503 } else { 200 }
    });
    endpoint(&first(&app), &receiver.url("/"), &[]).await;
    tell(&app, &(1..=6).map(|ordinal| ("group-1", ordinal)).collect::<Vec<_>>()).await;
    assert_eq!(ordinals(&arrived(&receiver, 6).await), [1, 2, 3, 4, 5, 6]);
    let is_over = "update open_deliveries set due_at = now() where due_at > now()";
    sqlx::query(is_over).execute(&mut superuser(&app.database).await).await.unwrap();
    assert_eq!(ordinals(&arrived(&receiver, 7).await), [1, 2, 3, 4, 5, 6, 4]);
}

#[actix_web::test]
async fn behind_a_try_that_hangs_its_own_group_alone_waits() {
    let app = app("5s").await;
    let silent = WebServer::start(Reply::Silence).await;
    let created = endpoint(&first(&app), &silent.url("/"), &[]).await;
    tell(&app, &[("group-1", 1), ("group-1", 2), ("group-2", 3), ("group-2", 4)]).await;
    let space = first(&app);
    let stands = async |state| {
        let filter = DeliveryFilter { state: Some(state), ..DeliveryFilter::default() };
        let listed = space.deliveries(created.endpoint.endpoint_id, &filter, None, 10).await.unwrap();
        let mut sequences: Vec<i64> = listed.iter().filter_map(|delivery| delivery.sequence).collect();
        sequences.sort_unstable();
        sequences
    };
    eventually("both groups are being tried", async || (silent.requests().len() == 2).then_some(())).await;
    assert_eq!(stands(DeliveryState::InFlight).await, [1, 3]);
    assert_eq!(stands(DeliveryState::Waiting).await, [2, 4]);
}

#[actix_web::test]
async fn replicas_share_the_work_and_double_nothing() {
    const EVENTS: usize = 60;
    let app = app("5s").await;
    let settings = [("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")];
    let (_, replica) = app.replica_with(&settings).await;
    let receiver = Receiver::recording(|_| 200);
    endpoint(&first(&app), &receiver.url("/"), &[]).await;
    let groups: Vec<String> = (0..EVENTS).map(|ordinal| format!("group-{}", ordinal % 20)).collect();
    let events: Vec<(&str, usize)> =
        groups.iter().enumerate().map(|(ordinal, group)| (group.as_str(), ordinal)).collect();
    for some in events.chunks(20) {
        tell(&app, some).await;
    }
    let arrived = arrived(&receiver, EVENTS).await;
    let ids: HashSet<&str> = arrived.iter().map(|delivery| delivery.header("webhook-id")).collect();
    assert_eq!((ids.len(), arrived.len()), (EVENTS, EVENTS));
    replica.stop(Duration::ZERO).await;
}
