//! Sealed tokens.

use secrecy::ExposeSecret as _;
use tenant_store::OpenCredential;

use crate::helpers::{ALPHA, BETA, KEY_B, World, actor, connect, secret};

async fn opened(world: &World, cust_space_id: &str) -> OpenCredential {
    world.store.open_tenant(cust_space_id).await.unwrap().unwrap().credential
}

fn token(credential: &OpenCredential) -> &str {
    match credential {
        OpenCredential::Open(token) => token.expose_secret(),
        closed => panic!("{closed:?}"),
    }
}

#[tokio::test]
async fn a_token_of_any_length_comes_back_as_it_was() {
    let world = World::with_tenants().await;
    assert!(matches!(opened(&world, ALPHA).await, OpenCredential::Missing));
    for length in [1, 200, 4_096, 100_000] {
        let text = "x".repeat(length);
        world.store.space(ALPHA).set_credential(&secret(&text), &actor()).await.unwrap();
        assert_eq!(token(&opened(&world, ALPHA).await), text);
    }
}

#[tokio::test]
async fn only_the_last_four_characters_are_told() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    assert!(space.credential().await.unwrap().is_none());
    space.set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    assert_eq!(space.credential().await.unwrap().unwrap().last4, "lpha");
    assert!(!format!("{:?}", opened(&world, ALPHA).await).contains("token"));
}

#[tokio::test]
async fn a_sealed_token_copied_to_another_tenant_does_not_open_and_harms_nobody_else() {
    let world = World::with_tenants().await;
    world.store.space(ALPHA).set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    world.store.space(BETA).set_credential(&secret("EAAB-token-of-beta"), &actor()).await.unwrap();
    let owner = world.owner().await;
    sqlx::query("update credentials b set sealed_token = a.sealed_token from credentials a where a.cust_space_id = $1 and b.cust_space_id = $2")
        .bind(ALPHA).bind(BETA).execute(&owner).await.unwrap();
    assert!(matches!(opened(&world, BETA).await, OpenCredential::Unreadable));
    assert_eq!(token(&opened(&world, ALPHA).await), "EAAB-token-of-alpha");

    // Not with the data key copied as well: that is bound to its space too.
    sqlx::query("update data_keys b set wrapped_key = a.wrapped_key from data_keys a where a.cust_space_id = $1 and b.cust_space_id = $2")
        .bind(ALPHA).bind(BETA).execute(&owner).await.unwrap();
    assert!(matches!(opened(&world, BETA).await, OpenCredential::Unreadable));
}

#[tokio::test]
async fn without_its_master_key_a_token_is_unreadable_and_the_tenant_still_loads() {
    let world = World::with_tenants().await;
    world.store.space(ALPHA).set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    let elsewhere = connect(&world.database, KEY_B).await;
    let tenant = elsewhere.open_tenant(ALPHA).await.unwrap().unwrap();
    assert!(matches!(tenant.credential, OpenCredential::Unreadable));
    assert_eq!(tenant.numbers.len(), 1);
}

#[tokio::test]
async fn no_table_holds_a_token_or_secret_in_the_clear() {
    const TOKEN: &str = "EAAB-token-that-must-not-be-found";
    const SECRET: &str = "access-key-secret-that-must-not-be-found";
    let world = World::with_tenants().await;
    world.store.space(ALPHA).set_credential(&secret(TOKEN), &actor()).await.unwrap();
    let key = tenant_store::NewAccessKey { secret: Some(secret(SECRET)), ..Default::default() };
    world.store.create_access_key(&key, &actor()).await.unwrap();
    let owner = world.owner().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    assert!(tables.len() > 10);
    for table in tables {
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select t::text from {table} t")))
            .fetch_all(&owner)
            .await
            .unwrap();
        for clear in [TOKEN, SECRET] {
            let as_bytea = hex::encode(clear);
            assert!(rows.iter().all(|row| !row.contains(clear) && !row.contains(&as_bytea)), "{table}");
        }
    }
}
