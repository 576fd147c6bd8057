//! What goes with a tenant, and with a number, and what stays.

use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tenant_store::{ChangeStatus, Grant, GroupUpdate, KeyState, NewAccessKey, StoreError, TenantStatus, UniqueCode};

use crate::{
    deliveries,
    helpers::{
        ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, TestEvent, World, actor, create, new_key, new_number, new_tenant, secret,
    },
};

/// Both tenants with a row of each kind; the open change of the first.
async fn filled() -> (World, UniqueCode) {
    let world = World::with_tenants().await;
    deliveries::deliver_to_both(&world).await;
    let mut changes = Vec::new();
    for (tenant, phone_number_id) in [(ALPHA, ALPHA_PHONE), (BETA, BETA_PHONE)] {
        let space = world.store.space(tenant);
        space.set_credential(&secret("EAAB-token-of-a-tenant"), &actor()).await.unwrap();
        let group = GroupUpdate { group_id: "G".to_owned(), ..GroupUpdate::default() };
        space.apply_group(phone_number_id, &group).await.unwrap();
        let code = space.begin_change(&create("Team")).await.unwrap();
        space.record_answer(code, Some("req-1")).await.unwrap();
        space.claim_key(&new_key("order-1")).await.unwrap();
        changes.push(code);
        world.receive(&[TestEvent::new(json!({})).of_number(Some(phone_number_id))]).await;
    }
    (world, changes[0])
}

/// The tables that hold rows of this space.
async fn tables_with(owner: &PgPool, cust_space_id: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns
         where table_schema = 'public' and column_name = 'cust_space_id' order by 1",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    let mut holding = Vec::new();
    for table in tables {
        let statement = format!("select exists (select 1 from {table} where cust_space_id = $1)");
        let holds: bool =
            sqlx::query_scalar(AssertSqlSafe(statement)).bind(cust_space_id).fetch_one(owner).await.unwrap();
        holding.extend(holds.then_some(table));
    }
    holding
}

fn key_for(tenants: &[&str]) -> NewAccessKey {
    let cust_space_ids = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
    NewAccessKey {
        grants: vec![Grant { cust_space_ids, scopes: vec!["groups.read".to_owned()] }],
        ..NewAccessKey::default()
    }
}

#[tokio::test]
async fn a_tenant_that_is_erased_leaves_nothing_but_its_audit_log() {
    let (world, _) = filled().await;
    let owner = world.owner().await;
    let before = tables_with(&owner, BETA).await;
    let erased = world.store.space(ALPHA).erase(&actor()).await.unwrap();
    assert_eq!((erased.rows.numbers, erased.rows.groups, erased.rows.changes), (1, 1, 1));
    assert_eq!((erased.rows.events, erased.rows.endpoints, erased.rows.deliveries), (3, 1, 2));
    assert_eq!(tables_with(&owner, ALPHA).await, ["audit_log"]);
    assert_eq!(tables_with(&owner, BETA).await, before);
    let entries = world.store.space(ALPHA).audit(1).await.unwrap();
    assert_eq!((entries[0].action.as_str(), entries[0].actor.as_str()), ("tenant.delete", "test"));
    assert_eq!(entries[0].before.as_ref().unwrap()["rows"]["groups"], 1);
}

#[tokio::test]
async fn an_event_that_had_settled_a_change_goes_with_it() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    space.record_answer(code, Some("req-1")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    assert_eq!(world.route().await.settled, 1);
    space.erase(&actor()).await.unwrap();
    assert_eq!(tables_with(&world.owner().await, ALPHA).await, ["audit_log"]);
}

#[tokio::test]
async fn the_keys_of_an_erased_tenant_do_not_open_a_later_one_of_the_same_id() {
    let (world, _) = filled().await;
    let own = world.store.create_access_key(&key_for(&[ALPHA]), &actor()).await.unwrap();
    let shared = world.store.create_access_key(&key_for(&[ALPHA, BETA]), &actor()).await.unwrap();
    let all = world.store.create_access_key(&key_for(&["*"]), &actor()).await.unwrap();
    let erased = world.store.space(ALPHA).erase(&actor()).await.unwrap();
    assert_eq!(erased.revoked_keys, [own.access_key_id.as_str()]);
    assert_eq!(erased.narrowed_keys, [shared.access_key_id.as_str()]);
    let key = async |id: &str| world.store.access_key(id).await.unwrap().unwrap();
    assert_eq!(key(&own.access_key_id).await.state, KeyState::Revoked);
    let shared = key(&shared.access_key_id).await;
    assert_eq!((shared.state, shared.grants), (KeyState::Active, key_for(&[BETA]).grants));
    assert_eq!(key(&all.access_key_id).await.grants, key_for(&["*"]).grants);
    let entries = world.store.space("_system").audit(10).await.unwrap();
    let actions: Vec<_> = entries.iter().take(2).map(|entry| entry.action.as_str()).collect();
    assert!(actions.contains(&"key.revoke") && actions.contains(&"key.narrow"), "{actions:?}");
    world.store.add_tenant(&new_tenant(ALPHA), &actor()).await.unwrap();
}

#[tokio::test]
async fn a_change_of_a_tenant_that_was_just_erased_is_to_be_tried_again() {
    let (world, _) = filled().await;
    world.store.space(ALPHA).erase(&actor()).await.unwrap();
    let error = world.store.space(ALPHA).begin_change(&create("Team")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    let error = world.store.space(ALPHA).claim_key(&new_key("order-1")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn what_does_not_exist_is_not_erased() {
    let (world, _) = filled().await;
    for id in ["cams-gamma", "_system", ""] {
        let error = world.store.space(id).erase(&actor()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "tenant" }), "{error}");
    }
    let error = world.store.space(ALPHA).remove_number("15550000002", &actor()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "business number" }), "{error}");
}

#[tokio::test]
async fn a_removed_number_takes_its_groups_along_and_can_be_anothers() {
    let (world, code) = filled().await;
    let space = world.store.space(ALPHA);
    space.add_number(&new_number("15550000003", "100000000000003"), &actor()).await.unwrap();
    let removed = space.remove_number("15550000001", &actor()).await.unwrap();
    assert_eq!((removed.groups, removed.was_last), (1, false));
    assert!(space.group(ALPHA_PHONE, "G").await.unwrap().is_none());
    let change = space.change(code).await.unwrap().unwrap();
    assert_eq!(change.status, ChangeStatus::Unknown, "nobody can follow it any more");
    assert_eq!(space.audit(1).await.unwrap()[0].action, "number.remove");
    world.store.space(BETA).add_number(&new_number("15550000001", ALPHA_PHONE), &actor()).await.unwrap();
}

#[tokio::test]
async fn a_tenant_without_numbers_is_pending_again_and_a_suspended_one_stays_suspended() {
    let (world, _) = filled().await;
    let status = async |id: &str| world.store.tenant(id).await.unwrap().unwrap().status;
    world.store.space(BETA).suspend("unpaid", &actor()).await.unwrap();
    for (id, number, expected) in
        [(ALPHA, "15550000001", TenantStatus::Pending), (BETA, "15550000002", TenantStatus::Suspended)]
    {
        let removed = world.store.space(id).remove_number(number, &actor()).await.unwrap();
        assert!(removed.was_last);
        assert_eq!(status(id).await, expected);
    }
}
