//! Limits over three replicas and one Redis.

mod tls;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gateway::app::Running;

use crate::support::{Answered, Client, Credentials, Redis, TestApp, eventually, with_tenant};

/// How long calls are made as fast as they can be.
const LOAD: Duration = Duration::from_secs(3);
/// How long it is tried to find a moment in which the machine does not stall.
const PATIENCE: Duration = Duration::from_mins(2);
/// Of one key: so many in a second, and so many at once.
const PER_SECOND: f64 = 20.0;
const BURST: f64 = 80.0;
/// Reads of one key in all, since none comes back while a test runs.
const READS: u64 = 12;
/// The setting for that.
const FEW_READS: &str = "1/h;burst=12";

const SETTINGS: [(&str, &str); 3] = [
    ("GROUPGATE_METRICS_BIND", "127.0.0.1:0"),
    ("GROUPGATE_RATE_PER_KEY", "20/s;burst=80"),
    ("GROUPGATE_RATE_PER_TENANT", "off"),
];

/// Three replicas, on one PostgreSQL.
struct Replicas {
    app: TestApp,
    clients: Vec<Client>,
    metrics: Vec<Client>,
    _others: Vec<Running>,
}

impl Replicas {
    /// Replicas with this limit on the reads of a key.
    async fn start(redis: &Redis, reads: &str) -> Self {
        let url = redis.url();
        let of_test = [("GROUPGATE_RATE_PER_KEY_READ", reads), ("GROUPGATE_REDIS_URL", url.as_str())];
        let settings: Vec<_> = SETTINGS.into_iter().chain(of_test).collect();
        let app = TestApp::with(&settings).await;
        let (mut clients, mut metrics, mut others) = (vec![app.client.clone()], vec![app.metrics()], Vec::new());
        for _ in 1..3 {
            let (client, running) = app.replica_with(&settings).await;
            metrics.push(Client::new(format!("http://{}", running.metrics_addrs()[0])));
            clients.push(client);
            others.push(running);
        }
        let replicas = Self { app, clients, metrics, _others: others };
        replicas.until_shared(1).await;
        replicas
    }

    /// A figure of each replica.
    async fn figures(&self, series: &str) -> Vec<u64> {
        let of = async |metrics: &Client| {
            let text = metrics.send("GET", "/metrics", &[], Vec::new()).await.text;
            let figure = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
            figure.unwrap_or_else(|| panic!("no {series} in {text}"))
        };
        join_all(self.metrics.iter().map(of)).await
    }

    async fn until_shared(&self, up: u64) {
        let all = async || {
            let figures = self.figures("groupgate_limits_shared_up").await;
            figures.iter().all(|figure| *figure == up).then_some(())
        };
        eventually("all replicas tell whether limits are shared", all).await;
    }

    /// How many calls the replicas have counted alone so far.
    async fn alone(&self) -> u64 {
        self.figures("groupgate_limits_shared_decisions_total{result=\"alone\"}").await.iter().sum()
    }

    /// What is found with a key that was not used before, by calls that were all counted in Redis. Where the machine stalls,
    /// Redis is away for a moment, and it is tried again.
    async fn in_peace<T>(&self, find: impl AsyncFn(Credentials) -> T) -> T {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let key = self.key().await;
            self.until_shared(1).await;
            let before = self.alone().await;
            let found = find(key).await;
            if self.alone().await == before {
                return found;
            }
        }
        panic!("Redis was away for a moment each time");
    }

    /// A key that was not used before.
    async fn key(&self) -> Credentials {
        let id = format!("key-{}", uuid::Uuid::new_v4());
        self.app.key(&id, &[(self.app.first.cust_space_id, &["groups.read"])]).await
    }

    /// A read at one of the replicas.
    async fn read(&self, replica: usize, key: &Credentials) -> Answered {
        let tenant = &self.app.first;
        let parameters = with_tenant(tenant, serde_json::json!({"GroupId": tenant.group_id}));
        self.clients[replica % self.clients.len()].call_as(key, "GetChatGroup", parameters).await
    }

    /// How many calls of a key that was not used before got through at all replicas, of as many as two callers at each
    /// could make.
    async fn under_load(&self) -> Load {
        let key = self.key().await;
        self.until_shared(1).await;
        let alone_before = self.alone().await;
        let begun = Instant::now();
        let callers = self.clients.iter().chain(&self.clients).map(|client| Load::of_one(client, &key, begun + LOAD));
        let load = join_all(callers).await.into_iter().fold(Load::default(), Load::and);
        let load = Load { began: Some(begun), ended: Some(Instant::now()), ..load };
        Load { alone: u32::try_from(self.alone().await - alone_before).unwrap(), ..load }
    }
}

/// What callers saw.
#[derive(Debug, Default)]
struct Load {
    through: u32,
    refused: u32,
    /// How many were counted by one replica alone: where the machine stalls, Redis is late for some.
    alone: u32,
    began: Option<Instant>,
    /// When the first call that got through was answered.
    first_through: Option<Instant>,
    /// When the last call was made that did not.
    last_refused: Option<Instant>,
    ended: Option<Instant>,
}

impl Load {
    async fn of_one(client: &Client, key: &Credentials, until: Instant) -> Self {
        let mut load = Self::default();
        let basic = key.basic();
        while Instant::now() < until {
            let asked = Instant::now();
            let answer = client.send("GET", "/v1/whoami", &[("authorization", &basic)], Vec::new()).await;
            match answer.status {
                200 => load.through += 1,
                429 => load.refused += 1,
                _ => panic!("{answer:?}"),
            }
            match answer.status {
                200 => _ = load.first_through.get_or_insert_with(Instant::now),
                _ => load.last_refused = Some(asked),
            }
        }
        load
    }

    fn and(self, other: Self) -> Self {
        Self {
            through: self.through + other.through,
            refused: self.refused + other.refused,
            first_through: self.first_through.into_iter().chain(other.first_through).min(),
            last_refused: self.last_refused.max(other.last_refused),
            ..self
        }
    }

    /// What the limit lets through between two moments.
    fn limit(from: Option<Instant>, to: Option<Instant>) -> f64 {
        BURST + PER_SECOND * (to.unwrap() - from.unwrap()).as_secs_f64()
    }

    /// Whether no more got through than the limit lets, within one call, which is the smallest step, and 1 %; and those
    /// that were counted alone.
    fn is_bounded(&self) -> bool {
        f64::from(self.through) <= 1.01 * Self::limit(self.began, self.ended) + 1.0 + f64::from(self.alone)
    }

    /// Whether as many got through, in the same way. Calls that are refused after the last one got through show that the
    /// limit was used up by then. Where more than a tenth was counted alone, the bound says too little.
    fn is_within_a_hundredth(&self) -> bool {
        let (through, alone) = (f64::from(self.through), f64::from(self.alone));
        let is_used_up = through + alone >= 0.99 * Self::limit(self.first_through, self.last_refused) - 1.0;
        self.refused > 0 && is_used_up && alone <= 0.1 * through
    }
}

#[actix_web::test]
async fn three_replicas_let_through_what_one_may_within_a_hundredth() {
    let redis = Redis::start();
    let replicas = Replicas::start(&redis, "off").await;
    let mut loads = Vec::new();
    // Never more than the limit. That it is counted together, and nothing of it lost, is measured again where the machine
    // has stalled.
    while loads.len() < 5 {
        let load = replicas.under_load().await;
        assert!(load.is_bounded(), "{load:?}");
        if load.is_within_a_hundredth() {
            return;
        }
        loads.push(load);
    }
    panic!("never as many as may: {loads:?}");
}

#[actix_web::test]
async fn what_one_replica_promises_is_what_all_of_them_let_through() {
    let redis = Redis::start();
    let replicas = Replicas::start(&redis, FEW_READS).await;
    let answers = async |key: Credentials| {
        redis.ask("SCRIPT FLUSH");
        let mut answers = Vec::new();
        for replica in 0..=usize::try_from(READS).unwrap() + 2 {
            answers.push(replicas.read(replica, &key).await);
        }
        answers
    };
    let answers = replicas.in_peace(answers).await;
    let told: Vec<_> = answers.iter().map(|answer| (answer.status, left(answer))).collect();
    let through = (0..READS).rev().map(|left| (200, ("key-read".to_owned(), left)));
    let refused = std::iter::repeat_n((429, ("key-read".to_owned(), 0)), 3);
    assert_eq!(told, through.chain(refused).collect::<Vec<_>>());
}

/// The name and `r` of `RateLimit`.
fn left(answer: &Answered) -> (String, u64) {
    let header = answer.header("ratelimit").unwrap_or_else(|| panic!("no RateLimit: {answer:?}"));
    let (name, rest) = header.strip_prefix('"').unwrap().split_once("\";r=").unwrap();
    (name.to_owned(), rest.split_once(';').unwrap().0.parse().unwrap())
}

#[actix_web::test]
async fn calls_go_on_while_redis_is_away_and_share_again_when_it_is_back() {
    let mut redis = Redis::start();
    let replicas = Replicas::start(&redis, FEW_READS).await;
    let used_up = expect_shared(&replicas).await;
    redis.kill();
    expect_calls(&replicas).await;
    replicas.until_shared(0).await;
    expect_calls(&replicas).await;
    for replica in 0..3 {
        replicas.read(replica, &used_up).await.expect(429, "Throttling.User");
    }
    redis.restart();
    expect_shared(&replicas).await;
    redis.hang();
    expect_calls(&replicas).await;
    replicas.until_shared(0).await;
    expect_calls(&replicas).await;
    redis.go_on();
    expect_shared(&replicas).await;
}

/// All replicas together let as many reads through as one may. The key, which each of them knows to be used up.
async fn expect_shared(replicas: &Replicas) -> Credentials {
    let reads = async |key: Credentials| {
        let mut through = 0;
        for replica in 0..usize::try_from(READS).unwrap() + 3 {
            through += u64::from(replicas.read(replica, &key).await.status == 200);
        }
        (through, key)
    };
    let (through, key) = replicas.in_peace(reads).await;
    assert_eq!(through, READS);
    key
}

/// Each replica answers a key that was not used before.
async fn expect_calls(replicas: &Replicas) {
    let key = replicas.key().await;
    for replica in 0..3 {
        replicas.read(replica, &key).await.expect(200, "OK");
    }
}
