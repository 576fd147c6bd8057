//! In plain SQL, in the gateway's role.

use sqlx::{AssertSqlSafe, PgPool};

use super::{DELETABLE, OF_SYSTEM, WITHOUT_TENANT, filled, tables};
use crate::helpers::{ALPHA, BETA, BETA_PHONE};

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
        let is_of_system = OF_SYSTEM.contains(&table.as_str());
        let (home, all) = if is_of_system { ("_system", &["_system"][..]) } else { (ALPHA, &[ALPHA, BETA][..]) };
        let there = seen(&owner, table, None).await;
        assert!(
            all.iter().all(|space| there.iter().any(|held| held == space)),
            "{table} holds rows of {there:?} alone"
        );
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
        "update business_numbers set phone_number_id = '1'",
        "select * from event_fingerprints",
        "select * from malformed_webhooks",
        "select * from nonces",
        "select * from replicas",
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
