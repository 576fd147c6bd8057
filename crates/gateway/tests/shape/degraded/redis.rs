//! Redis is away, or hangs: the limits are each replica's own meanwhile, and nobody is told anything.

use actix_web::rt::time::sleep;
use std::time::{Duration, Instant};

use crate::support::{Redis, eventually};
use crate::world::{Load, Plan, Replica, World, reads};

/// How long Redis is away, or hangs, at the least.
const OUTAGE: Duration = Duration::from_secs(2);
/// How soon after Redis is back all replicas share again.
const BACK: Duration = Duration::from_secs(5);
/// Of so many outages the shortest return counts, since the machine may stall in any of them.
const TRIES: u32 = 3;
/// 1 where the limits are shared.
const SHARED: &str = "groupgate_limits_shared_up";

/// Limits that are shared, and that nobody reaches.
pub(super) const LIMITS: [(&str, &str); 3] = [
    ("GROUPGATE_RATE_PER_KEY", "1000/s;burst=5000"),
    ("GROUPGATE_RATE_PER_TENANT", "1000/s;burst=5000"),
    ("GROUPGATE_RATE_PER_NUMBER", "1000/s;burst=5000"),
];

/// Waits until each replica's metric says this.
pub(crate) async fn says(replicas: &[Replica], shared: f64) {
    for replica in replicas {
        let what = format!("{SHARED} is {shared}");
        let is_so = async || replica.metric(SHARED).await.filter(|up| (up - shared).abs() < f64::EPSILON).map(|_| ());
        eventually(&what, is_so).await;
    }
}

/// Waits until all replicas share the limits of a Redis that has just come back; how long that took.
async fn shared_again(replicas: &[Replica]) -> Duration {
    let back = Instant::now();
    says(replicas, 1.0).await;
    back.elapsed()
}

/// Redis is killed and started again, and then hangs and goes on: how soon the limits are shared again after each.
async fn outages(redis: &mut Redis, replicas: &[Replica]) -> [Duration; 2] {
    redis.kill();
    says(replicas, 0.0).await;
    sleep(OUTAGE).await;
    redis.restart();
    let after_start = shared_again(replicas).await;
    redis.hang();
    says(replicas, 0.0).await;
    sleep(OUTAGE).await;
    redis.go_on();
    [after_start, shared_again(replicas).await]
}

#[actix_web::test]
async fn without_redis_no_call_fails_and_the_limits_are_shared_again_when_it_is_back() {
    let mut redis = Redis::start();
    let url = redis.url();
    let settings = [&LIMITS[..], &[("GROUPGATE_REDIS_URL", &url)]].concat();
    let mut world = World::start(&Plan { replicas: 2, tenants: 2, settings: &settings }).await;
    let load = Load::start(&world.balancer.url, &world.tenants, 60, reads);
    says(&world.replicas, 1.0).await;
    let mut soonest = [Duration::MAX; 2];
    for _ in 0..TRIES {
        let took = outages(&mut redis, &world.replicas).await;
        soonest = [soonest[0].min(took[0]), soonest[1].min(took[1])];
        if soonest.iter().all(|took| *took < BACK) {
            break;
        }
    }
    let record = load.stop().await;
    record.print("Redis away");
    record.expect(|outcome| outcome.status == 200);
    assert!(soonest.iter().all(|took| *took < BACK), "limits are shared again {soonest:?} after Redis is back");
    assert!(world.replicas.iter_mut().all(Replica::lives), "{}", world.logs());
}
