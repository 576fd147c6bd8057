//! Claims beside very many open deliveries. `GROUPGATE_OPEN_DELIVERIES` and `GROUPGATE_ENDPOINTS` make them more.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use sqlx::AssertSqlSafe;
use tenant_store::AfterTry;

use super::{LEASE, Post, end, endpoint};

/// What a claim may take at its quickest, on a machine that does other things, too.
const QUICK: Duration = Duration::from_millis(100);

/// How many endpoints the ISV may have.
const MOST_ENDPOINTS: usize = 100;

pub(super) fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

impl Post {
    /// Opens deliveries of one event to the endpoint, without publishing as many: `lane` and `due` are SQL of `n`.
    async fn open_many(&self, count: usize, lane: &str, is_ready: &str, due: &str) {
        let statement = format!(
            "insert into open_deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, sequence, lane,
                                          is_ready, due_at, attempts)
             select random_uuid_at(now()), $1, 'cams-alpha', (select id from events limit 1), 'x', n, {lane}, {is_ready},
                    {due}, 0
             from generate_series(1, {count}) n"
        );
        sqlx::query(AssertSqlSafe(statement)).bind(self.endpoint.0).execute(&self.world.owner().await).await.unwrap();
    }

    /// The quickest of some claims, all of them given back.
    async fn quickest_claim(&self, limit: i64) -> Duration {
        let mut quickest = Duration::MAX;
        for _ in 0..8 {
            let begin = Instant::now();
            let claimed = self.store().claim_deliveries(limit, LEASE).await.unwrap();
            quickest = quickest.min(begin.elapsed());
            let claims: Vec<_> = claimed.iter().map(|it| (it.delivery_id, it.claim)).collect();
            self.store().release_claims(&claims).await.unwrap();
        }
        quickest
    }
}

#[tokio::test]
async fn a_claim_is_quick_beside_a_dead_endpoint_with_very_many_open_deliveries() {
    let post = Post::new().await;
    let count = size("GROUPGATE_OPEN_DELIVERIES", 20_000);
    post.publish(&[""]).await;
    post.end(&post.claim().await, AfterTry::Again { after: Duration::from_hours(1) }).await;
    // As a dead endpoint's are: most wait for their next try, some in their lanes, some are due and have no seat.
    post.open_many(count / 2, "null", "true", "now() + interval '1 hour'").await;
    post.open_many(count / 4, "'G' || n % 50", "false", "now()").await;
    post.open_many(count / 4, "null", "true", "now()").await;
    post.as_owner("update endpoints set failures = 100, failing_since = now() where endpoint_id = $1").await;
    for _ in 0..20 {
        endpoint(post.alpha(), &[]).await;
    }
    post.publish(&["G1"]).await;
    let taken = post.quickest_claim(64).await;
    println!("a claim beside {count} open deliveries of a dead endpoint: {taken:?}");
    assert!(taken < QUICK, "{taken:?}");

    let begin = Instant::now();
    post.alpha().disable_endpoint(post.endpoint, "it is dead", &crate::helpers::actor()).await.unwrap();
    println!("disabling it: {:?}", begin.elapsed());
}

#[tokio::test]
async fn every_endpoint_has_its_turn_where_all_of_them_have_a_backlog() {
    let post = Post::new().await;
    let endpoints = size("GROUPGATE_ENDPOINTS", 100).min(MOST_ENDPOINTS + 1);
    for _ in 1..endpoints {
        endpoint(post.store().isv(), &[]).await;
    }
    post.publish(&[""; 20]).await;
    let taken = post.quickest_claim(64).await;
    println!("a claim of 64 from {endpoints} endpoints: {taken:?}");
    assert!(taken < QUICK, "{taken:?}");
    let mut served = HashSet::new();
    let mut claims = 0;
    while served.len() < endpoints {
        let claimed = post.store().claim_deliveries(64, LEASE).await.unwrap();
        served.extend(claimed.iter().map(|it| it.endpoint.id));
        end(post.store(), &claimed, AfterTry::Done).await;
        claims += 1;
        assert!(claims <= endpoints, "{} of {endpoints} served", served.len());
    }
    println!("each had a turn within {claims} claims");
}
