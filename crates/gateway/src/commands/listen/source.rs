//! The gateway's stream of a tenant's events.

use std::time::Duration;

use awc::{Client, http::header::CONTENT_TYPE};
use cams_api::identifiers::CustSpaceId;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use super::server_sent::Messages;
use crate::commands::output::printable;

/// For the head of the answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of a refusal is read.
const REFUSAL: usize = 64 * 1024;

/// Where the stream is, and who reads it.
pub(super) struct Source {
    client: Client,
    url: Url,
    access_key_id: String,
    secret: SecretString,
}

/// Why there is no stream, or no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// It makes no sense to try again.
    #[error("{0}")]
    Refused(String),
    /// It may be there again in a moment.
    #[error("The gateway is away ({0})")]
    Away(String),
}

/// What is read of a refusal.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    code: String,
    message: String,
}

impl Source {
    /// The stream of this tenant's events, at the gateway whose address is `base`.
    pub(super) fn new(
        client: Client,
        base: &Url,
        tenant: &CustSpaceId,
        access_key_id: String,
        secret: SecretString,
    ) -> Self {
        let mut url = base.clone();
        url.set_path(&format!("{}/v1/events/stream", base.path().trim_end_matches('/')));
        url.query_pairs_mut().clear().append_pair("CustSpaceId", tenant.as_str());
        Self { client, url, access_key_id, secret }
    }

    /// Opens it behind `place`; without one, from now on.
    pub(super) async fn open(&self, place: Option<&str>) -> Result<Messages, Lost> {
        let secret = self.secret.expose_secret();
        let mut request = self.client.get(self.url.as_str()).basic_auth(&self.access_key_id, secret).no_decompress();
        if let Some(place) = place {
            request = request.insert_header(("last-event-id", place));
        }
        let answer = timeout(PATIENCE, request.send()).await.map_err(|_| Lost::Away("no answer".to_owned()))?;
        let mut answer = answer.map_err(|error| Lost::Away(error.to_string()))?;
        let is_stream = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        if answer.status().is_success() && is_stream {
            return Ok(Messages::new(answer));
        }
        let status = answer.status();
        let body = timeout(PATIENCE, answer.body().limit(REFUSAL)).await;
        let refusal = body.ok().and_then(Result::ok).and_then(|body| serde_json::from_slice::<Refusal>(&body).ok());
        let why = match refusal {
            Some(Refusal { code, message }) => format!("{status}, {code}: {message}"),
            None => status.to_string(),
        };
        let is_for_now = status.is_server_error() || status.as_u16() == 429;
        Err(if is_for_now { Lost::Away(printable(&why)) } else { Lost::Refused(printable(&why)) })
    }
}
