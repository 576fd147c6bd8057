//! A URL that a caller chose, in a form that can be called.

use std::fmt;
use std::net::IpAddr;

use awc::http::Uri;
use url::{Host, Url};

use super::EgressError;

/// The longest URL that is taken, in bytes.
const LONGEST: usize = 2048;

/// A URL that a caller chose: `http` or `https`, with a host, and without user and password. Where it leads is checked
/// when it is called, since a name's addresses change.
///
/// `Debug` shows the host alone: paths and queries hold signatures.
#[derive(Clone)]
pub struct ExternalUrl {
    uri: Uri,
    host: Target,
    port: u16,
    tls: bool,
}

/// What stands in the place of the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// A name, in lower case and punycode, without the dot at the end.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl ExternalUrl {
    /// The name, or the address, that is called.
    pub(super) fn host(&self) -> &Target {
        &self.host
    }

    /// The port that is called.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is `https`.
    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }

    /// As it is sent.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl TryFrom<&str> for ExternalUrl {
    type Error = EgressError;

    /// Reads a URL as browsers do (<https://url.spec.whatwg.org/>), so that `https://0x7f.1/` is known for `127.0.0.1`.
    fn try_from(text: &str) -> Result<Self, EgressError> {
        let url = parse(text)?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("it must begin with `https://`")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it must hold no user and no password"));
        }
        let host = target(&url)?;
        if tls && matches!(host, Target::Address(IpAddr::V6(_))) {
            return Err(bad("an IPv6 address stands in it: give a name, which the server's certificate is for"));
        }
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(bad("its port must not be 0"))?;
        let uri = url.as_str().parse().map_err(|_| bad("it holds characters that must be percent-encoded"))?;
        Ok(Self { uri, host, port, tls })
    }
}

fn parse(text: &str) -> Result<Url, EgressError> {
    if text.len() > LONGEST {
        return Err(bad("it is longer than 2048 bytes"));
    }
    // The standard has them taken out silently.
    if text.contains(|c: char| c.is_ascii_whitespace() || c.is_control()) {
        return Err(bad("it holds spaces or control characters"));
    }
    let mut url = Url::parse(text).map_err(|_| bad("it is no URL with a valid host"))?;
    url.set_fragment(None);
    without_last_dot(&mut url)?;
    Ok(url)
}

/// A name with a dot at the end is the same name; certificates are for the one without.
fn without_last_dot(url: &mut Url) -> Result<(), EgressError> {
    let Some(bare) = url.domain().and_then(|name| name.strip_suffix('.')).map(str::to_owned) else { return Ok(()) };
    url.set_host(Some(&bare)).map_err(|_| bad("it is no URL with a valid host"))
}

fn target(url: &Url) -> Result<Target, EgressError> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(Target::Address(address.into())),
        Some(Host::Ipv6(address)) => Ok(Target::Address(address.into())),
        Some(Host::Domain(name)) if name.split('.').all(|label| (1..=63).contains(&label.len())) => {
            Ok(Target::Name(name.to_owned()))
        }
        _ => Err(bad("it is no URL with a valid host")),
    }
}

const fn bad(why: &'static str) -> EgressError {
    EgressError::BadUrl { why }
}

impl fmt::Debug for ExternalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExternalUrl").field(&self.host).field(&self.port).finish()
    }
}
