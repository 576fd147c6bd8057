//! Access keys.

use secrecy::ExposeSecret as _;
use tenant_store::{Grant, KeyState, NewAccessKey, StoreError};
use time::{Duration, OffsetDateTime};

use crate::helpers::{KEY_B, World, actor, connect, secret};

fn grant() -> Grant {
    Grant { cust_space_ids: vec!["cams-alpha".to_owned()], scopes: vec!["groups.read".to_owned()] }
}

#[tokio::test]
async fn a_made_key_comes_back_with_its_secret_and_grants() {
    let world = World::new().await;
    let expires_at = OffsetDateTime::from_unix_timestamp(2_000_000_000).unwrap();
    let new = NewAccessKey {
        name: "backend".to_owned(),
        grants: vec![grant()],
        expires_at: Some(expires_at),
        ..NewAccessKey::default()
    };
    let created = world.store.create_access_key(&new, &actor()).await.unwrap();
    assert!(created.secret.expose_secret().len() >= 30);
    let key = world.store.access_key(&created.access_key_id).await.unwrap().unwrap();
    assert_eq!(key.secret.expose_secret(), created.secret.expose_secret());
    assert_eq!((key.name.as_str(), key.grants, key.state), ("backend", vec![grant()], KeyState::Active));
    assert_eq!(key.expires_at.unwrap() - expires_at, Duration::ZERO);
    assert!(!format!("{created:?}").contains(created.secret.expose_secret()));
}

#[tokio::test]
async fn a_given_id_and_secret_are_kept_and_taken_once() {
    let world = World::new().await;
    let new = NewAccessKey {
        access_key_id: Some("LTAI5tDemo1AccessKeyId01".to_owned()),
        secret: Some(secret("a-secret-of-the-demo")),
        ..NewAccessKey::default()
    };
    world.store.create_access_key(&new, &actor()).await.unwrap();
    let key = world.store.access_key("LTAI5tDemo1AccessKeyId01").await.unwrap().unwrap();
    assert_eq!(key.secret.expose_secret(), "a-secret-of-the-demo");
    let error = world.store.create_access_key(&new, &actor()).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { what: "AccessKeyId" }), "{error}");
}

#[tokio::test]
async fn a_revoked_key_says_so() {
    let world = World::new().await;
    let created = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    world.store.revoke_access_key(&created.access_key_id, &actor()).await.unwrap();
    let key = world.store.access_key(&created.access_key_id).await.unwrap().unwrap();
    assert_eq!(key.state, KeyState::Revoked);
    assert_eq!(world.store.list_access_keys().await.unwrap()[0].state, KeyState::Revoked);
}

#[tokio::test]
async fn an_unknown_key_is_none_and_cannot_be_revoked() {
    let world = World::new().await;
    for unknown in ["LTAIunknown", "", "nul\0", "' or true --"] {
        assert!(world.store.access_key(unknown).await.unwrap().is_none());
        let error = world.store.revoke_access_key(unknown, &actor()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "access key" }), "{error}");
    }
}

#[tokio::test]
async fn a_secret_copied_to_another_key_does_not_open() {
    let world = World::new().await;
    let one = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    let two = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    sqlx::query("update access_keys set sealed_secret = (select sealed_secret from access_keys where access_key_id = $1) where access_key_id = $2")
        .bind(&one.access_key_id).bind(&two.access_key_id).execute(&world.owner().await).await.unwrap();
    let error = world.store.access_key(&two.access_key_id).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
    assert!(world.store.access_key(&one.access_key_id).await.unwrap().is_some());
}

#[tokio::test]
async fn making_and_revoking_are_in_the_audit_log_without_the_secret() {
    let world = World::new().await;
    let new = NewAccessKey { grants: vec![grant()], ..NewAccessKey::default() };
    let created = world.store.create_access_key(&new, &actor()).await.unwrap();
    world.store.revoke_access_key(&created.access_key_id, &actor()).await.unwrap();
    let entries = world.store.space("_system").audit(10).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["key.revoke", "key.create"]);
    assert!(entries.iter().all(|entry| entry.object == format!("access key {}", created.access_key_id)));
    assert_eq!(entries[1].after.as_ref().unwrap()["grants"][0]["scopes"][0], "groups.read");
    assert!(!format!("{entries:?}").contains(created.secret.expose_secret()));
}

#[tokio::test]
async fn a_key_sealed_under_a_master_key_that_is_gone_says_which_one_is_missing() {
    let world = World::new().await;
    let created = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    let elsewhere = connect(&world.database, KEY_B).await;
    let error = elsewhere.access_key(&created.access_key_id).await.unwrap_err();
    assert!(error.to_string().contains("data_keys version 1 of _system (master key a)"), "{error}");
}
