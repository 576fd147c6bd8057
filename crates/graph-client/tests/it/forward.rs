//! Calls that are passed on as their callers made them.

use std::{io::ErrorKind, time::Duration};

use awc::{
    body::{BodyStream, BoxBody, SizedStream},
    error::PayloadError,
    http::{Method, header::HeaderValue},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use graph_client::{
    Acted, Call, Forward, ForwardBody, ForwardedChange, GraphClient, GraphError, GraphSettings, Unreadable,
};
use tokio::time::Instant;

use crate::support::{Graph, Reply, call, response, token};

fn get(id: &str) -> Forward {
    Forward {
        method: Method::GET,
        version: None,
        id: id.to_owned(),
        edge: None,
        query: Vec::new(),
        user_agent: None,
        body: ForwardBody::Empty,
    }
}

fn post(body: ForwardBody) -> Forward {
    Forward { method: Method::POST, edge: Some("media"), body, ..get("1") }
}

fn json(text: &'static str) -> ForwardBody {
    ForwardBody::Whole { content_type: HeaderValue::from_static("application/json"), bytes: text.into() }
}

fn streamed(body: BoxBody) -> ForwardBody {
    ForwardBody::Stream { content_type: HeaderValue::from_static("multipart/form-data; boundary=b"), body }
}

/// Pieces with a pause before each.
fn pieces(count: u8, pause: Duration) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::iter(0..count).then(move |_| async move {
        tokio::time::sleep(pause).await;
        Ok(Bytes::from_static(b"piece"))
    })
}

#[actix_rt::test]
async fn the_address_is_put_together_anew_and_the_token_is_ours() {
    let graph = Graph::answering(200, r#"{"id":"1"}"#).await;
    let query = vec![("a b".to_owned(), "c&d=é#/..".to_owned()), ("after".to_owned(), "x==".to_owned())];
    let asked = Forward {
        version: Some("v26.0".to_owned()),
        edge: Some("groups"),
        query,
        user_agent: Some("PyWa/4.5.0".to_owned()),
        ..get("Zm9v==")
    };
    let answer = graph.client().forward(call(&token()), asked).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &br#"{"id":"1"}"#[..]));
    let request = graph.request();
    let (path, query) = request.target.split_once('?').unwrap();
    assert_eq!(path, "/v26.0/Zm9v%3D%3D/groups");
    assert!(query.starts_with("a+b=c%26d%3D%C3%A9%23%2F..&after=x%3D%3D&appsecret_proof="), "{query}");
    assert_eq!(request.header("authorization"), Some("Bearer EAAGabcdefghijklmnop"));
    let agent = request.header("user-agent").unwrap();
    assert!(agent.starts_with("groupgate/") && agent.ends_with(" PyWa/4.5.0"), "{agent}");
    assert_eq!((request.header("content-type"), request.header("content-length")), (None, None));
}

#[actix_rt::test]
async fn a_name_that_no_header_can_hold_is_left_out() {
    let graph = Graph::answering(200, "{}").await;
    let asked = Forward { user_agent: Some("a\r\nx: y".to_owned()), ..get("1") };
    graph.client().forward(call(&token()), asked).await.unwrap();
    assert_eq!(graph.request().header("user-agent"), Some(concat!("groupgate/", env!("CARGO_PKG_VERSION"))));
}

#[actix_rt::test]
async fn a_refusal_is_an_answer_and_tells_no_token() {
    let body =
        r#"{"error":{"message":"Malformed access token EAAGabcdefghijklmnop","type":"OAuthException","code":190}}"#;
    let graph = Graph::answering(401, body).await;
    let answer = graph.client().forward(call(&token()), get("1")).await.unwrap();
    assert_eq!(answer.status.as_u16(), 401);
    assert_eq!(answer.body, body.replace("EAAGabcdefghijklmnop", "***"));
    assert_eq!(answer.refusal().unwrap().code, 190);
}

#[actix_rt::test]
async fn what_meta_cannot_have_written_is_no_answer() {
    for (status, headers, body) in [
        (200, vec![], "<html>"),
        (200, vec![], "[1]"),
        (502, vec![], "Bad Gateway"),
        (302, vec![("location", "https://evil.example/?appsecret_proof=x")], ""),
        (200, vec![], ""),
    ] {
        let graph = Graph::with(vec![Reply::Whole(response(status, &headers, body))]).await;
        let answered = graph.client().forward(call(&token()), get("1")).await;
        assert!(matches!(answered, Err(GraphError::Unreadable { .. })), "{status} {body}");
    }
    let graph = Graph::answering(200, "").await;
    let answer = graph.client().forward(call(&token()), post(json("{}"))).await.unwrap();
    assert!(answer.body.is_empty(), "a change may be answered with nothing");
    assert_eq!(answer.change(ForwardedChange::Whole).unwrap().request_id, None);
}

#[actix_rt::test]
async fn only_headers_that_say_something_of_the_answer_are_passed_back() {
    let headers = [
        ("x-app-usage", r#"{"call_count":1}"#),
        ("set-cookie", "a=b"),
        ("x-fb-trace-id", "T"),
        ("connection", "keep-alive"),
    ];
    let graph = Graph::with(vec![Reply::Whole(response(200, &headers, "{}"))]).await;
    let answer = graph.client().forward(call(&token()), get("1")).await.unwrap();
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    assert_eq!(names, ["content-type", "x-app-usage", "x-fb-trace-id"]);
}

#[actix_rt::test]
async fn a_body_that_comes_slowly_is_waited_for_and_one_that_stands_still_is_not() {
    let graph = Graph::answering(200, r#"{"id":"7"}"#).await;
    let short = Duration::from_secs(3);
    let client = GraphClient::new(&GraphSettings { timeout: short, ..graph.settings() }).unwrap();
    let slow = BoxBody::new(SizedStream::new(50, Box::pin(pieces(10, short / 4))));
    let begun = Instant::now();
    client.forward(call(&token()), post(streamed(slow))).await.unwrap();
    assert!(begun.elapsed() > short * 2, "longer than the timeout of a whole call");
    assert_eq!(graph.request().body, "piece".repeat(10));

    let stuck = pieces(1, Duration::ZERO).chain(stream::pending());
    let stuck = BoxBody::new(BodyStream::new(Box::pin(stuck)));
    let error = client.forward(call(&token()), post(streamed(stuck))).await.err().unwrap();
    assert!(matches!(error, GraphError::Timeout { sent: true, .. }), "{error}");
    assert_eq!(error.acted(), Acted::Unknown);
}

#[actix_rt::test]
async fn silence_and_a_deadline_end_a_call() {
    let graph = Graph::with(vec![Reply::Silence]).await;
    let token = token();
    let until = |until| Call { deadline: Some(until), ..Call::unguarded(&token) };
    let soon = Instant::now() + Duration::from_secs(2);
    let error = graph.client().forward(until(soon), post(json("{}"))).await.err().unwrap();
    assert!(matches!(error, GraphError::Timeout { sent: true, .. }), "{error}");
    let asked = graph.requests().len();
    let error = graph.client().forward(until(Instant::now()), post(json("{}"))).await.err().unwrap();
    assert!(matches!(error, GraphError::Timeout { sent: false, .. }), "{error}");
    assert_eq!(graph.requests().len(), asked);
}

#[actix_rt::test]
async fn a_file_is_fetched_with_the_token_from_metas_hosts_alone() {
    let graph = Graph::answering(200, "a file").await;
    let token = token();
    for elsewhere in [
        "https://evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:444/x",
        "https://u@lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "http://127.0.0.1:1/x",
        "data:x",
    ] {
        let error = graph.client().media_content(&token, None, &elsewhere.parse().unwrap()).await.err().unwrap();
        assert!(
            matches!(error, GraphError::Unreadable { why: Unreadable::Redirect { .. }, .. }),
            "{elsewhere}: {error}"
        );
    }
    assert!(graph.requests().is_empty());
    let address = format!("http://{}/whatsapp_business/attachments/?mid=7", graph.address()).parse().unwrap();
    let content = graph.client().media_content(&token, None, &address).await.unwrap();
    assert_eq!(content.length, Some(6));
    let pieces: Vec<_> = content.into_stream().collect().await;
    assert_eq!(pieces.into_iter().map(Result::unwrap).collect::<Vec<_>>().concat(), b"a file");
    let request = graph.request();
    assert_eq!(request.target, "/whatsapp_business/attachments/?mid=7");
    assert_eq!(request.header("authorization"), Some("Bearer EAAGabcdefghijklmnop"));
}

#[actix_rt::test]
async fn a_file_that_stops_coming_ends_with_a_timeout() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\na f".to_vec();
    let graph = Graph::with(vec![Reply::Whole(head)]).await;
    let short = Duration::from_secs(2);
    let client = GraphClient::new(&GraphSettings { timeout: short, ..graph.settings() }).unwrap();
    let address = format!("http://{}/file", graph.address()).parse().unwrap();
    let content = client.media_content(&token(), None, &address).await.unwrap();
    let pieces: Vec<_> = content.into_stream().collect().await;
    let [Ok(first), Err(PayloadError::Io(error))] = &pieces[..] else { panic!("{pieces:?}") };
    assert_eq!((&first[..], error.kind()), (&b"a f"[..], ErrorKind::TimedOut));
}

#[actix_rt::test]
async fn the_refusal_of_a_file_that_comes_byte_by_byte_does_not_stretch_the_deadline() {
    let refusal = response(404, &[], &format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(1000)));
    let (head, rest) = refusal.split_at(refusal.len() - 1000);
    for reply in [Reply::Drip(head.to_vec(), rest.to_vec()), Reply::Silence] {
        let graph = Graph::with(vec![reply]).await;
        let address = format!("http://{}/file", graph.address()).parse().unwrap();
        let soon = Some(Instant::now() + Duration::from_millis(300));
        let error = graph.client().media_content(&token(), soon, &address).await.err().unwrap();
        assert!(matches!(error, GraphError::Timeout { .. }), "{error}");
    }
}
