//! What replicas tell each other.

use std::time::Duration;

use tenant_store::{NewAccessKey, Notification, Notifications};
use tokio::time::timeout;

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA, TestEvent, World, actor, create, new_number, new_tenant, secret};

async fn next(notifications: &mut Notifications) -> Notification {
    timeout(Duration::from_mins(1), notifications.next()).await.expect("a notification within a minute")
}

#[tokio::test]
async fn every_change_of_tenants_and_keys_names_what_is_stale() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    world.store.space(ALPHA).set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
    world.store.space(BETA).suspend("unpaid", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(BETA.to_owned()));
    let key = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::AccessKeys(key.access_key_id.clone()));
    world.store.revoke_access_key(&key.access_key_id, None, &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::AccessKeys(key.access_key_id));
}

#[tokio::test]
async fn a_batch_is_told_once_when_it_is_routed_and_not_when_it_comes() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let mut notifications = world.store.listen().await.unwrap();
    let mut events = Vec::new();
    for number in 0..5 {
        let (subject, request_id) = (format!("Team {number}"), format!("req-{number}"));
        let code = space.begin_change(&create(&subject)).await.unwrap();
        space.record_answer(code, Some(&request_id)).await.unwrap();
        events.push(TestEvent::created(Some(&request_id), &subject, &format!("G{number}")));
    }
    world.receive(&events).await;
    world.receive(&events).await;
    assert_eq!(world.route().await.settled, 5);
    assert_eq!(next(&mut notifications).await, Notification::Changes);
    assert_eq!(next(&mut notifications).await, Notification::Published(vec![ALPHA.to_owned()]));
    // The next is the marker, so nothing came between.
    world.store.space(ALPHA).suspend("marker", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}

#[tokio::test]
async fn after_the_connection_was_cut_it_says_reconnected_and_goes_on() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    let superuser = secrecy::ExposeSecret::expose_secret(&world.database.superuser_url).to_owned();
    let superuser = sqlx::PgPool::connect(&superuser).await.unwrap();
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'LISTEN%' and datname = current_database()")
        .execute(&superuser).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Reconnected);
    world.store.space(ALPHA).suspend("after the cut", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}

#[tokio::test]
async fn a_new_tenant_and_a_new_number_are_told() {
    let world = World::new().await;
    let mut notifications = world.store.listen().await.unwrap();
    world.store.add_tenant(&new_tenant(ALPHA), &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
    let number = new_number("15550000001", ALPHA_PHONE);
    world.store.space(ALPHA).add_number(&number, &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}

#[tokio::test]
async fn a_change_that_was_rolled_back_is_not_told() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    let taken = new_number("15559999999", ALPHA_PHONE);
    world.store.space(BETA).add_number(&taken, &actor()).await.unwrap_err();
    world.store.space(ALPHA).suspend("marker", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}
