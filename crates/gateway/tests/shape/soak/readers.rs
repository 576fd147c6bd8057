//! Those who follow a tenant's events: by pull, and over the stream. Neither passes over anything, and neither sees anything
//! twice.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::rt::time::{sleep, timeout};
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;

use super::book::{Book, add};
use crate::support::http_client;
use crate::world::Tenant;

/// How long a pull waits for something new, in seconds.
const WAIT_SECONDS: u64 = 2;
/// How long a stream may be silent: a comment goes over it every 15 s.
const SILENCE: Duration = Duration::from_secs(25);
/// Before somebody who was turned away comes back.
const PAUSE: Duration = Duration::from_millis(300);

/// A reader, and how far it has come.
#[derive(Clone)]
pub(crate) struct Reader {
    url: String,
    tenant: Tenant,
    book: Rc<Book>,
    last: Rc<Cell<i64>>,
}

impl Reader {
    /// One that has read nothing.
    pub(crate) fn new(url: &str, tenant: &Tenant, book: &Rc<Book>) -> Self {
        let (tenant, book) = (tenant.clone(), Rc::clone(book));
        Self { url: url.to_owned(), tenant, book, last: Rc::default() }
    }

    /// The place of the last event that it has read.
    pub(crate) fn last(&self) -> i64 {
        self.last.get()
    }

    /// Pulls for ever.
    pub(crate) async fn pull(self) {
        let http = http_client();
        loop {
            if self.pull_once(&http).await.is_none() {
                sleep(PAUSE).await;
            }
        }
    }

    async fn pull_once(&self, http: &awc::Client) -> Option<()> {
        let (tenant, after) = (&self.tenant.cust_space_id, self.last.get());
        let path = format!("/v1/events?CustSpaceId={tenant}&After={after}&Limit=100&WaitSeconds={WAIT_SECONDS}");
        let request = http.get(format!("{}{path}", self.url)).insert_header(("authorization", self.tenant.key.basic()));
        add(&self.book.requests, 1);
        let mut answer = request.send().await.ok()?;
        let page: Value = serde_json::from_slice(&answer.body().limit(1 << 24).await.ok()?).unwrap_or_default();
        self.look_at("a pull", answer.status().as_u16(), &page);
        for event in page["Data"]["List"].as_array()? {
            self.meet("a pull", event["Sequence"].as_i64()?);
            add(&self.book.pulled, 1);
        }
        Some(())
    }

    /// Follows the stream for ever, one after the other.
    pub(crate) async fn stream(self) {
        let connector = awc::Connector::new().timeout(SILENCE).handshake_timeout(SILENCE);
        let http = awc::Client::builder().connector(connector).disable_timeout().finish();
        loop {
            // A gateway that hangs says nothing at all.
            let _ = self.stream_once(&http).await;
            sleep(PAUSE).await;
        }
    }

    async fn stream_once(&self, http: &awc::Client) -> Option<()> {
        let url = format!("{}/v1/events/stream?CustSpaceId={}", self.url, self.tenant.cust_space_id);
        let request = http.get(url).insert_header(("authorization", self.tenant.key.basic())).no_decompress();
        let request = request.insert_header(("last-event-id", self.last.get().to_string()));
        add(&self.book.requests, 1);
        let answer = timeout(SILENCE, request.send()).await.ok()?.ok()?;
        let mut body = self.admitted(answer).await?;
        let mut buffer = Vec::new();
        loop {
            buffer.extend_from_slice(&timeout(SILENCE, body.next()).await.ok()??.ok()?);
            while let Some(end) = buffer.windows(2).position(|two| two == b"\n\n") {
                let frame = String::from_utf8(buffer.drain(..end + 2).collect()).ok()?;
                self.read_frame(&frame);
            }
        }
    }

    /// The stream, where that is what came.
    async fn admitted<S>(&self, mut answer: awc::ClientResponse<S>) -> Option<awc::ClientResponse<S>>
    where
        S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    {
        if answer.status() == 200 {
            return Some(answer);
        }
        let refusal = serde_json::from_slice(&answer.body().await.ok()?).unwrap_or_default();
        self.look_at("a stream", answer.status().as_u16(), &refusal);
        None
    }

    /// Nothing of another tenant's is in it.
    fn look_at(&self, how: &str, status: u16, body: &Value) {
        self.book.look_at(&self.tenant.cust_space_id, &how, status, body);
    }

    fn read_frame(&self, frame: &str) {
        let event = frame.lines().find_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
        let id = frame.lines().find_map(|line| line.strip_prefix("id: ")?.parse().ok());
        if let (Some(event), Some(sequence)) = (event, id) {
            self.look_at("a stream", 200, &event);
            self.meet("a stream", sequence);
            add(&self.book.streamed, 1);
        }
    }

    fn meet(&self, how: &str, sequence: i64) {
        let last = self.last.replace(sequence);
        if sequence != last + 1 {
            let tenant = &self.tenant.cust_space_id;
            self.book.wrong(format!("{how} of {tenant} went from {last} to {sequence}"));
        }
    }
}
