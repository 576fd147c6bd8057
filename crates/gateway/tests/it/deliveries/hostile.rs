//! Endpoints that do all they can to be in the way, beside others that do nothing of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gateway::egress::NameServers;

use super::{endpoint, first, tell};
use crate::support::{NameServer, Receiver, Reply, TestApp, WebServer, eventually};

/// Endpoints that answer at once.
const HEALTHY: usize = 20;
/// Events that keep all tries of a hostile endpoint busy; each of a group of its own, so that no lane is waited for.
const AHEAD: usize = 10;
/// Events behind them, whose lag is looked at.
const EVENTS: usize = 5;
/// Where endpoints may be, and where not.
const ALLOWED: &str = "127.0.0.1";
const FORBIDDEN: &str = "127.0.0.2";
/// What the healthy ones may lag behind.
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
    let arrivals = Arc::new(Mutex::new(HashMap::<String, Vec<Instant>>::new()));
    let seen = arrivals.clone();
    let healthy = Receiver::start(move |delivery| {
        seen.lock().unwrap().entry(delivery.path).or_default().push(Instant::now());
        204
    });
    for nth in 0..HEALTHY {
        endpoint(&space, &healthy.url(&format!("/{nth}")), &[]).await;
    }
    let ahead: Vec<String> = (0..AHEAD).map(|nth| format!("ahead-{nth}")).collect();
    tell(&app, &numbered(&ahead, 0)).await;
    eventually("the silent one holds all of its tries", async || (hostile[0].requests().len() == 8).then_some(()))
        .await;
    arrived(&arrivals, AHEAD).await;

    let groups: Vec<String> = (0..EVENTS).map(|nth| format!("group-{nth}")).collect();
    let told = Instant::now();
    tell(&app, &numbered(&groups, AHEAD)).await;
    arrived(&arrivals, AHEAD + EVENTS).await;
    assert_eq!(hostile[0].requests().len(), 8, "it holds them still");
    let latest = arrivals.lock().unwrap().values().flatten().max().copied().unwrap();
    assert!(latest - told < LAG, "{:?}", latest - told);
    let paths: HashSet<String> = arrivals.lock().unwrap().keys().cloned().collect();
    assert_eq!(paths.len(), HEALTHY);
    assert!(turning.asked() > 1, "its name was looked up again");
    assert!(!allowed.requests().is_empty(), "it was called while it led where it may");
    assert_eq!(forbidden.connections(), 0);
}

fn numbered(groups: &[String], from: usize) -> Vec<(&str, usize)> {
    groups.iter().enumerate().map(|(nth, group)| (group.as_str(), from + nth)).collect()
}

/// Waits until each healthy endpoint has so many deliveries.
async fn arrived(arrivals: &Mutex<HashMap<String, Vec<Instant>>>, count: usize) {
    eventually("all that is healthy is delivered to", async || {
        let arrivals = arrivals.lock().unwrap();
        (arrivals.len() == HEALTHY && arrivals.values().all(|times| times.len() >= count)).then_some(())
    })
    .await;
}
