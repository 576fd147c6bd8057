//! A file that Meta keeps for a number, while it comes.
//!
//! Meta's answer to `GET /{media_id}` has an address at which the file lies for five minutes, and which takes the token
//! ([Meta: media][media]).
//!
//! [media]: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media

use std::{fmt, io, time::Duration};

use awc::{
    ClientRequest, ClientResponse,
    body::BoxBody,
    error::PayloadError,
    http::{
        Method, Uri,
        header::{self, HeaderMap, HeaderValue},
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::answer::kept;
use crate::{
    answer, call,
    client::GraphClient,
    error::{Effect, GraphError, Unreadable},
    over_awc,
    progress::Progress,
    token::Token,
    transport::Received,
};

/// The host of Meta's addresses of files.
const MEDIA_HOST: &str = "lookaside.fbsbx.com";

/// A file, of which the beginning is there.
pub struct MediaContent {
    /// What Meta says of it.
    pub headers: HeaderMap,
    /// How large it is, in bytes, where Meta says so.
    pub length: Option<u64>,
    response: ClientResponse,
    patience: Duration,
}

impl MediaContent {
    /// The file itself, as it comes. Each piece may take as long as a whole call; after that the stream ends with
    /// [`io::ErrorKind::TimedOut`].
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, PayloadError>> {
        let patience = self.patience;
        stream::try_unfold(self.response, move |mut response| async move {
            let late = |_| PayloadError::Io(io::ErrorKind::TimedOut.into());
            let piece = timeout(patience, response.next()).await.map_err(late)?.transpose()?;
            Ok(piece.map(|piece| (piece, response)))
        })
    }
}

impl GraphClient {
    /// Fetches a file from the address that Meta gave for it. The token goes to Meta's own hosts alone. `deadline` is for
    /// the file's beginning, as is the settings' timeout; how long the rest may take says [`MediaContent::into_stream`].
    ///
    /// It passes no guard: files lie on a host of their own, which is no part of the Graph API and its quotas.
    ///
    /// # Errors
    /// [`GraphError`]; [`Unreadable::Redirect`] where the address leads to another host.
    pub async fn media_content(
        &self,
        token: &Token,
        deadline: Option<Instant>,
        address: &Url,
    ) -> Result<MediaContent, GraphError> {
        let progress = Progress::new(Effect::Read);
        let (uri, host) = self.media_address(address)?;
        let request = self.0.over_awc.request(Method::GET, &uri, host, token);
        let request = request.insert_header((header::USER_AGENT, self.0.user_agent.clone()));
        let begun = self.begin(request, token, &progress);
        let latest = call::latest(deadline, Instant::now(), self.0.timeout);
        let response = timeout_at(latest, begun).await.unwrap_or_else(|_| Err(progress.timeout()))?;
        let length =
            response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Ok(MediaContent { headers: kept(response.headers()), length, response, patience: self.0.timeout })
    }

    /// The head of the answer; where it refuses, the whole answer is read, for the reason.
    async fn begin(
        &self,
        request: ClientRequest,
        token: &Token,
        progress: &Progress,
    ) -> Result<ClientResponse, GraphError> {
        let mut response = over_awc::send(request, None::<BoxBody>, progress).await?;
        if !response.status().is_success() {
            let body = self.0.over_awc.receive(&mut response, Effect::Read).await?;
            let received = Received { status: response.status(), headers: response.headers(), body: &body };
            answer::read::<serde::de::IgnoredAny>(received, Effect::Read, token)?;
        }
        Ok(response)
    }

    /// The address as a request has it, where it is one of Meta's.
    fn media_address(&self, address: &Url) -> Result<(Uri, HeaderValue), GraphError> {
        let is_plain = address.username().is_empty() && address.password().is_none();
        let is_metas =
            address.scheme() == "https" && address.host_str() == Some(MEDIA_HOST) && address.port().is_none();
        if !(is_plain && (is_metas || self.0.upstream.is_origin_of(address))) {
            let to = address.host_str().unwrap_or("no host").to_owned();
            return Err(GraphError::unreadable(Unreadable::Redirect { to }));
        }
        let unsendable = |why: String| GraphError::Unsendable { why };
        let uri: Uri = address.as_str().parse().map_err(|_| unsendable("the file's address is no URI".to_owned()))?;
        let host = if is_metas { HeaderValue::from_static(MEDIA_HOST) } else { self.0.upstream.host.clone() };
        Ok((uri, host))
    }
}

impl fmt::Debug for MediaContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaContent").field("length", &self.length).finish_non_exhaustive()
    }
}
