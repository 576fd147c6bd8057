//! What an exchange with the Graph API carries, whichever way it takes: by hand ([`Http1`](crate::http1::Http1)) or over awc
//! ([`OverAwc`](crate::over_awc::OverAwc)).

use std::time::Duration;

use awc::http::{Method, StatusCode, header::HeaderValue};
use bytes::Bytes;

use crate::{guard::TraceHeaders, headers::Headers, target::Target, token::Token};

/// Idle connections to Meta are kept this long, which closes its own later.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Idle connections without TLS are kept this long: what stands beside the gateway may close its own after five seconds (the
/// default of Node.js and of actix-web), and of a change that was sent in that moment nobody knows whether it was done
/// ([RFC 9112, 9.5](https://www.rfc-editor.org/rfc/rfc9112#section-9.5)). A new connection is cheap there.
const KEEP_ALIVE_BESIDE: Duration = Duration::from_secs(4);

/// How long idle connections are kept. Where a server closes one sooner, the pool notices before it is used again, as a rule.
pub(crate) fn keep_alive(is_tls: bool) -> Duration {
    if is_tls { KEEP_ALIVE } else { KEEP_ALIVE_BESIDE }
}

/// A connection is replaced after this long, so that a change of the address is followed.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);

/// How many calls one client has under way at the most, each of which has a connection over HTTP/1.1. Others wait for
/// their end, within their own time. Without TLS, files that come or go piece by piece have as many of their own.
pub const MOST_CALLS: usize = 1024;

/// A request.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Target,
    pub(crate) token: &'a Token,
    /// `User-Agent`
    pub(crate) agent: &'a HeaderValue,
    pub(crate) trace: Option<&'a TraceHeaders>,
    pub(crate) content_type: Option<&'a HeaderValue>,
    /// What changes something has one in any case, if an empty one.
    pub(crate) body: Option<&'a Bytes>,
}

/// A whole answer.
#[derive(Clone, Copy)]
pub(crate) struct Received<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a dyn Headers,
    pub(crate) body: &'a [u8],
}
