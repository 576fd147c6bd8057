//! What PostgreSQL's NOTIFY tells: only that there is something to look at, never the thing itself; but for [`NotBefore`],
//! which lies nowhere else.

use std::time::Duration;

use sqlx::{
    Acquire as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions},
};
use tokio::time::timeout;

use crate::{NotBefore, StoreError, idempotency::Owner};

const CHANNELS: [&str; 9] =
    [TENANTS, ACCESS_KEYS, ISSUERS, CHANGES, EVENTS, MIRRORS, PUBLISHED, DELIVERIES, NOT_BEFORE];
const TENANTS: &str = "groupgate_tenants";
const ACCESS_KEYS: &str = "groupgate_access_keys";
const ISSUERS: &str = "groupgate_issuers";
const CHANGES: &str = "groupgate_changes";
const EVENTS: &str = "groupgate_events";
const MIRRORS: &str = "groupgate_mirrors";
const PUBLISHED: &str = "groupgate_published";
const DELIVERIES: &str = "groupgate_deliveries";
const NOT_BEFORE: &str = "groupgate_not_before";

/// Between two tries to reach a PostgreSQL that is away.
const RETRY: Duration = Duration::from_millis(500);
/// How long making a connection may take.
const CONNECTING: Duration = Duration::from_secs(30);
/// How long nothing is told before PostgreSQL is asked whether the connection still stands.
const SILENCE: Duration = Duration::from_secs(10);
/// How long it may take to answer that. Both together are less than the time after which PostgreSQL ends the session of a
/// client that has gone silent: the lock by which this process lives is then held on another connection already.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reason to look at the database again, or what another replica has learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// A tenant, one of its numbers or its credential changed: its `CustSpaceId`.
    Tenants(String),
    /// An access key was made, changed or revoked: its `AccessKeyId`.
    AccessKeys(String),
    /// An external issuer of JWTs was added, changed or removed.
    Issuers,
    /// Asynchronous changes settled, of any tenant.
    Changes,
    /// Events wait to be routed that were not received just now: their number was added, or the change was found that they
    /// ended. Of those that are received nobody is told; their replica routes them.
    Events,
    /// Events were published, of the tenants of these `CustSpaceId`s; where none is named, of any.
    Published(Vec<String>),
    /// Something is due to be delivered to endpoints.
    Deliveries,
    /// Something is due to be compared with Meta's word.
    Mirrors,
    /// Another replica was told by Meta not to call before a time.
    NotBefore(NotBefore),
    /// The connection was lost and is back: anything may have happened meanwhile.
    Reconnected,
}

/// The stream of [`Notification`]s, on a connection of its own.
#[derive(Debug)]
pub struct Notifications {
    options: PgConnectOptions,
    /// This process, which is not told what it told itself.
    owner: Owner,
    /// `None` while the connection is lost.
    listener: Option<PgListener>,
}

impl Notifications {
    pub(crate) async fn connect(options: PgConnectOptions, owner: Owner) -> Result<Self, StoreError> {
        let listener = listen(&options, owner).await?;
        Ok(Self { options, owner, listener: Some(listener) })
    }

    /// Waits for the next one. While PostgreSQL is away it waits and tries again, and then says [`Notification::Reconnected`].
    /// A future of it that is dropped loses at most a notification that is followed by `Reconnected`.
    pub async fn next(&mut self) -> Notification {
        match self.heard().await {
            Some(notification) => notification,
            None => self.reconnected().await,
        }
    }

    /// Waits for the next one for as long as the connection stands: `None` once it is lost, or while it is.
    pub async fn heard(&mut self) -> Option<Notification> {
        loop {
            let listener = self.listener.as_mut()?;
            match timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(notification))) => {
                    if let Some(known) = parse(&notification, self.owner) {
                        return Some(known);
                    }
                }
                Err(_) if still_stands(listener).await => {}
                Ok(Ok(None) | Err(_)) | Err(_) => self.listener = None,
            }
        }
    }

    /// Listens on a new connection, as soon as there is one: [`Notification::Reconnected`].
    pub async fn reconnected(&mut self) -> Notification {
        loop {
            match listen(&self.options, self.owner).await {
                Ok(listener) => {
                    self.listener = Some(listener);
                    return Notification::Reconnected;
                }
                Err(error) => tracing::warn!(%error, "cannot listen for changes; trying again"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Takes the lock by which other processes see that this one lives; on each connection anew. Shared, so that a session
/// of before, which PostgreSQL may not know to be dead yet, does not keep the next from it.
async fn show_life(connection: &mut PgConnection, owner: Owner) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_lock_shared($1)", owner.0).execute(connection).await?;
    Ok(())
}

/// Listens on a new connection, which alone is in a pool: one that died may keep its place in the pool for as long as the
/// system takes to notice, since a listener that is dropped still says farewell on it.
async fn listen(options: &PgConnectOptions, owner: Owner) -> Result<PgListener, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .after_connect(move |connection, _| Box::pin(show_life(connection, owner)))
        .connect_lazy_with(options.clone());
    let listening = timeout(CONNECTING, async {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen_all(CHANNELS).await?;
        Ok(listener)
    });
    listening.await.unwrap_or_else(|late| Err(StoreError::out_of_reach(&late)))
}

/// Whether PostgreSQL still answers: a connection whose other end is gone without a word looks like one on which nothing
/// is told.
async fn still_stands(listener: &mut PgListener) -> bool {
    let asked = timeout(PATIENCE, async { listener.acquire().await?.ping().await });
    let stands = matches!(asked.await, Ok(Ok(())));
    if !stands {
        tracing::warn!("the connection for changes is dead, and is made anew");
    }
    stands
}

fn parse(notification: &PgNotification, me: Owner) -> Option<Notification> {
    match notification.channel() {
        TENANTS => Some(Notification::Tenants(notification.payload().to_owned())),
        ACCESS_KEYS => Some(Notification::AccessKeys(notification.payload().to_owned())),
        ISSUERS => Some(Notification::Issuers),
        CHANGES => Some(Notification::Changes),
        EVENTS => Some(Notification::Events),
        MIRRORS => Some(Notification::Mirrors),
        PUBLISHED => Some(Notification::Published(names(notification.payload()))),
        DELIVERIES => Some(Notification::Deliveries),
        NOT_BEFORE => NotBefore::read(notification.payload(), me).map(Notification::NotBefore),
        _ => None,
    }
}

fn names(payload: &str) -> Vec<String> {
    payload.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
