//! The one door for calls to addresses that a caller chose: pictures by URL, webhook endpoints, key sets of issuers.
//!
//! Whoever can make a server call a URL can try to make it call the server's own network, or the cloud's metadata
//! ([server-side request forgery](https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html)).
//! So nothing but this module makes such calls, and here:
//!
//! - `https` alone is called; `http` only in networks that the operator allows (`GROUPGATE_ALLOWED_NETWORKS`);
//! - an address is called only if it is public, or in such a network; what is not public stands in one table
//!   (`addresses.rs`). A name is refused if *any* of its addresses is: calling only the good ones would let whoever owns
//!   the name find out which is which, and the operator of an honest name wants to know about the bad one;
//! - the address that was checked is the one that is connected to: a name is looked up once a call, and the connection is
//!   made to what was found. Connections are not kept: a pool knows only the name, and would hand out a connection to an
//!   address that the name has no more;
//! - redirects are not followed, no proxy is used, nothing is remembered (cookies), nothing is decompressed;
//! - a tenant has a few calls at the same time, and a worker a bounded number in all;
//! - one time covers looking up, connecting, sending and receiving, and the answer's size is bounded.
//!
//! Any port may be called: receivers of webhooks live on many, and where nothing but TLS is spoken, other protocols'
//! servers cannot be talked into anything.
//!
//! What a caller is told ([`EgressError`]) never holds an address, nor whether anything listens on a forbidden one.

mod addresses;
mod error;
mod names;
mod policy;
mod seats;
mod transport;
mod url;

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use awc::http::Method;
use awc::http::header::HeaderMap;
use bytes::Bytes;
use cams_api::identifiers::CustSpaceId;
use ipnet::IpNet;

pub use error::{EgressError, EgressUnavailable};
pub use names::NameServers;
pub use seats::Full;
pub use url::ExternalUrl;

use names::Names;
use policy::Policy;
use seats::Seats;
use transport::{Outgoing, Transport};

/// What the door opens to.
#[derive(Debug, Clone, Default)]
pub struct EgressSettings {
    /// Private networks that may be reached, by `http` too.
    pub allowed_networks: Vec<IpNet>,
    /// Who is asked for the addresses of a name.
    pub name_servers: NameServers,
}

/// How much a call may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the whole call, from looking up the name to the last byte of the answer.
    pub time: Duration,
    /// The largest body of an answer, in bytes. Its head is bounded too, at 128 KiB.
    pub body: usize,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// What the server says that the body is. Believe the body.
    pub content_type: Option<String>,
    /// The whole body, as it was sent. Where the server did not announce its length, one that is cut off looks whole.
    pub body: Bytes,
}

/// The door. It stays on the thread that made it, one for each worker; clones share its parts.
#[derive(Clone)]
pub struct Egress(Rc<Inner>);

struct Inner {
    policy: Policy,
    names: Names,
    transport: Transport,
    seats: Seats,
}

impl Egress {
    /// A door. No connection is made yet; the system's certificates and name servers are read.
    ///
    /// # Errors
    /// [`EgressUnavailable`] where TLS cannot be set up.
    pub fn new(settings: &EgressSettings) -> Result<Self, EgressUnavailable> {
        Ok(Self(Rc::new(Inner {
            policy: Policy::new(settings.allowed_networks.clone()),
            names: Names::new(&settings.name_servers),
            transport: Transport::new()?,
            seats: Seats::default(),
        })))
    }

    /// Fetches what stands at `url`, for a tenant: the whole of it.
    ///
    /// # Errors
    /// [`EgressError`]: also for every status but 200, of which alone the body is all that stands there
    /// ([RFC 9110, 15.3](https://www.rfc-editor.org/rfc/rfc9110#section-15.3)), and where the body is larger than its limit.
    pub async fn get(&self, tenant: &CustSpaceId, url: &ExternalUrl, limits: Limits) -> Result<Fetched, EgressError> {
        let request = Outgoing { method: Method::GET, headers: HeaderMap::new(), body: None };
        let fetched = self.call(tenant, url, request, limits).await?;
        match fetched.status {
            200 => Ok(fetched),
            300..=399 => Err(EgressError::Redirect),
            status => Err(EgressError::Status(status)),
        }
    }

    /// Posts `body` to `url`, for a tenant. Any status is an answer: what it means is the caller's to say.
    ///
    /// # Errors
    /// [`EgressError`], never [`EgressError::Status`] nor [`EgressError::Redirect`].
    pub async fn post(
        &self,
        tenant: &CustSpaceId,
        url: &ExternalUrl,
        headers: HeaderMap,
        body: Bytes,
        limits: Limits,
    ) -> Result<Fetched, EgressError> {
        self.call(tenant, url, Outgoing { method: Method::POST, headers, body: Some(body) }, limits).await
    }

    async fn call(
        &self,
        tenant: &CustSpaceId,
        url: &ExternalUrl,
        request: Outgoing,
        limits: Limits,
    ) -> Result<Fetched, EgressError> {
        let _seat = self.0.seats.take(tenant)?;
        let called = tokio::time::timeout(limits.time, self.exchange(url, &request, limits.body));
        called.await.unwrap_or(Err(EgressError::Timeout))
    }

    async fn exchange(&self, url: &ExternalUrl, request: &Outgoing, limit: usize) -> Result<Fetched, EgressError> {
        let Inner { policy, names, transport, .. } = &*self.0;
        let found = names.addresses(url.host()).await;
        let addresses = policy.admit(url.is_tls(), &found)?;
        transport.exchange(url, &addresses, request, limit).await
    }
}
