//! Posts: what is sent, what of the answer counts, and which connections are used again.

use std::cell::Cell;
use std::time::{Duration, Instant};

use awc::http::header::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use gateway::egress::{Answer, Egress, EgressError, ExternalUrl, NameServers};

use super::{egress, soon, to_loopback};
use crate::support::{Measured, NameServer, PATIENCE, Reply, WebServer, one_is_within};

const FIRST: &str = "127.0.0.1";
const SECOND: &str = "127.0.0.2";

async fn post_within(egress: &Egress, url: &str, time: Duration) -> Result<Answer, EgressError> {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("webhook-id"), HeaderValue::from_static("evt_1"));
    let body = Bytes::from_static(br#"{"Type":"group.created"}"#);
    egress.post(&ExternalUrl::try_from(url)?, headers, body, time).await
}

async fn post(egress: &Egress, url: &str) -> Result<Answer, EgressError> {
    post_within(egress, url, PATIENCE).await
}

/// Posts so often, each after the other's end.
async fn posts(egress: &Egress, url: &str, count: usize) {
    for _ in 0..count {
        assert_eq!(post(egress, url).await.unwrap().status, 200);
    }
}

/// Two servers on two addresses, and a URL whose name leads to the one that the name server says.
async fn two_servers() -> ([WebServer; 2], String) {
    let servers = WebServer::pair([FIRST.parse().unwrap(), SECOND.parse().unwrap()], Reply::with(200, &[], b"")).await;
    let url = format!("http://rebinding.example:{}/hooks", servers[0].addr.port());
    (servers, url)
}

#[actix_web::test]
async fn what_is_posted_arrives_with_its_headers_and_any_status_is_an_answer() {
    for status in [200, 204, 307, 410, 500] {
        let elsewhere = [("Location", "http://169.254.169.254/"), ("Retry-After", "7")];
        let server = WebServer::start(Reply::with(status, &elsewhere, b"")).await;
        let answer = post(&to_loopback(), &server.url("/hooks")).await.unwrap();
        assert_eq!((answer.status, answer.retry_after.as_deref()), (status, Some("7")));
        let request = server.requests().remove(0);
        assert!(request.starts_with("POST /hooks HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("webhook-id: evt_1\r\n"), "{request}");
        assert!(request.contains(concat!("user-agent: groupgate/", env!("CARGO_PKG_VERSION"), "\r\n")), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"Type\":\"group.created\"}"), "{request}");
    }
}

#[actix_web::test]
async fn of_an_answer_the_first_kib_is_kept() {
    for length in [0, 5, 1024, 5000] {
        let server = WebServer::start(Reply::with(500, &[], &vec![b'x'; length])).await;
        let answer = post(&to_loopback(), &server.url("/")).await.unwrap();
        assert_eq!((answer.status, answer.beginning.len()), (500, length.min(1024)));
    }
}

#[actix_web::test]
async fn an_answer_of_5_gb_counts_by_its_status_and_is_not_read() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n".to_vec();
    let server = WebServer::start(Reply::Drip(head, vec![b'x'; 16 * 1024], Duration::ZERO)).await;
    let short = WebServer::start(Reply::with(200, &[], b"")).await;
    let (egress, posts) = (to_loopback(), Cell::new(0));
    one_is_within(Duration::from_secs(1), async || {
        let begun = Instant::now();
        let answer = post(&egress, &server.url("/")).await.unwrap();
        assert_eq!((answer.status, answer.beginning.len()), (200, 1024));
        let time = begun.elapsed();
        posts.set(posts.get() + 1);
        let begun = Instant::now();
        self::posts(&egress, &short.url("/"), 1).await;
        Measured { time, plain: begun.elapsed() * 10 }
    })
    .await;
    // Its connection is not one that could be used again.
    post(&egress, &server.url("/")).await.unwrap();
    assert_eq!(server.connections(), posts.get() + 1);
}

#[actix_web::test]
async fn an_answer_whose_body_is_slow_or_broken_counts_by_its_status() {
    let head = b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n";
    let slow = Reply::Drip(head.to_vec(), b"x".to_vec(), Duration::from_millis(20));
    for reply in [slow, Reply::Close([head, b"ten bytes.".as_slice()].concat())] {
        let server = WebServer::start(reply).await;
        let begun = Instant::now();
        assert_eq!(post(&to_loopback(), &server.url("/")).await.unwrap().status, 202);
        assert!(begun.elapsed() < PATIENCE / 4, "{:?}", begun.elapsed());
    }
}

#[actix_web::test]
async fn a_head_that_drips_or_never_comes_ends_at_the_deadline() {
    let pause = Duration::from_millis(20);
    for reply in [Reply::Silence, Reply::Drip(b"HTTP/1.1 200 OK\r\nX-Slow: ".to_vec(), b"x".to_vec(), pause)] {
        let server = WebServer::start(reply).await;
        let begun = Instant::now();
        let error = post_within(&to_loopback(), &server.url("/"), soon().time).await.unwrap_err();
        assert_eq!(error, EgressError::Timeout);
        assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    }
}

#[actix_web::test]
async fn posts_to_the_same_server_share_a_connection() {
    let server = WebServer::start(Reply::with(200, &[], b"a short answer")).await;
    let egress = to_loopback();
    posts(&egress, &server.url("/a"), 3).await;
    posts(&egress, &server.url("/b"), 3).await;
    assert_eq!((server.connections(), server.requests().len()), (1, 6));
}

#[actix_web::test]
async fn a_connection_that_is_to_be_closed_is_not_used_again() {
    for option in ["close", "Keep-Alive, Close"] {
        let server = WebServer::start(Reply::with(200, &[("Connection", option)], b"")).await;
        posts(&to_loopback(), &server.url("/"), 1).await;
        let egress = to_loopback();
        posts(&egress, &server.url("/"), 3).await;
        assert_eq!(server.connections(), 4, "{option}");
    }
}

#[actix_web::test]
async fn a_kept_connection_that_ends_in_the_place_of_an_answer_is_replaced_once() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    let server = WebServer::start(Reply::Once(answer)).await;
    let egress = to_loopback();
    posts(&egress, &server.url("/"), 3).await;
    assert_eq!((server.connections(), server.requests().len()), (3, 5));

    let never = WebServer::start(Reply::Close(Vec::new())).await;
    assert_eq!(post(&to_loopback(), &never.url("/")).await.unwrap_err(), EgressError::Broken);
    assert_eq!(never.connections(), 1);
}

#[actix_web::test]
async fn a_connection_closed_while_it_rested_is_replaced() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    let server = WebServer::start(Reply::Close(answer)).await;
    let egress = to_loopback();
    posts(&egress, &server.url("/"), 3).await;
    assert_eq!((server.connections(), server.requests().len()), (3, 3));
}

#[actix_web::test]
async fn a_kept_connection_is_used_only_while_its_address_is_the_names() {
    let ([old, new], url) = two_servers().await;
    let dns = NameServer::telling(&[&[FIRST], &[FIRST], &[SECOND], &[SECOND, FIRST]]).await;
    let egress = egress(&["127.0.0.0/8"], NameServers::At(dns.addr));
    posts(&egress, &url, 2).await;
    assert_eq!((old.connections(), old.requests().len(), new.requests().len()), (1, 2, 0));
    posts(&egress, &url, 2).await;
    assert_eq!((dns.asked(), old.requests().len(), new.requests().len()), (4, 2, 2));
    assert_eq!((old.connections(), new.connections()), (1, 1));
}

#[actix_web::test]
async fn a_name_that_turns_inside_is_not_posted_to_although_a_connection_is_kept() {
    let ([outside, inside], url) = two_servers().await;
    for turned in [&[SECOND][..], &[FIRST, SECOND], &[]] {
        let dns = NameServer::telling(&[&[FIRST], turned]).await;
        let egress = egress(&["127.0.0.1/32"], NameServers::At(dns.addr));
        posts(&egress, &url, 1).await;
        assert_eq!(post(&egress, &url).await.unwrap_err(), EgressError::NotHttps, "{turned:?}");
    }
    assert_eq!((outside.requests().len(), inside.connections()), (3, 0));
}

#[actix_web::test]
async fn a_connection_is_for_its_own_name_alone() {
    let server = WebServer::start(Reply::with(200, &[], b"")).await;
    let dns = NameServer::telling(&[&[FIRST]]).await;
    let egress = egress(&["127.0.0.0/8"], NameServers::At(dns.addr));
    for name in ["one.example", "other.example", "one.example"] {
        posts(&egress, &format!("http://{name}:{}/", server.addr.port()), 1).await;
    }
    assert_eq!(server.connections(), 2);
}

#[actix_web::test]
async fn a_url_is_checked_before_it_is_ever_called() {
    let settings = |allowed: &[&str]| gateway::egress::EgressSettings {
        allowed_networks: allowed.iter().map(|network| network.parse().unwrap()).collect(),
        name_servers: NameServers::System,
    };
    let check = |allowed: &[&str], url: &str| settings(allowed).check(&ExternalUrl::try_from(url).unwrap());
    for url in ["https://hooks.example/", "https://8.8.8.8/"] {
        assert_eq!(check(&[], url), Ok(()), "{url}");
    }
    assert_eq!(check(&["10.0.0.0/8"], "http://hooks.internal/"), Ok(()));
    assert_eq!(check(&[], "http://hooks.example/"), Err(EgressError::NotHttps));
    assert_eq!(check(&["10.0.0.0/8"], "http://127.0.0.1:3000/"), Err(EgressError::NotHttps));
    assert_eq!(check(&[], "https://169.254.169.254/"), Err(EgressError::ForbiddenAddress));
}
