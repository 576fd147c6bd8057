//! Sealed tokens.

use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::time::Duration;
use tenant_store::{Credential, CredentialCheck, CredentialState, OpenCredential, Revision, StoreError, TenantStatus};

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

/// What Meta says of a token in such a state.
pub(crate) fn said(state: CredentialState) -> CredentialCheck {
    CredentialCheck {
        state,
        reason: (state == CredentialState::Invalid).then(|| "Session has expired".to_owned()),
        app_id: Some("300000000000001".to_owned()),
        scopes: vec!["whatsapp_business_messaging".to_owned()],
        expires_at: None,
        next: Duration::from_hours(24),
    }
}

/// With a token of the first tenant.
async fn with_token() -> (World, Credential) {
    let world = World::with_tenants().await;
    let stored = world.store.space(ALPHA).set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    (world, stored)
}

/// The types and details of what the ISV was told of tokens.
async fn told(world: &World) -> Vec<(String, Value)> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select type, value::text from events where cust_space_id = 'cams-alpha' and field = 'groupgate' order by id",
    )
    .fetch_all(&world.owner().await)
    .await
    .unwrap();
    rows.into_iter().map(|(kind, detail)| (kind, serde_json::from_str(&detail).unwrap())).collect()
}

#[tokio::test]
async fn a_token_that_meta_refused_is_opened_as_such_and_the_isv_is_told_once() {
    let (world, stored) = with_token().await;
    let space = world.store.space(ALPHA);
    for state in
        [CredentialState::Expiring, CredentialState::Expiring, CredentialState::Invalid, CredentialState::Invalid]
    {
        assert!(space.record_credential_check(stored.revision, &said(state)).await.unwrap());
    }
    assert!(matches!(opened(&world, ALPHA).await, OpenCredential::Invalid(_)));
    let known = space.credential().await.unwrap().unwrap();
    assert_eq!((known.state, known.reason.as_deref()), (CredentialState::Invalid, Some("Session has expired")));
    assert_eq!(known.revision, stored.revision, "what Meta says is no change of an administrator's");
    assert!(known.checked_at.is_some() && known.scopes == ["whatsapp_business_messaging"]);
    let told = told(&world).await;
    let types: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(types, ["credential.expiring", "credential.invalid"]);
    assert_eq!(told[1].1["Reason"], "Session has expired");
    assert!(told[0].1.get("Reason").is_none() && told[0].1["CheckedAt"].is_string());

    space.record_credential_check(stored.revision, &said(CredentialState::Valid)).await.unwrap();
    assert_eq!(token(&opened(&world, ALPHA).await), "EAAB-token-of-alpha");
}

#[tokio::test]
async fn what_meta_said_of_the_token_before_is_not_said_of_the_new_one() {
    let (world, before) = with_token().await;
    let space = world.store.space(ALPHA);
    space.record_credential_check(before.revision, &said(CredentialState::Invalid)).await.unwrap();
    space.set_credential(&secret("EAAB-another-token"), &actor()).await.unwrap();
    assert_eq!(token(&opened(&world, ALPHA).await), "EAAB-another-token");
    assert!(!space.record_credential_check(before.revision, &said(CredentialState::Invalid)).await.unwrap());
    let known = space.credential().await.unwrap().unwrap();
    assert_eq!((known.state, known.checked_at, known.reason), (CredentialState::Valid, None, None));
}

#[tokio::test]
async fn a_new_token_is_due_at_once_one_that_was_asked_about_later_and_a_claim_is_lost_with_its_holder() {
    let (world, stored) = with_token().await;
    let claim = async |lease| world.store.claim_credential_checks(10, Duration::from_millis(lease)).await.unwrap();
    assert_eq!(claim(0).await, [ALPHA]);
    assert_eq!(claim(60_000).await, [ALPHA], "nobody recorded anything, and the lease is over");
    assert!(claim(0).await.is_empty(), "somebody is at it");
    let space = world.store.space(ALPHA);
    space.record_credential_check(stored.revision, &said(CredentialState::Valid)).await.unwrap();
    assert!(claim(0).await.is_empty());
    let (token, check) = (secret("EAAB-another-token"), said(CredentialState::Expiring));
    let checked = space.set_checked_credential(&token, &check, &actor()).await.unwrap();
    assert_eq!(checked.state, CredentialState::Expiring);
    assert!(claim(0).await.is_empty());
    space.hasten_credential_check(Duration::ZERO).await.unwrap();
    assert_eq!(claim(60_000).await, [ALPHA]);
    space.hasten_credential_check(Duration::from_hours(1)).await.unwrap();
    assert!(claim(0).await.is_empty());
}

#[tokio::test]
async fn tokens_that_were_asked_about_together_are_not_asked_about_together_again_and_none_later_than_it_should() {
    let (world, stored) = with_token().await;
    let (space, owner) = (world.store.space(ALPHA), world.owner().await);
    let due = async || {
        space.record_credential_check(stored.revision, &said(CredentialState::Valid)).await.unwrap();
        let due =
            "select extract(epoch from check_due_at - checked_at)::float8 from credentials where cust_space_id = $1";
        sqlx::query_scalar::<_, f64>(due).bind(ALPHA).fetch_one(&owner).await.unwrap()
    };
    let (one, other) = (due().await, due().await);
    let day = 24.0 * 3600.0;
    assert!([one, other].iter().all(|after| (day * 0.9..=day).contains(after)), "{one} {other}");
    assert!((one - other).abs() > f64::EPSILON);
}

#[tokio::test]
async fn the_isv_is_told_of_a_token_that_will_soon_end_when_it_is_stored_and_not_again_by_the_next_check() {
    let (world, _) = with_token().await;
    let space = world.store.space(ALPHA);
    let soon = said(CredentialState::Expiring);
    let stored = space.set_checked_credential(&secret("EAAB-for-a-day"), &soon, &actor()).await.unwrap();
    space.record_credential_check(stored.revision, &soon).await.unwrap();
    let told = told(&world).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), told[0].1["AppId"].as_str()), ("credential.expiring", Some("300000000000001")));
    assert!(told[0].1["CheckedAt"].is_string());
}

#[tokio::test]
async fn a_token_is_removed_by_whoever_has_seen_it_and_its_tenant_is_pending() {
    let (world, stored) = with_token().await;
    let space = world.store.space(ALPHA);
    let status = async || world.store.tenant(ALPHA).await.unwrap().unwrap().status;
    assert_eq!(status().await, TenantStatus::Active);
    let stale = space.expecting(Some(Revision(0))).remove_credential(&actor()).await;
    assert!(matches!(stale, Err(StoreError::Stale)));
    space.expecting(Some(stored.revision)).remove_credential(&actor()).await.unwrap();
    assert_eq!(status().await, TenantStatus::Pending);
    assert!(space.credential().await.unwrap().is_none() && space.stored_token().await.unwrap().is_none());
    assert!(matches!(space.remove_credential(&actor()).await, Err(StoreError::NotFound { .. })));
    // A new one is made by whoever has seen that there is none.
    assert!(space.expecting(Some(Revision(0))).set_credential(&secret("EAAB-again"), &actor()).await.is_ok());
}
