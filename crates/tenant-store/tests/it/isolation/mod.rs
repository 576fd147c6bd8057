//! Row-level security: what the gateway's role can reach, and the catalogue's own word for it.

mod catalogue;
mod plain_sql;
mod psql;

use serde_json::json;
use sqlx::PgPool;
use tenant_store::{CallRecord, GroupUpdate, NewAccessKey, NewConsoleSession, NewIssuer, NewOnboarding, NewSigningKey};

use crate::{
    deliveries,
    helpers::{ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, TestEvent, World, actor, create, new_key, secret},
};

/// Tables that hold nothing of a tenant: sqlx's own, and those that definer functions alone reach.
const WITHOUT_TENANT: [&str; 7] = [
    "_sqlx_migrations",
    "event_fingerprints",
    "gateway_privileges",
    "malformed_webhooks",
    "nonces",
    "replicas",
    "unknown_numbers",
];
const OF_SYSTEM: [&str; 4] = ["access_keys", "console_sessions", "issuers", "signing_keys"];
/// Tables whose rows the gateway's role may delete: a tenant goes, what refers to it with it, and then its data keys; an
/// idempotency key is given back, a key or an issuer is removed, a session ends.
const DELETABLE: [&str; 9] = [
    "tenants",
    "business_numbers",
    "credentials",
    "data_keys",
    "calls",
    "access_keys",
    "idempotency_keys",
    "issuers",
    "console_sessions",
];

/// A row in every table, for both tenants.
async fn filled() -> World {
    let world = World::with_tenants().await;
    deliveries::deliver_to_both(&world).await;
    for (tenant, phone_number_id) in [(ALPHA, ALPHA_PHONE), (BETA, BETA_PHONE)] {
        let space = world.store.space(tenant);
        space.set_credential(&secret("EAAB-token"), &actor()).await.unwrap();
        space.begin_onboarding(&NewOnboarding::default(), &actor()).await.unwrap();
        let group = GroupUpdate { group_id: "G".to_owned(), ..GroupUpdate::default() };
        space.apply_group(phone_number_id, &group).await.unwrap();
        space.begin_change(&create("Team")).await.unwrap();
        space.claim_key(&new_key("order-1")).await.unwrap();
        space.record_media(phone_number_id, &["m".to_owned()]).await.unwrap();
        world.store.record_calls(vec![call_of(tenant)]).await.unwrap();
        world.receive(&[TestEvent::new(json!({})).of_number(Some(phone_number_id))]).await;
    }
    sqlx::query(
        "insert into group_messages (cust_space_id, day, delivered) select cust_space_id, '2026-01-01', 1 from tenants",
    )
    .execute(&world.owner().await)
    .await
    .unwrap();
    world.receive(&[TestEvent::new(json!({})).of_number(Some("nobody's"))]).await;
    world.store.keep_malformed(b"?").await.unwrap();
    world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    world.store.add_issuer(&NewIssuer::default(), &actor()).await.unwrap();
    let session = NewConsoleSession {
        session_id: &"0".repeat(64),
        proof: &secret("Basic YTpi"),
        ends_at: time::OffsetDateTime::now_utc() + time::Duration::HOUR,
    };
    world.store.begin_console_session(&session, &actor()).await.unwrap();
    let key = || NewSigningKey { kid: "k".to_owned(), public_key: vec![1], private_key: vec![2].into() };
    world.store.ensure_signing_key(key).await.unwrap();
    world
}

fn call_of(tenant: &str) -> CallRecord {
    CallRecord {
        request_id: uuid::Uuid::now_v7(),
        cust_space_id: tenant.to_owned(),
        access_key_id: None,
        operation: "GetChatGroup".to_owned(),
        code: "OK".to_owned(),
        status: 200,
        upstream_code: None,
        fbtrace_id: None,
        milliseconds: 1,
    }
}

/// All tables, without the days of those that are kept by the day.
async fn tables(owner: &PgPool) -> Vec<String> {
    let tables = "select relname::text from pg_class
                  where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace order by 1";
    sqlx::query_scalar(tables).fetch_all(owner).await.unwrap()
}

#[tokio::test]
async fn the_owners_role_and_the_superusers_are_told_from_the_gateways() {
    let database = tenant_store::private_server::test_database().await;
    for (url, bound) in [(&database.app_url, true), (&database.owner_url, false), (&database.superuser_url, false)] {
        let settings = tenant_store::StoreSettings {
            url: url.clone(),
            connections: 1,
            acquire_timeout: std::time::Duration::from_secs(10),
        };
        let keys = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".parse().unwrap();
        let store = tenant_store::Store::connect(&settings, keys).await.unwrap();
        assert_eq!(store.is_bound_by_policies().await.unwrap(), bound);
    }
}
