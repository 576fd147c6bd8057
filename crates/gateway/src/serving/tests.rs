//! A server with an `App` of the tests' own, and clients that are raw sockets.

use std::future::ready;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse};
use futures_util::future::select_all;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::vitals::Ward;
use super::{Connections, LastAnswers, Listeners, Patience, Server};
use crate::limits::TrustedProxies;
use crate::telemetry::metrics::Metrics;

/// Far more than anything here takes, also where the machine stalls.
const LONG: Duration = Duration::from_secs(45);
/// Less than a client may take who does what is tried here, and is never waited for by others.
const SHORT: Duration = Duration::from_millis(200);
const SOON: Duration = Duration::from_millis(20);
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const WAIT: &[u8] = b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server, what its `/wait` waits for, and what it counts.
struct Scene {
    server: Server,
    gate: Arc<Semaphore>,
    /// How often `/count` was called.
    count: Arc<AtomicUsize>,
    metrics: Metrics,
}

impl Scene {
    async fn start(most: usize, patience: Patience) -> Self {
        let (metrics, gate, count) = (Metrics::default(), Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let connections = Arc::new(Connections::new(most, most, TrustedProxies::default(), metrics.clone()));
        let listeners = Listeners::on(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let (waited_for, counted) = (gate.clone(), count.clone());
        let server = listeners.serve(2, patience, &connections, move || {
            let (gate, begun, count) = (waited_for.clone(), waited_for.clone(), counted.clone());
            let wait = move || {
                let gate = gate.clone();
                async move {
                    gate.acquire().await.unwrap().forget();
                    "waited"
                }
            };
            App::new()
                .route("/", web::get().to(|| async { "hello" }))
                .route("/wait", web::get().to(wait))
                .route("/echo", web::post().to(|body: Bytes| ready(body)))
                .route("/begun", web::get().to(move || ready(HttpResponse::Ok().streaming(halves(begun.clone())))))
                .route("/count", web::get().to(move || ready(count.fetch_add(1, Ordering::SeqCst).to_string())))
                .route("/endless", web::get().to(|| async { HttpResponse::Ok().streaming(endless()) }))
        });
        Self { server: server.await.unwrap(), gate, count, metrics }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    fn address(&self) -> SocketAddr {
        self.server.addrs()[0]
    }

    fn counts(&self, result: &str) -> bool {
        let series = format!("groupgate_connections_cut_total{{result=\"{result}\"}} ");
        self.metrics.text().unwrap().lines().any(|line| line.strip_prefix(&series).is_some_and(|count| count != "0"))
    }
}

fn endless() -> impl stream::Stream<Item = Result<Bytes, actix_web::Error>> {
    stream::repeat_with(|| Ok(Bytes::from(vec![b'a'; 64 * 1024])))
}

/// An answer whose second half waits for the gate.
fn halves(gate: Arc<Semaphore>) -> impl stream::Stream<Item = Result<Bytes, actix_web::Error>> {
    stream::iter([Ok(Bytes::from_static(b"begun"))]).chain(stream::once(async move {
        gate.acquire().await.unwrap().forget();
        Ok(Bytes::from_static(b"ended"))
    }))
}

/// For clients that may take as long as they like.
fn patient() -> Patience {
    Patience { first_head: LONG, head: LONG, keep_alive: LONG, crowded: LONG, reader: LONG, look: SOON }
}

/// What comes until the connection is closed or reset.
async fn rest(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut read)).await.expect("the connection is never closed");
    String::from_utf8_lossy(&read).into_owned()
}

/// One answer with a body of this text at its end.
async fn answer(stream: &mut TcpStream, body: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).ends_with(body) {
        let count = timeout(LONG, stream.read_buf(&mut read)).await.expect("no answer").unwrap();
        assert!(count > 0, "closed after {}", read.escape_ascii());
    }
    String::from_utf8(read).unwrap()
}

async fn drips(stream: &mut TcpStream) -> bool {
    for byte in b"GET / HTTP/1.1\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'a')).take(2_000) {
        if stream.write_all(&[*byte]).await.is_err() {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
    true
}

#[actix_web::test]
async fn a_first_head_that_drips_is_answered_408_in_the_envelope_and_closed_and_counted() {
    let scene = Scene::start(10, Patience { first_head: SHORT, head: SHORT, ..patient() }).await;
    let mut slow = scene.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await.unwrap();
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"Success\":false"), "{answer}");
    assert!(scene.counts("slow_head"));
}

#[actix_web::test]
async fn a_later_head_that_drips_is_cut_off_and_counted() {
    let scene = Scene::start(10, Patience { head: SHORT, ..patient() }).await;
    let mut slow = scene.connect().await;
    slow.write_all(GET).await.unwrap();
    answer(&mut slow, "hello").await;
    assert!(!drips(&mut slow).await, "a connection took a head of 40 s");
    assert!(scene.counts("slow_head"));
}

#[actix_web::test]
async fn a_connection_that_rests_for_too_long_is_closed_and_one_on_which_a_request_runs_is_not() {
    let scene = Scene::start(10, Patience { keep_alive: SHORT, ..patient() }).await;
    let (mut resting, mut waiting) = (scene.connect().await, scene.connect().await);
    waiting.write_all(WAIT).await.unwrap();
    resting.write_all(GET).await.unwrap();
    answer(&mut resting, "hello").await;
    assert_eq!(rest(&mut resting).await, "");
    assert!(!scene.counts("slow_head") && !scene.counts("crowded"));
    scene.gate.add_permits(1);
    answer(&mut waiting, "waited").await;
}

#[test]
fn whoever_still_takes_an_answer_does_not_rest() {
    let patience = Patience { keep_alive: Duration::ZERO, ..patient() };
    let ward = Ward::new(Arc::new(Connections::uncounted(1)), patience, LastAnswers::default());
    let (_, vitals) = ward.enter(false);
    vitals.begins_to_answer();
    vitals.is_blocked();
    vitals.has_answered();
    ward.look();
    assert!(!vitals.has_rested());
    vitals.went();
    ward.look();
    assert!(vitals.has_rested());
}

#[actix_web::test]
async fn a_head_that_begins_while_another_request_is_answered_and_goes_no_further_is_cut_off() {
    let scene = Scene::start(10, Patience { head: SHORT, keep_alive: SHORT, ..patient() }).await;
    let mut slow = scene.connect().await;
    slow.write_all(&[WAIT, b"GET / HTTP/1.1\r\nX-Slow: "].concat()).await.unwrap();
    scene.gate.add_permits(1);
    answer(&mut slow, "waited").await;
    assert_eq!(rest(&mut slow).await, "");
}

#[actix_web::test]
async fn a_client_that_reads_nothing_of_its_answer_is_cut_off_and_counted() {
    let scene = Scene::start(10, Patience { reader: SHORT, ..patient() }).await;
    let mut deaf = scene.connect().await;
    deaf.write_all(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    timeout(LONG, async {
        while !scene.counts("slow_reader") {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("it is written to for ever");
}

#[actix_web::test]
async fn one_connection_too_many_is_closed_at_once_and_there_is_room_again_when_another_ends() {
    let scene = Scene::start(1, patient()).await;
    let mut first = scene.connect().await;
    first.write_all(GET).await.unwrap();
    answer(&mut first, "hello").await;
    let mut second = scene.connect().await;
    assert_eq!(rest(&mut second).await, "");
    assert!(scene.counts("too_many"));
    drop(first);
    timeout(LONG, async {
        loop {
            let mut next = scene.connect().await;
            let _ = next.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
            if rest(&mut next).await.ends_with("hello") {
                return;
            }
        }
    })
    .await
    .expect("there is room again");
}

#[actix_web::test]
async fn what_is_no_request_is_refused_in_the_envelope_also_where_the_client_sends_on() {
    let scene = Scene::start(10, patient()).await;
    let mut broken = scene.connect().await;
    broken
        .write_all(&[&b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"[..], vec![b'a'; 64 * 1024].as_slice()].concat())
        .await
        .unwrap();
    let answer = rest(&mut broken).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"Success\":false"), "{answer}");
}

#[actix_web::test]
async fn whoever_connected_before_the_server_was_deaf_is_answered_and_whoever_comes_later_is_refused() {
    let mut scene = Scene::start(100, patient()).await;
    let address = scene.address();
    // The system takes them without the server, which has had no time to.
    let early: Vec<_> = (0..50).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    scene.server.give_last_answers();
    timeout(LONG, scene.server.go_deaf()).await.unwrap();
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    for stream in early {
        stream.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(stream).unwrap();
        stream.write_all(GET).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("hello"), "{answer}");
    }
    timeout(LONG, scene.server.emptied()).await.unwrap();
}

#[actix_web::test]
async fn connections_that_rest_are_closed_last_and_what_runs_is_answered() {
    let scene = Scene::start(10, patient()).await;
    let (mut resting, mut running) = (scene.connect().await, scene.connect().await);
    resting.write_all(GET).await.unwrap();
    answer(&mut resting, "hello").await;
    running.write_all(WAIT).await.unwrap();
    scene.server.give_last_answers();
    scene.server.close_resting();
    assert_eq!(rest(&mut resting).await, "");
    // The call may not have been begun when its connection was to be closed, and is answered all the same.
    scene.gate.add_permits(1);
    let answer = rest(&mut running).await;
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("waited"), "{answer}");
    timeout(LONG, scene.server.emptied()).await.unwrap();
}

#[actix_web::test]
async fn a_connection_that_comes_to_rest_when_those_that_rest_are_closed_is_closed_too() {
    let scene = Scene::start(10, patient()).await;
    let mut streaming = scene.connect().await;
    streaming.write_all(b"GET /begun HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    answer(&mut streaming, "begun\r\n").await;
    // Enough for each worker to have one that shows when it closes them.
    let mut resting = Vec::new();
    for _ in 0..3 {
        let mut one = scene.connect().await;
        one.write_all(GET).await.unwrap();
        answer(&mut one, "hello").await;
        resting.push(one);
    }
    scene.server.give_last_answers();
    scene.server.close_resting();
    for one in &mut resting {
        assert_eq!(rest(one).await, "");
    }
    scene.gate.add_permits(1);
    assert!(rest(&mut streaming).await.ends_with("ended\r\n0\r\n\r\n"));
    timeout(LONG, scene.server.emptied()).await.unwrap();
}

#[actix_web::test]
async fn what_was_sent_behind_a_request_with_the_last_answer_is_not_done() {
    let scene = Scene::start(10, patient()).await;
    let behind = [WAIT, b"GET /count HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let closing = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /count HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut stopped, mut left) = (scene.connect().await, scene.connect().await);
    left.write_all(closing).await.unwrap();
    assert!(rest(&mut left).await.contains("hello"));
    stopped.write_all(&behind).await.unwrap();
    scene.server.give_last_answers();
    scene.gate.add_permits(1);
    assert!(rest(&mut stopped).await.contains("waited"));
    assert_eq!(scene.count.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn a_body_that_nobody_wanted_ends_its_connection_and_is_no_slow_head() {
    let scene = Scene::start(10, Patience { head: SHORT, ..patient() }).await;
    let mut early = scene.connect().await;
    early.write_all(b"POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
    let head = answer(&mut early, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 404 ") && head.contains("\r\nconnection: close\r\n"), "{head}");
    early.write_all(b"5\r\nhello\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(rest(&mut early).await, "");
    assert!(!scene.counts("slow_head"));
}

#[actix_web::test]
async fn a_body_in_chunks_that_was_read_leaves_the_connection_open() {
    let scene = Scene::start(10, patient()).await;
    let mut kept = scene.connect().await;
    for _ in 0..2 {
        kept.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
        kept.write_all(b"5\r\nhello\r\n0\r\n\r\n").await.unwrap();
        answer(&mut kept, "hello").await;
    }
}

#[actix_web::test]
async fn where_there_is_little_room_connections_that_rest_give_up_theirs() {
    let scene = Scene::start(8, Patience { crowded: SHORT, ..patient() }).await;
    let mut resting = Vec::new();
    for _ in 0..6 {
        resting.push(scene.connect().await);
        resting.last_mut().unwrap().write_all(GET).await.unwrap();
        answer(resting.last_mut().unwrap(), "hello").await;
    }
    assert!(!scene.counts("crowded"));
    let mut seventh = scene.connect().await;
    seventh.write_all(WAIT).await.unwrap();
    // Whose are closed first is for the workers to find: when one of them is, there is room again.
    let (read, ..) = select_all(resting.iter_mut().map(|one| Box::pin(rest(one)))).await;
    assert_eq!(read, "");
    assert!(scene.counts("crowded"));
    scene.gate.add_permits(1);
    answer(&mut seventh, "waited").await;
}

#[actix_web::test]
async fn where_an_app_cannot_be_made_nothing_is_served() {
    let listeners = Listeners::on(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let address = listeners.addrs()[0];
    let (made, connections) = (Arc::new(AtomicUsize::new(0)), Arc::new(Connections::uncounted(10)));
    let serving = listeners.serve(2, patient(), &connections, move || {
        assert_eq!(made.fetch_add(1, Ordering::SeqCst), 0, "the second is not made");
        App::new()
    });
    assert!(timeout(LONG, serving).await.unwrap().is_err());
    eventually_refused(address).await;
}

#[actix_web::test]
async fn what_is_cut_off_ends_at_once_and_what_serves_it_is_kept() {
    let scene = Scene::start(10, patient()).await;
    let (mut running, mut unread) = (scene.connect().await, scene.connect().await);
    running.write_all(b"GET /begun HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    answer(&mut running, "begun\r\n").await;
    unread.write_all(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    scene.server.cut_off();
    timeout(LONG, scene.server.emptied()).await.unwrap();
    assert_eq!(rest(&mut running).await, "");
    rest(&mut unread).await;
    eventually_refused(scene.address()).await;
    // Whoever ends before its time is told of; these have not.
    assert!(timeout(SHORT, scene.server.lost()).await.is_err());
}

#[actix_web::test]
async fn a_worker_that_ends_before_its_time_is_told_of() {
    let mut scene = Scene::start(10, patient()).await;
    scene.server.end_a_worker();
    timeout(LONG, scene.server.lost()).await.expect("nobody is told");
}

#[actix_web::test]
async fn a_server_that_is_dropped_serves_nobody_any_more() {
    let scene = Scene::start(10, patient()).await;
    let (address, mut kept) = (scene.address(), scene.connect().await);
    kept.write_all(GET).await.unwrap();
    answer(&mut kept, "hello").await;
    drop(scene);
    assert_eq!(rest(&mut kept).await, "");
    eventually_refused(address).await;
}

async fn eventually_refused(address: SocketAddr) {
    timeout(LONG, async {
        while TcpStream::connect(address).await.is_ok() {
            sleep(SOON).await;
        }
    })
    .await
    .expect("it is listened on for ever");
}
