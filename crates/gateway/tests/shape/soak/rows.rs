//! What must be true of the tables in the end: no row of a tenant names what is another's, and nothing has gathered that
//! nobody asked for.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection};

use super::book::Book;
use super::tap::Tap;
use crate::world::{Postgres, Tenant};

/// Columns by which a row names a number or its account.
const NAMES: &str = "select c.table_name::text, c.column_name::text from information_schema.columns c
    join information_schema.columns t on t.table_name = c.table_name and t.table_schema = 'public'
     and t.column_name = 'cust_space_id'
    where c.table_schema = 'public' and c.table_name <> 'business_numbers'
      and c.column_name in ('phone_number_id', 'business_number', 'waba_id')
      and c.table_name in (select tablename from pg_tables where schemaname = 'public')";

/// Rows of a tenant that name a number which is not the tenant's.
pub(super) async fn foreign(postgres: &Postgres) -> Vec<String> {
    let mut connection = postgres.superuser().await;
    let names: Vec<(String, String)> = sqlx::query_as(NAMES).fetch_all(&mut connection).await.unwrap();
    assert!(names.len() > 5, "the tables are found: {names:?}");
    let mut wrong = Vec::new();
    for (table, column) in names {
        let foreign = count(
            &mut connection,
            format!(
                "select count(*) from {table} t where t.cust_space_id is not null and coalesce(t.{column}, '') <> ''
                 and not exists (select from business_numbers n
                                 where n.cust_space_id = t.cust_space_id and n.{column} = t.{column})"
            ),
        );
        let foreign = foreign.await;
        if foreign > 0 {
            wrong.push(format!("{foreign} rows of {table} name a {column} that is not their tenant's"));
        }
    }
    wrong
}

/// Groups that stand with another tenant, or were shown to another, than the one whose number made them.
pub(super) async fn foreign_groups(postgres: &Postgres, book: &Book, tap: &Tap, tenants: &[Tenant]) -> Vec<String> {
    let all = "select distinct cust_space_id, group_id from groups
               union select cust_space_id, group_id from events where group_id is not null
               union select cust_space_id, group_id from changes where group_id is not null";
    let mut rows: Vec<(Option<String>, String)> =
        sqlx::query_as(all).fetch_all(&mut postgres.superuser().await).await.unwrap();
    rows.extend(book.shown.borrow().iter().map(|(tenant, group)| (Some(tenant.clone()), group.clone())));
    let phones: BTreeMap<&str, &str> =
        tenants.iter().map(|tenant| (tenant.cust_space_id.as_str(), tenant.phone_number_id.as_str())).collect();
    tap.look(|told| {
        let is_foreign = |(tenant, group): &&(Option<String>, String)| {
            let phone = tenant.as_deref().and_then(|tenant| phones.get(tenant).copied());
            told.owners.get(group).is_some_and(|owner| Some(owner.as_str()) != phone)
        };
        let wrong = rows.iter().filter(is_foreign);
        wrong.map(|(tenant, group)| format!("the group {group} stands with {tenant:?}")).collect()
    })
}

/// What was asked of the gateway, by which its tables may have grown.
pub(super) struct Asked {
    pub(super) tenants: u64,
    /// Of replicas; each is remembered for an hour.
    pub(super) lives: u64,
    /// That Meta told.
    pub(super) events: u64,
    /// Of groups.
    pub(super) creates: u64,
    pub(super) keys: u64,
    /// Requests that change something.
    pub(super) writes: u64,
    pub(super) requests: u64,
}

impl Asked {
    /// How many rows a table may hold; `None` for one that is not known here.
    fn bound(&self, table: &str) -> Option<u64> {
        let Self { tenants, lives, events, creates, keys, writes, requests } = *self;
        // What was told before the tap stood in the way: of each tenant's first group.
        let events = events + 10 * tenants;
        Some(match table {
            "unrouted_events" | "open_deliveries" | "nonces" | "console_sessions" | "unknown_numbers"
            | "events_default" | "deliveries_default" | "calls_default" | "malformed_webhooks" | "upstream_objects"
            | "issuers" | "onboardings" => 0,
            "tenants" | "business_numbers" | "credentials" | "access_keys" | "endpoints" | "mirrors"
            | "number_events" => tenants,
            // The ISV's own beside them.
            "data_keys" | "event_counters" => tenants + 1,
            "signing_keys" | "replicas" => lives,
            "audit_log" => 10 * tenants,
            "groups" => creates + tenants,
            "events" | "event_fingerprints" | "deliveries" => events,
            "idempotency_keys" => keys,
            // A balancer may ask a second replica where the first gave no answer.
            "changes" => 2 * writes + tenants,
            "calls" => 2 * requests + 10 * tenants,
            // A row for each operation and code, by the day; by the hour; by the day.
            "usage" => 500 * tenants,
            "traffic" => tenants * (2 + requests / 3_600),
            "group_messages" => 2 * tenants,
            // The schema's own.
            "_sqlx_migrations" | "gateway_privileges" => u64::MAX,
            _ => return None,
        })
    }
}

/// Every table but those days of a partitioned one that are counted with it.
const TABLES: &str = "select relname::text from pg_class where relnamespace = 'public'::regnamespace
    and relkind in ('r', 'p') and (not relispartition or relname like '%\\_default') order by relname";

/// Keys whose process lives. What a process that was killed had claimed is the next call's: PostgreSQL has dropped its lock.
const CLAIMED: &str = "select count(*) from idempotency_keys
    where state = 'running' and exists (
        select from pg_locks
        where locktype = 'advisory' and objsubid = 1 and granted
          and classid = (owner >> 32 & 4294967295)::oid and objid = (owner & 4294967295)::oid)";

/// Tables that hold more than was asked for, or are not known here.
pub(super) async fn grown(postgres: &Postgres, asked: &Asked) -> Vec<String> {
    let mut connection = postgres.superuser().await;
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await.unwrap();
    let mut wrong = Vec::new();
    for table in tables {
        let rows = count(&mut connection, format!("select count(*) from {table}")).await;
        match asked.bound(&table) {
            Some(bound) if u64::try_from(rows).unwrap() <= bound => {}
            bound => wrong.push(format!("{table} holds {rows} rows, and may hold {bound:?}")),
        }
    }
    let claimed = count(&mut connection, CLAIMED.to_owned()).await;
    wrong.extend((claimed > 0).then(|| format!("{claimed} keys are claimed by who lives, and no call runs")));
    wrong
}

async fn count(connection: &mut PgConnection, query: String) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(connection).await.unwrap()
}
