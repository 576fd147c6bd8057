//! The pool's bounds, which no caller can choose.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use awc::http::Method;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};

use super::*;
use crate::{
    target::{Target, Upstream},
    token::Token,
};

const LONG: Duration = Duration::from_hours(1);

/// A server that answers a request for each permit that it has.
struct Server {
    address: SocketAddr,
    answers: Arc<Semaphore>,
    /// How many requests came by each connection, in the order in which these were opened.
    requests: Arc<Mutex<Vec<usize>>>,
    closed: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answers: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answers, requests, closed) = (Arc::new(Semaphore::new(answers)), Arc::default(), Arc::default());
        let server = Self { address, answers, requests, closed };
        let (answers, requests, closed) = (server.answers.clone(), server.requests.clone(), server.closed.clone());
        tokio::spawn(async move {
            for connection in 0_usize.. {
                let (stream, _) = listener.accept().await.unwrap();
                requests.lock().unwrap().push(0);
                let (answers, requests, closed) = (answers.clone(), requests.clone(), closed.clone());
                tokio::spawn(async move {
                    answer(stream, &answers, || requests.lock().unwrap()[connection] += 1).await;
                    closed.fetch_add(1, SeqCst);
                });
            }
        });
        server
    }

    /// How many connections have been opened.
    fn opened(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn client(&self, bounds: Bounds) -> Rc<Client> {
        let settings = GraphSettings::new(format!("http://{}", self.address).parse().unwrap());
        let upstream = Upstream::new(&settings).unwrap();
        let token = Token::new(&"EAAG".into(), None).unwrap();
        let target = upstream.path("1").finish(&token).unwrap();
        let mut http1 = Http1::new(&settings, upstream.host).unwrap();
        http1.pool = Pool::new(Origin::of(&settings).unwrap(), bounds);
        Rc::new(Client { http1, target, token })
    }
}

/// Answers each request, which comes in one piece, until the connection ends.
async fn answer(mut stream: TcpStream, answers: &Semaphore, count: impl Fn()) {
    let mut request = [0; 1024];
    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
        count();
        answers.acquire().await.unwrap().forget();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    }
}

struct Client {
    http1: Http1,
    target: Target,
    token: Token,
}

impl Client {
    async fn get(&self) -> Result<usize, GraphError> {
        let agent = HeaderValue::from_static("test");
        let message = Message {
            method: &Method::GET,
            target: &self.target,
            token: &self.token,
            agent: &agent,
            trace: None,
            content_type: None,
            body: None,
        };
        self.http1.exchange(message, &Progress::new(Effect::Read), |received| Ok(received.body.len())).await
    }
}

async fn until(so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not come about");
        sleep(Duration::from_millis(5)).await;
    }
}

#[actix_rt::test]
async fn calls_beyond_the_bound_wait_until_others_have_ended() {
    let server = Server::start(0).await;
    let client = server.client(Bounds { most: 2, rest: LONG, lifetime: LONG });
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let client = Rc::clone(&client);
            actix_rt::spawn(async move { client.get().await.unwrap() })
        })
        .collect();
    until(|| server.opened() == 2).await;
    timeout(Duration::from_millis(100), client.get()).await.unwrap_err();
    assert_eq!(server.opened(), 2);
    server.answers.add_permits(5);
    for call in calls {
        assert_eq!(call.await.unwrap(), 2);
    }
    assert_eq!((server.opened(), client.http1.pool.count_rested()), (2, 2));
}

#[actix_rt::test]
async fn a_call_that_is_dropped_gives_its_place_to_the_next() {
    let server = Server::start(0).await;
    let client = server.client(Bounds { most: 1, rest: LONG, lifetime: LONG });
    timeout(Duration::from_millis(100), client.get()).await.unwrap_err();
    server.answers.add_permits(2);
    assert_eq!(client.get().await.unwrap(), 2);
}

#[actix_rt::test]
async fn connections_that_rest_for_too_long_are_closed_also_where_nobody_calls() {
    let server = Server::start(100).await;
    let client = server.client(Bounds { most: 9, rest: Duration::from_millis(100), lifetime: LONG });
    for round in 1..=2 {
        client.get().await.unwrap();
        until(|| server.closed.load(SeqCst) == round).await;
        assert_eq!((client.http1.pool.count_rested(), server.opened()), (0, round));
    }
}

#[actix_rt::test]
async fn the_connection_that_rested_last_is_taken_first_so_that_the_others_end() {
    let server = Server::start(0).await;
    let client = server.client(Bounds { most: 9, rest: LONG, lifetime: LONG });
    let both =
        [Rc::clone(&client), Rc::clone(&client)].map(|client| actix_rt::spawn(async move { client.get().await }));
    until(|| server.opened() == 2).await;
    server.answers.add_permits(12);
    for call in both {
        call.await.unwrap().unwrap();
    }
    for _ in 0..10 {
        client.get().await.unwrap();
    }
    let mut requests = server.requests.lock().unwrap().clone();
    requests.sort_unstable();
    assert_eq!(requests, [1, 11]);
}

#[actix_rt::test]
async fn a_connection_is_not_used_for_longer_than_its_lifetime() {
    let server = Server::start(100).await;
    let client = server.client(Bounds { most: 9, rest: LONG, lifetime: Duration::ZERO });
    for opened in 1..=3 {
        client.get().await.unwrap();
        assert_eq!((server.opened(), client.http1.pool.count_rested()), (opened, 0));
    }
}

#[actix_rt::test]
async fn a_connection_that_grew_too_old_while_it_rested_is_not_used_though_nobody_has_closed_it() {
    let short = Duration::from_millis(100);
    for (rest, lifetime) in [(short, LONG), (LONG, short)] {
        let server = Server::start(2).await;
        let client = server.client(Bounds { most: 9, rest, lifetime });
        client.get().await.unwrap();
        // The runtime sleeps with it, so that nothing is done meanwhile.
        thread::sleep(short);
        client.get().await.unwrap();
        assert_eq!(*server.requests.lock().unwrap(), [1, 1]);
    }
}

#[actix_rt::test]
async fn one_watch_is_enough_for_calls_one_after_the_other() {
    let server = Server::start(100).await;
    let client = server.client(Bounds { most: 9, rest: LONG, lifetime: LONG });
    for _ in 0..10 {
        client.get().await.unwrap();
        assert_eq!(client.http1.pool.count_watches(), 1);
    }
}

#[actix_rt::test]
async fn connections_end_with_their_client() {
    let server = Server::start(100).await;
    let client = server.client(Bounds { most: 9, rest: LONG, lifetime: LONG });
    client.get().await.unwrap();
    assert_eq!(client.http1.pool.count_rested(), 1);
    drop(client);
    until(|| server.closed.load(SeqCst) == 1).await;
}
