//! A tenant's own limits.

use std::num::NonZeroU32;

use serde_json::json;
use tenant_store::{Limit, Limits, Notification, PerClass, StoreError};

use crate::helpers::{ALPHA, BETA, World, actor};

fn limit(text: &str) -> Limit {
    text.parse().unwrap()
}

fn some_limits() -> Limits {
    Limits {
        per_tenant: PerClass {
            all: Some(limit("5/s;burst=10")),
            write: Some(limit("20/m;in-flight=2")),
            ..PerClass::default()
        },
        per_number: PerClass {
            all: Some(limit("off")),
            read: Some(limit("3/s")),
            message: Some(limit("1/h")),
            ..PerClass::default()
        },
        in_flight: NonZeroU32::new(7),
    }
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
    let before = json!({
        "per_tenant": null, "per_tenant_read": null, "per_tenant_write": null, "per_tenant_message": null,
        "per_number": null, "per_number_read": null, "per_number_write": null, "per_number_message": null,
        "in_flight": null,
    });
    assert_eq!(newest.before, Some(before));
    let after = json!({
        "per_tenant": "5/s;burst=10", "per_tenant_read": null, "per_tenant_write": "20/m;in-flight=2",
        "per_tenant_message": null, "per_number": "off", "per_number_read": "3/s", "per_number_write": null,
        "per_number_message": "1/h", "in_flight": 7,
    });
    assert_eq!(newest.after, Some(after));
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
async fn the_table_keeps_out_what_is_no_limit() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    let columns = Limits::PER_TENANT.into_iter().chain(Limits::PER_NUMBER);
    for column in columns {
        for wrong in ["0/s", "10", "10/d", "fast", "", "in-flight=8", "10/s;in-flight=0", "off;burst=5"] {
            let update = format!("update tenants set {column} = $1 where cust_space_id = $2");
            let update = sqlx::query(sqlx::AssertSqlSafe(update)).bind(wrong).bind(ALPHA);
            assert!(update.execute(&owner).await.is_err(), "{column} {wrong}");
        }
    }
}
