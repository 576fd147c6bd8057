//! The audit log of all spaces, and calls that changed nothing.

use serde_json::json;
use tenant_store::{AuditFilter, SeenCall, TenantChange};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::helpers::{ALPHA, BETA, World, actor};

fn read(object: &str) -> SeenCall {
    let at = OffsetDateTime::from_unix_timestamp(1_763_712_000).unwrap();
    SeenCall { at, actor: actor(), action: "read", object: object.to_owned(), outcome: None }
}

fn of_action(action: &str) -> AuditFilter {
    AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() }
}

#[tokio::test]
async fn the_log_of_all_spaces_is_listed_newest_first_behind_any_entry() {
    let world = World::with_tenants().await;
    for (tenant, name) in [(ALPHA, "one"), (BETA, "two"), (ALPHA, "three")] {
        let change = TenantChange { name: Some(name.to_owned()), ..TenantChange::default() };
        world.store.space(tenant).change_tenant(&change, &actor()).await.unwrap();
    }
    let filter = of_action("tenant.change");
    let two = world.store.audit(&filter, None, 2).await.unwrap();
    let names: Vec<_> = two.iter().map(|entry| entry.after.as_ref().unwrap()["name"].clone()).collect();
    assert_eq!(names, [json!("three"), json!("two")]);
    let rest = world.store.audit(&filter, Some(two[1].id), 2).await.unwrap();
    assert_eq!((rest.len(), rest[0].cust_space_id.as_deref()), (1, Some(ALPHA)));
    let of_beta = AuditFilter { cust_space_id: Some(BETA.to_owned()), ..filter };
    assert_eq!(world.store.audit(&of_beta, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn calls_that_changed_nothing_are_written_many_at_once_into_their_space() {
    let world = World::with_tenants().await;
    let request_id = Uuid::now_v7();
    let mut refused = SeenCall { action: "refuse", outcome: Some(json!({"status": 403})), ..read("GET /\0") };
    refused.actor.request_id = Some(request_id);
    world.store.space(ALPHA).record_seen_calls(&[read("GET /tenants/cams-alpha"), refused]).await.unwrap();
    world.store.isv().record_seen_calls(&[read("GET /tenants")]).await.unwrap();

    let reads = world.store.audit(&of_action("read"), None, 10).await.unwrap();
    let spaces: Vec<_> = reads.iter().map(|entry| (entry.cust_space_id.as_deref(), entry.object.as_str())).collect();
    assert_eq!(spaces, [(None, "GET /tenants"), (Some(ALPHA), "GET /tenants/cams-alpha")]);
    assert_eq!((reads[0].at.unix_timestamp(), reads[0].address), (1_763_712_000, actor().address));

    let of_the_call = AuditFilter { request_id: Some(request_id), ..AuditFilter::default() };
    let refused = world.store.audit(&of_the_call, None, 10).await.unwrap().remove(0);
    assert_eq!((refused.object.as_str(), refused.after), ("GET /\u{fffd}", Some(json!({"status": 403}))));
}

#[tokio::test]
async fn a_replica_is_seen_by_all_until_it_is_silent() {
    let world = World::new().await;
    let other = crate::helpers::connect(&world.database, crate::helpers::KEY_A).await;
    let born = OffsetDateTime::from_unix_timestamp(1_763_712_000).unwrap();
    for _ in 0..2 {
        world.store.tell_of_this_replica("1.2.3", born).await.unwrap();
    }
    other.tell_of_this_replica("1.2.4", born + time::Duration::SECOND).await.unwrap();
    let seen = other.replicas().await.unwrap();
    let told: Vec<_> = seen.iter().map(|replica| (replica.version.as_str(), replica.is_this)).collect();
    assert_eq!(told, [("1.2.3", false), ("1.2.4", true)]);
    assert_eq!((seen[0].started_at, seen[0].master_key_ids.as_slice()), (born, &["a".to_owned()][..]));
    let silent = "update replicas set seen_at = now() - interval '2 minutes' where version = '1.2.3'";
    sqlx::query(silent).execute(&world.owner().await).await.unwrap();
    assert_eq!(world.store.replicas().await.unwrap().len(), 1);
}
