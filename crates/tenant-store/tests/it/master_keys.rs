//! Replacing the master key.

use secrecy::ExposeSecret as _;
use tenant_store::{NewAccessKey, OpenCredential};

use crate::helpers::{ALPHA, BETA, KEY_A, KEY_B, World, actor, connect, secret};

#[tokio::test]
async fn with_two_master_keys_the_old_values_open_and_new_spaces_use_the_first() {
    let world = World::with_tenants().await;
    world.store.space(ALPHA).set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    let both = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    both.space(BETA).set_credential(&secret("EAAB-token-of-beta"), &actor()).await.unwrap();
    for (tenant, token) in [(ALPHA, "EAAB-token-of-alpha"), (BETA, "EAAB-token-of-beta")] {
        let OpenCredential::Open(opened) = both.open_tenant(tenant).await.unwrap().unwrap().credential else {
            panic!("{tenant} does not open")
        };
        assert_eq!(opened.expose_secret(), token);
    }
    let used: Vec<(String, String)> =
        sqlx::query_as("select cust_space_id, master_key_id from data_keys order by cust_space_id")
            .fetch_all(&world.owner().await)
            .await
            .unwrap();
    let expected = [(ALPHA, "a"), (BETA, "b")].map(|(space, key)| (space.to_owned(), key.to_owned()));
    assert_eq!(used, expected);
}

#[tokio::test]
async fn replicas_that_seal_the_first_value_of_a_space_at_once_share_its_data_key() {
    let world = World::new().await;
    let mut writers = Vec::new();
    for _ in 0..6 {
        let store = connect(&world.database, KEY_A).await;
        writers.push(tokio::spawn(async move { store.create_access_key(&NewAccessKey::default(), &actor()).await }));
    }
    for writer in writers {
        let created = writer.await.unwrap().unwrap();
        assert!(world.store.access_key(&created.access_key_id).await.unwrap().is_some());
    }
}
