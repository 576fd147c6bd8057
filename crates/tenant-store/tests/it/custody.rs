//! Custody: the master key is replaced while everything goes on, and what does not open is told by name.

use std::{collections::BTreeSet, time::Duration};

use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Executor as _};
use tenant_store::{
    DataKeyPlace, MasterKeyUse, NewAccessKey, NewConsoleSession, NewEndpoint, NewOnboarding, NewSigningKey,
    OpenCredential, Store, VerifiedSecrets, WhyUnreadable,
};

use crate::helpers::{ALPHA, BETA, KEY_A, KEY_B, World, actor, connect, secret};

/// Another key under the ID of [`KEY_A`].
const OTHER_A: &str = "a:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const TOKEN: &str = "EAAB-token-of-alpha";
/// Somebody who is signed in to the console, and by what.
const SESSION: &str = "5e55104000000000000000000000000000000000000000000000000000000000";
const PROOF: &str = "Basic YW46YWRtaW4=";

/// A secret of every kind, under [`KEY_A`], in three spaces: `_system`, alpha and beta.
async fn sealed() -> World {
    let world = World::with_tenants().await;
    let store = &world.store;
    for tenant in [ALPHA, BETA] {
        store.space(tenant).set_credential(&secret(TOKEN), &actor()).await.unwrap();
    }
    let on_its_way = NewOnboarding { waba_id: None, access_token: Some(secret(TOKEN)) };
    store.space(ALPHA).begin_onboarding(&on_its_way, &actor()).await.unwrap();
    let key = store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap().access_key_id;
    store.rotate_access_key(&key, Duration::from_hours(1), None, &actor()).await.unwrap();
    let signing = || NewSigningKey { kid: "k".to_owned(), public_key: vec![1], private_key: vec![2].into() };
    store.ensure_signing_key(signing).await.unwrap();
    let ends_at = time::OffsetDateTime::now_utc() + time::Duration::HOUR;
    let session = NewConsoleSession { session_id: SESSION, proof: &secret(PROOF), ends_at };
    store.begin_console_session(&session, &actor()).await.unwrap();
    let new = NewEndpoint { url: "https://hook.example/".to_owned(), ..NewEndpoint::default() };
    let endpoint = store.space(ALPHA).create_endpoint(&new, &actor()).await.unwrap().endpoint.endpoint_id;
    store.space(ALPHA).rotate_endpoint_secret(endpoint, Duration::from_hours(1), None, &actor()).await.unwrap();
    world
}

async fn verify_all(store: &Store) -> VerifiedSecrets {
    let mut all = VerifiedSecrets::default();
    for space in [store.isv(), store.space(ALPHA), store.space(BETA)] {
        let verified = space.verify_secrets().await.unwrap();
        all.opened += verified.opened;
        all.unreadable.extend(verified.unreadable);
    }
    all
}

/// Batches of `limit` until nothing is left; how many there were, and how many keys they wrapped.
async fn rotate(store: &Store, limit: u32) -> (u32, u64) {
    let (mut batches, mut rewrapped, mut after) = (0, 0, DataKeyPlace::default());
    loop {
        let batch = store.rewrap_data_keys(&after, limit, &actor()).await.unwrap();
        rewrapped += batch.rewrapped;
        let Some(next) = batch.next else { return (batches, rewrapped) };
        (batches, after) = (batches + 1, next);
    }
}

fn used(id: &str, data_keys: u64, is_configured: bool, seals: bool) -> MasterKeyUse {
    MasterKeyUse { id: id.to_owned(), data_keys, is_configured, seals }
}

async fn token_of(store: &Store, tenant: &str) -> Option<String> {
    match store.open_tenant(tenant).await.unwrap().unwrap().credential {
        OpenCredential::Open(token) => Some(token.expose_secret().to_owned()),
        _ => None,
    }
}

#[tokio::test]
async fn after_a_rotation_the_new_master_key_alone_opens_everything_and_the_old_one_nothing() {
    let world = sealed().await;
    let both = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    assert_eq!(both.master_keys_in_use().await.unwrap(), [used("b", 0, true, true), used("a", 3, true, false)]);
    assert_eq!(rotate(&both, 2).await, (2, 3));
    assert_eq!(both.master_keys_in_use().await.unwrap(), [used("b", 3, true, true), used("a", 0, true, false)]);
    let new = connect(&world.database, KEY_B).await;
    let verified = verify_all(&new).await;
    // Three data keys, two tokens and one on its way, a signing key, a session of the console, and of an access key and an
    // endpoint the secret and the one before.
    assert_eq!((verified.opened, verified.unreadable), (12, Vec::new()));
    let session = new.console_session(SESSION, Duration::from_mins(30)).await.unwrap().unwrap();
    assert_eq!(session.proof.expose_secret(), PROOF);
    assert_eq!(token_of(&new, ALPHA).await.as_deref(), Some(TOKEN));
    let old = connect(&world.database, KEY_A).await;
    assert_eq!(old.master_keys_in_use().await.unwrap(), [used("a", 0, true, true), used("b", 3, false, false)]);
    assert_eq!((verify_all(&old).await.opened, token_of(&old, ALPHA).await), (0, None));
}

#[tokio::test]
async fn a_process_that_has_both_master_keys_reads_and_seals_before_during_and_after_a_rotation() {
    let world = sealed().await;
    let gateway = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    let mut after = DataKeyPlace::default();
    loop {
        for tenant in [ALPHA, BETA] {
            assert_eq!(token_of(&gateway, tenant).await.as_deref(), Some(TOKEN));
            gateway.space(tenant).set_credential(&secret(TOKEN), &actor()).await.unwrap();
        }
        let Some(next) = gateway.rewrap_data_keys(&after, 1, &actor()).await.unwrap().next else { break };
        after = next;
    }
    assert!(verify_all(&gateway).await.unreadable.is_empty());
}

#[tokio::test]
async fn a_rotation_begun_again_goes_on_and_two_at_once_do_each_other_no_harm() {
    let world = sealed().await;
    let both = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    let first = both.rewrap_data_keys(&DataKeyPlace::default(), 1, &actor()).await.unwrap();
    assert_eq!(first.rewrapped, 1);
    let other = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    let ((_, one), (_, two)) = tokio::join!(rotate(&both, 1), rotate(&other, 1));
    assert_eq!(one + two, 2);
    let new = connect(&world.database, KEY_B).await;
    assert!(verify_all(&new).await.unreadable.is_empty());
    assert_eq!(rotate(&new, 10).await, (0, 0));
}

#[tokio::test]
async fn every_batch_stands_in_the_audit_log() {
    let world = sealed().await;
    let both = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    rotate(&both, 2).await;
    let log = both.isv().audit(10).await.unwrap();
    let entries: Vec<_> = log.iter().filter(|entry| entry.action == "secrets.rotate").collect();
    let counts: Vec<_> =
        entries.iter().map(|entry| entry.after.as_ref().unwrap()["rewrapped_data_keys"].clone()).collect();
    assert_eq!(counts, [1, 2]);
    assert!(entries.iter().all(|entry| entry.object == "master key b" && entry.actor == "test"));
}

#[tokio::test]
async fn a_data_key_that_does_not_open_is_named_left_alone_and_holds_up_nobody() {
    let world = sealed().await;
    let owner = world.owner().await;
    sqlx::query("update data_keys set wrapped_key = wrapped_key || '\\x00' where cust_space_id = 'cams-alpha'")
        .execute(&owner)
        .await
        .unwrap();
    let both = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    let batch = both.rewrap_data_keys(&DataKeyPlace::default(), 10, &actor()).await.unwrap();
    assert_eq!(batch.rewrapped, 2);
    let [lost] = batch.unreadable.as_slice() else { panic!("{batch:?}") };
    assert_eq!((lost.cust_space_id.as_deref(), lost.why), (Some(ALPHA), WhyUnreadable::DataKey));
    assert_eq!(both.master_keys_in_use().await.unwrap()[1], used("a", 1, true, false));
    assert_eq!((token_of(&both, ALPHA).await, token_of(&both, BETA).await.as_deref()), (None, Some(TOKEN)));
}

#[tokio::test]
async fn what_does_not_open_is_told_by_tenant_place_and_reason_and_harms_nobody_else() {
    let world = sealed().await;
    let owner = world.owner().await;
    // The sealed token of another tenant, copied by hand.
    sqlx::query(
        "update credentials set sealed_token = (select sealed_token from credentials where cust_space_id = 'cams-beta')
         where cust_space_id = 'cams-alpha'",
    )
    .execute(&owner)
    .await
    .unwrap();
    let verified = verify_all(&world.store).await;
    let [copied] = verified.unreadable.as_slice() else { panic!("{verified:?}") };
    assert_eq!((copied.table.as_str(), copied.column.as_str()), ("credentials", "sealed_token"));
    assert_eq!((copied.cust_space_id.as_deref(), copied.row.as_str()), (Some(ALPHA), ALPHA));
    assert_eq!((copied.why, verified.opened), (WhyUnreadable::Value, 11));
    let foreign = verify_all(&connect(&world.database, KEY_B).await).await;
    assert!(foreign.unreadable.iter().all(|secret| secret.why == WhyUnreadable::MasterKeyMissing), "{foreign:?}");
    let replaced = verify_all(&connect(&world.database, OTHER_A).await).await;
    assert!(replaced.unreadable.iter().all(|secret| secret.why == WhyUnreadable::DataKey), "{replaced:?}");
    assert_eq!((foreign.opened, replaced.opened), (0, 0));
}

/// Columns of bytes that hold no sealed value.
const NOT_SEALED: [&str; 6] = [
    "_sqlx_migrations.checksum",
    "event_fingerprints.fingerprint",
    "idempotency_keys.fingerprint",
    "malformed_webhooks.body",
    "nonces.digest",
    "signing_keys.public_key",
];

#[tokio::test]
async fn damage_in_any_column_that_holds_sealed_values_is_found_by_verify() {
    let world = sealed().await;
    let owner = world.owner().await;
    let columns = "select table_name || '.' || column_name from information_schema.columns
                   where table_schema = 'public' and data_type = 'bytea'";
    let columns: BTreeSet<String> = sqlx::query_scalar(columns).fetch_all(&owner).await.unwrap().into_iter().collect();
    assert!(NOT_SEALED.iter().all(|name| columns.contains(*name)), "{columns:?}");
    for name in columns.iter().filter(|name| !NOT_SEALED.contains(&name.as_str())) {
        let (table, column) = name.split_once('.').unwrap();
        let change = async |to: &str| {
            let statement = format!("update {table} set {column} = {to} where {column} is not null");
            owner.execute(AssertSqlSafe(statement)).await.unwrap().rows_affected()
        };
        assert!(change(&format!("{column} || '\\x00'")).await > 0, "{name} has a value to damage");
        let unreadable = verify_all(&world.store).await.unreadable;
        assert!(unreadable.iter().any(|secret| (&*secret.table, &*secret.column) == (table, column)), "{name}");
        change(&format!("substring({column} for length({column}) - 1)")).await;
        assert!(verify_all(&world.store).await.unreadable.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_data_key_that_is_being_made_under_the_old_master_key_is_waited_for_and_counted() {
    let world = sealed().await;
    let both = connect(&world.database, &format!("{KEY_B},{KEY_A}")).await;
    rotate(&both, 10).await;
    let owner = world.owner().await;
    let mut transaction = owner.begin().await.unwrap();
    let made =
        "insert into data_keys (cust_space_id, version, master_key_id, wrapped_key) values ('cams-gamma', 1, 'a', '')";
    transaction.execute(made).await.unwrap();
    let waiting = tokio::spawn(async move {
        both.await_data_keys().await.unwrap();
        both.master_keys_in_use().await.unwrap()
    });
    let waits = "select exists (select from pg_locks where relation = 'data_keys'::regclass and not granted)";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&owner).await.unwrap() {
        assert!(!waiting.is_finished());
    }
    transaction.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap()[1], used("a", 1, true, false));
}

#[tokio::test]
async fn a_tenant_whose_master_key_is_lost_is_given_a_new_token_that_all_read_who_have_the_new_key() {
    let world = sealed().await;
    let lost = connect(&world.database, KEY_B).await;
    assert_eq!(token_of(&lost, BETA).await, None);
    lost.space(BETA).set_credential(&secret("EAAB-new-token"), &actor()).await.unwrap();
    let found_again = connect(&world.database, &format!("{KEY_A},{KEY_B}")).await;
    for store in [&lost, &found_again] {
        assert_eq!(token_of(store, BETA).await.as_deref(), Some("EAAB-new-token"));
        assert!(store.space(BETA).verify_secrets().await.unwrap().unreadable.is_empty());
    }
    assert_eq!(token_of(&found_again, ALPHA).await.as_deref(), Some(TOKEN));
}
