//! What the catalogue says of tables and functions: nothing that is new is left out.

use sqlx::{PgPool, Row as _, postgres::PgRow};

use super::WITHOUT_TENANT;
use crate::helpers::World;

const POLICY: &str = "(cust_space_id = NULLIF(current_setting('groupgate.cust_space_id'::text, true), ''::text))";

/// The whole list. Each new one is a way around row-level security, and has to be argued for.
const DEFINERS: [&str; 76] = [
    "abandoned_changes",
    "adopt_events",
    "adopt_strays",
    "announce_unknown_numbers",
    "await_data_keys",
    "claim_credential_checks",
    "claim_deliveries",
    "claim_events",
    "claim_mirrors",
    "claim_stale_changes",
    "claim_tenants",
    "claimed_endpoints",
    "credentials_in_trouble",
    "deliveries_in_trouble",
    "delivery_backlog",
    "disable_endpoint",
    "drop_old_calls",
    "drop_old_partition",
    "enable_endpoint",
    "end_stopped_deliveries",
    "endpoints_in_trouble",
    "enqueue_deliveries",
    "erase_deliveries",
    "erase_ended_deliveries",
    "erase_events",
    "failed_onboardings",
    "find_event",
    "find_tenants",
    "forget_old_fingerprints",
    "forget_old_keys",
    "forget_old_media",
    "forget_old_nonces",
    "hold_events",
    "hold_idempotency_key",
    "keep_malformed",
    "last_sequences",
    "list_audit_log",
    "list_data_keys",
    "list_replicas",
    "list_tenants",
    "list_unrouted_events",
    "make_missing_partitions",
    "master_keys_in_use",
    "number_activity",
    "numbers_in_trouble",
    "numbers_of_group",
    "open_access_key",
    "open_tenant",
    "owners_of_object",
    "pause_endpoints",
    "publish_events",
    "receive_events",
    "receive_traced_events",
    "record_calls",
    "record_counted_calls",
    "record_credential_check",
    "record_tries",
    "release_claims",
    "release_dead_claims",
    "remove_endpoint",
    "replay_deliveries",
    "replayable_events",
    "replayable_failures",
    "replica_seen",
    "rewrap_data_keys",
    "send_test",
    "settled_changes",
    "spend_nonce",
    "tell_of_credential",
    "throttled_tenants",
    "traces_of_events",
    "traffic_by_hour",
    "traffic_by_tenant",
    "unknown_number_backlog",
    "unrouted_backlog",
    "upkeep",
];

/// What is wrong with the walls around tables, table by table.
async fn gaps(owner: &PgPool) -> Vec<String> {
    let relations = "select c.relname::text as name, c.relkind::text as kind, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
                exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'cust_space_id') as has_column,
                (select coalesce(string_agg(pg_get_expr(p.polqual, p.polrelid), ' '), '') from pg_policy p where p.polrelid = c.oid) as policy,
                (select coalesce(bool_or(p.polwithcheck is not null or p.polcmd <> '*'), false) from pg_policy p where p.polrelid = c.oid) as is_odd
         from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'public'::regnamespace order by 1";
    let relations = sqlx::query(relations).fetch_all(owner).await.unwrap();
    assert!(relations.len() >= 13);
    relations.iter().filter_map(|relation| gap(relation).map(|why| format!("{}: {why}", name(relation)))).collect()
}

fn name(relation: &PgRow) -> String {
    relation.get("name")
}

fn gap(relation: &PgRow) -> Option<&'static str> {
    let is = |column: &str| relation.get::<bool, _>(column);
    let (name, kind, policy): (String, String, String) = (name(relation), relation.get("kind"), relation.get("policy"));
    if !["r", "p"].contains(&kind.as_str()) {
        return Some("no policy binds its owner, whom a view's policies are asked about");
    }
    if !is("relrowsecurity") && name != "_sqlx_migrations" {
        return Some("it has no row-level security");
    }
    if is("relforcerowsecurity") {
        return Some("it forces it, so that pg_dump and the definer functions would see nothing");
    }
    if is("is_odd") {
        return Some("its policy is not one for reading and writing alike");
    }
    // The rows of a day are reached through the whole table, whose policy then holds.
    if is("relispartition") || WITHOUT_TENANT.contains(&name.as_str()) {
        return (!policy.is_empty()).then_some("it has a policy, and is for nobody but definer functions");
    }
    if !is("has_column") {
        return Some("it does not say whose its rows are");
    }
    (policy != POLICY).then_some("its policy does not read the scope")
}

#[tokio::test]
async fn every_table_has_row_level_security_that_reads_the_scope_or_is_on_the_list() {
    let world = World::new().await;
    assert_eq!(gaps(&world.owner().await).await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_new_table_that_forgets_its_wall_is_found() {
    let world = World::new().await;
    let owner = world.owner().await;
    let walled = |name: &str, policy: &str| {
        format!(
            "create table {name} (cust_space_id text); alter table {name} enable row level security;
             create policy own_rows on {name} {policy}"
        )
    };
    let scope = "cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '')";
    let careless = [
        "create table a_open (cust_space_id text)".to_owned(),
        "create table b_without_policy (cust_space_id text); alter table b_without_policy enable row level security".to_owned(),
        walled("c_for_all", "using (true)"),
        walled("d_written_by_all", &format!("using ({scope}) with check (true)")),
        walled("e_read_only", &format!("for select using ({scope})")),
        "create table f_nobodys (x int); alter table f_nobodys enable row level security".to_owned(),
        walled("g_forced", &format!("using ({scope}); alter table g_forced force row level security")),
        "create table events_of_a_day partition of events for values from (minvalue) to ('00000000-0000-0000-0000-000000000001')"
            .to_owned(),
        "create view h_shown as select * from tenants".to_owned(),
        walled("i_sound", &format!("using ({scope})")),
    ];
    for statement in &careless {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone())).execute(&owner).await.unwrap();
    }
    let found = gaps(&owner).await;
    let found: Vec<&str> = found.iter().filter_map(|gap| gap.split(':').next()).collect();
    assert_eq!(
        found,
        [
            "a_open",
            "b_without_policy",
            "c_for_all",
            "d_written_by_all",
            "e_read_only",
            "events_of_a_day",
            "f_nobodys",
            "g_forced",
            "h_shown",
        ]
    );
}

#[tokio::test]
async fn every_definer_function_has_a_fixed_search_path_and_is_closed_to_the_public() {
    let world = World::new().await;
    let rows = sqlx::query(
        "select p.proname::text as name, p.prosecdef, coalesce(p.proconfig::text, '') as config,
                p.prosqlbody is not null as is_bound,
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
        // What a body in the standard's form calls was looked up when it was made.
        let is_fixed = row.get::<String, _>("config").contains("search_path=public, pg_temp");
        assert!(is_fixed || row.get("is_bound") && !row.get::<bool, _>("prosecdef"), "{name}");
        assert!(!row.get::<bool, _>("public"), "{name} is executable by PUBLIC");
        if row.get("prosecdef") {
            assert_eq!(row.get::<String, _>("owner"), "groupgate_owner", "{name}");
            definers.push(name);
        }
    }
    definers.sort();
    assert_eq!(definers, DEFINERS);
    let callable: Vec<String> = sqlx::query_scalar(
        "select p.proname::text from pg_proc p
         where p.pronamespace = 'public'::regnamespace and not p.prosecdef
           and has_function_privilege('groupgate_app', p.oid, 'execute') order by 1",
    )
    .fetch_all(&world.owner().await)
    .await
    .unwrap();
    assert_eq!(callable, ["is_asked_for", "lanes_lock", "uncertain"], "the gateway's role may call these besides");
}
