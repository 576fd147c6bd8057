//! Connections without TLS: where answers end, and which connections are used again.

use std::time::Duration;

use awc::http::{Method, header::HeaderValue};
use graph_client::{Acted, Call, Forward, ForwardBody, GraphClient, GraphError, GraphSettings, NewGroup, Unreadable};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::{Instant, timeout},
};

use crate::support::{Graph, Reply, all_answered, call, group, number, response, token, until};

const LINK: &str = r#"{"invite_link":"L"}"#;
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// The length of a body that does not fit into what the system buffers.
const LARGE: usize = 64 * 1024 * 1024;

fn whole() -> Vec<u8> {
    response(200, &[], LINK)
}

fn chunked() -> Vec<u8> {
    format!("{CHUNKED}8;x=y\r\n{}\r\nb\r\n{}\r\n0\r\nx: y\r\n\r\n", &LINK[..8], &LINK[8..]).into_bytes()
}

/// Makes calls one after the other, of which each has its link, and says which connections they came by.
async fn connections(replies: Vec<Vec<u8>>, calls: usize) -> Vec<usize> {
    let graph = Graph::with(replies.into_iter().map(Reply::Whole).collect()).await;
    let client = graph.client();
    for _ in 0..calls {
        all_answered(&client, 1).await;
    }
    graph.requests().iter().map(|request| request.connection).collect()
}

async fn change(reply: Reply) -> GraphError {
    let graph = Graph::with(vec![reply]).await;
    let error = graph.client().reset_invite_link(call(&token()), &group()).await.unwrap_err();
    assert_eq!(graph.requests().len(), 1, "a change that may have left is sent once: {error}");
    error
}

#[actix_rt::test]
async fn an_answer_is_the_same_wherever_its_pieces_end() {
    for bytes in [whole(), chunked()] {
        let splits = (1..bytes.len()).map(|at| {
            let (first, second) = bytes.split_at(at);
            Reply::Pieces(vec![first.to_vec(), second.to_vec()])
        });
        let by_bytes = Reply::Pieces(bytes.iter().map(|byte| vec![*byte]).collect());
        let graph = Graph::with(splits.chain([by_bytes]).collect()).await;
        let client = graph.client();
        for _ in 0..bytes.len() {
            all_answered(&client, 1).await;
        }
        assert_eq!(graph.requests().len(), bytes.len());
        assert!(graph.requests().iter().all(|request| request.connection == 1), "it ended where it ended");
    }
}

#[actix_rt::test]
async fn an_answer_that_breaks_off_anywhere_leaves_a_change_open() {
    for bytes in [whole(), chunked()] {
        for at in 0..bytes.len() {
            let error = change(Reply::Cut(bytes[..at].to_vec())).await;
            assert_eq!(error.acted(), Acted::Unknown, "{at}: {error}");
        }
    }
}

#[actix_rt::test]
async fn interim_answers_are_read_over_as_far_as_there_are_few() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".repeat(8).into_bytes();
    assert_eq!(connections(vec![[interim, whole()].concat()], 3).await, [1, 1, 1]);
    let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    let error = change(Reply::Whole(endless)).await;
    assert!(matches!(error, GraphError::Disconnected { sent: true, .. }), "{error}");
}

#[actix_rt::test]
async fn a_connection_is_used_again_only_behind_a_certain_end() {
    let with = |headers: &[(&str, &str)]| response(200, headers, LINK);
    let with_more = |bytes: Vec<u8>| [bytes, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()].concat();
    let (old, new) = (String::from_utf8(whole()).unwrap().replace("HTTP/1.1", "HTTP/1.0").into_bytes(), [1, 2]);
    for (bytes, expected) in [
        (whole(), [1, 1]),
        (chunked(), [1, 1]),
        (with(&[("connection", "keep-alive")]), [1, 1]),
        (with(&[("Connection", "Close")]), new),
        (with(&[("connection", "keep-alive, close")]), new),
        (old, new),
        (with_more(whole()), new),
        (with_more(chunked()), new),
    ] {
        assert_eq!(connections(vec![bytes.clone(), whole()], 2).await, expected, "{}", bytes.escape_ascii());
    }
}

#[actix_rt::test]
async fn answers_without_a_body_have_their_end_and_those_without_a_length_the_connections() {
    for (bytes, connection) in [
        (&b"HTTP/1.1 204 No Content\r\n\r\n"[..], 1),
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", 2),
        (b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n", 2),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 1),
    ] {
        let graph = Graph::with(vec![Reply::Whole(bytes.to_vec())]).await;
        let client = graph.client();
        for _ in 0..2 {
            client.delete_group(call(&token()), &group()).await.unwrap();
        }
        assert_eq!(graph.requests()[1].connection, connection, "{}", bytes.escape_ascii());
    }
    for version in ["1.0", "1.1"] {
        let endless = format!("HTTP/{version} 200 OK\r\n\r\n{LINK}");
        let graph = Graph::with(vec![Reply::Cut(endless.into_bytes())]).await;
        for _ in 0..2 {
            let answer = graph.client().invite_link(call(&token()), &group()).await.unwrap();
            assert_eq!(answer.body.invite_link.as_deref(), Some("L"));
        }
    }
}

#[actix_rt::test]
async fn what_two_readers_could_read_in_two_ways_is_a_broken_connection() {
    for headers in [
        "content-length: 19\r\ntransfer-encoding: chunked",
        "content-length: 19\r\ncontent-length: 20",
        "content-length: +19",
        "transfer-encoding: gzip",
        "content-length: 19\r\nx: folded\r\n and on",
    ] {
        let error = change(Reply::Whole(format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{LINK}").into_bytes())).await;
        assert!(matches!(error, GraphError::Disconnected { sent: true, .. }), "{headers}: {error}");
    }
    for chunks in ["13\n", "13 x\r\n", "\r\n", "13\r\n{\"invite_link\":\"L\"}x\r\n"] {
        let error = change(Reply::Whole([CHUNKED, chunks].concat().into_bytes())).await;
        assert!(matches!(error, GraphError::Unreadable { why: Unreadable::CutOff, .. }), "{chunks}: {error}");
    }
}

#[actix_rt::test]
async fn heads_and_bodies_have_bounds_however_they_come() {
    let limit = 10_000;
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; limit + 1]].concat();
    let small = [CHUNKED.to_owned(), "1\r\nx\r\n".repeat(limit + 1)].concat();
    let far = format!("{CHUNKED}{:x}\r\n", u64::MAX);
    let huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX);
    for bytes in [endless, small.into_bytes(), far.into_bytes(), huge.into_bytes()] {
        let graph = Graph::with(vec![Reply::Whole(bytes)]).await;
        let client = GraphClient::new(&GraphSettings { max_body: limit, ..graph.settings() }).unwrap();
        let error = client.reset_invite_link(call(&token()), &group()).await.unwrap_err();
        let GraphError::Unreadable { why, .. } = &error else { panic!("{error}") };
        assert_eq!((why, error.acted()), (&Unreadable::TooLarge { limit }, Acted::Unknown));
    }
    let line = format!("x: {}\r\n", "y".repeat(1000));
    for (before, headers) in
        [(String::new(), line.repeat(70)), ("\r\n".repeat(40_000), String::new()), (String::new(), "x".repeat(80_000))]
    {
        let error = change(Reply::Whole(format!("{before}HTTP/1.1 200 OK\r\n{headers}").into_bytes())).await;
        assert!(matches!(error, GraphError::Disconnected { sent: true, .. }), "{error}");
    }
    let large = response(200, &[("x", &"y".repeat(60_000))], LINK);
    assert_eq!(connections(vec![large], 2).await, [1, 1]);
}

#[actix_rt::test]
async fn whoever_drops_a_call_in_the_middle_drops_its_connection() {
    let bytes = response(200, &[], r#"{"invite_link":"another's"}"#);
    for at in [0, 10, bytes.len() - 3] {
        let late = Reply::Drip(bytes[..at].to_vec(), bytes[at..].to_vec());
        let graph = Graph::with(vec![late, Reply::Whole(whole())]).await;
        let client = graph.client();
        let dropped = {
            let (client, graph) = (client.clone(), &graph);
            let (token, group) = (token(), group());
            let asked = until(|| !graph.requests().is_empty());
            tokio::select! {
                biased;
                answer = client.invite_link(call(&token), &group) => Some(answer),
                () = asked => None,
            }
        };
        assert!(dropped.is_none(), "{dropped:?}");
        all_answered(&client, 1).await;
        assert_eq!(graph.requests()[1].connection, 2);
    }
}

#[actix_rt::test]
async fn a_body_that_leaves_behind_its_head_arrives_whole() {
    let graph = Graph::answering(200, "{}").await;
    let description = "D".repeat(1024 * 1024);
    let (client, token) = (graph.client(), token());
    for description in [&description[..8 * 1024], &description] {
        let new = NewGroup { subject: "S", description: Some(description), join_approval_mode: None };
        client.create_group(call(&token), &number(), &new).await.unwrap();
        assert!(graph.requests().last().unwrap().body.contains(description));
    }
    let lengths: Vec<_> = graph.requests().iter().map(|request| request.header("content-length").is_some()).collect();
    assert_eq!(lengths, [true, true]);
}

/// A port that takes connections, a client that calls there, and a request with a large body.
async fn deaf() -> (TcpListener, GraphClient, Forward) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let content_type = HeaderValue::from_static("application/json");
    let request = Forward {
        method: Method::POST,
        version: None,
        id: "1".to_owned(),
        edge: None,
        query: Vec::new(),
        user_agent: None,
        body: ForwardBody::Whole { content_type, bytes: vec![b' '; LARGE].into() },
    };
    (listener, GraphClient::new(&GraphSettings::new(url.parse().unwrap())).unwrap(), request)
}

#[actix_rt::test]
async fn what_does_not_take_the_whole_request_may_have_acted_all_the_same() {
    let (_listener, client, request) = deaf().await;
    let token = token();
    let soon = Call { deadline: Some(Instant::now() + Duration::from_secs(2)), ..Call::unguarded(&token) };
    let error = client.forward(soon, request).await.err().unwrap();
    assert!(matches!(error, GraphError::Timeout { sent: true, .. }), "{error}");

    let (listener, client, request) = deaf().await;
    let hangs_up = async {
        let (stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
    };
    let (answer, ()) = tokio::join!(client.forward(call(&token), request), hangs_up);
    let error = answer.err().unwrap();
    assert!(matches!(error, GraphError::Disconnected { sent: true, .. }), "{error}");
}

#[actix_rt::test]
async fn an_answer_that_comes_before_the_whole_request_has_left_is_heard() {
    let token = token();
    let refusal = [b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), response(413, &[], "too large")].concat();
    for keeps_open in [true, false] {
        let (listener, client, request) = deaf().await;
        let refuses = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
            stream.write_all(&refusal).await.unwrap();
            keeps_open.then_some(stream)
        };
        let (answer, _stream) = tokio::join!(client.forward(call(&token), request), refuses);
        let error = answer.err().unwrap();
        assert!(matches!(error, GraphError::Unreadable { status: 413, .. }), "{error}");
        assert_eq!(error.acted(), Acted::No);
    }
}

#[actix_rt::test]
async fn a_request_goes_on_leaving_while_there_are_only_interim_answers() {
    let (listener, client, request) = deaf().await;
    let token = token();
    let takes = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.read_exact(&mut vec![0; LARGE]).await.unwrap();
        stream.write_all(&response(200, &[], "{}")).await.unwrap();
        stream
    };
    let (answer, _stream) = tokio::join!(client.forward(call(&token), request), takes);
    assert_eq!(answer.unwrap().body, "{}");
}

#[actix_rt::test]
async fn an_address_of_ipv6_is_one() {
    // Where the machine has none, there is nothing to try.
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().unwrap().port();
    let graph = Graph::at(listener, vec![Reply::Whole(whole())]);
    let mut settings = graph.settings();
    settings.base_url = format!("http://[::1]:{port}").parse().unwrap();
    let client = GraphClient::new(&settings).unwrap();
    timeout(Duration::from_secs(30), all_answered(&client, 1)).await.unwrap();
    assert_eq!(graph.request().header("host"), Some(format!("[::1]:{port}").as_str()));
}
