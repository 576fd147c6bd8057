//! Replicas are stopped and started one after the other, as at a new version, while calls go on, events are delivered, and
//! streams are read.

use std::rc::Rc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::time::sleep;
use nix::sys::signal::Signal;

use crate::soak::{Book, Endpoints, Inbox, Reader, sequences};
use crate::support::eventually;
use crate::world::{DATABASE_MAY_TAKE, Load, Plan, World, flood, mixed, rate};

/// How many calls a second are made at the least.
const OFFERED: f64 = 300.0;
/// Calls of every kind, and calls that need nothing but the replica: a machine that does much beside makes and answers so many.
const MIXED: u32 = 90;
const SMALL: u32 = 230;
/// Between two replicas: calls go on at both meanwhile.
const PAUSE: Duration = Duration::from_secs(2);

const UNDELIVERED: &str = "select count(*) from open_deliveries";

/// Stops each replica and starts it again, as soon as the one before is ready.
async fn replace_one_by_one(world: &mut World) {
    for replica in &mut world.replicas {
        replica.signal(Signal::SIGTERM);
        let status = replica.ended().await;
        assert!(status.success(), "{status}: {}", replica.log());
        replica.start();
        replica.ready().await;
        sleep(PAUSE).await;
    }
}

#[actix_web::test]
async fn a_rolling_restart_under_load_loses_and_fails_no_call_no_delivery_and_no_event_of_a_stream() {
    let retries = Endpoints::retries();
    // A replica that starts on a machine that stalls would say so after two seconds, and nginx asks it all the same.
    let settings = [DATABASE_MAY_TAKE, ("GROUPGATE_DELIVERY_RETRIES", retries.as_str())];
    let mut world = World::start(&Plan { replicas: 2, tenants: 3, settings: &settings }).await;
    let endpoints = Endpoints::open(&world, 1).await;
    let (opened, book) = (sequences(&world.postgres).await, Rc::<Book>::default());
    let reader = |tenant| Reader::new(&world.balancer.url, tenant, &book);
    let readers: Vec<Reader> = world.tenants.iter().map(reader).collect();
    for reader in &readers {
        rt::spawn(reader.clone().stream());
    }
    let load = Load::start(&world.balancer.url, &world.tenants, MIXED, mixed);
    let whoami =
        format!("GET /v1/whoami HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\n\r\n", world.tenants[0].key.basic());
    let small = flood(world.balancer.address(), whoami, SMALL);
    eventually("calls are answered", async || (load.so_far().0.len() > 200).then_some(())).await;
    replace_one_by_one(&mut world).await;
    let (small, record) = (small.stop().await, load.stop().await);
    record.print("a rolling restart");
    println!("{}", world.balancer.errors());
    record.expect(|outcome| outcome.status == 200);
    let lost: Vec<_> = small.iter().filter(|answer| answer.status != 200).collect();
    assert!(lost.is_empty(), "{} small calls ended otherwise, such as {:?}", lost.len(), lost[0]);
    let offered = record.rate() + rate(small.iter().map(|answer| answer.sent));
    assert!(offered >= OFFERED, "{offered:.0} calls a second were made");
    // What tokio says of a connection whose thread is gone: also where no call has met it.
    assert!(!world.logs().contains("being shutdown"), "a thread ended before what used its connections");
    world.is_whole().await;
    World::tells_the_truth(&record, &world.subjects_at_meta().await);
    eventually("events are delivered", async || (world.postgres.count(UNDELIVERED).await == 0).then_some(())).await;
    eventually("the streams have all", async || {
        let last = sequences(&world.postgres).await;
        let mut both = readers.iter().zip(&world.tenants);
        both.all(|(reader, tenant)| reader.last() == last[&tenant.cust_space_id]).then_some(())
    })
    .await;
    let inbox = Inbox::read(&world.postgres).await;
    let lost = [inbox.gaps(), inbox.not_taken(&endpoints, &opened), endpoints.look(|ledger| ledger.wrong.clone())];
    let wrong: Vec<String> = lost.into_iter().flatten().chain(book.wrong.take()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
