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
//!   made to what was found. A fetch makes a connection of its own. Posts keep theirs for a few seconds (`kept.rs`), each
//!   under its address, and one is used again only where that address was admitted for the very call;
//! - redirects are not followed, no proxy is used, nothing is remembered (cookies), nothing is decompressed;
//! - a tenant has a few fetches at the same time, and a worker a bounded number in all; who posts bounds the posts;
//! - one time covers looking up, connecting, sending and receiving, and the answer's size is bounded.
//!
//! Any port may be called: receivers of webhooks live on many, and where nothing but TLS is spoken, other protocols'
//! servers cannot be talked into anything.
//!
//! What a caller is told ([`EgressError`]) never holds an address, nor whether anything listens on a forbidden one.

mod addresses;
mod error;
mod kept;
mod names;
mod policy;
mod posting;
mod seats;
mod transport;
mod url;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use awc::http::Method;
use awc::http::header::HeaderMap;
use bytes::Bytes;
use cams_api::identifiers::CustSpaceId;
use ipnet::IpNet;

pub use error::{EgressError, EgressUnavailable};
pub use names::NameServers;
pub use posting::Answer;
pub use seats::Full;
pub(crate) use transport::tls_config;
pub use url::ExternalUrl;

use kept::Kept;
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

impl EgressSettings {
    /// Whether `url` could be called, as far as it says so itself. A name is not looked up: where it leads is checked at
    /// each call, and may be another place there than here.
    ///
    /// # Errors
    /// [`EgressError::ForbiddenAddress`] and [`EgressError::NotHttps`].
    pub fn check(&self, url: &ExternalUrl) -> Result<(), EgressError> {
        Policy::new(self.allowed_networks.clone()).check(url)
    }
}

/// How much a fetch may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the whole call, from looking up the name to the last byte of the answer.
    pub time: Duration,
    /// The largest body of an answer, in bytes. Its head is bounded too, at 128 KiB.
    pub body: usize,
}

/// What was fetched.
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
    kept: Kept,
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
            kept: Kept::default(),
        })))
    }

    /// The same as [`EgressSettings::check`], by the settings of this door.
    ///
    /// # Errors
    /// [`EgressError::ForbiddenAddress`] and [`EgressError::NotHttps`].
    pub fn check(&self, url: &ExternalUrl) -> Result<(), EgressError> {
        self.0.policy.check(url)
    }

    /// Fetches what stands at `url`, for a tenant: the whole of it.
    ///
    /// # Errors
    /// [`EgressError`]: also for every status but 200, of which alone the body is all that stands there
    /// ([RFC 9110, 15.3](https://www.rfc-editor.org/rfc/rfc9110#section-15.3)), and where the body is larger than its limit.
    pub async fn get(&self, tenant: &CustSpaceId, url: &ExternalUrl, limits: Limits) -> Result<Fetched, EgressError> {
        let _seat = self.0.seats.take(tenant)?;
        self.get_own(url, limits).await
    }

    /// The same for the gateway itself, which takes no seat: whoever calls bounds how many are fetched at once.
    ///
    /// # Errors
    /// As [`Egress::get`], but never [`EgressError::Busy`].
    pub async fn get_own(&self, url: &ExternalUrl, limits: Limits) -> Result<Fetched, EgressError> {
        let called = tokio::time::timeout(limits.time, self.fetch(url, limits.body));
        let fetched = called.await.unwrap_or(Err(EgressError::Timeout))?;
        match fetched.status {
            200 => Ok(fetched),
            300..=399 => Err(EgressError::Redirect),
            status => Err(EgressError::Status(status)),
        }
    }

    async fn fetch(&self, url: &ExternalUrl, limit: usize) -> Result<Fetched, EgressError> {
        let addresses = self.addresses(url).await?;
        let request = Outgoing { method: Method::GET, headers: HeaderMap::new(), body: None, is_last: true };
        let (response, _line) = self.0.transport.send(url, &addresses, &request).await?;
        transport::receive(response, limit).await
    }

    /// Where a call of `url` may lead, by now.
    async fn addresses(&self, url: &ExternalUrl) -> Result<Vec<SocketAddr>, EgressError> {
        let found = self.0.names.addresses(url.host()).await;
        let admitted = self.0.policy.admit(url.is_tls(), &found)?;
        Ok(admitted.into_iter().map(|address| SocketAddr::new(address, url.port())).collect())
    }
}
