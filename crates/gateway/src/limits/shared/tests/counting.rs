//! What the script counts, by a clock of the test's own where time matters.

use std::time::Duration;

use governor::clock::FakeRelativeClock;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenant_store::Rate;

use super::{Redis, limits, shared, test};
use crate::limits::Limiter;
use crate::limits::shared::dial::Connection;
use crate::limits::shared::script::Script;
use crate::limits::shared::{Test, Verdict};

/// The script, whose clock is what stands under the key `clock`, and whose keys live until the test ends: Redis would let
/// them go by its own clock.
fn script_of_the_test() -> Script {
    let text = include_str!("../script.lua");
    let (clock, life) = ("redis.call('TIME')", ", 'PX', string.format('%.0f', math.ceil(lead / 1e6))");
    assert_eq!((text.matches(clock).count(), text.matches(life).count()), (1, 1));
    Script::new(text.replace(clock, "redis.call('HMGET', 'clock', 's', 'us')").replace(life, ""))
}

/// Redis with a clock that only the test moves.
struct Clocked {
    connection: Connection,
    script: Script,
    /// Microseconds since 1970.
    now: u64,
}

impl Clocked {
    async fn new(redis: &Redis) -> Self {
        let connection = Connection::open(&redis.url().parse().unwrap()).await.unwrap();
        let mut clocked = Self { connection, script: script_of_the_test(), now: 1_795_000_000_999_999 };
        clocked.set(clocked.now).await;
        clocked
    }

    async fn set(&mut self, now: u64) {
        self.now = now;
        let (seconds, microseconds) = (now / 1_000_000, now % 1_000_000);
        let mut set = redis::cmd("HSET");
        set.arg("clock").arg("s").arg(seconds).arg("us").arg(microseconds);
        set.query_async::<()>(&mut self.connection.commands).await.unwrap();
    }

    async fn take(&mut self, tests: &[Test<'_>]) -> Verdict {
        self.script.ask(&mut self.connection.commands, tests).await.unwrap()
    }
}

/// What this replica decides by itself.
struct Local {
    clock: FakeRelativeClock,
    limiters: Vec<Limiter<FakeRelativeClock>>,
}

impl Local {
    fn new(rates: &[Rate]) -> Self {
        let clock = FakeRelativeClock::default();
        clock.advance(Duration::from_hours(24 * 365));
        let limiter = |rate: &Rate| Limiter::with_clock(*rate, clock.clone()).unwrap();
        Self { limiters: rates.iter().map(limiter).collect(), clock }
    }

    /// The wait of the limit that lets the call through last; otherwise how many get through after it, by limit.
    fn take(&self) -> Result<Vec<u32>, Duration> {
        if let Some(longest) = self.limiters.iter().filter_map(Limiter::wait).max() {
            return Err(longest);
        }
        let take = |limiter: &Limiter<_>| {
            limiter.take().unwrap();
            limiter.look().remaining
        };
        Ok(self.limiters.iter().map(take).collect())
    }
}

fn rates() -> impl Strategy<Value = Rate> {
    let period = prop_oneof![Just("s"), Just("m"), Just("h")];
    let calls = prop_oneof![1_u32..10, 1_u32..1_000, 1_u32..=9_999_999];
    let rate = (calls, period, 1_u32..12).prop_map(|(calls, period, burst)| format!("{calls}/{period};burst={burst}"));
    rate.prop_map(|rate| rate.parse().unwrap())
}

/// Pauses between calls in microseconds: none, a few, and some around what the rates above let through.
fn pauses() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 1 => 1_u64..20, 1 => 1_u64..2_000_000, 1 => 1_u64..100_000_000, 1 => 1_u64..10_000_000_000]
}

#[test]
fn redis_decides_as_a_replica_does_by_itself() {
    let redis = Redis::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut clocked = runtime.block_on(Clocked::new(&redis));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(60) });
    let mut case = 0;
    let input = (prop::collection::vec(rates(), 1..4), prop::collection::vec(pauses(), 40));
    let clocked = std::cell::RefCell::new(&mut clocked);
    let case = std::cell::RefCell::new(&mut case);
    runner
        .run(&input, |(rates, pauses)| {
            let (mut clocked, mut case) = (clocked.borrow_mut(), case.borrow_mut());
            **case += 1;
            let keys: Vec<String> = (0..rates.len()).map(|limit| format!("{case}:{limit}")).collect();
            let limits = keys.iter().zip(&rates);
            let tests: Vec<_> = limits.map(|(key, rate)| test(key, &rate.to_string())).collect();
            let local = Local::new(&rates);
            for pause in pauses {
                local.clock.advance(Duration::from_micros(pause));
                let now = clocked.now + pause;
                let verdict = runtime.block_on(async {
                    clocked.set(now).await;
                    clocked.take(&tests).await
                });
                let decided = match verdict {
                    Verdict::Taken(standings) => Ok(standings.iter().map(|left| left.remaining).collect()),
                    Verdict::Refused { wait, .. } => Err(wait),
                };
                prop_assert_eq!(decided, local.take());
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_call_that_one_limit_refuses_is_counted_by_none_and_told_of_the_longest_wait() {
    let redis = Redis::start();
    let mut clocked = Clocked::new(&redis).await;
    let (key, tenant, number) =
        (test("key", "1/s;burst=10"), test("tenant", "1/m;burst=2"), test("number", "1/h;burst=1"));
    clocked.take(&[key, tenant]).await;
    clocked.take(&[number]).await;
    clocked.take(&[tenant]).await;
    let hour = Duration::from_hours(1);
    for _ in 0..20 {
        assert_eq!(clocked.take(&[key, tenant, number]).await, Verdict::Refused { index: 2, wait: hour });
    }
    assert_eq!(clocked.take(&[tenant, key]).await, Verdict::Refused { index: 0, wait: Duration::from_mins(1) });
    let Verdict::Taken(left) = clocked.take(&[key]).await else { panic!("the key has eight left") };
    assert_eq!((left[0].remaining, left[0].full_in), (8, Duration::from_secs(2)));
}

#[tokio::test]
async fn who_waits_as_long_as_told_gets_through_and_no_earlier() {
    let redis = Redis::start();
    let mut clocked = Clocked::new(&redis).await;
    let tests = [test("key", "3/s;burst=2"), test("tenant", "7/h;burst=1")];
    for _ in 0..20 {
        assert!(matches!(clocked.take(&tests).await, Verdict::Taken(_)));
        let Verdict::Refused { wait, .. } = clocked.take(&tests).await else { panic!("more than the burst") };
        let microseconds = u64::try_from(wait.as_nanos().div_ceil(1_000)).unwrap();
        clocked.set(clocked.now + microseconds - 1).await;
        assert!(matches!(clocked.take(&tests).await, Verdict::Refused { .. }));
        clocked.set(clocked.now + 1).await;
    }
}

#[tokio::test]
async fn a_call_that_can_wait_leaves_half_of_the_burst_to_others() {
    let redis = Redis::start();
    let mut clocked = Clocked::new(&redis).await;
    let number = test("number", "10/s;burst=10");
    let spare = Test { spare: true, ..number };
    for _ in 0..5 {
        assert!(matches!(clocked.take(&[spare]).await, Verdict::Taken(_)));
    }
    let wait = Duration::from_millis(100);
    assert_eq!(clocked.take(&[spare]).await, Verdict::Refused { index: 0, wait });
    for left in (0..5).rev() {
        let Verdict::Taken(standings) = clocked.take(&[number]).await else { panic!("the rest is for callers") };
        assert_eq!(standings[0].remaining, left);
    }
    let single = Test { spare: true, ..test("single", "1/s") };
    assert!(matches!(clocked.take(&[single]).await, Verdict::Taken(_)), "a burst of one can still be used");
}

#[tokio::test]
async fn another_rate_gives_no_second_burst_and_is_in_force_at_once() {
    let redis = Redis::start();
    let mut clocked = Clocked::new(&redis).await;
    let (slow, fast) = (test("tenant", "1/h;burst=5"), test("tenant", "100/s;burst=200"));
    for _ in 0..5 {
        clocked.take(&[slow]).await;
    }
    assert_eq!(clocked.take(&[fast]).await, Verdict::Refused { index: 0, wait: Duration::from_millis(10) });
    clocked.set(clocked.now + 2_000_000).await;
    let Verdict::Taken(left) = clocked.take(&[fast]).await else { panic!("two seconds give the whole burst") };
    assert_eq!(left[0].remaining, 199);
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nobody_up_longer_than_a_burst_that_is_used_up() {
    let redis = Redis::start();
    let mut clocked = Clocked::new(&redis).await;
    let key = test("key", "1/s;burst=3");
    clocked.take(&[key]).await;
    clocked.set(clocked.now - 3_600_000_000).await;
    assert_eq!(clocked.take(&[key]).await, Verdict::Refused { index: 0, wait: Duration::from_secs(1) });
    clocked.set(clocked.now + 3_000_000).await;
    let Verdict::Taken(left) = clocked.take(&[key]).await else { panic!("the whole burst is there again") };
    assert_eq!(left[0].remaining, 2);
}

#[tokio::test]
async fn nothing_is_kept_of_a_limit_that_is_whole_again() {
    let redis = Redis::start();
    let (limits, _) = limits(&redis.url());
    shared(&limits, &[test("gone soon", "100/s"), test("kept", "1/h;burst=2")]).await;
    let is_gone = async || redis.ask("EXISTS \"groupgate:gone soon\"").starts_with(":0").then_some(());
    super::eventually("the end of a key", is_gone).await;
    let life: u64 = redis.ask("PTTL groupgate:kept").lines().next().unwrap()[1..].parse().unwrap();
    assert!((3_000_000..=3_600_000).contains(&life), "{life} ms");
}

#[tokio::test]
async fn gateways_share_what_they_count() {
    let redis = Redis::start();
    let gateways = [limits(&redis.url()).0, limits(&redis.url()).0, limits(&redis.url()).0];
    let tests = [test("tenant", "1/h;burst=30")];
    for gateway in &gateways {
        shared(gateway, &[test("another", "1/s")]).await;
    }
    let mut through = 0;
    for gateway in gateways.iter().cycle().take(60) {
        through += u32::from(matches!(shared(gateway, &tests).await, Verdict::Taken(_)));
    }
    assert_eq!(through, 30);
}
