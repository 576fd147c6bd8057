//! Posts, whose answer is a status and little more.

use std::time::Duration;

use awc::ClientResponse;
use awc::http::header::{self, HeaderMap};
use awc::http::{Method, StatusCode, Version};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::transport::{self, Line, Outgoing};
use super::{Egress, EgressError, ExternalUrl};

/// How much of an answer's body is kept, in bytes.
const KEPT: usize = 1024;
/// How much of it is read, so that the connection can be used again, in bytes. What goes on longer is cut off.
const READ: usize = 64 * 1024;
/// How long it is read.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was answered to a post.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`, as it was sent.
    pub retry_after: Option<String>,
    /// How the body begins: a KiB at the most.
    pub beginning: Bytes,
}

impl Egress {
    /// Posts `body` to `url`, within `time` from looking up the name to the end of the answer's head. Any status is an
    /// answer: what it means is the caller's to say. A body that is long, slow or broken off takes nothing from it.
    ///
    /// Where a kept connection ends in the place of an answer, the post is sent once more, over a new one: a server may
    /// see it twice.
    ///
    /// # Errors
    /// [`EgressError`], never [`EgressError::Status`], [`EgressError::Redirect`], [`EgressError::TooLarge`] nor
    /// [`EgressError::Busy`].
    pub async fn post(
        &self,
        url: &ExternalUrl,
        headers: HeaderMap,
        body: Bytes,
        time: Duration,
    ) -> Result<Answer, EgressError> {
        let request = Outgoing { method: Method::POST, headers, body: Some(body), is_last: false };
        let deadline = Instant::now() + time;
        let answered = timeout_at(deadline, self.exchange(url, &request)).await;
        let (mut response, line) = answered.unwrap_or(Err(EgressError::Timeout))?;
        let retry_after = transport::text(&response, header::RETRY_AFTER).map(str::to_owned);
        let (beginning, ended) = read(&mut response, deadline.min(Instant::now() + PATIENCE)).await;
        if ended && may_go_on(&response) {
            self.0.kept.put(url, line);
        }
        Ok(Answer { status: response.status().as_u16(), retry_after, beginning })
    }

    /// Closes connections that no post has used for a few seconds. Whoever posts does so now and then.
    pub fn sweep(&self) {
        self.0.kept.sweep();
    }

    async fn exchange(&self, url: &ExternalUrl, request: &Outgoing) -> Result<(ClientResponse, Line), EgressError> {
        let addresses = self.addresses(url).await?;
        if let Some(line) = self.0.kept.take(url, &addresses) {
            match line.send(url, request).await {
                // Its server ended it while it rested, as servers may.
                Err(EgressError::Broken | EgressError::Connect) => {}
                sent => return Ok((sent?, line)),
            }
        }
        self.0.transport.send(url, &addresses, request).await
    }
}

/// How the body begins, and whether it has ended.
async fn read(response: &mut ClientResponse, deadline: Instant) -> (Bytes, bool) {
    let (mut beginning, mut read) = (BytesMut::new(), 0);
    let ended = loop {
        match timeout_at(deadline, response.next()).await {
            Ok(Some(Ok(chunk))) => {
                beginning.extend_from_slice(&chunk[..chunk.len().min(KEPT - beginning.len())]);
                read += chunk.len();
                if read > READ {
                    break false;
                }
            }
            Ok(None) => break true,
            Ok(Some(Err(_))) | Err(_) => break false,
        }
    };
    (beginning.freeze(), ended)
}

/// Whether another answer can follow this one, where it was read to its end. What is provisional has its own answer
/// still to come.
fn may_go_on(response: &ClientResponse) -> bool {
    let closes = |connection: &str| connection.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"));
    response.version() == Version::HTTP_11
        && response.status() >= StatusCode::OK
        && !transport::text(response, header::CONNECTION).is_some_and(closes)
}
