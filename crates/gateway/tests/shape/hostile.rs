//! Many clients at once that want nothing good: connections that rest, heads that drip, and hang-ups in the middle of an
//! answer or of a write. What one of each does is tested with the other tests (`hostile`); here it is how many a replica bears.

use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Client, PATIENCE, eventually};
use crate::world::{DATABASE_MAY_TAKE, Plan, Replica, Tenant, World};

const IDLE: usize = 10_000;
const SLOW: usize = 500;
/// Bodies that come as slowly, and how long one may take.
const SLOW_BODIES: usize = 100;
const BODY_MAY_TAKE: Duration = Duration::from_secs(30);
const HANG_UPS: usize = 1_000;
/// How many writes are cut off together.
const CUT_AT_ONCE: usize = 50;
/// How many calls of a tenant may be in flight, and so many get through when all is over.
const IN_FLIGHT: usize = 60;
/// How many do something at the same moment: the system's queue of a listener holds no more.
const AT_ONCE: usize = 250;
/// Files that come and go.
const FEW: usize = 32;
/// A connection that has rested for so long may be closed.
const REST: Duration = Duration::from_mins(1);
/// What a connection that rests may cost, in KiB of memory.
const KIB_OF_ONE: u64 = 48;

async fn alone(settings: &[(&str, &str)]) -> World {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    World::start(&Plan { replicas: 1, tenants: 1, settings }).await
}

/// So many of the same, a batch after the other.
async fn many<F: Future>(count: usize, one: impl Fn() -> F) -> Vec<F::Output> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        all.extend(join_all((all.len()..count).take(AT_ONCE).map(|_| one())).await);
    }
    all
}

async fn connect(address: SocketAddr) -> TcpStream {
    timeout(PATIENCE, TcpStream::connect(address)).await.expect("no connection").unwrap()
}

/// A connection that has asked for something, whose answer has begun to come.
async fn begun(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = connect(address).await;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
    let mut read = [0; 1024];
    let count = timeout(PATIENCE, stream.read(&mut read)).await.expect("no answer").unwrap();
    assert!(read[..count].starts_with(b"HTTP/1.1 200 "), "{}", read[..count].escape_ascii());
    stream
}

fn address(replica: &Replica) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], replica.port))
}

async fn answers(replica: &Replica) {
    assert_eq!(replica.look("/health/ready").await.map(|(status, _)| status), Some(200));
}

/// Waits until a replica has no more files open than before, but for a few that come and go.
async fn has_no_more_files_than(replica: &Replica, before: usize) {
    eventually("the connections are closed", async || (replica.open_files() < before + FEW).then_some(())).await;
}

#[actix_web::test]
async fn ten_thousand_connections_that_rest_cost_little_and_keep_nobody_out() {
    let world = alone(&[]).await;
    let replica = &world.replicas[0];
    let (memory, files) = (replica.memory(), replica.open_files());
    let begin = Instant::now();
    let idle = many(IDLE, || begun(address(replica), "/health/live")).await;
    let took = begin.elapsed();
    answers(replica).await;
    let open = replica.metric("groupgate_connections_open").await.unwrap();
    let each = (replica.memory().saturating_sub(memory) * 1024) / u64::try_from(IDLE).unwrap();
    println!("{open} connections are open, which took {took:?}; one costs {each} bytes");
    // A machine that takes longer than a connection may rest has closed the first of them.
    assert!(replica.open_files() + FEW >= files + IDLE || took > REST, "{open} after {took:?}");
    assert!(each < KIB_OF_ONE * 1024, "{each}");
    drop(idle);
    has_no_more_files_than(replica, files).await;
}

/// What is answered to one who sends so much, and then a byte a second; after how long it is.
async fn dripping(address: SocketAddr, begins: &str) -> (String, Duration) {
    let begun = Instant::now();
    let mut stream = connect(address).await;
    stream.write_all(begins.as_bytes()).await.unwrap();
    let (mut incoming, mut outgoing) = stream.split();
    let mut answer = Vec::new();
    let drip = async {
        while outgoing.write_all(b"X").await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    };
    let read = timeout(PATIENCE, incoming.read_to_end(&mut answer));
    let (drip, read) = tokio::join!(timeout(PATIENCE, drip), read);
    drip.expect("it may drip for ever");
    // What is sent behind an answer resets the connection.
    let _ = read.expect("the connection is not closed");
    (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
}

/// Heads, and bodies of an operation and of a webhook.
async fn many_that_drip(world: &World) {
    let at = address(&world.replicas[0]);
    let (operation, _) = world.tenants[0].written("GetChatGroup", "", json!({"GroupId": world.tenants[0].group_id}));
    let signature = "0".repeat(64);
    let webhook = format!(
        "POST /webhooks/graph HTTP/1.1\r\nHost: a\r\nX-Hub-Signature-256: sha256={signature}\r\nContent-Length: 999\r\n\r\n"
    );
    let heads = join_all((0..SLOW).map(|_| dripping(at, "")));
    let begun = [operation, webhook];
    let bodies = join_all(begun.iter().cycle().take(SLOW_BODIES).map(|head| dripping(at, head)));
    let (heads, bodies) = tokio::join!(heads, bodies);
    for (answer, _) in heads {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    for (answer, took) in bodies {
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("in time"), "{answer}");
        assert!(took >= BODY_MAY_TAKE, "after {took:?}");
    }
}

#[actix_web::test]
async fn heads_and_bodies_that_drip_are_ended_while_others_are_answered() {
    let world = alone(&[]).await;
    let replica = &world.replicas[0];
    let files = replica.open_files();
    let others = async {
        loop {
            answers(replica).await;
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = many_that_drip(&world) => {}
        () = others => {}
    }
    has_no_more_files_than(replica, files).await;
}

#[actix_web::test]
async fn a_thousand_clients_that_hang_up_in_the_middle_of_an_answer_leave_nothing_behind() {
    let mut world = alone(&[]).await;
    let replica = &mut world.replicas[0];
    let files = replica.open_files();
    let address = address(replica);
    let cut = many(HANG_UPS, || async move {
        let stream = begun(address, "/openapi.json").await;
        // The connection is reset: most of the document was not read.
        stream.set_zero_linger().unwrap();
    })
    .await;
    assert_eq!(cut.len(), HANG_UPS);
    has_no_more_files_than(replica, files).await;
    answers(replica).await;
    assert!(replica.lives());
    assert!(!replica.log().contains("panicked"), "{}", replica.log());
}

/// Where a write is cut off.
#[derive(Debug, Clone, Copy)]
enum Cut {
    InItsBody,
    BehindItsBody,
    WhileMetaIsAsked,
}

/// The `nth` write of a tenant on a connection of its own, every other one under a key, as far as it is sent.
async fn written(replica: SocketAddr, tenant: &Tenant, nth: usize, cut: Cut) -> TcpStream {
    let name = format!("Cut off {nth}");
    let key = if nth.is_multiple_of(2) { format!("Idempotency-Key: {nth}\r\n") } else { String::new() };
    let (head, body) = tenant.written("AddChatGroup", &key, json!({"Subject": name, "WaitSeconds": 0}));
    let sent = match cut {
        Cut::InItsBody => &body[..body.len() / 2],
        Cut::BehindItsBody | Cut::WhileMetaIsAsked => &body,
    };
    let mut stream = connect(replica).await;
    stream.write_all(format!("{head}{sent}").as_bytes()).await.unwrap();
    stream
}

/// Cuts off a batch of writes; `next` numbers them.
async fn cut_off(world: &World, next: &Cell<usize>, cut: Cut) {
    let one = || written(address(&world.replicas[0]), &world.tenants[0], next.replace(next.get() + 1), cut);
    let begun = world.postgres.count(CHANGES).await;
    let mut streams = many(CUT_AT_ONCE, one).await;
    if matches!(cut, Cut::WhileMetaIsAsked) {
        eventually("changes are begun, and wait for Meta", async || {
            let some_are = world.postgres.count(CHANGES).await >= begun + 10;
            // As long as those that were cut off before are in flight, others are refused.
            streams.push(one().await);
            some_are.then_some(())
        })
        .await;
    }
    for stream in streams {
        stream.set_zero_linger().unwrap();
    }
}

/// So many calls of the tenant's get through at once, as many as may be in flight.
async fn as_many_get_through_as_may(world: &World) {
    let clients = [(); 2].map(|()| Client::new(format!("http://{}", address(&world.replicas[0]))));
    let tenant = &world.tenants[0];
    let call = async |nth: usize| {
        let link = json!({"GroupId": tenant.group_id});
        tenant.call(&clients[nth % clients.len()], "GetChatGroupInviteLink", link).await.status
    };
    eventually("all that may be in flight gets through", async || {
        let all = join_all((0..IN_FLIGHT).map(call)).await;
        all.iter().all(|status| *status == 200).then_some(())
    })
    .await;
}

const CHANGES: &str = "select count(*) from changes";
const RUNNING: &str = "select count(*) from idempotency_keys where state = 'running'";
const HELD: &str =
    "select count(*) from pg_stat_activity where usename = 'groupgate_app' and state like 'idle in transaction%'";

#[actix_web::test]
async fn a_thousand_clients_that_hang_up_in_the_middle_of_a_write_leave_nothing_open_and_nothing_half_done() {
    let in_flight = format!("off;in-flight={IN_FLIGHT}");
    let mut world = alone(&[DATABASE_MAY_TAKE, ("GROUPGATE_RATE_PER_TENANT", &in_flight)]).await;
    let files = world.replicas[0].open_files();
    let delayed = json!({"method": "POST", "path": "*/groups", "count": 1_000_000, "delay_ms": 500});
    world.meta.control.fail(delayed).await;
    let cuts = [Cut::WhileMetaIsAsked, Cut::InItsBody, Cut::BehindItsBody];
    let next = Cell::new(0);
    for batch in 0..HANG_UPS / CUT_AT_ONCE {
        cut_off(&world, &next, cuts[batch % cuts.len()]).await;
    }
    world.meta.control.calm().await;
    eventually("no key is running", async || (world.postgres.count(RUNNING).await == 0).then_some(())).await;
    eventually("no transaction is held", async || (world.postgres.count(HELD).await == 0).then_some(())).await;
    // The replica keeps as many connections to Meta as there were calls at the same time.
    has_no_more_files_than(&world.replicas[0], files + IN_FLIGHT).await;
    // Each of them is at Meta at the same time.
    world.meta.control.fail(json!({"method": "GET", "count": 1_000_000, "delay_ms": 3_000})).await;
    as_many_get_through_as_may(&world).await;
    world.meta.control.calm().await;
    world.open_changes_grow_old().await;
    world.is_whole().await;
    let twice: Vec<_> = world.subjects_at_meta().await.into_iter().filter(|(_, made)| *made > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let replica = &mut world.replicas[0];
    answers(replica).await;
    assert!(replica.lives());
    assert!(!replica.log().contains("panicked"), "{}", replica.log());
}
