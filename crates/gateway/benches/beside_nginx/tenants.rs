//! A store with many tenants, of which some are called.

use std::process::{Command, Stdio};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use secrecy::SecretString;
use sqlx::Connection as _;
use tenant_store::{Actor, Grant, NewAccessKey, Store};

use super::database::Database;

pub(super) const ACCESS_KEY_ID: &str = "LTAIBenchmark00000000001";
/// As long as many of Meta's are.
pub(super) const TOKEN_LENGTH: usize = 200;

/// How many credentials are sealed at the same time.
const LANES: u32 = 4;

/// Tenants with a number and a group each. Sealed values of those who are never called are copies, which do not open.
/// Nothing is due of what a gateway does by itself for each tenant: comparing groups, checking tokens.
const TENANTS: [&str; 4] = [
    "insert into tenants (cust_space_id, name, status)
     select 'cams-bench' || lpad(n::text, 6, '0'), 'Benchmark', 'active' from generate_series(1, $1::bigint) n",
    "insert into business_numbers (cust_space_id, business_number, phone_number_id, waba_id)
     select 'cams-bench' || lpad(n::text, 6, '0'), (15550000000 + n)::text, (100000000000000 + n)::text,
            (200000000000000 + n)::text
     from generate_series(1, $1::bigint) n",
    "insert into groups (cust_space_id, phone_number_id, group_id, subject, details_due)
     select cust_space_id, phone_number_id, 'Y2FwaV9ncm91cDox' || phone_number_id || 'ZD0000000000Z', 'Benchmark', null
     from business_numbers where $1::bigint > 0",
    "update mirrors set listed_at = now(), list_due = now() + interval '1 day', recorded_at = now(),
            record_due = now() + interval '1 day' where $1::bigint > 0",
];
const COPIES: [&str; 3] = [
    "insert into data_keys (cust_space_id, version, master_key_id, wrapped_key)
     select t.cust_space_id, k.version, k.master_key_id, k.wrapped_key
     from tenants t, data_keys k
     where k.cust_space_id = 'cams-bench000001' and not exists (
         select from data_keys o where o.cust_space_id = t.cust_space_id)",
    "insert into credentials (cust_space_id, sealed_token, key_version, last4)
     select t.cust_space_id, c.sealed_token, c.key_version, c.last4
     from tenants t, credentials c
     where c.cust_space_id = 'cams-bench000001' and not exists (
         select from credentials o where o.cust_space_id = t.cust_space_id)",
    "update credentials set check_due_at = now() + interval '1 day'",
];

/// The tenants, their store, and the key of whoever calls for all of them.
#[derive(Debug)]
pub(super) struct Tenants {
    pub(super) database: Database,
    pub(super) secret: SecretString,
    /// How many can be called: the first ones.
    pub(super) in_use: u32,
}

/// The names of one.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    pub(super) cust_space_id: String,
    pub(super) business_number: String,
    pub(super) group_id: String,
}

impl Tenant {
    /// The one of this index, from 0. The names of all are of the same length.
    pub(super) fn at(index: u32) -> Self {
        let (number, phone_number_id) = (15_550_000_001 + u64::from(index), 100_000_000_000_001 + u64::from(index));
        Self {
            cust_space_id: format!("cams-bench{:06}", index + 1),
            business_number: number.to_string(),
            group_id: format!("Y2FwaV9ncm91cDox{phone_number_id}ZD0000000000Z"),
        }
    }
}

impl Tenants {
    /// A store with so many of them, and PostgreSQL behind load and stub where these want the core.
    pub(super) async fn make(count: u32, in_use: u32) -> anyhow::Result<Self> {
        let database = Database::start_quick().await?;
        yield_to_load(&database);
        let mut superuser = database.superuser().await?;
        for statement in TENANTS {
            sqlx::query(statement).bind(i64::from(count)).execute(&mut superuser).await?;
        }
        let store = database.store().await?;
        try_join_all((0..LANES).map(|lane| seal(&store, (lane..in_use).step_by(LANES as usize)))).await?;
        let secret = key(&store).await?;
        store.close().await;
        for statement in COPIES {
            sqlx::query(statement).execute(&mut superuser).await?;
        }
        sqlx::query("vacuum analyze").execute(&mut superuser).await?;
        superuser.close().await?;
        Ok(Self { database, secret, in_use })
    }

    /// The same store, and whether PostgreSQL counts statements now: its `contrib` may not be installed.
    pub(super) async fn counting_statements(self) -> anyhow::Result<(Self, bool)> {
        let mut superuser = self.database.superuser().await?;
        let found = "select count(*) from pg_available_extensions where name = 'pg_stat_statements'";
        let found: i64 = sqlx::query_scalar(found).fetch_one(&mut superuser).await?;
        if found == 0 {
            return Ok((self, false));
        }
        sqlx::query("alter system set shared_preload_libraries = 'pg_stat_statements'").execute(&mut superuser).await?;
        superuser.close().await?;
        let Self { database, secret, in_use } = self;
        let database = database.restarted_quick().await?;
        yield_to_load(&database);
        let mut superuser = database.superuser().await?;
        sqlx::query("create extension pg_stat_statements").execute(&mut superuser).await?;
        superuser.close().await?;
        Ok((Self { database, secret, in_use }, true))
    }
}

/// What PostgreSQL does for gateways goes after load and stub, which share its core: a load that waits for a core finds
/// all proxies slow. Where that cannot be had, figures of latency are worse by it.
fn yield_to_load(database: &Database) {
    let mut command = Command::new("renice");
    command.args(["-n", "10", "-p"]).arg(database.server.pid().to_string());
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

async fn seal(store: &Store, indices: impl Iterator<Item = u32>) -> anyhow::Result<()> {
    let (token, actor) = (SecretString::from("E".repeat(TOKEN_LENGTH)), actor());
    for index in indices {
        let tenant = Tenant::at(index);
        let space = store.space(&tenant.cust_space_id);
        space.set_credential(&token, &actor).await.context("cannot seal a token")?;
    }
    Ok(())
}

/// An access key for all tenants, as a backend of the ISV's has it.
async fn key(store: &Store) -> anyhow::Result<SecretString> {
    let scopes = ["groups.read", "groups.write"].map(str::to_owned).into();
    let key = NewAccessKey {
        name: "benchmark".to_owned(),
        grants: vec![Grant { cust_space_ids: vec!["*".to_owned()], scopes }],
        access_key_id: Some(ACCESS_KEY_ID.to_owned()),
        ..NewAccessKey::default()
    };
    Ok(store.create_access_key(&key, &actor()).await?.secret)
}

fn actor() -> Actor {
    Actor { name: "benchmark".to_owned(), address: None, request_id: None }
}
