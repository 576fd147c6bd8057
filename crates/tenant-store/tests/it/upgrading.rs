//! A database that was filled by an older version.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, migrate::Migrator};
use tenant_store::{MasterKeys, NewAccessKey, NewSigningKey, OpenCredential, Store, StoreSettings, schema::migrate};

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA, KEY_A, World, actor, interpret, new_number, new_tenant, secret};

/// The last migration of the version before.
const BEFORE: i64 = 9;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// What an older version left: routed events of two tenants in the order of arrival, one that settled a change, one that
/// could not be applied, one not yet routed, and one of an unknown number.
const OLDER: &str = r#"
    insert into tenants (cust_space_id, name) values ('cams-alpha', 'A'), ('cams-beta', 'B');
    insert into business_numbers (cust_space_id, business_number, phone_number_id, waba_id)
    values ('cams-alpha', '15550000001', '100000000000001', '200000000000001');
    insert into changes (unique_code, cust_space_id, operation, business_number, phone_number_id, request, status,
                         answer_due)
    values ('01900000-0000-7000-8000-000000000001', 'cams-alpha', 'AddChatGroup', '15550000001', '100000000000001', '{}',
            'SUCCEEDED', now());
    insert into groups (cust_space_id, phone_number_id, group_id, total_participant_count, participants_at)
    values ('cams-alpha', '100000000000001', 'G1', 3, now() - interval '1 year');
    insert into events (id, cust_space_id, field, waba_id, phone_number_id, value, received_at, state, attempts,
                        unique_code, outcome)
    select (lpad(to_hex((extract(epoch from day) * 1000)::bigint), 12, '0')
            || right(replace(gen_random_uuid()::text, '-', ''), 20))::uuid,
           owner, 'f', '200000000000001', phone, value::json, day, state, attempts, code::uuid, outcome::json
    from (values
        ('cams-alpha', '100000000000001', '{"n": 1, "group_id": "G1", "joined": 1, "at": 1}', now() - interval '20 days',
         'routed', 0, null, null),
        ('cams-beta', null, '{"n": 2}', now() - interval '9 days', 'routed', 0, null, null),
        ('cams-alpha', '100000000000001', '{"n": 3}', now() - interval '2 days', 'routed', 0,
         '01900000-0000-7000-8000-000000000001', '{}'),
        ('cams-alpha', '100000000000001', '{"n": 4}', now() - interval '1 day', 'failed', 5, null, null),
        (null, '999', '{"n": 5}', now(), 'received', 0, null, null),
        ('cams-alpha', '100000000000001', '{"n": 6}', now(), 'received', 2, null, null)
    ) as e (owner, phone, value, day, state, attempts, code, outcome);
    insert into event_fingerprints (fingerprint) values (decode(repeat('07', 32), 'hex'));
"#;

/// Statements that make what is sealed in a database of this version, as a database of the version before holds it.
const SEALED: &str = r"
    select format('insert into data_keys (cust_space_id, version, master_key_id, wrapped_key) values (%L, %L, %L, %L);',
                  cust_space_id, version, master_key_id, wrapped_key) from data_keys
    union all
    select format('insert into credentials (cust_space_id, sealed_token, key_version, last4) values (%L, %L, %L, %L);',
                  cust_space_id, sealed_token, key_version, last4) from credentials
    union all
    select format('insert into access_keys (access_key_id, name, grants, sealed_secret, key_version)
                   values (%L, %L, %L, %L, %L);', access_key_id, name, grants, sealed_secret, key_version)
    from access_keys
    union all
    select format('insert into signing_keys (kid, public_key, sealed_private, key_version) values (%L, %L, %L, %L);',
                  kid, public_key, sealed_private, key_version) from signing_keys
";

/// Secrets of all kinds that the version before had: nothing about sealing has changed since.
async fn seal(world: &World) -> String {
    world.store.add_tenant(&new_tenant(ALPHA), &actor()).await.unwrap();
    world.store.space(ALPHA).set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    let signing = || NewSigningKey { kid: "k".to_owned(), public_key: vec![1], private_key: vec![2].into() };
    world.store.ensure_signing_key(signing).await.unwrap();
    sqlx::query_scalar::<_, String>(SEALED).fetch_all(&world.owner().await).await.unwrap().join("\n")
}

/// A database of the version before, in which the older version has worked.
pub(crate) async fn older(world: &World) -> (SecretString, SecretString) {
    let (owner_url, app_url) = at(world, BEFORE).await;
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await.unwrap();
    sqlx::raw_sql(OLDER).execute(&mut owner).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(seal(world).await)).execute(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    (owner_url, app_url)
}

/// A database that the migrations up to this one have made, for its owner and for the gateway, which has no rights yet.
pub(crate) async fn at(world: &World, version: i64) -> (SecretString, SecretString) {
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database() || '_older'").fetch_one(&superuser).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("create database {name} owner groupgate_owner")))
        .execute(&superuser)
        .await
        .unwrap();
    let owner_url = of_older(&world.database.owner_url);
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await.unwrap();
    let released = MIGRATIONS.iter().filter(|migration| migration.version <= version).cloned().collect();
    Migrator::with_migrations(released).run_direct(None, &mut owner, false).await.unwrap();
    owner.close().await.unwrap();
    (owner_url, of_older(&world.database.app_url))
}

fn of_older(url: &SecretString) -> SecretString {
    let mut url: url::Url = url.expose_secret().parse().unwrap();
    let path = format!("{}_older", url.path());
    url.set_path(&path);
    SecretString::from(String::from(url))
}

/// That the token, the access key's secret and the signing key of [`older`] open.
pub(crate) async fn assert_all_opens(store: &Store) {
    let tenant = store.open_tenant(ALPHA).await.unwrap().unwrap();
    assert!(matches!(tenant.credential, OpenCredential::Open(token) if token.expose_secret() == "EAAB-token-of-alpha"));
    let key = store.list_access_keys().await.unwrap().remove(0);
    assert!(store.access_key(&key.access_key_id).await.unwrap().is_some());
    assert_eq!(store.signing_keys().await.unwrap()[0].private_key.expose_secret(), [2]);
    for (space, opened) in [(store.space(ALPHA), 2), (store.isv(), 3)] {
        let verified = space.verify_secrets().await.unwrap();
        assert_eq!((verified.opened, verified.unreadable), (opened, Vec::new()));
    }
}

async fn upgraded() -> Store {
    let world = World::new().await;
    let (owner_url, app_url) = older(&world).await;
    migrate(&owner_url, "groupgate_app").await.unwrap();
    let settings = StoreSettings { url: app_url, connections: 4, acquire_timeout: std::time::Duration::from_secs(30) };
    Store::connect(&settings, MasterKeys::parse(KEY_A).unwrap()).await.unwrap()
}

/// What the events of a tenant's feed say of themselves, with their sequence.
async fn told(store: &Store, tenant: &str) -> Vec<(i64, String)> {
    let page = store.space(tenant).events_after(None, 100).await.unwrap();
    page.events.into_iter().map(|event| (event.sequence.unwrap(), event.value)).collect()
}

#[tokio::test]
async fn events_from_before_are_published_in_the_order_of_arrival_and_not_applied_again() {
    let store = upgraded().await;
    while store.route_events(100, interpret).await.unwrap().found_any() {}
    let joined = r#"{"n": 1, "group_id": "G1", "joined": 1, "at": 1}"#;
    let expected = [(1, joined), (2, r#"{"n": 3}"#), (3, r#"{"n": 4}"#), (4, r#"{"n": 6}"#)];
    assert_eq!(told(&store, ALPHA).await, expected.map(|(sequence, value)| (sequence, value.to_owned())));
    assert_eq!(told(&store, BETA).await, [(1, r#"{"n": 2}"#.to_owned())]);
    let group = store.space(ALPHA).group(ALPHA_PHONE, "G1").await.unwrap().unwrap();
    assert_eq!(group.total_participant_count, Some(3));
    let page = store.space(ALPHA).events_after(Some(1), 1).await.unwrap();
    assert_eq!(page.events[0].unique_code.unwrap().to_string(), "01900000-0000-7000-8000-000000000001");
    assert_eq!(page.events[0].business_number.as_deref(), Some("15550000001"));
}

#[tokio::test]
async fn what_was_sealed_before_opens() {
    let store = upgraded().await;
    assert_all_opens(&store).await;
    assert_eq!(store.master_keys_in_use().await.unwrap()[0].data_keys, 2);
}

#[tokio::test]
async fn what_came_for_an_unknown_number_before_is_still_shown_announced_and_adopted() {
    let store = upgraded().await;
    assert_eq!(store.unrouted_events(None, 10).await.unwrap()[0].value, r#"{"n": 5}"#);
    assert_eq!(store.announce_unknown_numbers().await.unwrap(), 1);
    store.space(BETA).add_number(&new_number("15550000009", "999"), &actor()).await.unwrap();
    while store.route_events(100, interpret).await.unwrap().found_any() {}
    assert_eq!(told(&store, BETA).await.len(), 2);
}

#[tokio::test]
async fn doubles_of_what_came_before_are_known_and_days_from_before_go_by_age() {
    let store = upgraded().await;
    let double = tenant_store::ReceivedEvent {
        fingerprint: [7; 32],
        field: "f",
        waba_id: "200000000000001",
        phone_number_id: Some(ALPHA_PHONE),
        value: "{}",
        entry_time: None,
    };
    assert_eq!(store.receive_events(&[double]).await.unwrap().doubled, 1);
    while store.route_events(100, interpret).await.unwrap().found_any() {}
    let kept = store.keep_partitions(std::time::Duration::from_hours(15 * 24)).await.unwrap();
    assert_eq!(kept.dropped, 1);
    assert_eq!(store.space(ALPHA).events_after(None, 10).await.unwrap().oldest, 2);
}
