//! The connection to PostgreSQL: away, refused, cut and back.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tenant_store::{MasterKeys, Store, StoreError, StoreSettings};

use crate::helpers::{ALPHA, KEY_A, World};

#[tokio::test]
async fn connections_that_were_cut_are_made_anew() {
    let world = World::with_tenants().await;
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid, 20000) from pg_stat_activity
         where datname = current_database() and usename = 'groupgate_app'",
    )
    .execute(&superuser)
    .await
    .unwrap();
    // A call on a connection that dies under it may fail, for each of the pool once, and says that trying again is right.
    for _ in 0..8 {
        let found = world.store.tenant(ALPHA).await;
        assert!(matches!(found, Ok(Some(_)) | Err(StoreError::Unavailable(_))), "{found:?}");
    }
    assert!(world.store.tenant(ALPHA).await.unwrap().is_some());
}

#[tokio::test]
async fn a_pool_with_no_connection_to_give_says_unavailable_in_time() {
    let world = World::new().await;
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    let settings = StoreSettings {
        url: world.database.app_url.clone(),
        connections: 1,
        // All that comes before the last call has to be done within it, too.
        acquire_timeout: Duration::from_secs(4),
    };
    let store = Store::connect(&settings, MasterKeys::parse(KEY_A).unwrap()).await.unwrap();
    let mut lock = superuser.begin().await.unwrap();
    sqlx::query("lock table tenants in access exclusive mode").execute(&mut *lock).await.unwrap();
    let refused = tokio::select! {
        biased;
        found = store.tenant(ALPHA) => panic!("the table is locked, yet {found:?}"),
        refused = async {
            until_somebody_waits_for_a_lock(&superuser).await;
            store.ping().await
        } => refused,
    };
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

async fn until_somebody_waits_for_a_lock(superuser: &PgPool) {
    let waits = "select exists (select 1 from pg_stat_activity
                                where datname = current_database() and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(superuser).await.unwrap() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_store_whose_pool_is_closed_says_unavailable() {
    let world = World::new().await;
    world.store.ping().await.unwrap();
    world.store.close().await;
    let error = world.store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn where_nothing_listens_connecting_says_unavailable_without_the_password() {
    let settings = StoreSettings {
        url: "postgres://groupgate_app:hidden-word@127.0.0.1:1/groupgate".into(),
        connections: 1,
        acquire_timeout: Duration::from_millis(300),
    };
    let keys = MasterKeys::parse(KEY_A).unwrap();
    let error = Store::connect(&settings, keys).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(!format!("{error} {error:?} {settings:?}").contains("hidden-word"));
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_its_connection_in_no_transaction() {
    let world = World::with_tenants().await;
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    let settings =
        StoreSettings { url: world.database.app_url.clone(), connections: 1, acquire_timeout: Duration::from_secs(30) };
    let store = Store::connect(&settings, MasterKeys::parse(KEY_A).unwrap()).await.unwrap();
    for given_up in 1..=5 {
        {
            let space = store.space(ALPHA);
            let mut call = pin!(space.numbers());
            // Looked at once: what begins its transaction is on its way.
            let is_pending = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
            assert!(is_pending);
        }
        store.keep_malformed(b"?").await.unwrap();
        let kept: i64 =
            sqlx::query_scalar("select count(*) from malformed_webhooks").fetch_one(&superuser).await.unwrap();
        assert_eq!(kept, given_up, "it was told that it is kept, so it is committed");
    }
}
