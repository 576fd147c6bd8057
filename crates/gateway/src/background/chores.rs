//! What is done by the clock: dropping what is kept no longer, and finding what was left behind.

use std::time::Duration;

use actix_web::rt::{self, task::JoinHandle};
use tenant_store::{Store, StoreError};

use super::begin;
use crate::console::IDLE;
use crate::events::Nudge;

/// How often events that belong to nobody are looked at.
const STRAYS: Duration = Duration::from_secs(15);
/// How often deliveries are looked at whose replica has died.
const DEAD_CLAIMS: Duration = Duration::from_secs(2);
/// How often the partitions of events are looked at.
const PARTITIONS: Duration = Duration::from_mins(5);
/// How often what is kept no longer is dropped.
const HOURLY: Duration = Duration::from_hours(1);
/// How often nonces are, which are many.
const NONCES: Duration = Duration::from_mins(5);
/// How many rows are dropped at once, so that nobody waits for it.
const BATCH: i64 = 1000;

/// Begins what needs nothing but the store.
pub(super) fn begin_all(store: &Store, deliveries: &Nudge, retention: Duration) -> [JoinHandle<()>; 9] {
    let (dead, deliveries, stopped, partitions) = (store.clone(), deliveries.clone(), store.clone(), store.clone());
    let [fingerprints, keys, nonces, media, calls, sessions] = [(); 6].map(|()| store.clone());
    [
        begin("dead claims", async move || release_dead_claims(&dead, &deliveries).await),
        begin("stopped endpoints", async move || end_stopped_deliveries(&stopped).await),
        begin("partitions", async move || keep_partitions(&partitions, retention).await),
        begin("old calls", async move || drop_calls(&calls).await),
        begin("fingerprints", async move || forget_fingerprints(&fingerprints).await),
        begin("idempotency keys", async move || forget_keys(&keys).await),
        begin("nonces", async move || forget_nonces(&nonces).await),
        begin("media", async move || forget_media(&media).await),
        begin("sessions", async move || forget_sessions(&sessions).await),
    ]
}

/// Events that came while their number was being added, or for a number that is not ours.
pub(super) struct Strays {
    pub(super) store: Store,
    pub(super) router: Nudge,
}

impl Strays {
    /// Gives them to the number's tenant, or tells the ISV of the number, every few seconds.
    pub(super) async fn look_after_all(&self) {
        loop {
            rt::time::sleep(STRAYS).await;
            while self.adopt().await > 0 {}
            self.announce().await;
        }
    }

    /// A bounded number at once. Returns how many.
    async fn adopt(&self) -> u64 {
        match self.store.adopt_strays().await {
            Ok(0) => 0,
            Ok(adopted) => {
                tracing::info!(adopted, "events have found their tenant");
                self.router.look();
                adopted
            }
            Err(error) => {
                tracing::warn!(%error, "events without a tenant could not be looked at");
                0
            }
        }
    }

    async fn announce(&self) {
        match self.store.announce_unknown_numbers().await {
            Ok(0) => {}
            Ok(announced) => tracing::warn!(announced, "events come for numbers that no tenant has"),
            Err(error) => tracing::warn!(%error, "events of unknown numbers could not be announced"),
        }
    }
}

/// Gives back what replicas that died had claimed to deliver.
async fn release_dead_claims(store: &Store, deliveries: &Nudge) {
    loop {
        rt::time::sleep(DEAD_CLAIMS).await;
        match store.release_dead_claims().await {
            Ok(0) => {}
            Ok(released) => {
                tracing::info!(released, "deliveries of a replica that is gone are tried by others");
                deliveries.look();
            }
            Err(error) => tracing::warn!(%error, "deliveries of replicas that are gone could not be looked at"),
        }
    }
}

/// Ends what is open for endpoints that were disabled, a part at a time.
async fn end_stopped_deliveries(store: &Store) {
    loop {
        match store.end_stopped_deliveries().await {
            Ok(0) => rt::time::sleep(DEAD_CLAIMS).await,
            Ok(ended) => tracing::info!(ended, "deliveries to disabled endpoints are dead"),
            Err(error) => {
                tracing::warn!(%error, "deliveries to disabled endpoints could not be ended");
                rt::time::sleep(DEAD_CLAIMS).await;
            }
        }
    }
}

/// Makes the partitions of the next days, and drops those older than `retention`.
async fn keep_partitions(store: &Store, retention: Duration) {
    loop {
        match store.keep_partitions(retention).await {
            Ok(kept) if kept.is_put_off => tracing::debug!("the partitions of events are in use; looking again later"),
            Ok(kept) if kept.made + kept.dropped > 0 => {
                tracing::info!(made = kept.made, dropped = kept.dropped, "days of events were made and dropped");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the partitions of events could not be kept"),
        }
        rt::time::sleep(PARTITIONS).await;
    }
}

/// Drops the days of calls that are over for a week.
async fn drop_calls(store: &Store) {
    loop {
        match store.drop_old_calls().await {
            Ok(kept) if kept.dropped > 0 => tracing::info!(dropped = kept.dropped, "days of calls were dropped"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old calls could not be dropped"),
        }
        rt::time::sleep(HOURLY).await;
    }
}

/// Drops fingerprints of events that Meta no longer repeats.
async fn forget_fingerprints(store: &Store) {
    forget("old fingerprints", HOURLY, async || store.forget_old_fingerprints(BATCH).await).await;
}

/// Drops idempotency keys that are kept no longer.
async fn forget_keys(store: &Store) {
    forget("old idempotency keys", HOURLY, async || store.forget_old_keys(BATCH).await).await;
}

/// Drops nonces that are remembered no longer.
async fn forget_nonces(store: &Store) {
    forget("old nonces", NONCES, async || store.forget_old_nonces(BATCH).await).await;
}

/// Drops the records of files that Meta has no more.
async fn forget_media(store: &Store) {
    forget("records of old files", HOURLY, async || store.forget_old_media(BATCH).await).await;
}

/// Drops sessions of the console that are over.
async fn forget_sessions(store: &Store) {
    forget("sessions that are over", HOURLY, async || store.forget_console_sessions(IDLE, BATCH).await).await;
}

/// Drops what is old, a batch after the other while there is a whole one, and looks again after `pause`.
async fn forget(what: &'static str, pause: Duration, drop_batch: impl AsyncFn() -> Result<u64, StoreError>) {
    loop {
        match drop_batch().await {
            Ok(dropped) if dropped >= BATCH.unsigned_abs() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, what, "what is old could not be dropped"),
        }
        rt::time::sleep(pause).await;
    }
}
