//! Limits that three replicas share, as callers see them through nginx: under ten times what may get through, one call after
//! the other, and while Redis is away.

mod account;

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use serde_json::json;

use crate::degraded::says;
use crate::soak::tell;
use crate::support::Redis;
use crate::world::{Answer, Plan, Replica, Sleeper, Tenant, Wire, World, flood};
use account::{Account, Limit};

const REPLICAS: usize = 3;
/// Of all calls of a tenant. So few that ten times as many are no trouble to a machine which does much beside.
const ALL: Limit = Limit { per_second: 10, burst: 20 };
/// Of those that change something.
const WRITES: Limit = Limit { per_second: 5, burst: 10 };
/// How long calls come at ten times the limit.
const FLOOD: Duration = Duration::from_secs(22);
/// How often something is looked at at the most, where the machine stalls so that Redis is away for a moment.
const TRIES: usize = 3;
/// How late somebody wakes up where the machine stalls. A call waits 50 ms for Redis, and on the way there and back two
/// processes wait for the machine.
const STALL: Duration = Duration::from_millis(25);
/// How long Redis is away.
const OUTAGE: Duration = Duration::from_secs(6);
/// How soon after Redis is back all replicas share again.
const BACK: Duration = Duration::from_secs(5);
/// How long it is looked at what gets through then.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// How often a caller who is alone uses up what is left, and comes back.
const ROUNDS: u64 = 20;

const READ: &str = "GetChatGroupInviteLink";
const WRITE: &str = "AddChatGroupInviteLink";
const ALONE: &str = r#"groupgate_limits_shared_decisions_total{result="alone"}"#;

/// Replicas that share these limits.
async fn world(redis: &Redis) -> World {
    let (url, all, writes) = (redis.url(), ALL.setting(), WRITES.setting());
    let settings = [
        ("GROUPGATE_RATE_PER_TENANT", all.as_str()),
        ("GROUPGATE_RATE_PER_TENANT_WRITE", &writes),
        ("GROUPGATE_REDIS_URL", &url),
        ("GROUPGATE_LOG", "warn"),
    ];
    let world = World::start(&Plan { replicas: REPLICAS, tenants: 2 * TRIES, settings: &settings }).await;
    says(&world.replicas, 1.0).await;
    world
}

/// How many calls replicas have counted alone so far.
async fn counted_alone(replicas: &[Replica]) -> f64 {
    let each = replicas.iter().map(async |replica| replica.metric(ALONE).await.expect("a metric"));
    join_all(each).await.iter().sum()
}

/// Fails unless the machine stalled, by which alone calls can have come too late or been counted alone.
fn excused(alone: f64, late: Duration) {
    assert!(late > STALL, "{alone} calls were counted alone, or not all made, and nobody woke up later than {late:?}");
    tell(&format!("looked at again: {alone} calls were counted alone, and somebody woke up {late:?} late"));
}

/// What is found where all calls were counted together. Where they were not, or `None` is found, and the machine stalled, it
/// is looked again, with another of the tenants, whose limits are whole.
async fn in_peace<T>(world: &World, tenants: &[Tenant], look: impl AsyncFn(&Tenant) -> Option<T>) -> T {
    for tenant in tenants {
        says(&world.replicas, 1.0).await;
        let (before, sleeper) = (counted_alone(&world.replicas).await, Sleeper::start());
        let found = look(tenant).await;
        let (alone, late) = (counted_alone(&world.replicas).await - before, sleeper.stop().await);
        match found {
            Some(found) if alone < 0.5 => return found,
            _ => excused(alone, late),
        }
    }
    panic!("in none of {TRIES} times were all calls made in time, and counted together");
}

/// The text of a call about the tenant's group.
fn request(tenant: &Tenant, operation: &str) -> String {
    let (head, body) = tenant.written(operation, "", json!({"GroupId": tenant.group_id}));
    head + &body
}

/// A little more than ten times as many calls a second as get through, the burst included.
fn ten_times(limit: Limit) -> u32 {
    10 * limit.per_second + (limit.per_second + limit.burst).div_ceil(2)
}

/// Calls at ten times the limit; `None` where the machine could not make them all.
async fn under_flood(world: &World, tenant: &Tenant, operation: &str, limit: Limit) -> Option<Account> {
    let calls = flood(world.balancer.address(), request(tenant, operation), ten_times(limit));
    sleep(FLOOD).await;
    let account = Account::of(calls.stop().await);
    let (through, all) = (account.through(), account.through() + account.refused());
    tell(&format!("{operation}: of {all} calls {through} got through, of {limit:?}"));
    (all >= 10.0 * limit.within(FLOOD) && account.is_dense(limit)).then_some(account)
}

#[actix_web::test]
async fn under_ten_times_the_load_three_replicas_let_through_what_the_limit_lets_within_a_hundredth() {
    let redis = Redis::start();
    let world = world(&redis).await;
    for ((operation, limit), tenants) in [(READ, ALL), (WRITE, WRITES)].into_iter().zip(world.tenants.chunks(TRIES)) {
        let look = async |tenant: &Tenant| under_flood(&world, tenant, operation, limit).await;
        let account = in_peace(&world, tenants, look).await;
        account.keeps(limit);
        account.uses_up(limit);
        let (through, refused) = (account.through(), account.refused());
        assert!(refused >= 9.0 * through, "{refused} were refused where {through} got through");
        account.says_when_to_come_back();
    }
}

/// A tenant's calls, of which there are no others.
struct Caller {
    request: String,
    wires: Vec<Wire>,
}

impl Caller {
    async fn new(world: &World, tenant: &Tenant) -> Self {
        let nginx = world.balancer.address();
        let wires = join_all((0..ALL.burst).map(|_| Wire::to(nginx))).await;
        Self { request: request(tenant, READ), wires }
    }

    async fn one(&mut self) -> Answer {
        self.wires[0].ask(&self.request).await
    }

    /// So many at once.
    async fn at_once(&mut self, count: usize) -> Vec<Answer> {
        join_all(self.wires.iter_mut().take(count).map(|wire| wire.ask(&self.request))).await
    }

    /// Calls until one is refused that nobody called beside; that refusal.
    async fn until_refused(&mut self) -> Answer {
        for _ in 0..500 {
            self.at_once(8).await;
            let answer = self.one().await;
            if answer.status != 200 {
                return answer;
            }
        }
        panic!("the limit is never used up");
    }
}

/// How much was promised to a caller who is alone, and what of it did not come true.
async fn promises(caller: &mut Caller) -> (usize, Vec<String>) {
    let (mut promised, mut broken) = (0, Vec::new());
    for round in 0..ROUNDS {
        let told = caller.one().await;
        let left = told.left.expect("it is told what is left");
        promised += left;
        let refused: Vec<_> = caller.at_once(left).await.into_iter().filter(|answer| answer.status != 200).collect();
        if !refused.is_empty() {
            broken.push(format!("{told:?} promised {left} calls, of which were refused {refused:?}"));
        }
        let refused = caller.until_refused().await;
        sleep(refused.wait.expect("it is told when to come back")).await;
        let later = caller.one().await;
        if later.status != 200 {
            broken.push(format!("{refused:?} was waited for, and then {later:?}"));
        }
        sleep(Duration::from_millis(80 * round)).await;
    }
    (promised, broken)
}

#[actix_web::test]
async fn what_a_replica_promises_a_caller_who_is_alone_any_replica_keeps() {
    let redis = Redis::start();
    let world = world(&redis).await;
    let look = async |tenant: &Tenant| Some(promises(&mut Caller::new(&world, tenant).await).await);
    let (promised, broken) = in_peace(&world, &world.tenants[..TRIES], look).await;
    assert!(promised > 50, "{promised} calls were promised in {ROUNDS} rounds");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What gets through while Redis is away, and afterwards; `None` where replicas did not share in time since the machine
/// stalled.
async fn outage(world: &World, redis: &mut Redis, tenant: &Tenant) -> Option<()> {
    let calls = flood(world.balancer.address(), request(tenant, READ), ten_times(ALL));
    sleep(Duration::from_secs(1)).await;
    let killed = Instant::now();
    redis.kill();
    sleep(OUTAGE).await;
    let (back, sleeper) = (Instant::now(), Sleeper::start());
    redis.restart();
    sleep(BACK).await;
    let shared = Instant::now();
    let before = counted_alone(&world.replicas).await;
    sleep(AFTERWARDS).await;
    let (alone, late) = (counted_alone(&world.replicas).await - before, sleeper.stop().await);
    let account = Account::of(calls.stop().await);
    let without = account.between(killed, back);
    let afterwards = account.between(shared, shared + AFTERWARDS);
    tell(&format!("{} got through without Redis, {} with it, of {ALL:?}", without.through(), afterwards.through()));
    let [replicas, limit] = [f64::from(u32::try_from(REPLICAS).unwrap()), ALL.within(back - killed)];
    assert!(without.through() <= replicas * ALL.most(back - killed), "each replica keeps the limit by itself");
    // Otherwise it would not be seen that they share again.
    assert!(without.through() > 1.5 * limit, "each replica lets through what the limit lets");
    if alone > 0.5 {
        excused(alone, late);
        return None;
    }
    afterwards.keeps(ALL);
    Some(())
}

#[actix_web::test]
async fn while_redis_is_away_each_replica_keeps_the_limit_by_itself_and_soon_after_all_of_them_together() {
    let mut redis = Redis::start();
    let mut world = world(&redis).await;
    let processes: Vec<_> = world.replicas.iter().map(Replica::id).collect();
    let mut found = None;
    for tenant in &world.tenants[..TRIES] {
        if found.is_none() {
            says(&world.replicas, 1.0).await;
            found = outage(&world, &mut redis, tenant).await;
        }
    }
    assert!(found.is_some(), "in none of {TRIES} times did replicas share within {BACK:?} after Redis was back");
    assert!(world.replicas.iter_mut().all(Replica::lives), "{}", world.logs());
    assert_eq!(processes, world.replicas.iter().map(Replica::id).collect::<Vec<_>>());
}
