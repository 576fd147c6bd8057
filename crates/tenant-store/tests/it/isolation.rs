//! Row-level security, tried with plain SQL in the gateway's role, and the catalogue's own word for it.

use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use tenant_store::{GroupUpdate, NewAccessKey, NewSigningKey};

use crate::{
    deliveries,
    helpers::{ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, TestEvent, World, actor, create, new_key, secret},
};

/// Tables that hold nothing of a tenant: sqlx's own, and those that definer functions alone reach.
const WITHOUT_TENANT: [&str; 5] =
    ["_sqlx_migrations", "event_fingerprints", "malformed_webhooks", "nonces", "unknown_numbers"];
const OF_SYSTEM: [&str; 2] = ["access_keys", "signing_keys"];
/// Tables whose rows the gateway's role may delete: a tenant goes, what refers to it with it, and then its data keys; an
/// idempotency key is given back.
const DELETABLE: [&str; 4] = ["tenants", "business_numbers", "data_keys", "idempotency_keys"];

/// A row in every table, for both tenants.
async fn filled() -> World {
    let world = World::with_tenants().await;
    deliveries::deliver_to_both(&world).await;
    for (tenant, phone_number_id) in [(ALPHA, ALPHA_PHONE), (BETA, BETA_PHONE)] {
        let space = world.store.space(tenant);
        space.set_credential(&secret("EAAB-token"), &actor()).await.unwrap();
        let group = GroupUpdate { group_id: "G".to_owned(), ..GroupUpdate::default() };
        space.apply_group(phone_number_id, &group).await.unwrap();
        space.begin_change(&create("Team")).await.unwrap();
        space.claim_key(&new_key("order-1")).await.unwrap();
        space.record_media(phone_number_id, &["m".to_owned()]).await.unwrap();
        world.receive(&[TestEvent::new(json!({})).of_number(Some(phone_number_id))]).await;
    }
    world.receive(&[TestEvent::new(json!({})).of_number(Some("nobody's"))]).await;
    world.store.keep_malformed(b"?").await.unwrap();
    world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    let key = || NewSigningKey { kid: "k".to_owned(), public_key: vec![1], private_key: vec![2].into() };
    world.store.ensure_signing_key(key).await.unwrap();
    world
}

/// All tables, without the days of those that are kept by the day.
async fn tables(owner: &PgPool) -> Vec<String> {
    let tables = "select relname::text from pg_class
                  where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace order by 1";
    sqlx::query_scalar(tables).fetch_all(owner).await.unwrap()
}

/// The spaces that the gateway's role sees in a table, within the given scope.
async fn seen(gateway: &PgPool, table: &str, scope: Option<&str>) -> Vec<String> {
    let mut transaction = gateway.begin().await.unwrap();
    if let Some(scope) = scope {
        sqlx::query("select set_config('groupgate.cust_space_id', $1, true)")
            .bind(scope)
            .execute(&mut *transaction)
            .await
            .unwrap();
    }
    let statement = format!("select distinct coalesce(cust_space_id, 'nobody') from {table} order by 1");
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut *transaction).await.unwrap()
}

#[tokio::test]
async fn in_plain_sql_a_tenant_sees_its_own_rows_and_nobody_sees_any_without_a_scope() {
    let world = filled().await;
    let (owner, gateway) = (world.owner().await, world.plain_gateway().await);
    for table in tables(&owner).await.iter().filter(|table| !WITHOUT_TENANT.contains(&table.as_str())) {
        let home = if OF_SYSTEM.contains(&table.as_str()) { "_system" } else { ALPHA };
        assert_eq!(seen(&gateway, table, Some(home)).await, [home], "{table}");
        for nobody in [None, Some(""), Some("cams-gamma"), Some("cams-%"), Some("*")] {
            assert!(seen(&gateway, table, nobody).await.is_empty(), "{table} in {nobody:?}");
        }
    }
}

#[tokio::test]
async fn the_scope_ends_with_its_transaction() {
    let world = filled().await;
    let settings = tenant_store::StoreSettings {
        url: world.database.app_url.clone(),
        connections: 1,
        acquire_timeout: std::time::Duration::from_secs(30),
    };
    let keys = tenant_store::MasterKeys::parse(crate::helpers::KEY_A).unwrap();
    let single = tenant_store::Store::connect(&settings, keys).await.unwrap();
    assert_eq!(single.space(ALPHA).numbers().await.unwrap().len(), 1);
    assert!(single.space("").numbers().await.unwrap().is_empty());
    assert!(single.space("cams-gamma").numbers().await.unwrap().is_empty());
    assert_eq!(single.space(BETA).numbers().await.unwrap()[0].phone_number_id, BETA_PHONE);
}

#[tokio::test]
async fn a_tenant_can_neither_write_into_another_nor_move_a_row_there() {
    let world = filled().await;
    let gateway = world.plain_gateway().await;
    let statements = [
        "insert into changes (unique_code, cust_space_id, operation, business_number, phone_number_id, request, answer_due)
         values (gen_random_uuid(), 'cams-beta', 'x', '1', '1', '{}', now())",
        "insert into audit_log (cust_space_id, actor, action, object) values ('cams-beta', 'x', 'x', 'x')",
        "update changes set cust_space_id = 'cams-beta'",
        "update groups set cust_space_id = 'cams-beta'",
        "update idempotency_keys set cust_space_id = 'cams-beta'",
        "insert into idempotency_keys (cust_space_id, operation, key, fingerprint, state, unique_code)
         values ('cams-beta', 'x', 'x', decode(repeat('00', 32), 'hex'), 'open', gen_random_uuid())",
    ];
    for statement in statements {
        let error = refused(&gateway, statement).await;
        assert!(error.contains("42501"), "{statement}: {error}");
    }
}

#[tokio::test]
async fn a_tenant_can_delete_nothing_of_another() {
    let world = filled().await;
    let gateway = world.plain_gateway().await;
    for table in DELETABLE {
        for (scope, deleted) in [("", 0), ("cams-gamma", 0)] {
            let mut transaction = gateway.begin().await.unwrap();
            sqlx::query("select set_config('groupgate.cust_space_id', $1, true)")
                .bind(scope)
                .execute(&mut *transaction)
                .await
                .unwrap();
            let done = sqlx::query(AssertSqlSafe(format!("delete from {table}"))).execute(&mut *transaction).await;
            assert_eq!(done.unwrap().rows_affected(), deleted, "{table} in {scope:?}");
        }
    }
}

#[tokio::test]
async fn the_gateways_role_cannot_delete_alter_the_log_or_look_behind_the_functions() {
    let world = filled().await;
    let gateway = world.plain_gateway().await;
    let tables = tables(&world.owner().await).await;
    for table in &tables {
        assert!(refused(&gateway, &format!("truncate {table}")).await.contains("42501"), "{table}");
    }
    for table in tables.iter().filter(|table| !DELETABLE.contains(&table.as_str())) {
        let error = refused(&gateway, &format!("delete from {table}")).await;
        assert!(error.contains("42501"), "{table}: {error}");
    }
    for statement in [
        "update audit_log set actor = 'nobody'",
        "update credentials set cust_space_id = 'cams-beta'",
        "update business_numbers set waba_id = '1'",
        "select * from event_fingerprints",
        "select * from malformed_webhooks",
        "select * from nonces",
        "insert into nonces (access_key_id, digest) values ('key', decode(repeat('00', 32), 'hex'))",
        "update events set value = '{}'",
        "update events set sequence = 7",
        "update event_counters set last_sequence = 7",
        "insert into unrouted_events (cust_space_id, position, event_id) values ('cams-alpha', 1, gen_random_uuid())",
        "select * from events_default",
        "select * from deliveries_default",
        "update endpoints set state = 'enabled'",
        "update open_deliveries set attempts = 0",
        "update deliveries set state = 'done'",
        "insert into unknown_numbers (waba_id, phone_number_id) values ('1', '1')",
        "alter table tenants disable row level security",
        "select grant_to_gateway('groupgate_app')",
        "create table mine (x int)",
    ] {
        assert!(refused(&gateway, statement).await.contains("42501"), "{statement}");
    }
}

/// The SQLSTATE with which the gateway's role, in the scope of the first tenant, is refused.
async fn refused(gateway: &PgPool, statement: &str) -> String {
    let mut transaction = gateway.begin().await.unwrap();
    sqlx::query("select set_config('groupgate.cust_space_id', $1, true)")
        .bind(ALPHA)
        .execute(&mut *transaction)
        .await
        .unwrap();
    match sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *transaction).await {
        Ok(done) => panic!("{statement} was not refused but touched {} rows", done.rows_affected()),
        Err(error) => error.as_database_error().unwrap().code().unwrap().into_owned(),
    }
}

#[tokio::test]
async fn every_table_has_row_level_security_that_reads_the_scope_or_is_on_the_list() {
    let world = World::new().await;
    let rows = sqlx::query(
        "select c.relname::text as name, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
                exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'cust_space_id') as has_column,
                (select coalesce(string_agg(pg_get_expr(p.polqual, p.polrelid), ' '), '') from pg_policy p where p.polrelid = c.oid) as policy
         from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&world.owner().await)
    .await
    .unwrap();
    assert!(rows.len() >= 13);
    for row in rows {
        let name: String = row.get("name");
        let (enabled, forced): (bool, bool) = (row.get("relrowsecurity"), row.get("relforcerowsecurity"));
        assert!(enabled || name == "_sqlx_migrations", "{name} has row-level security");
        assert!(!forced, "{name} does not force it: pg_dump and the definer functions would see nothing");
        if row.get("relispartition") {
            // Its rows are reached through the whole table, whose policy then holds.
            assert_eq!(row.get::<String, _>("policy"), "", "{name} is closed to the gateway's role");
        } else if WITHOUT_TENANT.contains(&name.as_str()) {
            assert_eq!(row.get::<String, _>("policy"), "", "{name} is for definer functions alone");
        } else {
            assert!(row.get::<bool, _>("has_column"), "{name} says whose its rows are");
            assert_eq!(
                row.get::<String, _>("policy"),
                "(cust_space_id = NULLIF(current_setting('groupgate.cust_space_id'::text, true), ''::text))",
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn every_definer_function_has_a_fixed_search_path_and_is_closed_to_the_public() {
    let world = World::new().await;
    let rows = sqlx::query(
        "select p.proname::text as name, p.prosecdef, coalesce(p.proconfig::text, '') as config,
                pg_get_userbyid(p.proowner)::text as owner,
                exists (select 1 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0) as public
         from pg_proc p where p.pronamespace = 'public'::regnamespace",
    )
    .fetch_all(&world.owner().await)
    .await
    .unwrap();
    let mut definers = Vec::new();
    for row in rows {
        let name: String = row.get("name");
        assert!(row.get::<String, _>("config").contains("search_path=public, pg_temp"), "{name}");
        assert!(!row.get::<bool, _>("public"), "{name} is executable by PUBLIC");
        if row.get("prosecdef") {
            assert_eq!(row.get::<String, _>("owner"), "groupgate_owner", "{name}");
            definers.push(name);
        }
    }
    definers.sort();
    // The whole list. Each new one is a way around row-level security, and has to be argued for.
    let expected = [
        "abandoned_changes",
        "adopt_events",
        "adopt_strays",
        "announce_unknown_numbers",
        "claim_deliveries",
        "claim_events",
        "claim_mirrors",
        "claim_stale_changes",
        "claim_tenants",
        "claimed_endpoints",
        "delivery_backlog",
        "disable_endpoint",
        "drop_old_partition",
        "enable_endpoint",
        "end_stopped_deliveries",
        "enqueue_deliveries",
        "erase_deliveries",
        "erase_ended_deliveries",
        "erase_events",
        "find_event",
        "forget_old_fingerprints",
        "forget_old_keys",
        "forget_old_media",
        "forget_old_nonces",
        "hold_events",
        "keep_malformed",
        "last_sequences",
        "list_tenants",
        "list_unrouted_events",
        "make_missing_partitions",
        "number_activity",
        "open_access_key",
        "open_tenant",
        "owners_of_object",
        "pause_endpoints",
        "publish_events",
        "receive_events",
        "record_tries",
        "release_claims",
        "release_dead_claims",
        "remove_endpoint",
        "replay_deliveries",
        "replayable_events",
        "replayable_failures",
        "send_test",
        "settled_changes",
        "spend_nonce",
        "unrouted_backlog",
    ];
    assert_eq!(definers, expected);
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
