//! Meta is away, or slow for one number, and is well again.

use std::cell::Cell;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{ChaosProxy, Client, eventually};
use crate::world::{DATABASE_MAY_TAKE, Load, Outcome, Plan, Replica, Tenant, World, mixed};

/// So many calls have failed before Meta comes back.
const FAILED: usize = 200;
/// More calls that wait for a slow Meta than any pool of a replica's has places, ...
const SLOW: usize = 200;
/// ... and so many beside them that do not.
const QUICK: usize = 100;
/// Who began so long before it was seen that Meta is away may have been under way, on a connection that was there.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How much memory may be held for calls that wait for a slow Meta, in KiB.
const MORE_MEMORY: u64 = 64 * 1024;
/// Of all calls to Meta, and of those of one number: above 0 where they are refused at once.
const BREAKERS: [&str; 2] = ["groupgate_upstream_breaker_open", "groupgate_upstream_numbers_open"];

/// What is answered from the mirror, without Meta.
fn needs_no_meta(outcome: &Outcome) -> bool {
    outcome.operation == "ListChatGroup"
}

/// Waits until each replica has a breaker that is open, or none.
async fn breakers_are(world: &World, open: bool) {
    for replica in &world.replicas {
        let is_so = async || {
            let [host, numbers] = [replica.metric(BREAKERS[0]).await?, replica.metric(BREAKERS[1]).await?];
            (open == (host + numbers > 0.5)).then_some(())
        };
        eventually(&format!("whether a breaker is open is {open}"), is_so).await;
    }
}

/// Calls go on while Meta is as `leave` makes it, until [`FAILED`] have failed; then it is well again. How many connections
/// came to Meta in that time.
async fn without_meta(leave: fn(&ChaosProxy), is_right: fn(&Outcome) -> bool) -> usize {
    let mut world = World::start(&Plan { replicas: 2, tenants: 2, settings: &[DATABASE_MAY_TAKE] }).await;
    let load = Load::start(&world.balancer.url, &world.tenants, 40, mixed);
    eventually("every operation was called", async || (load.so_far().0.len() > 80).then_some(())).await;
    breakers_are(&world, false).await;
    let (begun, connected) = (Instant::now(), world.meta.proxy.accepted());
    leave(&world.meta.proxy);
    breakers_are(&world, true).await;
    eventually("many have failed", async || {
        let failed = load.so_far().0.iter().filter(|outcome| outcome.status == 502).count();
        (failed >= FAILED).then_some(())
    })
    .await;
    let connected = world.meta.proxy.accepted() - connected;
    world.meta.proxy.restore();
    breakers_are(&world, false).await;
    let (client, tenant) = (Client::new(world.balancer.url.clone()), world.tenants[0].clone());
    // By both replicas, in turn.
    let mut well = 0;
    eventually("calls are answered again, by each replica", async || {
        let answer = tenant.call(&client, "GetChatGroupInviteLink", json!({"GroupId": tenant.group_id})).await;
        well = if answer.status == 200 { well + 1 } else { 0 };
        (well == 10).then_some(())
    })
    .await;
    let back = Instant::now();
    sleep(Duration::from_secs(1)).await;
    let record = load.stop().await;
    record.print("Meta away");
    record.expect(|outcome| match (outcome.status, outcome.code.as_str()) {
        (200, _) => true,
        (502, "Upstream.Unavailable") => {
            let was_under_way = outcome.begun < begun + UNDER_WAY && outcome.retry_safe == Some(false);
            outcome.begun < back && !needs_no_meta(outcome) && (is_right(outcome) || was_under_way)
        }
        _ => false,
    });
    assert!(record.during(begun, back).any(|outcome| outcome.status == 200 && needs_no_meta(outcome)), "{record}");
    assert!(world.replicas.iter_mut().all(Replica::lives), "{}", world.logs());
    world.open_changes_grow_old().await;
    world.is_whole().await;
    World::tells_the_truth(&record, &world.subjects_at_meta().await);
    connected
}

#[actix_web::test]
async fn while_meta_refuses_connections_every_call_says_so_and_may_be_sent_again() {
    // Nothing was sent, so nothing can have been done: also a write may be repeated.
    without_meta(ChaosProxy::refuse, |outcome| outcome.retry_safe == Some(true)).await;
}

#[actix_web::test]
async fn while_meta_resets_connections_most_calls_do_not_reach_it_and_it_is_said_which_may_be_sent_again() {
    let connected = without_meta(ChaosProxy::reset, |outcome| match outcome.operation {
        "GetChatGroupInviteLink" | "GetChatGroup" => outcome.retry_safe == Some(true),
        _ => outcome.retry_safe.is_some(),
    });
    let connected = connected.await;
    // Without a breaker each call that failed makes one connection, or three.
    assert!(connected * 2 < FAILED, "{connected} connections for {FAILED} calls that failed");
}

async fn reads(client: &Client, tenant: &Tenant) -> u16 {
    tenant.call(client, "GetChatGroupInviteLink", json!({"GroupId": tenant.group_id})).await.status
}

#[actix_web::test]
async fn a_number_that_meta_is_slow_for_slows_no_other() {
    // Longer than all of it takes: whoever stands behind a slow call is seen, since he does not end.
    let settings = [DATABASE_MAY_TAKE, ("GROUPGATE_UPSTREAM_TIMEOUT", "5m"), ("GROUPGATE_UPSTREAM_BREAKERS", "false")];
    let world = World::start(&Plan { replicas: 2, tenants: 3, settings: &settings }).await;
    let (slow, others) = world.tenants.split_first().unwrap();
    let client = || Client::new(world.balancer.url.clone());
    // A client of ours has no more than 100 connections.
    let (clients, quick) = ([(); 4].map(|()| client()), client());
    let before: Vec<_> = world.replicas.iter().map(|replica| (replica.memory(), replica.open_files())).collect();
    let fault = json!({"token": slow.graph_token, "count": 1_000_000, "delay_ms": 300_000});
    world.meta.control.fail(fault).await;
    let ended = Cell::new(0);
    let slowed = join_all((0..SLOW).map(async |nth| {
        let status = reads(&clients[nth % clients.len()], slow).await;
        ended.set(ended.get() + 1);
        status
    }));
    let beside = async {
        let waiting = async || (waiting_at_meta(&world, slow).await == SLOW).then_some(());
        eventually("the slow calls wait for Meta", waiting).await;
        for nth in 0..QUICK {
            assert_eq!(reads(&quick, &others[nth % others.len()]).await, 200);
        }
        assert_eq!(ended.get(), 0, "{QUICK} quick calls have ended, and of {SLOW} slow ones none");
        for (replica, (memory, files)) in world.replicas.iter().zip(before) {
            assert!(replica.memory() < memory + MORE_MEMORY, "{memory} KiB became {}", replica.memory());
            assert!(replica.open_files() < files + 3 * SLOW, "{files} became {}", replica.open_files());
        }
        // What waits goes on at once.
        world.meta.control.calm().await;
    };
    let (slowed, ()) = tokio::join!(slowed, beside);
    assert!(slowed.iter().all(|status| *status == 200), "{slowed:?}");
}

/// How many calls with a tenant's token Meta has begun and not answered.
async fn waiting_at_meta(world: &World, tenant: &Tenant) -> usize {
    let of_tenant = |request: &&serde_json::Value| {
        request["status"].is_null() && request["path"].as_str().is_some_and(|path| path.contains(&tenant.group_id))
    };
    world.meta.control.requests().await.iter().filter(of_tenant).count()
}
