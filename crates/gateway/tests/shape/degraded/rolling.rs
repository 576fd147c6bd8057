//! Replicas are stopped and started one after the other, as at a new version, while calls go on, events are delivered, and
//! streams are read.

use std::rc::Rc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::time::sleep;
use nix::sys::signal::Signal;

use crate::soak::{Book, Endpoints, Inbox, Reader, sequences};
use crate::support::eventually;
use crate::world::{DATABASE_MAY_TAKE, Load, Plan, World, mixed};

/// How many calls are made a second, where the machine is fast enough.
const RATE: u32 = 300;
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
    let settings = [DATABASE_MAY_TAKE, ("GROUPGATE_DELIVERY_RETRIES", retries.as_str())];
    let mut world = World::start(&Plan { replicas: 2, tenants: 3, settings: &settings }).await;
    let endpoints = Endpoints::open(&world, 1).await;
    let (opened, book) = (sequences(&world.postgres).await, Rc::<Book>::default());
    let reader = |tenant| Reader::new(&world.balancer.url, tenant, &book);
    let readers: Vec<Reader> = world.tenants.iter().map(reader).collect();
    for reader in &readers {
        rt::spawn(reader.clone().stream());
    }
    let load = Load::start(&world.balancer.url, &world.tenants, RATE, mixed);
    eventually("calls are answered", async || (load.so_far().0.len() > 500).then_some(())).await;
    replace_one_by_one(&mut world).await;
    let record = load.stop().await;
    record.print("a rolling restart");
    println!("{}", world.balancer.errors());
    record.expect(|outcome| outcome.status == 200);
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
