//! Tenants and their numbers.

use tenant_store::{StoreError, TenantStatus};

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA, World, actor, new_number, new_tenant, secret};

#[tokio::test]
async fn a_tenant_is_pending_until_it_has_a_number_and_a_credential() {
    let world = World::new().await;
    let status = async || world.store.open_tenant(ALPHA).await.unwrap().unwrap().status;
    world.store.add_tenant(&new_tenant(ALPHA), &actor()).await.unwrap();
    assert_eq!(status().await, TenantStatus::Pending);
    let space = world.store.space(ALPHA);
    space.set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    assert_eq!(status().await, TenantStatus::Pending);
    space.add_number(&new_number("15550000001", ALPHA_PHONE), &actor()).await.unwrap();
    assert_eq!(status().await, TenantStatus::Active);
}

#[tokio::test]
async fn a_suspended_tenant_stays_suspended_until_it_is_resumed() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let suspended = space.suspend("unpaid", &actor()).await.unwrap();
    assert_eq!((suspended.status, suspended.suspended_reason.as_deref()), (TenantStatus::Suspended, Some("unpaid")));
    space.set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    assert_eq!(world.store.tenant(ALPHA).await.unwrap().unwrap().status, TenantStatus::Suspended);
    let resumed = space.resume(&actor()).await.unwrap();
    assert_eq!((resumed.status, resumed.suspended_reason), (TenantStatus::Active, None));
}

#[tokio::test]
async fn an_id_is_given_once() {
    let world = World::with_tenants().await;
    let error = world.store.add_tenant(&new_tenant(ALPHA), &actor()).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { what: "CustSpaceId" }), "{error}");
}

#[tokio::test]
async fn a_phone_number_id_belongs_to_one_tenant_and_the_refusal_does_not_name_it() {
    let world = World::with_tenants().await;
    let taken = new_number("15559999999", ALPHA_PHONE);
    let error = world.store.space(BETA).add_number(&taken, &actor()).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { what: "phone number ID" }), "{error}");
    assert!(!format!("{error} {error:?}").contains(ALPHA));
    assert_eq!(world.store.space(BETA).numbers().await.unwrap().len(), 1);
}

#[tokio::test]
async fn tenants_are_listed_in_pages() {
    let world = World::with_tenants().await;
    let first = world.store.list_tenants("", 1).await.unwrap();
    assert_eq!(first[0].cust_space_id, ALPHA);
    let rest = world.store.list_tenants(ALPHA, 10).await.unwrap();
    assert_eq!(rest.iter().map(|tenant| tenant.cust_space_id.as_str()).collect::<Vec<_>>(), [BETA]);
}

#[tokio::test]
async fn what_does_not_exist_is_none_or_not_found() {
    let world = World::new().await;
    assert!(world.store.tenant(ALPHA).await.unwrap().is_none());
    assert!(world.store.open_tenant(ALPHA).await.unwrap().is_none());
    assert!(world.store.open_tenant("_system").await.unwrap().is_none());
    assert!(world.store.open_tenant("nul\0").await.unwrap().is_none());
    let space = world.store.space(ALPHA);
    for error in [
        space.suspend("", &actor()).await.unwrap_err(),
        space.add_number(&new_number("15550000001", "1"), &actor()).await.unwrap_err(),
        space.set_credential(&secret("token"), &actor()).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NotFound { what: "tenant" }), "{error}");
    }
}

#[tokio::test]
async fn every_administrative_change_is_in_the_audit_log_of_its_tenant() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    space.set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    space.suspend("unpaid", &actor()).await.unwrap();
    let entries = space.audit(10).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["tenant.suspend", "credential.set", "number.add", "tenant.add"]);
    assert_eq!(entries[0].before.as_ref().unwrap()["status"], "active");
    assert_eq!(entries[0].after.as_ref().unwrap()["reason"], "unpaid");
    assert_eq!(entries[1].after.as_ref().unwrap()["last4"], "lpha");
    assert!(entries.iter().all(|entry| entry.actor == "test" && entry.address == actor().address));
    assert_eq!(world.store.space(BETA).audit(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_change_that_fails_leaves_no_entry_in_the_audit_log() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    space.add_number(&new_number("15550000001", "another"), &actor()).await.unwrap_err();
    assert_eq!(space.audit(10).await.unwrap().len(), 2);
}
