//! What is done by the clock: dropping what is kept no longer, and finding what was left behind.

use std::time::Duration;

use actix_web::rt::{self, task::JoinHandle};
use tenant_store::{Store, StoreError};

use super::begin;
use crate::console::IDLE;
use crate::events::Nudge;
use crate::operations::Services;
use crate::telemetry::metrics::Pulse;

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
/// How soon what failed is tried again.
const AFTER_A_FAILURE: Duration = Duration::from_mins(1);
/// How many rows are dropped at once, so that nobody waits for it.
const BATCH: i64 = 1000;

/// Begins what needs nothing but the store.
pub(super) fn begin_all(services: &Services, deliveries: &Nudge, retention: Duration) -> [JoinHandle<()>; 9] {
    let (store, metrics, deliveries) = (&services.store, &services.metrics, deliveries.clone());
    let [dead, stopped, partitions, calls] = [(); 4].map(|()| store.clone());
    let [fingerprints, keys, nonces, media, sessions] = [(); 5].map(|()| store.clone());
    [
        begin(metrics, "dead_claims", async move |pulse| release_dead_claims(&dead, &deliveries, &pulse).await),
        begin(metrics, "stopped_endpoints", async move |pulse| end_stopped_deliveries(&stopped, &pulse).await),
        begin(metrics, "partitions", async move |pulse| keep_partitions(&partitions, retention, &pulse).await),
        begin(metrics, "old_calls", async move |pulse| drop_calls(&calls, &pulse).await),
        begin(metrics, "fingerprints", async move |pulse| forget_fingerprints(&fingerprints, &pulse).await),
        begin(metrics, "idempotency_keys", async move |pulse| forget_keys(&keys, &pulse).await),
        begin(metrics, "nonces", async move |pulse| forget_nonces(&nonces, &pulse).await),
        begin(metrics, "media", async move |pulse| forget_media(&media, &pulse).await),
        begin(metrics, "sessions", async move |pulse| forget_sessions(&sessions, &pulse).await),
    ]
}

/// Waits for the next round, which is long to come. One that failed is not at rest, and is tried again sooner.
async fn pause(pulse: &Pulse, has_succeeded: bool, pause: Duration) {
    if has_succeeded {
        pulse.at_rest(rt::time::sleep(pause)).await;
    } else {
        rt::time::sleep(pause.min(AFTER_A_FAILURE)).await;
    }
}

/// Events that came while their number was being added, or for a number that is not ours.
pub(super) struct Strays {
    pub(super) store: Store,
    pub(super) router: Nudge,
}

impl Strays {
    /// Gives them to the number's tenant, or tells the ISV of the number, every few seconds.
    pub(super) async fn look_after_all(&self, pulse: &Pulse) {
        loop {
            rt::time::sleep(STRAYS).await;
            let adopted = self.adopt_all().await;
            let adopted =
                adopted.inspect_err(|error| tracing::warn!(%error, "events without a tenant could not be looked at"));
            let announced = self.announce().await;
            let announced = announced
                .inspect_err(|error| tracing::warn!(%error, "events of unknown numbers could not be announced"));
            if adopted.is_ok() && announced.is_ok() {
                pulse.succeeded();
            }
        }
    }

    /// A bounded number at once.
    async fn adopt_all(&self) -> Result<(), StoreError> {
        loop {
            match self.store.adopt_strays().await? {
                0 => return Ok(()),
                adopted => tracing::info!(adopted, "events have found their tenant"),
            }
            self.router.look();
        }
    }

    async fn announce(&self) -> Result<(), StoreError> {
        match self.store.announce_unknown_numbers().await? {
            0 => {}
            announced => tracing::warn!(announced, "events come for numbers that no tenant has"),
        }
        Ok(())
    }
}

/// Gives back what replicas that died had claimed to deliver.
async fn release_dead_claims(store: &Store, deliveries: &Nudge, pulse: &Pulse) {
    loop {
        rt::time::sleep(DEAD_CLAIMS).await;
        match store.release_dead_claims().await {
            Ok(0) => pulse.succeeded(),
            Ok(released) => {
                tracing::info!(released, "deliveries of a replica that is gone are tried by others");
                deliveries.look();
                pulse.succeeded();
            }
            Err(error) => tracing::warn!(%error, "deliveries of replicas that are gone could not be looked at"),
        }
    }
}

/// Ends what is open for endpoints that were disabled, a part at a time.
async fn end_stopped_deliveries(store: &Store, pulse: &Pulse) {
    loop {
        match store.end_stopped_deliveries().await {
            Ok(0) => {
                pulse.succeeded();
                rt::time::sleep(DEAD_CLAIMS).await;
            }
            Ok(ended) => tracing::info!(ended, "deliveries to disabled endpoints are dead"),
            Err(error) => {
                tracing::warn!(%error, "deliveries to disabled endpoints could not be ended");
                rt::time::sleep(DEAD_CLAIMS).await;
            }
        }
    }
}

/// Makes the partitions of the next days, and drops those older than `retention`.
async fn keep_partitions(store: &Store, retention: Duration, pulse: &Pulse) {
    loop {
        let kept = store.keep_partitions(retention).await;
        match &kept {
            Ok(kept) if kept.is_put_off => tracing::debug!("the partitions of events are in use; looking again later"),
            Ok(kept) if kept.made + kept.dropped > 0 => {
                tracing::info!(made = kept.made, dropped = kept.dropped, "days of events were made and dropped");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the partitions of events could not be kept"),
        }
        pause(pulse, kept.is_ok_and(|kept| !kept.is_put_off), PARTITIONS).await;
    }
}

/// Drops the days of calls that are over for a week.
async fn drop_calls(store: &Store, pulse: &Pulse) {
    loop {
        let kept = store.drop_old_calls().await;
        match &kept {
            Ok(kept) if kept.is_put_off => tracing::debug!("the days of calls are in use; looking again later"),
            Ok(kept) if kept.dropped > 0 => tracing::info!(dropped = kept.dropped, "days of calls were dropped"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old calls could not be dropped"),
        }
        pause(pulse, kept.is_ok_and(|kept| !kept.is_put_off), HOURLY).await;
    }
}

/// Drops fingerprints of events that Meta no longer repeats.
async fn forget_fingerprints(store: &Store, pulse: &Pulse) {
    forget("old fingerprints", HOURLY, pulse, async || store.forget_old_fingerprints(BATCH).await).await;
}

/// Drops idempotency keys that are kept no longer.
async fn forget_keys(store: &Store, pulse: &Pulse) {
    forget("old idempotency keys", HOURLY, pulse, async || store.forget_old_keys(BATCH).await).await;
}

/// Drops nonces that are remembered no longer.
async fn forget_nonces(store: &Store, pulse: &Pulse) {
    forget("old nonces", NONCES, pulse, async || store.forget_old_nonces(BATCH).await).await;
}

/// Drops the records of files that Meta has no more.
async fn forget_media(store: &Store, pulse: &Pulse) {
    forget("records of old files", HOURLY, pulse, async || store.forget_old_media(BATCH).await).await;
}

/// Drops sessions of the console that are over.
async fn forget_sessions(store: &Store, pulse: &Pulse) {
    forget("sessions that are over", HOURLY, pulse, async || store.forget_console_sessions(IDLE, BATCH).await).await;
}

/// Drops what is old, a batch after the other while there is a whole one, and looks again when the next round comes.
async fn forget(
    what: &'static str,
    round: Duration,
    pulse: &Pulse,
    drop_batch: impl AsyncFn() -> Result<u64, StoreError>,
) {
    loop {
        let dropped = drop_batch().await;
        match &dropped {
            Ok(dropped) if *dropped >= BATCH.unsigned_abs() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, what, "what is old could not be dropped"),
        }
        pause(pulse, dropped.is_ok(), round).await;
    }
}
