//! Against a real Redis.

mod counting;
mod outages;

#[path = "../../../../tests/it/support/redis.rs"]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::Quota;
use tenant_store::Rate;
use tokio::time::sleep;

use super::{SharedLimits, Test, Verdict};
use crate::telemetry::metrics::Metrics;
use server::Redis;

/// Longer than anything here takes, also on a machine that stalls.
const PATIENCE: Duration = Duration::from_secs(45);

fn quota(rate: &str) -> Quota {
    let Rate::Limited { calls, per, burst } = rate.parse().unwrap() else { panic!("{rate} is no limit") };
    Quota::with_period(per.duration() / calls.get()).unwrap().allow_burst(burst)
}

fn test<'a>(key: &'a str, rate: &str) -> Test<'a> {
    Test { key, quota: quota(rate), spare: false }
}

/// Limits in this Redis, which need not be there yet, and where they are counted.
fn limits(url: &str) -> (Arc<SharedLimits>, Metrics) {
    let metrics = Metrics::default();
    let limits = Arc::new(SharedLimits::new(Some(url.parse().unwrap()), metrics.clone()));
    let keeper = limits.clone();
    tokio::spawn(async move { keeper.link.as_ref().unwrap().keep().await });
    (limits, metrics)
}

/// The verdict of Redis, as soon as there is one.
async fn shared(limits: &SharedLimits, tests: &[Test<'_>]) -> Verdict {
    eventually("an answer of Redis", async || limits.take(tests).await).await
}

/// Waits until Redis is not asked any more.
async fn alone(limits: &SharedLimits) {
    let is_alone = async || {
        let taken = limits.take(&[test("anybody", "1/s")]).await;
        (taken.is_none() && !limits.is_asked()).then_some(())
    };
    eventually("the end of shared limits", is_alone).await;
}

async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
