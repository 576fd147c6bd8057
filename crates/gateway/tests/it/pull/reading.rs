//! A client of the stream.

use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::Value;

use super::STREAM;
use crate::support::{Client, Credentials, PATIENCE};

/// What stands between two empty lines of the stream.
#[derive(Debug, Default, Clone)]
pub(super) struct Frame {
    pub(super) id: Option<i64>,
    pub(super) event: String,
    pub(super) data: String,
    pub(super) comment: Option<String>,
    pub(super) retry: Option<u64>,
}

impl Frame {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

type Body = Box<dyn Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin>;

/// A stream that is read.
pub(super) struct Reading {
    body: Body,
    buffer: String,
}

impl Reading {
    /// Opens a stream; `more` stands behind the tenant in the query. Its first frame, which tells its place, was read.
    pub(super) async fn open(
        client: &Client,
        authorization: &str,
        cust_space_id: &str,
        more: &str,
        last_event_id: Option<i64>,
    ) -> Self {
        let (reading, greeting) = Self::greeted(client, authorization, cust_space_id, more, last_event_id).await;
        assert_eq!((greeting.event.as_str(), greeting.data.as_str(), greeting.retry), ("", "", Some(2000)));
        if let Some(last) = last_event_id {
            assert_eq!(greeting.id, Some(last), "it goes on where it was");
        }
        reading
    }

    pub(super) async fn with_key(client: &Client, key: &Credentials, cust_space_id: &str) -> Self {
        Self::open(client, &key.basic(), cust_space_id, "", None).await
    }

    async fn greeted(
        client: &Client,
        authorization: &str,
        cust_space_id: &str,
        more: &str,
        last_event_id: Option<i64>,
    ) -> (Self, Frame) {
        let connector = awc::Connector::new().timeout(PATIENCE).handshake_timeout(PATIENCE);
        let http = awc::Client::builder().connector(connector).disable_timeout().finish();
        let url = format!("{}{STREAM}?CustSpaceId={cust_space_id}{more}", client.url);
        let mut request = http.get(url).insert_header(("authorization", authorization)).no_decompress();
        if let Some(last) = last_event_id {
            request = request.insert_header(("last-event-id", last.to_string()));
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        for (name, value) in
            [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
        {
            assert_eq!(response.headers().get(name).unwrap(), value);
        }
        assert!(response.headers().contains_key("x-request-id"));
        let mut reading = Self { body: Box::new(response), buffer: String::new() };
        let greeting = reading.next_within(PATIENCE).await.unwrap();
        (reading, greeting)
    }

    /// The next frame; `None` at the stream's end.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        self.next_within(PATIENCE).await
    }

    /// The next event; whatever else comes is passed over.
    pub(super) async fn next_event(&mut self) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if !frame.data.is_empty() {
                return Some(frame);
            }
        }
    }

    /// The same where it comes within this time.
    pub(super) async fn next_within(&mut self, patience: Duration) -> Option<Frame> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let frame = parse(&self.buffer[..end]);
                self.buffer.drain(..end + 2);
                return Some(frame);
            }
            let chunk = tokio::time::timeout(patience, self.body.next()).await.expect("the stream is silent")?;
            self.buffer.push_str(std::str::from_utf8(&chunk.ok()?).unwrap());
        }
    }

    /// Asserts that the stream ends by itself.
    pub(super) async fn ends(mut self) {
        while self.next().await.is_some() {}
    }
}

fn parse(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.lines() {
        match line.split_once(": ").unwrap_or_else(|| panic!("no field: {line}")) {
            ("id", id) => frame.id = Some(id.parse().unwrap()),
            ("event", event) => event.clone_into(&mut frame.event),
            ("data", data) => {
                assert!(frame.data.is_empty(), "the data is on one line: {text}");
                data.clone_into(&mut frame.data);
            }
            ("retry", retry) => frame.retry = Some(retry.parse().unwrap()),
            ("", comment) => frame.comment = Some(comment.to_owned()),
            (field, _) => panic!("an unknown field {field}"),
        }
    }
    frame
}
