//! Rotation of access keys: two secrets for a while.

use secrecy::ExposeSecret as _;
use std::time::Duration;
use tenant_store::{AccessKey, CreatedAccessKey, NewAccessKey, Notification, StoreError};

use crate::helpers::{World, actor};

const DAY: Duration = Duration::from_hours(24);

async fn new_key(world: &World) -> CreatedAccessKey {
    world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap()
}

async fn read(world: &World, key: &CreatedAccessKey) -> AccessKey {
    world.store.access_key(&key.access_key_id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_rotated_key_has_a_new_secret_and_the_one_before_for_the_overlap() {
    let world = World::new().await;
    let made = new_key(&world).await;
    let rotated = world.store.rotate_access_key(&made.access_key_id, DAY, None, &actor()).await.unwrap();
    assert_ne!(rotated.key.secret.expose_secret(), made.secret.expose_secret());
    let key = read(&world, &made).await;
    assert_eq!(key.secret.expose_secret(), rotated.key.secret.expose_secret());
    let previous = key.previous.unwrap();
    assert_eq!(previous.secret.expose_secret(), made.secret.expose_secret());
    let left = previous.until - time::OffsetDateTime::now_utc();
    assert!(left > DAY / 2 && left <= DAY, "{left}");
    assert!(world.store.list_access_keys().await.unwrap()[0].previous_until.is_some());
}

#[tokio::test]
async fn without_an_overlap_the_secret_before_ends_at_once() {
    let world = World::new().await;
    let made = new_key(&world).await;
    world.store.rotate_access_key(&made.access_key_id, DAY, None, &actor()).await.unwrap();
    let rotated = world.store.rotate_access_key(&made.access_key_id, Duration::ZERO, None, &actor()).await.unwrap();
    assert_eq!(rotated.previous_until, None);
    assert!(read(&world, &made).await.previous.is_none());
    assert_eq!(world.store.list_access_keys().await.unwrap()[0].previous_until, None);
}

#[tokio::test]
async fn a_second_rotation_leaves_the_newest_two_secrets() {
    let world = World::new().await;
    let made = new_key(&world).await;
    let second = world.store.rotate_access_key(&made.access_key_id, DAY, None, &actor()).await.unwrap();
    world.store.rotate_access_key(&made.access_key_id, DAY, None, &actor()).await.unwrap();
    let previous = read(&world, &made).await.previous.unwrap();
    assert_eq!(previous.secret.expose_secret(), second.key.secret.expose_secret());
}

#[tokio::test]
async fn an_overlap_that_is_over_shows_no_second_secret() {
    let world = World::new().await;
    let made = new_key(&world).await;
    world.store.rotate_access_key(&made.access_key_id, DAY, None, &actor()).await.unwrap();
    sqlx::query("update access_keys set previous_until = now() - interval '1 second'")
        .execute(&world.owner().await)
        .await
        .unwrap();
    assert!(read(&world, &made).await.previous.is_none());
}

#[tokio::test]
async fn what_is_revoked_or_unknown_is_not_rotated() {
    let world = World::new().await;
    let made = new_key(&world).await;
    world.store.revoke_access_key(&made.access_key_id, None, &actor()).await.unwrap();
    for id in [made.access_key_id.as_str(), "LTAIunknown", "nul\0"] {
        let error = world.store.rotate_access_key(id, DAY, None, &actor()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "active access key" }), "{error}");
    }
}

#[tokio::test]
async fn a_previous_secret_that_does_not_open_leaves_the_key_usable() {
    let world = World::new().await;
    let made = new_key(&world).await;
    let rotated = world.store.rotate_access_key(&made.access_key_id, DAY, None, &actor()).await.unwrap();
    sqlx::query("update access_keys set previous_secret = sealed_secret").execute(&world.owner().await).await.unwrap();
    let key = read(&world, &made).await;
    assert_eq!(key.secret.expose_secret(), rotated.key.secret.expose_secret());
    assert!(key.previous.is_none(), "a sealed value opens in its own column only");
}

#[tokio::test]
async fn a_rotation_is_told_and_logged_without_a_secret() {
    let world = World::new().await;
    let made = new_key(&world).await;
    let mut notifications = world.store.listen().await.unwrap();
    let rotated = world.store.rotate_access_key(&made.access_key_id, DAY, None, &actor()).await.unwrap();
    let told = tokio::time::timeout(Duration::from_mins(1), notifications.next()).await.unwrap();
    assert_eq!(told, Notification::AccessKeys(made.access_key_id.clone()));
    let entries = world.store.space("_system").audit(10).await.unwrap();
    assert_eq!(entries[0].action, "key.rotate");
    for secret in [&made.secret, &rotated.key.secret] {
        assert!(!format!("{entries:?} {rotated:?}").contains(secret.expose_secret()));
    }
}
