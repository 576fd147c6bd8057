//! The tenants' endpoints: they fail at random, and write down what they took.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use tenant_store::NewEndpoint;

use crate::dice::Dice;
use crate::support::{Delivery, Receiver, actor};
use crate::world::World;

/// How often a delivery is tried: as many times as can be set.
const TRIES: usize = 32;
/// Of so many deliveries one is refused.
const REFUSED_OF: u64 = 4;

/// One endpoint a tenant.
pub(crate) struct Endpoints {
    ledger: Arc<Mutex<Ledger>>,
    _receiver: Receiver,
}

/// What came to all of them.
#[derive(Default)]
pub(crate) struct Ledger {
    /// By the tenant.
    endpoints: HashMap<String, Arrivals>,
    /// Requests.
    pub(crate) tries: u64,
    /// What should never have come: a wrong signature, another tenant's event, an event whose place has changed.
    pub(crate) wrong: Vec<String>,
}

/// What came to one of them.
struct Arrivals {
    secret: String,
    /// How often each event was taken, by its place in the tenant's sequence, with its ID.
    events: BTreeMap<i64, (String, u64)>,
}

/// What a receiver reads of an event.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    id: String,
    cust_space_id: String,
    sequence: i64,
}

impl Endpoints {
    /// `GROUPGATE_DELIVERY_RETRIES`, so that what is refused comes again at once, and so often that nothing is given up.
    pub(crate) fn retries() -> String {
        ["300ms"; TRIES].join(",")
    }

    /// Opens them; they fail by this seed.
    pub(crate) async fn open(world: &World, seed: u64) -> Self {
        let (ledger, dice) = (Arc::<Mutex<Ledger>>::default(), Mutex::new(Dice(seed)));
        let entered = Arc::clone(&ledger);
        let receiver = Receiver::start(move |delivery| {
            let is_taken = dice.lock().unwrap().below(REFUSED_OF) != 0;
            entered.lock().unwrap().enter(&delivery, is_taken);
            if is_taken { 204 } else { 503 }
        });
        for tenant in &world.tenants {
            let path = format!("/{}", tenant.cust_space_id);
            let new = NewEndpoint { url: receiver.url(&path), ..NewEndpoint::default() };
            let made = world.store.space(&tenant.cust_space_id).create_endpoint(&new, &actor()).await.unwrap();
            let secret = made.secret.expose().expose_secret().to_owned();
            let arrivals = Arrivals { secret, events: BTreeMap::new() };
            ledger.lock().unwrap().endpoints.insert(tenant.cust_space_id.clone(), arrivals);
        }
        Self { ledger, _receiver: receiver }
    }

    /// Looks at what came.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger.lock().unwrap())
    }
}

impl Ledger {
    fn enter(&mut self, delivery: &Delivery, is_taken: bool) {
        self.tries += 1;
        let of_path = delivery.path.trim_start_matches('/');
        let event = serde_json::from_slice::<Event>(&delivery.body).ok();
        let (Some(event), Some(arrivals)) = (event, self.endpoints.get_mut(of_path)) else {
            self.wrong.push(format!("no event for an endpoint: {delivery:?}"));
            return;
        };
        let arrived = arrivals.events.entry(event.sequence).or_insert_with(|| (event.id.clone(), 0));
        arrived.1 += u64::from(is_taken);
        let is_signed = delivery.is_signed_with(&arrivals.secret) && delivery.header("webhook-id") == event.id;
        let (is_its_own, is_as_before) = (event.cust_space_id == of_path, arrived.0 == event.id);
        if !(is_signed && is_its_own && is_as_before) {
            let Event { id, cust_space_id, sequence } = event;
            self.wrong.push(format!(
                "{id} ({cust_space_id} {sequence}) came to {of_path}: signed {is_signed}, as before {is_as_before}"
            ));
        }
    }

    /// How often a tenant's endpoint has taken the event of this place and ID.
    pub(crate) fn taken(&self, cust_space_id: &str, sequence: i64, id: &str) -> u64 {
        let arrived = self.endpoints[cust_space_id].events.get(&sequence).filter(|arrived| arrived.0 == id);
        arrived.map_or(0, |arrived| arrived.1)
    }

    /// How many events were taken, and how many of them more than once.
    pub(crate) fn totals(&self) -> (usize, usize) {
        let times = self.endpoints.values().flat_map(|arrivals| arrivals.events.values().map(|arrived| arrived.1));
        times.fold((0, 0), |(taken, twice), times| (taken + usize::from(times > 0), twice + usize::from(times > 1)))
    }
}
