//! Endpoints that do all they can to be in the way, beside others that do nothing of it.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gateway::egress::NameServers;
use tenant_store::Space;

use super::{endpoint, first, tell};
use crate::support::{Measured, NameServer, Receiver, Reply, TestApp, WebServer, eventually, one_is_within};

/// Endpoints that answer at once.
const HEALTHY: usize = 20;
/// Events that keep all tries of a hostile endpoint busy; each of a group of its own, so that no lane is waited for.
const AHEAD: usize = 10;
/// Events behind them, whose lag is looked at.
const EVENTS: usize = 5;
/// Where endpoints may be, and where not.
const ALLOWED: &str = "127.0.0.1";
const FORBIDDEN: &str = "127.0.0.2";
/// What the healthy ones may lag behind, beside what they do where nobody is in the way: a try that hangs is waited for
/// for 15 s.
const LAG: Duration = Duration::from_secs(1);

/// Never answers; a head and a body of a byte after another; a body of 5 GB; redirects inside.
fn in_the_way() -> [Reply; 6] {
    let pause = Duration::from_millis(50);
    let endless = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n".to_vec();
    let inside = [("Location", "http://169.254.169.254/latest/meta-data/")];
    [
        Reply::Silence,
        Reply::Drip(b"HTTP/1.1 200 OK\r\nX-Slow: ".to_vec(), b"x".to_vec(), pause),
        Reply::Drip(endless.clone(), b"x".to_vec(), pause),
        Reply::Drip(endless, vec![b'x'; 16 * 1024], Duration::from_millis(1)),
        Reply::with(307, &inside, b""),
        Reply::Close(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
    ]
}

#[actix_web::test]
async fn endpoints_that_are_in_the_way_delay_nobody_else() {
    // It leads where it may, and from the second time on where nobody may go.
    let turning = NameServer::telling_of("turning.example", &[&[ALLOWED], &[FORBIDDEN]]).await;
    let settings = [("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.1/32"), ("GROUPGATE_DELIVERY_RETRIES", "5s")];
    let app = TestApp::asking(NameServers::At(turning.addr), &settings).await;
    let space = first(&app);
    let [allowed, forbidden] =
        WebServer::pair([ALLOWED, FORBIDDEN].map(|address| address.parse().unwrap()), Reply::with(500, &[], b"")).await;
    endpoint(&space, &format!("http://turning.example:{}/", allowed.addr.port()), &[]).await;
    let mut hostile = Vec::new();
    for reply in in_the_way() {
        let server = WebServer::start(reply).await;
        endpoint(&space, &server.url("/"), &[]).await;
        hostile.push(server);
    }
    // A name and an address that lead where nobody may go.
    for url in ["https://localhost/", "http://169.254.169.254/latest/meta-data/", "https://no-such-name.invalid/"] {
        endpoint(&space, url, &[]).await;
    }
    let healthy = Healthy::endpoints_of(&space).await;
    let undisturbed = TestApp::with(&settings).await;
    let elsewhere = Healthy::endpoints_of(&first(&undisturbed)).await;
    healthy.are_told(&app, AHEAD).await;
    eventually("the silent one holds all of its tries", async || (hostile[0].requests().len() >= 8).then_some(()))
        .await;
    one_is_within(LAG, async || {
        let time = healthy.are_told(&app, EVENTS).await;
        Measured { time, plain: elsewhere.are_told(&undisturbed, EVENTS).await * 3 }
    })
    .await;
    assert!(turning.asked() > 1, "its name was looked up again");
    assert!(!allowed.requests().is_empty(), "it was called while it led where it may");
    assert_eq!(forbidden.connections(), 0);
}

/// Endpoints that answer at once.
struct Healthy {
    _receiver: Receiver,
    arrivals: Arc<Mutex<HashMap<String, Vec<Instant>>>>,
    told: Cell<usize>,
}

impl Healthy {
    async fn endpoints_of(space: &Space<'_>) -> Self {
        let arrivals = Arc::new(Mutex::new(HashMap::<String, Vec<Instant>>::new()));
        let seen = arrivals.clone();
        let receiver = Receiver::start(move |delivery| {
            seen.lock().unwrap().entry(delivery.path).or_default().push(Instant::now());
            204
        });
        for nth in 0..HEALTHY {
            endpoint(space, &receiver.url(&format!("/{nth}")), &[]).await;
        }
        Self { _receiver: receiver, arrivals, told: Cell::new(0) }
    }

    /// Tells of so many events, and waits until each endpoint has them; how long after it the last one came.
    async fn are_told(&self, app: &TestApp, events: usize) -> Duration {
        let before = self.told.replace(self.told.get() + events);
        let groups: Vec<String> = (before..before + events).map(|nth| format!("group-{nth}")).collect();
        let events: Vec<(&str, usize)> = groups.iter().map(String::as_str).zip(before..).collect();
        let begun = Instant::now();
        tell(app, &events).await;
        eventually("all that is healthy is delivered to", async || {
            let arrivals = self.arrivals.lock().unwrap();
            let has_all = |times: &Vec<Instant>| times.len() >= self.told.get();
            (arrivals.len() == HEALTHY && arrivals.values().all(has_all)).then_some(())
        })
        .await;
        let latest = self.arrivals.lock().unwrap().values().flatten().max().copied();
        latest.unwrap() - begun
    }
}
