//! A soak: two replicas behind nginx, with PostgreSQL, Redis and Meta, carry a mixed load for as long as they are told to,
//! while all of them fail by turns, as a seed decides. In the end no event is lost, nothing was done twice, nothing of a
//! tenant's is with another, and nothing has grown.
//!
//! `.ci/soak/run SECONDS [SEED]` runs it; `docs/soak.md` says how to read what it tells.

mod book;
mod caller;
mod changes;
mod ending;
mod endpoints;
mod events;
mod faults;
mod growth;
mod log;
mod plan;
mod readers;
mod report;
mod rows;
mod story;
mod tap;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use futures_util::future::join;

use crate::dice::number;
use crate::support::{Redis, SandboxControl};
use crate::world::{Plan, Replica, World};
pub(crate) use book::Book;
use caller::Caller;
pub(crate) use ending::sequences;
pub(crate) use endpoints::Endpoints;
pub(crate) use events::Inbox;
use faults::{Servers, carry_out_at_meta};
use growth::Growth;
use plan::Faults;
pub(crate) use readers::Reader;
use story::Teller;
use tap::Tap;

const REPLICAS: usize = 2;
const TENANTS: usize = 3;
/// How many groups of a tenant are told of at once.
const TELLERS: u64 = 3;

/// A caller waits less for Meta than in production, and a replica that ends for its calls; an endpoint that refuses is asked
/// again at once, and so often that no event is given up. The limits are far above what is called: they are shared, and
/// hold up nobody.
const SETTINGS: [(&str, &str); 5] = [
    ("GROUPGATE_UPSTREAM_TIMEOUT", "4s"),
    ("GROUPGATE_DRAIN_SECONDS", "10"),
    ("GROUPGATE_RATE_PER_KEY", "2000/s;burst=4000"),
    ("GROUPGATE_RATE_PER_TENANT", "2000/s;burst=4000"),
    ("GROUPGATE_RATE_PER_NUMBER", "2000/s;burst=4000"),
];

/// Everybody who has a part in it.
struct Soak {
    seed: u64,
    length: Duration,
    world: World,
    redis: Redis,
    tap: Tap,
    endpoints: Endpoints,
    /// How far each tenant's sequence had come when its endpoint was opened.
    opened: BTreeMap<String, i64>,
    book: Rc<Book>,
    goes_on: Rc<Cell<bool>>,
    tellers: Vec<JoinHandle<()>>,
    /// Each tenant's puller, and its stream.
    readers: Vec<Reader>,
}

impl Soak {
    async fn start(seed: u64, length: Duration) -> Self {
        let redis = Redis::start();
        let (redis_url, retries) = (redis.url(), Endpoints::retries());
        let mut settings = SETTINGS.to_vec();
        settings.extend([("GROUPGATE_REDIS_URL", redis_url.as_str()), ("GROUPGATE_DELIVERY_RETRIES", &retries)]);
        let world = World::start(&Plan { replicas: REPLICAS, tenants: TENANTS, settings: &settings }).await;
        let tap = Tap::start(&world.balancer.url, seed);
        world.meta.send_webhooks_to(&tap.url);
        let endpoints = Endpoints::open(&world, seed).await;
        let opened = sequences(&world.postgres).await;
        let (book, goes_on) = (Rc::default(), Rc::new(Cell::new(true)));
        let mut soak = Self {
            seed,
            length,
            world,
            redis,
            tap,
            endpoints,
            opened,
            book,
            goes_on,
            tellers: Vec::new(),
            readers: Vec::new(),
        };
        soak.begin_load();
        soak
    }

    fn begin_load(&mut self) {
        let (url, meta) = (&self.world.balancer.url, Rc::new(SandboxControl::new(self.world.meta.control.url.clone())));
        for (place, tenant) in self.world.tenants.iter().enumerate() {
            for nth in 0..TELLERS {
                let seed = self.seed.wrapping_mul(1_000) + place as u64 * TELLERS + nth;
                let teller = Teller {
                    caller: Caller::new(url, place, tenant, seed, &self.book),
                    name: format!("soak-{}-{place}-{nth}", self.seed),
                    meta: Rc::clone(&meta),
                    goes_on: Rc::clone(&self.goes_on),
                };
                self.tellers.push(rt::spawn(teller.tell()));
            }
            let [puller, streamer] = [(); 2].map(|()| Reader::new(url, tenant, &self.book));
            rt::spawn(puller.clone().pull());
            rt::spawn(streamer.clone().stream());
            self.readers.extend([puller, streamer]);
        }
    }

    /// The load goes on, and everything fails by turns.
    async fn run(&mut self, faults: &Faults) -> (Growth, Vec<String>) {
        let begun = Instant::now();
        let growth = RefCell::new(Growth::of(self.world.replicas.iter().map(Replica::id), self.length));
        let mut servers = Servers {
            replicas: &mut self.world.replicas,
            postgres: &mut self.world.postgres,
            redis: &mut self.redis,
            growth: &growth,
            wrong: Vec::new(),
        };
        let of_servers = servers.carry_out(&faults.servers, begun, self.length);
        let all = join(of_servers, carry_out_at_meta(&self.world.meta, &faults.meta, begun));
        tokio::select! {
            _ = all => {}
            () = Growth::keep_sampling(&growth) => {}
        }
        let wrong = servers.wrong;
        (growth.into_inner(), wrong)
    }

    /// Leaves all that is wrong, and the replicas' logs, in a file that outlives the soak; tells the first of it, and where it
    /// is.
    fn leave(&self, wrong: &[String]) -> String {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}.log", self.seed));
        fs::write(&file, format!("{}\n\n{}", wrong.join("\n"), self.world.logs())).unwrap();
        format!("{}\nall of it, and the replicas' logs: {}", report::some_of(wrong), file.display())
    }
}

#[actix_web::test]
async fn while_everything_fails_by_turns_nothing_is_lost_done_twice_mixed_up_or_grown() {
    let (seconds, seed) = (number("GROUPGATE_SOAK_SECONDS", 120), number("GROUPGATE_SOAK_SEED", 1));
    let length = Duration::from_secs(seconds);
    let faults = Faults::of(seed, length, REPLICAS);
    tell(&format!("A soak of {seconds} s with seed {seed}:\n{faults}"));
    let mut soak = Soak::start(seed, length).await;
    let (growth, mut wrong) = soak.run(&faults).await;
    wrong.extend(soak.end().await);
    let (report, found) = soak.look(growth, &faults).await;
    wrong.extend(found);
    tell(&report);
    assert!(wrong.is_empty(), "seed {seed}, {seconds} s: {}", soak.leave(&wrong));
}

/// Writes a line on standard output, which is shown where a test fails, or with `--nocapture`.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}
