//! HTTP/1.1 without TLS, written by hand: to a proxy beside the gateway that speaks TLS with Meta, or to the sandbox.
//!
//! The call to Meta is most of what a call costs the gateway, and much of that is awc's requests, answers and maps of headers.
//! Here a connection keeps its two buffers: a head is written into the one, and an answer is looked at where it stands in the
//! other. An exchange takes one look at what may have come since the last, one write, one read, and nothing of the heap.
//!
//! It speaks no more than the calls need ([RFC 9112](https://www.rfc-editor.org/rfc/rfc9112)), and takes what two readers could
//! read in two ways for a broken connection. A connection is used again only after an answer whose end was certain, and
//! behind which nothing came.

mod body;
mod connection;
mod head;
mod pool;
#[cfg(test)]
mod tests;

use awc::http::{StatusCode, header::HeaderValue};

use crate::{
    error::{Effect, GraphError},
    headers::Headers,
    progress::Progress,
    settings::{GraphSettings, InvalidSettings},
    transport::{Message, Received},
    usage::Usage,
};
use connection::Broken;
use head::Head;
use pool::{Bounds, Origin, Pool};

/// Connections to one host, of one thread.
pub(crate) struct Http1 {
    pool: Pool,
    host: HeaderValue,
    max_body: usize,
}

impl Http1 {
    /// Prepares connections; none is made yet. `host` is the header of this name.
    pub(crate) fn new(settings: &GraphSettings, host: HeaderValue) -> Result<Self, InvalidSettings> {
        let origin = Origin::of(settings).ok_or(InvalidSettings::BaseUrl)?;
        Ok(Self { pool: Pool::new(origin, Bounds::usual()), host, max_body: settings.max_body })
    }

    /// Sends a message, and lets `read` look at the whole answer.
    ///
    /// Whoever drops it in the middle drops the connection with it, so that no answer is ever taken for another call's.
    pub(crate) async fn exchange<T>(
        &self,
        message: Message<'_>,
        progress: &Progress,
        read: impl FnOnce(Received<'_>) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let _place = self.pool.place().await;
        let rested = self.pool.rested();
        let had_rested = rested.is_some();
        let mut connection = match rested {
            Some(connection) => connection,
            // Boxed, since it is rare and large.
            None => Box::pin(self.pool.connect()).await?,
        };
        let asked = connection.ask(&message, &self.host, progress).await;
        let asked = if had_rested { self.after_rest(asked, progress.effect) } else { asked };
        let head = asked.map_err(|broken| progress.disconnected(broken.to_string()))?;
        let came = connection.body(&head, self.max_body).await;
        let headers: &dyn Headers = &head.headers(connection.input());
        let body = came.map_err(|why| {
            let usage = Box::new(Usage::of(headers));
            GraphError::Unreadable { status: head.status.as_u16(), why, effect: progress.effect, usage }
        })?;
        let is_last = body.end == connection.input().len();
        let answer = read(Received { status: head.status, headers, body: &connection.input()[body] });
        if head.keeps && is_last {
            self.pool.keep(connection);
        }
        answer
    }

    /// What came of asking over a connection that had rested.
    fn after_rest(&self, asked: Result<Head, Broken>, effect: Effect) -> Result<Head, Broken> {
        let asked = match asked {
            // As a rule it was said before this request came. Where that was a change, nobody can be sure.
            Ok(head) if head.status == StatusCode::REQUEST_TIMEOUT && effect == Effect::Read => Err(Broken::GivenUp),
            asked => asked,
        };
        if asked.is_err() {
            // The others have died with it, as a rule, and a repetition is not to find that out of each of them.
            self.pool.close_rested();
        }
        asked
    }
}
