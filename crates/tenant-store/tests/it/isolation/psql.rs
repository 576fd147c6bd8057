//! The same by `psql`, as whoever has got hold of the gateway's password would try it.

use std::{
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
};

use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, PgPool};
use tenant_store::{NewEndpoint, private_server::installed_program};

use super::{DELETABLE, OF_SYSTEM, WITHOUT_TENANT, filled, tables};
use crate::helpers::{ALPHA, BETA, World, actor};

const DONE: &str = "00000";
const FORBIDDEN: &str = "42501";
/// Before each line in which psql tells how a statement ended.
const MARK: &str = "@@";

/// How a statement ended.
struct Tried {
    statement: String,
    sqlstate: String,
    rows: u64,
    error: String,
}

/// What psql prints for a script, in the gateway's role.
fn psql(world: &World, script: &str) -> String {
    let url: url::Url = world.database.app_url.expose_secret().parse().unwrap();
    let program = installed_program("psql").expect("psql is installed with PostgreSQL");
    let mut client = Command::new(program)
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password"])
        .env("PGHOST", url.host_str().unwrap())
        .env("PGPORT", url.port().unwrap().to_string())
        .env("PGUSER", url.username())
        .env("PGPASSWORD", url.password().unwrap())
        .env("PGDATABASE", url.path().trim_start_matches('/'))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = client.stdin.take().unwrap();
    let script = script.to_owned();
    let written = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = client.wait_with_output().unwrap();
    written.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Tries each statement in a transaction of its own, which is undone.
fn attempt(world: &World, scope: Option<&str>, statements: impl IntoIterator<Item = String>) -> Vec<Tried> {
    let statements: Vec<String> = statements.into_iter().collect();
    let mut script = String::new();
    for statement in &statements {
        script.push_str("begin;\n");
        if let Some(scope) = scope {
            writeln!(script, "set local groupgate.cust_space_id = '{scope}';").unwrap();
        }
        script.push_str("\\set LAST_ERROR_MESSAGE ''\n");
        writeln!(script, "{statement};\n\\echo {MARK} :SQLSTATE :ROW_COUNT :LAST_ERROR_MESSAGE\nrollback;").unwrap();
    }
    let printed = psql(world, &script);
    let told: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix(MARK)).collect();
    assert_eq!(told.len(), statements.len(), "psql went through all of it: {printed}");
    statements.into_iter().zip(told).map(|(statement, told)| Tried::read(statement, told)).collect()
}

impl Tried {
    fn read(statement: String, told: &str) -> Self {
        let mut words = told.trim().splitn(3, ' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (sqlstate, rows, error) = (next(), next(), next());
        Self { statement, sqlstate, rows: rows.parse().unwrap(), error }
    }

    #[track_caller]
    fn finds(&self, rows: u64) {
        assert_eq!((self.sqlstate.as_str(), self.rows), (DONE, rows), "{}: {}", self.statement, self.error);
    }

    #[track_caller]
    fn is_forbidden(&self) {
        assert_eq!(self.sqlstate, FORBIDDEN, "{}: {} rows, {}", self.statement, self.rows, self.error);
    }
}

#[track_caller]
fn find_nothing(tried: &[Tried]) {
    for tried in tried {
        tried.finds(0);
    }
}

/// All tables that say whose their rows are.
async fn scoped_tables(owner: &PgPool) -> Vec<String> {
    let mut tables = tables(owner).await;
    tables.retain(|table| !WITHOUT_TENANT.contains(&table.as_str()));
    tables
}

/// One column of each table that the gateway's role may update, apart from the one that says whose a row is.
async fn updatable(owner: &PgPool) -> Vec<(String, String)> {
    let columns =
        "select c.relname::text, min(a.attname)::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
           and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attname <> 'cust_space_id'
           and has_column_privilege('groupgate_app', c.oid, a.attnum, 'update')
         group by 1 order by 1";
    sqlx::query_as(columns).fetch_all(owner).await.unwrap()
}

/// How many rows of each table are a space's.
async fn held(owner: &PgPool, space: &str) -> Vec<(String, i64)> {
    let mut held = Vec::new();
    for table in scoped_tables(owner).await {
        let count = format!("select count(*) from {table} where cust_space_id = $1");
        let count = sqlx::query_scalar(AssertSqlSafe(count)).bind(space).fetch_one(owner).await.unwrap();
        held.push((table, count));
    }
    held
}

#[tokio::test]
async fn a_scope_shows_its_own_rows_and_without_one_there_are_none() {
    let world = filled().await;
    let tables = scoped_tables(&world.owner().await).await;
    for nobody in [None, Some(""), Some("cams-gamma"), Some("%"), Some("*")] {
        let all = attempt(&world, nobody, tables.iter().map(|table| format!("select 1 from {table}")));
        find_nothing(&all);
    }
    let others = |table: &String| format!("select 1 from {table} where cust_space_id is distinct from '{ALPHA}'");
    find_nothing(&attempt(&world, Some(ALPHA), tables.iter().map(others)));
    let own = attempt(&world, Some(ALPHA), tables.iter().map(|table| format!("select 1 from {table}")));
    for (table, tried) in tables.iter().zip(own) {
        assert_eq!(tried.sqlstate, DONE, "{}", tried.error);
        assert_eq!(tried.rows > 0, !OF_SYSTEM.contains(&table.as_str()), "{}", tried.statement);
    }
}

#[tokio::test]
async fn nothing_is_written_moved_or_deleted_outside_the_scope() {
    let world = filled().await;
    let owner = world.owner().await;
    let tables = scoped_tables(&owner).await;
    for elsewhere in [BETA, "_system"] {
        let inserted = tables.iter().map(|table| format!("insert into {table} (cust_space_id) values ('{elsewhere}')"));
        attempt(&world, Some(ALPHA), inserted).iter().for_each(Tried::is_forbidden);
        let moved = tables.iter().map(|table| format!("update {table} set cust_space_id = '{elsewhere}'"));
        attempt(&world, Some(ALPHA), moved).iter().for_each(Tried::is_forbidden);
    }
    let changed = updatable(&owner).await;
    let other = changed
        .iter()
        .map(|(table, column)| format!("update {table} set {column} = {column} where cust_space_id <> '{ALPHA}'"));
    find_nothing(&attempt(&world, Some(ALPHA), other));
    let all = changed.iter().map(|(table, column)| format!("update {table} set {column} = {column}"));
    let all = attempt(&world, Some(ALPHA), all);
    let own = held(&owner, ALPHA).await;
    for ((table, _), tried) in changed.iter().zip(all) {
        let (_, count) = own.iter().find(|(held, _)| held == table).unwrap();
        tried.finds(count.unsigned_abs());
    }
    let deleted = DELETABLE.map(|table| format!("delete from {table} where cust_space_id <> '{ALPHA}'"));
    find_nothing(&attempt(&world, Some(ALPHA), deleted));
}

#[tokio::test]
async fn a_day_is_reached_through_its_whole_table_alone() {
    let world = filled().await;
    let days: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relispartition and relkind = 'r' and relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&world.owner().await)
    .await
    .unwrap();
    assert!(["events_", "deliveries_", "calls_"].iter().all(|kind| days.iter().any(|day| day.starts_with(kind))));
    let tries = days.iter().flat_map(|day| {
        [
            format!("select 1 from {day}"),
            format!("insert into {day} (cust_space_id) values ('{ALPHA}')"),
            format!("update {day} set cust_space_id = '{ALPHA}'"),
            format!("delete from {day}"),
        ]
    });
    attempt(&world, Some(ALPHA), tries).iter().for_each(Tried::is_forbidden);
}

#[tokio::test]
async fn the_walls_cannot_be_taken_down_from_inside() {
    let world = filled().await;
    let tables = scoped_tables(&world.owner().await).await;
    let of_table = tables.iter().flat_map(|table| {
        [
            format!("alter table {table} disable row level security"),
            format!("alter table {table} owner to groupgate_app"),
            format!("drop policy own_rows on {table}"),
            format!("alter policy own_rows on {table} using (true)"),
            format!("create policy mine on {table} using (true)"),
            format!("create trigger mine before insert on {table} execute function next_revision()"),
            format!("create index on {table} (cust_space_id)"),
            format!("truncate {table}"),
            format!("set local row_security = off; select 1 from {table}"),
            format!("copy {table} to '/tmp/table'"),
        ]
    });
    attempt(&world, Some(ALPHA), of_table).iter().for_each(Tried::is_forbidden);
    let of_role = [
        "set role groupgate_owner",
        "set session authorization groupgate_owner",
        "alter role groupgate_app bypassrls",
        "alter role groupgate_app superuser",
        "create role mine",
        "grant groupgate_owner to groupgate_app",
        "set session_replication_role = replica",
        "create view mine as select * from tenants",
        "create function mine() returns int language sql as 'select 1'",
        "create schema mine",
        "create temp table mine (x int)",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/hostname')",
        "select lo_import('/etc/hostname')",
        "select * from pg_authid",
        "select * from pg_statistic",
        "alter function list_tenants security invoker",
        "select grant_to_gateway('groupgate_app')",
    ];
    attempt(&world, Some(ALPHA), of_role.map(str::to_owned)).iter().for_each(Tried::is_forbidden);
}

#[tokio::test]
async fn neither_an_error_nor_the_statistics_tell_of_other_rows() {
    let world = filled().await;
    let owner = world.owner().await;
    sqlx::query("analyze").execute(&owner).await.unwrap();
    // A condition that fails on a value tells that value, where it is asked before the policy is.
    let tables = scoped_tables(&owner).await;
    let failing = tables.iter().map(|table| format!("select 1 from {table} where cust_space_id::int = 1"));
    for tried in attempt(&world, Some(ALPHA), failing) {
        let is_own = tried.rows == 0 && (tried.error.is_empty() || tried.error.contains(ALPHA));
        assert!(is_own && !tried.error.contains(BETA), "{}: {}", tried.statement, tried.error);
    }
    let known = "select 1 from pg_stats where schemaname = 'public' and tablename <> '_sqlx_migrations'".to_owned();
    find_nothing(&attempt(&world, Some(ALPHA), [known]));
}

#[tokio::test]
async fn functions_that_work_in_a_scope_touch_nothing_of_another() {
    let world = filled().await;
    let owner = world.owner().await;
    let new = NewEndpoint { url: "https://beta.example".to_owned(), ..NewEndpoint::default() };
    let other = world.store.space(BETA).create_endpoint(&new, &actor()).await.unwrap().endpoint.endpoint_id.0;
    let before = held(&owner, BETA).await;
    let calls = [
        format!("select enable_endpoint('{other}')"),
        format!("select disable_endpoint('{other}', 'mine')"),
        format!("select remove_endpoint('{other}', 100)"),
        format!("select count(*) from send_test('{other}')"),
        format!("select replay_deliveries('{other}', (select array_agg(gen_random_uuid())))"),
    ];
    let mut script = format!("set groupgate.cust_space_id = '{ALPHA}';\n");
    for call in &calls {
        writeln!(script, "{call};").unwrap();
    }
    assert_eq!(psql(&world, &script).lines().collect::<Vec<_>>(), ["f", "f", "", "0", ""]);
    for scope in [ALPHA, ""] {
        let erased =
            "select hold_events(); select erase_ended_deliveries(); select erase_deliveries(); select erase_events();";
        psql(&world, &format!("set groupgate.cust_space_id = '{scope}';\n{erased}"));
    }
    assert_eq!(held(&owner, BETA).await, before);
    assert_eq!(world.store.space(BETA).endpoints().await.unwrap().len(), 2);
}
