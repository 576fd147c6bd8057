//! What arrived at the endpoints, and what they said to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::webhooks::ordinal_in;
use crate::dice::Dice;
use crate::support::Delivery;

/// How far a delivery's time may be from ours, in seconds.
const TOLERANCE: u64 = 120;

/// All endpoints, by their paths.
pub(super) struct Ledger {
    endpoints: Mutex<HashMap<String, Arrivals>>,
    dice: Mutex<Dice>,
}

/// What arrived at one endpoint.
#[derive(Default)]
pub(super) struct Arrivals {
    secret: String,
    /// Requests.
    pub(super) tries: u64,
    /// Requests whose signature, ID or time is not right.
    pub(super) forged: u64,
    /// Requests with another ID or Sequence than the event had before, or with the ID of another event.
    pub(super) changed: u64,
    /// By the ordinals of what was posted.
    events: BTreeMap<u64, Arrived>,
    ids: HashMap<String, u64>,
    /// The last Sequence that a lane had seen for the first time.
    newest: HashMap<(String, String), i64>,
    /// Events that came to their lane for the first time after a later one.
    pub(super) overtaken: u64,
}

/// One event at one endpoint.
struct Arrived {
    id: String,
    cust_space_id: String,
    sequence: i64,
    /// How often it was answered with success.
    taken: u64,
}

/// What a receiver reads of an event.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    id: String,
    cust_space_id: String,
    sequence: i64,
    group_id: Option<String>,
}

impl Ledger {
    /// One whose endpoints fail by this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { endpoints: Mutex::default(), dice: Mutex::new(Dice(seed)) }
    }

    /// Opens an endpoint, whose deliveries are signed with `secret`.
    pub(super) fn open(&self, path: &str, secret: String) {
        self.endpoints.lock().unwrap().insert(path.to_owned(), Arrivals { secret, ..Arrivals::default() });
    }

    /// Writes down a delivery; with what it is answered: a third of all fail.
    pub(super) fn enter(&self, delivery: &Delivery) -> u16 {
        let fails = self.dice.lock().unwrap().below(3) == 0;
        let mut endpoints = self.endpoints.lock().unwrap();
        endpoints.get_mut(&delivery.path).unwrap().enter(delivery, !fails);
        if fails { 500 } else { 204 }
    }

    /// Looks at what arrived at an endpoint.
    pub(super) fn at<T>(&self, path: &str, look: impl FnOnce(&Arrivals) -> T) -> T {
        look(&self.endpoints.lock().unwrap()[path])
    }

    /// How many requests have come to all endpoints, and how many events each of them has taken.
    pub(super) fn progress(&self) -> (u64, BTreeMap<String, u64>) {
        let endpoints = self.endpoints.lock().unwrap();
        let tries = endpoints.values().map(|arrivals| arrivals.tries).sum();
        (tries, endpoints.iter().map(|(path, arrivals)| (path.clone(), arrivals.taken())).collect())
    }
}

impl Arrivals {
    fn enter(&mut self, delivery: &Delivery, taken: bool) {
        let event: Event = serde_json::from_slice(&delivery.body).unwrap();
        self.tries += 1;
        let is_right =
            delivery.is_signed_with(&self.secret) && delivery.header("webhook-id") == event.id && is_now(delivery);
        self.forged += u64::from(!is_right);
        let ordinal = ordinal_in(&delivery.body);
        if !self.events.contains_key(&ordinal) {
            self.note_order(&event);
        }
        let Event { id, cust_space_id, sequence, .. } = event;
        let is_its_own = *self.ids.entry(id.clone()).or_insert(ordinal) == ordinal;
        let fresh = Arrived { id: id.clone(), cust_space_id, sequence, taken: 0 };
        let arrived = self.events.entry(ordinal).or_insert(fresh);
        let is_as_before = is_its_own && arrived.id == id && arrived.sequence == sequence;
        self.changed += u64::from(!is_as_before);
        arrived.taken += u64::from(taken);
    }

    fn note_order(&mut self, event: &Event) {
        let Some(group) = &event.group_id else { return };
        let newest = self.newest.entry((event.cust_space_id.clone(), group.clone())).or_default();
        self.overtaken += u64::from(event.sequence < *newest);
        *newest = event.sequence.max(*newest);
    }

    /// How many events were taken.
    fn taken(&self) -> u64 {
        self.events.values().map(|arrived| arrived.taken.min(1)).sum()
    }

    /// How often an event was taken that had been taken before.
    pub(super) fn doubles(&self) -> u64 {
        self.events.values().map(|arrived| arrived.taken.saturating_sub(1)).sum()
    }

    /// The Sequences of a tenant's events, in their order.
    pub(super) fn sequences_of(&self, cust_space_id: &str) -> Vec<i64> {
        let its = self.events.values().filter(|arrived| arrived.cust_space_id == cust_space_id);
        let mut sequences: Vec<i64> = its.map(|arrived| arrived.sequence).collect();
        sequences.sort_unstable();
        sequences
    }
}

fn is_now(delivery: &Delivery) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    delivery.header("webhook-timestamp").parse().is_ok_and(|at: u64| at.abs_diff(now) < TOLERANCE)
}
