//! The loop that sends spans to the collector: many at once, and behind everybody's back.

use std::time::Duration;

use actix_web::rt::time::sleep;
use awc::http::StatusCode;
use awc::http::header::{CONTENT_TYPE, USER_AGENT};
use awc::{Client, Connector};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use super::otlp::{self, Resource};
use super::span::Span;
use crate::telemetry::metrics::{Pulse, TraceMetrics};
use crate::{egress, version};

/// How many spans are sent at once.
const BATCH: usize = 512;
/// Between two batches, while spans gather.
const GATHER: Duration = Duration::from_secs(1);
/// For connecting to the collector, and for the whole of a batch.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pauses before a batch is sent again; when the last has failed it is dropped.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How much of the collector's answer is read, in bytes.
const ANSWER: usize = 64 * 1024;

/// The collector's end of the queue.
pub(crate) struct Exporter {
    spans: mpsc::Receiver<Span>,
    /// What is being sent.
    batch: Vec<Span>,
    /// Where to.
    url: Url,
    resource: Resource,
    metrics: TraceMetrics,
    /// Whether the last batch was lost.
    is_losing: bool,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
enum Untaken {
    #[error("{0}")]
    Unsent(String),
    #[error("it answered HTTP {0}")]
    Refused(u16),
}

/// What a collector says of a batch that it took.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Taken {
    partial_success: PartialSuccess,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    /// A number, which the JSON form writes as text.
    rejected_spans: serde_json::Value,
}

impl Taken {
    fn rejected(&self) -> usize {
        let rejected = &self.partial_success.rejected_spans;
        let number = rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok());
        number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
    }
}

impl Untaken {
    /// Whether the same batch may be taken later
    /// ([which failures those are](https://opentelemetry.io/docs/specs/otlp/#failures-1)).
    fn passes(&self) -> bool {
        match self {
            Self::Unsent(_) => true,
            Self::Refused(status) => matches!(status, 429 | 502 | 503 | 504),
        }
    }
}

impl Exporter {
    /// Sends `spans` to the collector whose root this is.
    pub(super) fn new(collector: &Url, spans: mpsc::Receiver<Span>, metrics: TraceMetrics) -> Self {
        let mut url = collector.clone();
        url.set_path(&format!("{}/v1/traces", collector.path().trim_end_matches('/')));
        Self { spans, batch: Vec::new(), url, resource: Resource::this_replica(), metrics, is_losing: false }
    }

    /// Sends spans as they come, for ever. Where the collector cannot be called at all, they are dropped.
    pub(crate) async fn run(&mut self, pulse: &Pulse) {
        let http = self.client();
        while !self.batch.is_empty() || self.gather(pulse).await > 0 {
            let was_full = self.batch.len() == BATCH;
            self.send_persistently(http.as_ref()).await;
            if !was_full {
                sleep(GATHER).await;
            }
        }
    }

    /// Waits for spans; how many came. Whether the collector would take any is not known after it took none, so that it is
    /// no rest then.
    async fn gather(&mut self, pulse: &Pulse) -> usize {
        let spans = self.spans.recv_many(&mut self.batch, BATCH);
        if self.is_losing { spans.await } else { pulse.at_rest(spans).await }
    }

    /// Sends what is there now, each batch once, before the gateway ends.
    pub(crate) async fn flush(&mut self) {
        let http = self.client();
        loop {
            while self.batch.len() < BATCH
                && let Ok(span) = self.spans.try_recv()
            {
                self.batch.push(span);
            }
            if self.batch.is_empty() {
                return;
            }
            match self.send(http.as_ref()).await {
                Ok(taken) => self.took(&taken),
                Err(why) => self.lost(&why),
            }
        }
    }

    async fn send_persistently(&mut self, http: Option<&Client>) {
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.send(http).await {
                Ok(taken) => return self.took(&taken),
                Err(why) => match pauses.next().filter(|_| why.passes() && http.is_some()) {
                    Some(pause) => sleep(pause).await,
                    None => return self.lost(&why),
                },
            }
        }
    }

    async fn send(&self, http: Option<&Client>) -> Result<Taken, Untaken> {
        let http = http.ok_or_else(|| Untaken::Unsent("TLS cannot be set up".to_owned()))?;
        timeout(TIMEOUT, self.exchange(http)).await.unwrap_or_else(|_| Err(unsent(&"it did not answer in time")))
    }

    async fn exchange(&self, http: &Client) -> Result<Taken, Untaken> {
        let body = otlp::body(&self.resource, &self.batch).map_err(|error| unsent(&error))?;
        let request = http
            .post(self.url.as_str())
            .insert_header((CONTENT_TYPE, "application/json"))
            .insert_header((USER_AGENT, version::USER_AGENT));
        let mut response = request.send_body(body).await.map_err(|error| unsent(&error))?;
        let answer = response.body().limit(ANSWER).await;
        match response.status() {
            // What cannot be read of a success has no more to say.
            StatusCode::OK => Ok(answer.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default()),
            status if status.is_success() => Ok(Taken::default()),
            status => Err(Untaken::Refused(status.as_u16())),
        }
    }

    fn took(&mut self, taken: &Taken) {
        let rejected = taken.rejected().min(self.batch.len());
        self.metrics.exported(self.batch.len() - rejected);
        self.metrics.dropped(rejected);
        if std::mem::take(&mut self.is_losing) {
            tracing::info!("the collector takes traces again");
        }
        self.batch.clear();
    }

    fn lost(&mut self, why: &Untaken) {
        self.metrics.dropped(self.batch.len());
        // Once for each time that it is away.
        if !std::mem::replace(&mut self.is_losing, true) {
            tracing::warn!(%why, "the collector does not take traces, which are dropped until it does");
        }
        self.batch.clear();
    }

    /// `None` where there is no TLS to be had.
    fn client(&self) -> Option<Client> {
        let connector = Connector::new().timeout(CONNECT_TIMEOUT).handshake_timeout(CONNECT_TIMEOUT);
        let connector = if self.url.scheme() == "https" {
            let tls = egress::tls_config().inspect_err(|error| tracing::error!(%error, "traces cannot be sent"));
            connector.rustls_0_23(tls.ok()?)
        } else {
            connector
        };
        Some(Client::builder().connector(connector).disable_timeout().disable_redirects().no_default_headers().finish())
    }
}

fn unsent(why: &dyn std::fmt::Display) -> Untaken {
    Untaken::Unsent(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_below_the_collectors_root_whatever_its_path() {
        for (root, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://collector.example/", "https://collector.example/v1/traces"),
            ("https://collector.example/otlp/", "https://collector.example/otlp/v1/traces"),
        ] {
            let metrics = crate::telemetry::metrics::Metrics::default();
            let exporter = Exporter::new(&root.parse().unwrap(), mpsc::channel(1).1, metrics.traces().clone());
            assert_eq!(exporter.url.as_str(), expected);
        }
    }

    #[test]
    fn what_a_collector_did_not_take_of_a_batch_is_told_as_text_or_as_a_number() {
        for (answer, rejected) in [
            ("{}", 0),
            (r#"{"partialSuccess":{}}"#, 0),
            (r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#, 3),
            (r#"{"partialSuccess":{"rejectedSpans":4}}"#, 4),
        ] {
            assert_eq!(serde_json::from_str::<Taken>(answer).unwrap().rejected(), rejected, "{answer}");
        }
    }
}
