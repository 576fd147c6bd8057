//! A gateway that is killed every few seconds, with a PostgreSQL that is restarted under it and endpoints that fail a third
//! of their deliveries, loses no event and makes none of its own: what was answered with 200 arrives, signed, at the
//! tenant's endpoint and at the ISV's, and each tenant's Sequence is whole.
//!
//! `GROUPGATE_KILL_EVENTS` (300) says how many events are told, `GROUPGATE_KILL_RATE` (150) how many a second at the most,
//! `GROUPGATE_KILL_LATEST_MS` (1000) how long the gateway lives at the most, `GROUPGATE_KILL_SEED` (1) when it dies.

mod ledger;
mod scene;
mod webhooks;

use std::io::{Write as _, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use secrecy::ExposeSecret as _;
use tenant_store::NewEndpoint;

use crate::dice::{Dice, number};
use crate::support::{Client, PATIENCE, Receiver, actor, create_key};
use ledger::{Arrivals, Ledger};
use scene::{Departure, Scene};
use webhooks::{Meta, Number};

const TENANTS: usize = 3;
/// How many webhooks Meta sends at once.
const SENDERS: usize = 4;
/// How often the gateway is killed at the least.
const KILLS: u64 = 3;
/// Where the ISV's endpoint gets everything.
const ISV: &str = "/isv";

/// Everybody who has a part in it.
struct Trial {
    scene: Scene,
    meta: Meta,
    ledger: Arc<Ledger>,
    numbers: Vec<Number>,
    events: u64,
    seed: u64,
    begun: Instant,
    _receiver: Receiver,
}

impl Trial {
    async fn new() -> Self {
        let (events, rate) = (number("GROUPGATE_KILL_EVENTS", 300), number("GROUPGATE_KILL_RATE", 150));
        let seed = number("GROUPGATE_KILL_SEED", 1);
        let (scene, ledger) = (Scene::new().await, Arc::new(Ledger::new(seed)));
        let numbers: Vec<Number> = (1..=TENANTS).map(Number::nth).collect();
        let entered = Arc::clone(&ledger);
        let receiver = Receiver::start(move |delivery| entered.enter(&delivery));
        open_endpoint(&scene, &ledger, &receiver, ISV, None).await;
        for number in &numbers {
            scene.add(number).await;
            open_endpoint(&scene, &ledger, &receiver, &path_of(number), Some(number)).await;
        }
        let meta = Meta::new(numbers.clone(), events, rate, seed);
        Self { scene, meta, ledger, numbers, events, seed, begun: Instant::now(), _receiver: receiver }
    }

    /// Kills the gateway until everything is told, and restarts PostgreSQL twice meanwhile.
    async fn be_killed(&self) {
        let (latest_ms, mut dice) = (number("GROUPGATE_KILL_LATEST_MS", 1000), Dice(self.seed));
        let mut departures = [Departure::Orderly, Departure::Crash].into_iter();
        let (mut kills, mut told) = (0, 0);
        while told < self.events || kills < KILLS || !departures.as_slice().is_empty() {
            let is_time = told * 3 >= self.events * (self.scene.restarts.get() + 1);
            let departure = if is_time { departures.next() } else { None };
            self.scene.live_and_be_killed(|| Duration::from_millis(dice.below(latest_ms)), departure).await;
            (kills, told) = (self.scene.kills.get(), self.meta.acknowledged.get());
        }
    }

    /// Waits until every endpoint has taken all that is its own, and nothing is open, as long as requests come.
    async fn arrive(&self) {
        let of_tenants = self.numbers.iter().map(path_of).zip(self.meta.events_by_number());
        let expected = [(ISV.to_owned(), self.events)].into_iter().chain(of_tenants).collect();
        let mut seen = (0, Instant::now());
        loop {
            let (tries, taken) = self.ledger.progress();
            if taken == expected && self.scene.open_deliveries().await == 0 {
                return;
            }
            if tries != seen.0 {
                seen = (tries, Instant::now());
            }
            assert!(seen.1.elapsed() < PATIENCE, "seed {}: of {expected:?} only {taken:?} came", self.seed);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Looks at each tenant's Sequence: as it was pulled, and as both endpoints have it.
    async fn require_whole_sequences(&self) {
        let key = create_key(&self.scene.store, "the-puller", &[("*", &["events.read"])]).await;
        let (client, authorization) = (Client::new(self.scene.url("")), key.basic());
        for (number, events) in self.numbers.iter().zip(self.meta.events_by_number()) {
            let whole: Vec<i64> = (1..=events.try_into().unwrap()).collect();
            assert_eq!(pull(&client, &authorization, number).await, whole, "seed {}: {number:?}", self.seed);
            for path in [&path_of(number), ISV] {
                let delivered = self.ledger.at(path, |arrivals| arrivals.sequences_of(&number.cust_space_id));
                assert_eq!(delivered, whole, "seed {}: {path} of {number:?}", self.seed);
            }
        }
    }

    /// What happened, for people.
    fn report(&self) -> String {
        let (tries, doubles) = (self.sum(|at| at.tries), self.sum(Arrivals::doubles));
        let share = doubles * 10_000 / (2 * self.events);
        format!(
            "{} events in {} webhooks and {} posts, {} kills, PostgreSQL restarted {} times, {} s, seed {}: {} deliveries \
             with {tries} tries, {doubles} taken twice ({}.{:02} %)",
            self.events,
            self.meta.webhooks.get(),
            self.meta.posts.get(),
            self.scene.kills.get(),
            self.scene.restarts.get(),
            self.begun.elapsed().as_secs(),
            self.seed,
            2 * self.events,
            share / 100,
            share % 100,
        )
    }

    /// Over all endpoints.
    fn sum(&self, count: impl Fn(&Arrivals) -> u64) -> u64 {
        let paths = self.numbers.iter().map(path_of).chain([ISV.to_owned()]);
        paths.map(|path| self.ledger.at(&path, &count)).sum()
    }
}

/// The path of a tenant's endpoint.
fn path_of(number: &Number) -> String {
    format!("/{}", number.cust_space_id)
}

/// Opens an endpoint of a tenant, or of the ISV.
async fn open_endpoint(scene: &Scene, ledger: &Ledger, receiver: &Receiver, path: &str, whose: Option<&Number>) {
    let space = whose.map_or_else(|| scene.store.isv(), |number| scene.store.space(&number.cust_space_id));
    let new = NewEndpoint { url: receiver.url(path), ..NewEndpoint::default() };
    let made = space.create_endpoint(&new, &actor()).await.unwrap();
    ledger.open(path, made.secret.expose().expose_secret().to_owned());
}

/// The Sequences of a tenant, as it pulls them.
async fn pull(client: &Client, authorization: &str, number: &Number) -> Vec<i64> {
    let mut sequences = Vec::new();
    loop {
        let after = sequences.last().unwrap_or(&0);
        let path = format!("/v1/events?CustSpaceId={}&After={after}&Limit=100", number.cust_space_id);
        let page = client.send("GET", &path, &[("authorization", authorization)], Vec::new()).await.expect(200, "OK");
        let events = page["Data"]["List"].as_array().unwrap();
        if events.is_empty() {
            return sequences;
        }
        sequences.extend(events.iter().map(|event| event["Sequence"].as_i64().unwrap()));
    }
}

#[actix_web::test]
async fn killed_at_random_it_delivers_every_event_that_it_answered_and_each_tenants_sequence_is_whole() {
    let trial = Trial::new().await;
    let url = trial.scene.url("/webhooks/graph");
    join(join_all((0..SENDERS).map(|_| trial.meta.tell(&url))), trial.be_killed()).await;
    let _last_life = trial.scene.give_life().await;
    trial.arrive().await;
    trial.require_whole_sequences().await;
    let report = trial.report();
    let _ = writeln!(stdout(), "{report}");
    assert_eq!(trial.sum(|at| at.forged), 0, "every delivery's signature, ID and time are right: {report}");
    assert_eq!(trial.sum(|at| at.changed), 0, "an event keeps its ID and its place: {report}");
    assert_eq!(trial.sum(|at| at.overtaken), 0, "the events of a group first come in their order: {report}");
    assert_eq!(trial.scene.restarts.get(), 2, "{report}");
}
