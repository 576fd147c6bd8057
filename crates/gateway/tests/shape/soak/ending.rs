//! The end of a soak: nothing fails any more, and everything that is on its way arrives.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use serde_json::json;

use super::Soak;
use super::book::{Asked, End};
use super::caller::Caller;
use crate::world::Postgres;

/// How long anything may take to arrive, also on a machine that stalls.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(250);

const OPEN_CHANGES: &str = "select count(*) from changes where status in ('SENDING', 'PENDING')";
const UNROUTED: &str = "select (select count(*) from unrouted_events)
                             + (select count(*) from events where cust_space_id is not null and sequence is null)";
const UNDELIVERED: &str = "select count(*) from open_deliveries";

impl Soak {
    /// Ends the load, and waits until nothing is on its way; what never arrived.
    pub(super) async fn end(&mut self) -> Vec<String> {
        self.world.meta.control.calm().await;
        self.goes_on.set(false);
        for teller in std::mem::take(&mut self.tellers) {
            teller.await.unwrap();
        }
        self.world.ready().await;
        let mut late = Vec::new();
        late.extend(self.within("Meta's webhooks are taken", async |soak| soak.webhooks_are_taken().await).await);
        late.extend(self.within("events are routed", async |soak| soak.is_none(UNROUTED).await).await);
        self.world.open_changes_grow_old().await;
        late.extend(self.within("changes are settled", async |soak| soak.is_none(OPEN_CHANGES).await).await);
        self.ask_again().await;
        late.extend(self.within("Meta's webhooks are taken", async |soak| soak.webhooks_are_taken().await).await);
        late.extend(self.within("events are routed", async |soak| soak.is_none(UNROUTED).await).await);
        late.extend(self.within("events are delivered", async |soak| soak.is_none(UNDELIVERED).await).await);
        late.extend(self.within("readers have all", async |soak| soak.readers_have_all().await).await);
        late
    }

    /// What still has not come about after a long time.
    async fn within(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) -> Option<String> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if is_so(self).await {
                return None;
            }
            sleep(LOOK_EVERY).await;
        }
        Some(format!("not in {PATIENCE:?}: {what}"))
    }

    async fn webhooks_are_taken(&self) -> bool {
        let meta = &self.world.meta.control;
        // What was refused and waits for its next try goes at once.
        meta.webhooks(json!({"mode": "normal", "url": format!("{}/webhooks/graph", self.tap.url)})).await;
        meta.release().await;
        meta.control("GET", "state").await["pending_webhooks"].as_array().is_some_and(Vec::is_empty)
    }

    async fn is_none(&self, count: &'static str) -> bool {
        self.world.postgres.count(count).await == 0
    }

    async fn readers_have_all(&self) -> bool {
        let last = sequences(&self.world.postgres).await;
        let mut both = self.readers.chunks(2).zip(&self.world.tenants);
        both.all(|(readers, tenant)| readers.iter().all(|reader| reader.last() == last[&tenant.cust_space_id]))
    }

    /// Calls with a key that had no end are made again, one last time.
    async fn ask_again(&self) {
        for list in self.book.lists() {
            let mut all = list.take();
            join_all(all.iter_mut().filter(|asked| matches!(asked.end, End::Open)).map(|asked| self.ask(asked))).await;
            list.replace(all);
        }
    }

    async fn ask(&self, asked: &mut Asked) {
        let (url, tenant) = (&self.world.balancer.url, &self.world.tenants[asked.tenant]);
        let caller = Caller::new(url, asked.tenant, tenant, self.seed, &self.book);
        asked.end = caller.make_and_tell(&asked.call, &mut asked.trail).await;
    }
}

/// How far each tenant's sequence has come.
pub(crate) async fn sequences(postgres: &Postgres) -> BTreeMap<String, i64> {
    let all = "select cust_space_id, last_sequence from event_counters";
    let rows: Vec<(String, i64)> = sqlx::query_as(all).fetch_all(&mut postgres.superuser().await).await.unwrap();
    rows.into_iter().collect()
}
