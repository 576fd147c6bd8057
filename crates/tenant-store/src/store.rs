//! The door to PostgreSQL: one pool in the gateway's own role, and one [`Space`] for each tenant's rows.

use std::{
    fmt, mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    MasterKeys, Notifications, Revision, SchemaState, StoreError, idempotency::Owner, schema, sealing::DataKeys,
};

/// The space of what belongs to no single tenant. No tenant can be called so.
pub(crate) const SYSTEM: &str = "_system";

/// A connection that rested for no longer is used without being asked first: under load, that would be one more round
/// trip for each statement.
const TRUSTED: Duration = Duration::from_millis(500);

/// How to reach PostgreSQL.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// `DATABASE_URL`: the gateway's role, which owns nothing.
    pub url: SecretString,
    /// Connections in the pool; [`Store::listen`] opens one more.
    pub connections: u32,
    /// How long a call waits for a connection before [`StoreError::Unavailable`].
    pub acquire_timeout: Duration,
}

/// groupgate's state. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    data_keys: DataKeys,
    url: SecretString,
    owner: Owner,
    /// The tenant that the last round of routing ended with.
    routing_place: Mutex<String>,
}

/// The connections of the pool at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those that somebody works with.
    pub used: u32,
    /// Those that are open and wait for work.
    pub idle: u32,
    /// How many there may be together.
    pub most: u32,
}

/// One tenant's rows: every method runs in a transaction that is scoped to this tenant.
#[derive(Debug, Clone, Copy)]
pub struct Space<'a> {
    pub(crate) store: &'a Store,
    pub(crate) cust_space_id: &'a str,
    expected: Option<Revision>,
}

impl Store {
    /// Connects, and fails where PostgreSQL cannot be reached now. A connection that is lost later is made anew by the pool.
    pub async fn connect(settings: &StoreSettings, keys: MasterKeys) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections)
            .acquire_timeout(settings.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, rested| Box::pin(still_stands(connection, rested.idle_for)))
            .connect_with(connect_options(&settings.url)?)
            .await?;
        let (url, owner) = (settings.url.clone(), Owner::random());
        let inner = Inner { pool, data_keys: DataKeys::new(keys), url, owner, routing_place: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The rows of one tenant. Row-level security shows nothing else, also where a statement forgot to ask.
    pub fn space<'a>(&'a self, cust_space_id: &'a str) -> Space<'a> {
        Space { store: self, cust_space_id, expected: None }
    }

    /// The space of the ISV's own endpoints, which hear of all tenants.
    pub fn isv(&self) -> Space<'_> {
        self.system()
    }

    /// Asks PostgreSQL for an answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query!("select 1 as one").fetch_one(self.pool()).await?;
        Ok(())
    }

    /// The connections of the pool, without those on which [`Store::listen`] listens.
    pub fn connections(&self) -> Connections {
        let pool = self.pool();
        let (open, idle) = (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
        // The two are read one after the other, between which a connection may come or go.
        let idle = idle.min(open);
        Connections { used: open - idle, idle, most: pool.options().get_max_connections() }
    }

    /// Whether the database's schema is the one that this build knows.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        schema::state(self.pool()).await
    }

    /// Whether row-level security binds the role that this store connects as: it is no superuser, may not bypass it, and
    /// owns none of the tables, whose owner no policy binds.
    pub async fn is_bound_by_policies(&self) -> Result<bool, StoreError> {
        let bound = sqlx::query_scalar!(
            r#"select not (r.rolsuper or r.rolbypassrls)
                      and not exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                                      where n.nspname = 'public' and c.relkind in ('r', 'p')
                                        and pg_has_role(current_user, c.relowner, 'usage')) as "bound!"
               from pg_roles r where r.rolname = current_user"#
        );
        Ok(bound.fetch_one(self.pool()).await?)
    }

    /// Listens, on a connection of its own, for what other replicas changed. As long as it stands, other replicas see that
    /// this process lives: calls that it holds an idempotency key for are believed to run.
    pub async fn listen(&self) -> Result<Notifications, StoreError> {
        Notifications::connect(connect_options(&self.inner.url)?, self.owner()).await
    }

    /// Closes all connections, when the calls that run have given theirs back.
    pub async fn close(&self) {
        self.pool().close().await;
    }

    /// The space of access keys and signing keys.
    pub(crate) fn system(&self) -> Space<'_> {
        self.space(SYSTEM)
    }

    /// Begins a transaction by this statement. In a task of its own: where whoever begins gives up half-way, the connection
    /// would go back to the pool in a transaction that nobody knows of, and what the next one believes to be committed
    /// would not be. ([sqlx](https://docs.rs/sqlx/latest/sqlx/struct.Transaction.html) rolls back what has begun alone.)
    pub(crate) async fn begin(&self, statement: &'static str) -> Result<Transaction<'static, Postgres>, StoreError> {
        let pool = self.pool().clone();
        let begun = tokio::spawn(async move { pool.begin_with(statement).await });
        let begun = begun.await.map_err(|error| StoreError::out_of_reach(&error))?;
        Ok(begun?)
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// This process, as the holder of idempotency keys.
    pub(crate) fn owner(&self) -> Owner {
        self.inner.owner
    }

    /// Notes with which tenant a round of routing ended, and tells with which the one before it did.
    pub(crate) fn swap_routing_place(&self, place: String) -> String {
        // Nothing panics while it is locked.
        mem::replace(&mut *self.inner.routing_place.lock().unwrap_or_else(PoisonError::into_inner), place)
    }

    pub(crate) fn data_keys(&self) -> &DataKeys {
        &self.inner.data_keys
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Space<'_> {
    /// The same, for a change of one resource that is only made where the resource still has this revision: otherwise
    /// it fails with [`StoreError::Stale`]. Without one it is made however the resource stands.
    #[must_use]
    pub fn expecting(self, expected: Option<Revision>) -> Self {
        Self { expected, ..self }
    }

    /// Lets a change go on, where the resource still is as the caller has seen it. The caller holds its row.
    pub(crate) fn expect(&self, found: Revision) -> Result<(), StoreError> {
        match self.expected {
            Some(expected) if expected != found => Err(StoreError::Stale),
            _ => Ok(()),
        }
    }

    /// Begins a transaction that sees this tenant's rows and no others.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.store.begin("begin").await?;
        enter(&mut transaction, self.cust_space_id).await?;
        Ok(transaction)
    }

    /// A transaction that only reads, all of it as it stood at one moment.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.store.begin("begin isolation level repeatable read read only").await?;
        enter(&mut transaction, self.cust_space_id).await?;
        Ok(transaction)
    }
}

/// Scopes the running transaction to a tenant, until it ends. A session of the pool is never scoped.
pub(crate) async fn enter(transaction: &mut Transaction<'_, Postgres>, cust_space_id: &str) -> Result<(), StoreError> {
    sqlx::query!("select set_config('groupgate.cust_space_id', $1, true)", cust_space_id)
        .fetch_one(&mut **transaction)
        .await?;
    Ok(())
}

/// Fails where the connection is lost, so that the pool takes another; asks only after a rest.
async fn still_stands(connection: &mut PgConnection, rested: Duration) -> Result<bool, sqlx::Error> {
    if rested > TRUSTED {
        connection.ping().await?;
    }
    Ok(true)
}

/// What PostgreSQL is to do where this process no longer answers: frozen, or its host gone without a word. Until its session
/// ends, it holds the locks of whatever it was at, and others wait for them.
const WHEN_WE_ARE_GONE: [(&str, &str); 4] = [
    // No transaction of ours waits for anything but PostgreSQL.
    ("idle_in_transaction_session_timeout", "15s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// Parses the URL; an error never quotes it, since it holds a password.
pub(crate) fn connect_options(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    let options = url.expose_secret().parse::<PgConnectOptions>().map_err(|_| {
        StoreError::Internal("the database URL is not of the form postgres://role:password@host:port/name".to_owned())
    })?;
    Ok(options.application_name("groupgate").options(WHEN_WE_ARE_GONE))
}
