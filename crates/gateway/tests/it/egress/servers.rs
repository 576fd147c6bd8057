//! Servers that do not do what they should.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gateway::egress::{EgressError, Full, Limits, NameServers};

use super::{LIMITS, egress, get, get_for, get_within, soon, to_loopback};
use crate::support::{ClosedPort, PATIENCE, Reply, WebServer};

async fn failure(reply: Reply) -> EgressError {
    let server = WebServer::start(reply).await;
    get(&to_loopback(), &server.url("/")).await.unwrap_err()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let size = format!("{:x}\r\n", body.len());
    [head, size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

#[actix_web::test]
async fn what_stands_at_a_url_is_fetched_with_no_more_than_is_needed() {
    let server = WebServer::start(Reply::file("image/jpeg", b"a picture")).await;
    let fetched = get(&to_loopback(), &server.url("/a%20b.jpg?signature=s&x=1#part")).await.unwrap();
    assert_eq!((fetched.status, fetched.content_type.as_deref()), (200, Some("image/jpeg")));
    assert_eq!(fetched.body, "a picture");
    let request = server.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("get /a%20b.jpg?signature=s&x=1 http/1.1\r\n"), "{request}");
    let mut headers: Vec<&str> = request.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    headers.sort_unstable();
    assert_eq!(headers, ["connection", "date", "host", "user-agent"], "{request}");
}

#[actix_web::test]
async fn a_forbidden_address_is_told_alike_whether_or_not_anything_listens_there() {
    let server = WebServer::start(Reply::file("text/plain", b"inside")).await;
    let open = server.addr.port();
    let nobody = ClosedPort::hold();
    let closed = nobody.addr.port();
    let nothing_allowed = egress(&[], NameServers::System);
    for port in [open, closed] {
        for host in ["127.0.0.1", "2130706433", "0x7f.1", "127.1"] {
            let error = get(&nothing_allowed, &format!("https://{host}:{port}/")).await.unwrap_err();
            assert_eq!(error, EgressError::ForbiddenAddress, "{host}");
        }
        for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"] {
            let error = get(&nothing_allowed, &format!("http://{host}:{port}/")).await.unwrap_err();
            assert_eq!(error, EgressError::NotHttps, "{host}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn a_redirect_is_not_followed() {
    let inside = WebServer::start(Reply::file("text/plain", b"inside")).await;
    for location in ["http://169.254.169.254/latest/meta-data/", &inside.url("/"), "/elsewhere"] {
        for status in [301, 302, 303, 307, 308] {
            let reply = Reply::with(status, &[("Location", location)], b"");
            assert_eq!(failure(reply).await, EgressError::Redirect, "{status} {location}");
        }
    }
    assert_eq!(inside.connections(), 0);
}

#[actix_web::test]
async fn a_status_by_which_not_all_is_there_is_told() {
    for status in [202, 203, 206, 400, 401, 404, 500, 503] {
        assert_eq!(failure(Reply::with(status, &[], b"no")).await, EgressError::Status(status));
    }
}

#[actix_web::test]
async fn a_server_that_drips_ends_at_the_deadline() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec();
    let pause = Duration::from_millis(20);
    let replies = [
        Reply::Drip(head.clone(), b"x".to_vec(), pause),
        Reply::Drip(b"HTTP/1.1 200 OK\r\nX-Slow: ".to_vec(), b"x".to_vec(), pause),
        Reply::Drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), b"1\r\nx\r\n".to_vec(), pause),
        Reply::Silence,
    ];
    for reply in replies {
        let server = WebServer::start(reply).await;
        let begun = Instant::now();
        let error = get_within(&to_loopback(), &server.url("/"), soon()).await.unwrap_err();
        assert_eq!(error, EgressError::Timeout);
        assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    }
}

#[actix_web::test]
async fn an_answer_may_have_its_limit_and_not_a_byte_more() {
    const LIMIT: usize = 100_000;
    let limits = Limits { body: LIMIT, ..LIMITS };
    for (length, fits) in [(LIMIT, true), (LIMIT + 1, false)] {
        let body = vec![b'x'; length];
        for reply in [Reply::with(200, &[], &body), Reply::Keep(chunked(&body))] {
            let server = WebServer::start(reply).await;
            let fetched = get_within(&to_loopback(), &server.url("/"), limits).await;
            match fetched {
                Ok(fetched) => assert!(fits && fetched.body == body),
                Err(error) => assert!(!fits && error == EgressError::TooLarge { limit: LIMIT }, "{error:?}"),
            }
        }
    }
}

#[actix_web::test]
async fn an_answer_without_an_end_is_cut_at_its_limit() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let chunk = [b"1000\r\n", &[b'x'; 0x1000][..], b"\r\n"].concat();
    let body = Reply::Drip(head, chunk, Duration::ZERO);
    assert_eq!(failure(body).await, EgressError::TooLarge { limit: LIMITS.body });
    let header = Reply::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Long: and longer\r\n".to_vec(), Duration::ZERO);
    assert_eq!(failure(header).await, EgressError::Broken);
}

#[actix_web::test]
async fn an_answer_that_breaks_off_or_is_no_http_is_told_as_that() {
    let replies: [&[u8]; 4] = [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 O",
    ];
    for reply in replies {
        let error = failure(Reply::Close(reply.to_vec())).await;
        assert_eq!(error, EgressError::Broken, "{}", String::from_utf8_lossy(reply));
    }
}

#[actix_web::test]
async fn what_is_compressed_stays_compressed() {
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x04, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0];
    let server = WebServer::start(Reply::with(200, &[("Content-Encoding", "gzip")], &bomb)).await;
    assert_eq!(get(&to_loopback(), &server.url("/")).await.unwrap().body, bomb.as_slice());
}

#[actix_web::test]
async fn a_server_that_does_not_listen_is_told_as_that() {
    let closed = ClosedPort::hold();
    assert_eq!(get(&to_loopback(), &closed.url("/")).await.unwrap_err(), EgressError::Connect);
}

#[actix_web::test]
async fn one_tenants_slow_servers_do_not_take_the_door_from_another() {
    let silent = WebServer::start(Reply::Silence).await.url("/");
    let picture = WebServer::start(Reply::file("image/jpeg", b"a picture")).await.url("/");
    let egress = to_loopback();
    let waiting = join_all((0..4).map(|_| get_for("cams-slow", &egress, &silent, LIMITS)));
    let others = async {
        let fifth = get_for("cams-slow", &egress, &picture, LIMITS).await;
        (fifth.unwrap_err(), get_for("cams-other", &egress, &picture, LIMITS).await.unwrap())
    };
    let (refused, fetched) = tokio::select! {
        biased;
        _ = waiting => panic!("a silent server answered"),
        told = others => told,
    };
    assert_eq!((refused, fetched.body.as_ref()), (EgressError::Busy(Full::Tenant), b"a picture".as_ref()));
    get_for("cams-slow", &egress, &picture, LIMITS).await.unwrap();
}

#[actix_web::test]
async fn a_fetch_makes_a_connection_of_its_own() {
    let reply = Reply::with(200, &[("Connection", "keep-alive")], b"again");
    let server = WebServer::start(reply).await;
    let egress = to_loopback();
    for _ in 0..3 {
        get(&egress, &server.url("/")).await.unwrap();
    }
    assert_eq!(server.connections(), 3);
}
