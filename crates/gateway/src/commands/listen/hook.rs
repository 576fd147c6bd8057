//! The developer's hook, which gets what an endpoint gets.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime},
};

use awc::{Client, http::StatusCode};
use tenant_store::EndpointSecret;
use tokio::time::timeout;
use url::Url;

use crate::{
    deliveries::signing::{Message, signature, timestamp},
    version::USER_AGENT,
};

/// As long as a delivery waits.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where events are posted.
pub(super) struct Hook {
    client: Client,
    url: Url,
    secrets: [EndpointSecret; 1],
}

/// What became of a post, for its line on the terminal.
pub(super) struct Posted {
    answer: Result<StatusCode, String>,
    took: Duration,
}

impl Hook {
    pub(super) fn new(client: Client, url: Url, secret: EndpointSecret) -> Self {
        Self { client, url, secrets: [secret] }
    }

    /// The address without its query and its password, which may be secret.
    pub(super) fn shown(&self) -> String {
        let origin = self.url.origin().ascii_serialization();
        format!("{origin}{}", self.url.path())
    }

    /// Posts an event as a delivery does. The answer's body is nobody's.
    pub(super) async fn post(&self, id: &str, body: &str) -> Posted {
        let begun = Instant::now();
        let answer = match timeout(PATIENCE, self.send(id, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        Posted { answer, took: begun.elapsed() }
    }

    async fn send(&self, id: &str, body: &str) -> Result<StatusCode, String> {
        let sent_at = timestamp(SystemTime::now());
        let signature = signature(&self.secrets, Message { id, timestamp: sent_at, body: body.as_bytes() });
        let request = self
            .client
            .post(self.url.as_str())
            .insert_header(("user-agent", USER_AGENT))
            .insert_header(("content-type", "application/json"))
            .insert_header(("webhook-id", id))
            .insert_header(("webhook-timestamp", sent_at.to_string()))
            .insert_header(("webhook-signature", signature));
        request.send_body(body.to_owned()).await.map(|answer| answer.status()).map_err(|error| error.to_string())
    }
}

impl fmt::Display for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Ok(status) => write!(f, "{} in {} ms", status.as_u16(), self.took.as_millis()),
            Err(why) => write!(f, "failed after {} ms: {why}", self.took.as_millis()),
        }
    }
}
