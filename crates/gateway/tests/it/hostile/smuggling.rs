//! Requests that a proxy in front and the gateway could cut in two different places
//! ([RFC 9112, section 11.2](https://www.rfc-editor.org/rfc/rfc9112#section-11.2)). Each is refused, and its connection
//! closed; or read in the one way that the standard has.
//!
//! Every case ends with a request that closes the connection, so that each has an end.

use super::{Wire, statuses};
use crate::support::TestApp;

/// What would be executed if the gateway saw a request where none is.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";
/// What is sent last, and answered where all before it was understood.
const LAST: &str = "GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What the gateway makes of one request.
#[derive(Debug, PartialEq, Eq)]
enum Made {
    /// 400, and the connection is closed.
    Refused,
    /// One request, and the next is read behind its body.
    One,
    /// One request, behind which nothing is read any more.
    OneAndClosed,
    /// No answer: what began as a request was none, and the connection is closed.
    Closed,
}

/// Sends a request with everything behind it, and tells what was made of it.
async fn made(app: &TestApp, request: &str) -> Made {
    made_and_answered(app, request).await.0
}

/// The same, with the statuses that were answered.
async fn made_and_answered(app: &TestApp, request: &str) -> (Made, Vec<u16>) {
    let mut wire = Wire::to(&app.client).await;
    wire.send(format!("{}{LAST}", request.replace(KEY, &app.first.key.basic())).as_bytes()).await;
    let answers = wire.rest().await;
    assert!(!answers.contains(r#""status":"live""#), "smuggled by {request:?}: {answers}");
    let statuses = statuses(&answers);
    let made = match statuses[..] {
        [400] if answers.contains("This is no request") => Made::Refused,
        [_, 200] if answers.contains(r#""missing""#) => Made::One,
        [_] => Made::OneAndClosed,
        [] => Made::Closed,
        _ => panic!("{request:?} was answered with {answers}"),
    };
    (made, statuses)
}

/// Stands for the header's value of a caller who may call, so that the gateway reads his body.
const KEY: &str = "<key>";

/// A POST with these lines of its head, and this body.
fn post(lines: &str, body: &str) -> String {
    format!("POST /v1/GetChatGroup HTTP/1.1\r\nHost: a\r\nAuthorization: {KEY}\r\n{lines}\r\n\r\n{body}")
}

async fn all_are(expected: &Made, requests: &[String]) {
    let app = TestApp::start().await;
    for request in requests {
        assert_eq!(&made(&app, request).await, expected, "{request:?}");
    }
}

#[actix_web::test]
async fn a_length_and_an_encoding_that_contradict_each_other_are_refused() {
    let chunked = format!("0\r\n\r\n{SMUGGLED}");
    let length = chunked.len();
    all_are(
        &Made::Refused,
        &[
            post(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), &chunked),
            post(&format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"), &chunked),
            post("Content-Length: 0\r\nTransfer-Encoding: chunked", &chunked),
            post(&format!("Content-Length: {length}\r\nTransfer-Encoding: identity"), &chunked),
        ],
    )
    .await;
}

#[actix_web::test]
async fn a_length_that_is_not_one_plain_number_is_refused() {
    let length = SMUGGLED.len();
    let lengths = [
        format!("Content-Length: {length}\r\nContent-Length: 0"),
        format!("Content-Length: 0\r\nContent-Length: {length}"),
        format!("Content-Length: {length}\r\nContent-Length: {length}"),
        format!("Content-Length: {length}, {length}"),
        format!("Content-Length: +{length}"),
        format!("Content-Length: -{length}"),
        format!("Content-Length: {length} 0"),
        format!("Content-Length: {length};"),
        format!("Content-Length: 0x{length:x}"),
        format!("Content-Length: {length}.0"),
        format!("Content-Length: \"{length}\""),
        "Content-Length: 18446744073709551616".to_owned(),
        "Content-Length: 99999999999999999999999999".to_owned(),
        "Content-Length:".to_owned(),
        format!("Content-Length : {length}"),
        format!("Content-Length\t: {length}"),
        format!("Content-Length\0: {length}"),
        format!("Content-Length: {length}\0"),
        format!("Content-Length:\r\n {length}"),
    ];
    all_are(&Made::Refused, &lengths.map(|line| post(&line, SMUGGLED))).await;
}

#[actix_web::test]
async fn an_encoding_that_is_not_chunked_alone_is_refused() {
    let encodings = [
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding: chunked\0",
        "Transfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "Transfer-Encoding\0: chunked",
        "Transfer-Encoding:\r\n chunked",
        " Transfer-Encoding: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
    ];
    all_are(&Made::Refused, &encodings.map(|line| post(line, &format!("0\r\n\r\n{SMUGGLED}")))).await;
}

#[actix_web::test]
async fn chunks_that_are_not_framed_as_the_standard_has_it_end_the_connection() {
    let chunks = [
        format!("10000000000000000\r\n{SMUGGLED}"),
        format!("FFFFFFFFFFFFFFFFF\r\n{SMUGGLED}"),
        format!("-1\r\n{SMUGGLED}"),
        format!("+0\r\n\r\n{SMUGGLED}"),
        format!("0x0\r\n\r\n{SMUGGLED}"),
        format!("g\r\n{SMUGGLED}"),
        format!("\r\n0\r\n\r\n{SMUGGLED}"),
        format!("1\r\naX0\r\n\r\n{SMUGGLED}"),
        format!("2\r\na\r\n0\r\n\r\n{SMUGGLED}"),
        // A line feed alone, which some take for the end of a line.
        format!("0\n\r\n{SMUGGLED}"),
        format!("1\na\r\n0\r\n\r\n{SMUGGLED}"),
        format!("1\r\na\n0\r\n\r\n{SMUGGLED}"),
        format!("1;name=value\na\r\n0\r\n\r\n{SMUGGLED}"),
        format!("0;\n\r\n{SMUGGLED}"),
        // A carriage return alone.
        format!("1\ra\r\n0\r\n\r\n{SMUGGLED}"),
        format!("1;name\rvalue\r\na\r\n0\r\n\r\n{SMUGGLED}"),
    ];
    let app = TestApp::start().await;
    for body in chunks {
        let request = post("Transfer-Encoding: chunked", &body);
        let (made, statuses) = made_and_answered(&app, &request).await;
        assert_ne!(made, Made::One, "{request:?}");
        // Where the call has begun to read them, the connection ends without a word.
        assert!(statuses.is_empty() || statuses == [400], "{statuses:?} to {request:?}");
    }
}

#[actix_web::test]
async fn what_the_standard_lets_be_written_in_several_ways_is_read_in_one() {
    let length = SMUGGLED.len();
    let chunk = format!("{length:x}\r\n{SMUGGLED}\r\n0\r\n\r\n");
    let requests = [
        post(&format!("Content-Length: {length}"), SMUGGLED),
        post(&format!("content-length:{length}"), SMUGGLED),
        post(&format!("Content-Length: \t{length} "), SMUGGLED),
        post(&format!("Content-Length: 000{length}"), SMUGGLED),
        post("Transfer-Encoding: chunked", &chunk),
        post("transfer-encoding:\tCHUNKED ", &chunk),
        post("Transfer-Encoding: chunked", &format!("{length:X};name=value\r\n{SMUGGLED}\r\n00\r\n\r\n")),
        // Fields behind the last chunk are none of the head's.
        post("Transfer-Encoding: chunked", &format!("{length:x}\r\n{SMUGGLED}\r\n0\r\nContent-Length: 5\r\n\r\n")),
        post("Transfer-Encoding: chunked", "0\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n"),
        // A line feed alone ends a line of the head.
        format!(
            "POST /v1/GetChatGroup HTTP/1.1\nHost: a\nAuthorization: {KEY}\nContent-Length: {length}\n\n{SMUGGLED}"
        ),
        // A header whose name only resembles one that frames a body.
        post(&format!("Content-Length: {length}\r\nX-Transfer-Encoding: chunked"), SMUGGLED),
        post(&format!("Content-Length: {length}\r\nTransfer_Encoding: chunked"), SMUGGLED),
        // A body where none is expected is framed all the same.
        format!("GET /health/ready HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}"),
        // An address of another host is a path of this one.
        "GET http://b/health/ready HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
    ];
    all_are(&Made::One, &requests).await;
}

#[actix_web::test]
async fn a_head_that_is_none_of_the_standards_is_refused() {
    let get = |head: &str| format!("{head}\r\n\r\n{SMUGGLED}");
    all_are(
        &Made::Refused,
        &[
            get("GET /health/ready HTTP/1.1"),
            get("GET /health/ready HTTP/1.1\r\nHost: a\r\nHost: b"),
            get("GET /health/ready HTTP/1.1\r\nHost: a\r\nHost: a"),
            get("GET /health/ready HTTP/1.2\r\nHost: a"),
            get("GET /health/ready HTTP/2.0\r\nHost: a"),
            get("GET /health/ready HTTP/0.9\r\nHost: a"),
            get("GET /health/ready\r\nHost: a"),
            get("GET  /health/ready HTTP/1.1\r\nHost: a"),
            get("GET /health/ready\0 HTTP/1.1\r\nHost: a"),
            get("GET /health/ready HTTP/1.1 x\r\nHost: a"),
            get("G\0T /health/ready HTTP/1.1\r\nHost: a"),
            get("GET /health/ready HTTP/1.1\r\nHost: a\r\n: no name"),
            get("GET /health/ready HTTP/1.1\r\nHost: a\r\nno colon"),
            get("GET /health/ready HTTP/1.1\r\nHost: a\r\nX: \0"),
            // HTTP/1.0 has no chunks, and a body of a POST has a length.
            format!("POST /v1/GetChatGroup HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
            format!("POST /v1/GetChatGroup HTTP/1.0\r\nConnection: keep-alive\r\n\r\n{SMUGGLED}"),
        ],
    )
    .await;
}

#[actix_web::test]
async fn a_connection_that_asks_for_another_protocol_is_read_no_further() {
    let length = SMUGGLED.len();
    all_are(
        &Made::OneAndClosed,
        &[
            post(&format!("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: {length}"), SMUGGLED),
            format!("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n{SMUGGLED}"),
        ],
    )
    .await;
}
