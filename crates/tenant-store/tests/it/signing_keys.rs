//! The keys of the gateway's own JWTs.

use secrecy::{ExposeSecret as _, SecretSlice};
use tenant_store::{NewSigningKey, StoreError};

use crate::helpers::{KEY_A, World, connect};

fn key(kid: &str) -> NewSigningKey {
    NewSigningKey {
        kid: kid.to_owned(),
        public_key: vec![1; 32],
        private_key: SecretSlice::from(kid.as_bytes().to_vec()),
    }
}

#[tokio::test]
async fn replicas_that_start_at_once_end_with_the_same_key() {
    let world = World::new().await;
    let mut replicas = Vec::new();
    for number in 0..6 {
        let store = connect(&world.database, KEY_A).await;
        replicas.push(tokio::spawn(async move { store.ensure_signing_key(|| key(&format!("kid-{number}"))).await }));
    }
    let mut kids = Vec::new();
    for replica in replicas {
        let keys = replica.await.unwrap().unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].private_key.expose_secret(), keys[0].kid.as_bytes());
        kids.push(keys[0].kid.clone());
    }
    kids.dedup();
    assert_eq!(kids.len(), 1, "{kids:?}");
}

#[tokio::test]
async fn the_newest_key_comes_first_and_the_old_ones_stay() {
    let world = World::new().await;
    world.store.ensure_signing_key(|| key("old")).await.unwrap();
    world.store.add_signing_key(&key("new")).await.unwrap();
    let kids: Vec<_> = world.store.signing_keys().await.unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!(kids, ["new", "old"]);
    let error = world.store.add_signing_key(&key("new")).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { what: "key ID" }), "{error}");
}
