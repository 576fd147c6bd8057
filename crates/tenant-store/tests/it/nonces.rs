//! Nonces: each is good once, whoever asks and however many at once.

use tenant_store::Store;

use crate::helpers::{KEY_A, World, connect};

const KEY: &str = "LTAI5tKey";

async fn spend(store: &Store, key: &str, nonce: u8) -> bool {
    store.spend_nonce(key, &[nonce; 32]).await.unwrap()
}

/// As if all that were used had been used so long ago.
async fn age(world: &World, minutes: f64) {
    let aged = sqlx::query("update nonces set used_at = now() - make_interval(secs => 60 * $1)");
    aged.bind(minutes).execute(&world.owner().await).await.unwrap();
}

#[tokio::test]
async fn of_many_calls_at_once_on_two_replicas_one_uses_the_nonce() {
    let world = World::new().await;
    let other = connect(&world.database, KEY_A).await;
    let calls = (0..30).map(|n| {
        let store = if n % 2 == 0 { world.store.clone() } else { other.clone() };
        tokio::spawn(async move { spend(&store, KEY, 1).await })
    });
    let calls: Vec<_> = calls.collect();
    let mut used = 0;
    for call in calls {
        used += usize::from(call.await.unwrap());
    }
    assert_eq!(used, 1);
}

#[tokio::test]
async fn each_key_has_nonces_of_its_own() {
    let World { store, database: _database } = World::new().await;
    assert!(spend(&store, KEY, 1).await);
    assert!(spend(&store, "another", 1).await);
    assert!(spend(&store, KEY, 2).await);
    assert!(!spend(&store, KEY, 1).await);
}

#[tokio::test]
async fn a_nonce_is_remembered_for_35_minutes_and_forgotten_in_batches() {
    let world = World::new().await;
    for nonce in 0..5 {
        assert!(spend(&world.store, KEY, nonce).await);
    }
    age(&world, 34.9).await;
    assert_eq!(world.store.forget_old_nonces(10).await.unwrap(), 0);
    assert!(!spend(&world.store, KEY, 0).await);
    age(&world, 35.1).await;
    assert_eq!(world.store.forget_old_nonces(3).await.unwrap(), 3);
    assert_eq!(world.store.forget_old_nonces(3).await.unwrap(), 2);
    assert!(spend(&world.store, KEY, 0).await);
}
