//! A tenant's own limits.

use std::num::NonZeroU32;

use serde_json::json;
use tenant_store::{Limits, Notification, Rate, StoreError};

use crate::helpers::{ALPHA, BETA, World, actor};

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn some_limits() -> Limits {
    Limits { per_tenant: Some(rate("5/s;burst=10")), per_number: Some(rate("off")), in_flight: NonZeroU32::new(7) }
}

#[tokio::test]
async fn a_tenant_has_no_limits_of_its_own_until_they_are_set_and_null_is_the_default_again() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    assert_eq!(space.limits().await.unwrap(), Limits::default());
    space.set_limits(&some_limits(), &actor()).await.unwrap();
    assert_eq!(space.limits().await.unwrap(), some_limits());
    assert_eq!(world.store.space(BETA).limits().await.unwrap(), Limits::default());
    space.set_limits(&Limits::default(), &actor()).await.unwrap();
    assert_eq!(space.limits().await.unwrap(), Limits::default());
}

#[tokio::test]
async fn an_opened_tenant_brings_its_limits() {
    let world = World::with_tenants().await;
    world.store.space(ALPHA).set_limits(&some_limits(), &actor()).await.unwrap();
    assert_eq!(world.store.open_tenant(ALPHA).await.unwrap().unwrap().limits, some_limits());
    assert_eq!(world.store.open_tenant(BETA).await.unwrap().unwrap().limits, Limits::default());
}

#[tokio::test]
async fn a_change_of_limits_is_announced_and_written_into_the_audit_log() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    world.store.space(ALPHA).set_limits(&some_limits(), &actor()).await.unwrap();
    assert_eq!(notifications.next().await, Notification::Tenants(ALPHA.to_owned()));
    let newest = world.store.space(ALPHA).audit(1).await.unwrap().remove(0);
    assert_eq!((newest.action.as_str(), newest.object.as_str()), ("limits.set", "limits"));
    assert_eq!(newest.before, Some(json!({"per_tenant": null, "per_number": null, "in_flight": null})));
    assert_eq!(newest.after, Some(json!({"per_tenant": "5/s;burst=10", "per_number": "off", "in_flight": 7})));
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_has_no_limits() {
    let world = World::new().await;
    let space = world.store.space("cams-nobody");
    assert!(matches!(space.limits().await, Err(StoreError::NotFound { what: "tenant" })));
    let refused = space.set_limits(&some_limits(), &actor()).await;
    assert!(matches!(refused, Err(StoreError::NotFound { what: "tenant" })));
}

#[tokio::test]
async fn the_table_keeps_out_what_is_no_rate() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    for wrong in ["0/s", "10", "10/d", "fast", ""] {
        let update = sqlx::query("update tenants set per_tenant = $1 where cust_space_id = $2").bind(wrong).bind(ALPHA);
        assert!(update.execute(&owner).await.is_err(), "{wrong}");
    }
}
