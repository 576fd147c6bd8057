//! A Redis that is not there, goes away, hangs, or answers with something else than a verdict.

use super::{Redis, alone, eventually, limits, shared, test};
use crate::limits::shared::Verdict;
use crate::telemetry::metrics::Metrics;

/// What a metric reads.
fn figure(metrics: &Metrics, name: &str) -> u64 {
    let text = metrics.text().unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

fn is_up(metrics: &Metrics) -> bool {
    figure(metrics, "groupgate_limits_shared_up") == 1
}

#[tokio::test]
async fn a_redis_that_comes_after_the_gateway_is_used_when_it_is_there() {
    let mut redis = Redis::nowhere();
    let (limits, metrics) = limits(&redis.url());
    for _ in 0..1_000 {
        assert_eq!(limits.take(&[test("key", "1/h;burst=2")]).await, None);
    }
    assert_eq!(figure(&metrics, "groupgate_limits_shared_decisions_total{result=\"alone\"}"), 1_000);
    assert!(!is_up(&metrics));
    redis.restart();
    assert!(matches!(shared(&limits, &[test("key", "1/h;burst=2")]).await, Verdict::Taken(_)));
    assert!(is_up(&metrics));
    assert_eq!(figure(&metrics, "groupgate_limits_shared_decisions_total{result=\"shared\"}"), 1);
}

#[tokio::test]
async fn a_redis_that_is_killed_is_away_and_shared_again_when_it_is_restored() {
    let mut redis = Redis::start();
    let (limits, metrics) = limits(&redis.url());
    for _ in 0..3 {
        shared(&limits, &[test("key", "1/h;burst=2")]).await;
        redis.kill();
        alone(&limits).await;
        assert!(!is_up(&metrics));
        redis.restart();
        shared(&limits, &[test("key", "1/h;burst=2")]).await;
        assert!(is_up(&metrics));
    }
}

#[tokio::test]
async fn an_outage_is_told_also_where_nobody_calls() {
    let mut redis = Redis::start();
    let (_limits, metrics) = limits(&redis.url());
    eventually("the first look", async || is_up(&metrics).then_some(())).await;
    redis.kill();
    eventually("the outage", async || (!is_up(&metrics)).then_some(())).await;
    redis.restart();
    eventually("the end of the outage", async || is_up(&metrics).then_some(())).await;
}

#[tokio::test]
async fn a_redis_that_hangs_is_away_until_it_goes_on() {
    let redis = Redis::start();
    let (limits, metrics) = limits(&redis.url());
    shared(&limits, &[test("key", "1/h;burst=2")]).await;
    redis.hang();
    alone(&limits).await;
    assert!(!is_up(&metrics));
    redis.go_on();
    shared(&limits, &[test("key", "1/h;burst=2")]).await;
    assert!(is_up(&metrics));
}

#[tokio::test]
async fn a_redis_that_takes_nothing_in_is_away() {
    let redis = Redis::start();
    let (limits, _) = limits(&redis.url());
    for (without, again) in
        [("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"), ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")]
    {
        shared(&limits, &[test("key", "1/h;burst=2")]).await;
        redis.ask(without);
        alone(&limits).await;
        redis.ask(again);
    }
    shared(&limits, &[test("key", "1/h;burst=2")]).await;
}

#[tokio::test]
async fn a_redis_that_takes_nothing_in_stays_away_however_often_it_is_looked_at() {
    let redis = Redis::start();
    let (limits, metrics) = limits(&redis.url());
    shared(&limits, &[test("key", "1/h;burst=2")]).await;
    redis.ask("REPLICAOF 127.0.0.1 1");
    alone(&limits).await;
    let before = looks(&redis);
    let looked_at = async || {
        assert!(!is_up(&metrics));
        (looks(&redis) >= before + 4).then_some(())
    };
    eventually("four looks", looked_at).await;
}

/// How often Redis was asked by a script that it knows.
fn looks(redis: &Redis) -> u64 {
    let told = redis.ask("INFO commandstats");
    let calls =
        told.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls=")?.split(',').next()?.parse().ok());
    calls.unwrap_or_else(|| panic!("no looks in {told}"))
}

#[tokio::test]
async fn a_script_that_redis_has_forgotten_is_told_again() {
    let redis = Redis::start();
    let (limits, metrics) = limits(&redis.url());
    let tests = [test("key", "1/h;burst=1000")];
    shared(&limits, &tests).await;
    for _ in 0..5 {
        redis.ask("SCRIPT FLUSH");
        shared(&limits, &tests).await;
    }
    assert!(is_up(&metrics));
}

#[tokio::test]
async fn what_is_none_of_ours_under_a_key_counts_as_nothing() {
    let redis = Redis::start();
    let (limits, _) = limits(&redis.url());
    redis.ask("SET groupgate:key nonsense");
    let Verdict::Taken(left) = shared(&limits, &[test("key", "1/h;burst=2")]).await else {
        panic!("the burst is whole")
    };
    assert_eq!(left[0].remaining, 1);
}

#[tokio::test]
async fn a_user_needs_no_more_rights_than_the_documentation_says() {
    let redis = Redis::start();
    redis.ask("ACL SETUSER limits on >p@ss ~groupgate:* +eval +evalsha +get +set +time");
    let url = redis.url().replace("redis://", "redis://limits:p%40ss@");
    shared(&limits(&url).0, &[test("key", "1/h;burst=2")]).await;
    let (refused, metrics) = limits(&redis.url().replace("redis://", "redis://limits:wrong@"));
    let (other, _) = limits(&format!("{url}/0"));
    shared(&other, &[test("key", "1/h;burst=2")]).await;
    assert_eq!(refused.take(&[test("key", "1/h;burst=2")]).await, None);
    assert!(!is_up(&metrics));
}
