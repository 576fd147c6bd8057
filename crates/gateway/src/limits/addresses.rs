//! The address of a client behind proxies.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word counts for where a call came from.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Proxies in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Where a call came from: the peer; or, where that is a trusted proxy, the last address in `X-Forwarded-For` or
    /// `Forwarded` ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)) that is none. A proxy that writes one of the
    /// two may pass the other on as the client made it up, so two that tell different stories are not believed.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        let by_x = self.follow(peer, values(headers, &X_FORWARDED_FOR), address);
        let by_forwarded = self.follow(peer, values(headers, &FORWARDED), forwarded_for);
        match (by_x, by_forwarded) {
            (Some(one), None) | (None, Some(one)) => one,
            (Some(one), Some(other)) if one == other => one,
            _ => peer,
        }
    }

    /// Follows the hops from the nearest to the first that is not trusted, or that cannot be read.
    fn follow<'a>(
        &self,
        peer: IpAddr,
        hops: impl DoubleEndedIterator<Item = &'a str>,
        read: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let mut hops = hops.rev().peekable();
        hops.peek()?;
        let mut client = peer;
        for hop in hops.map_while(read) {
            client = hop;
            if !self.contains(client) {
                break;
            }
        }
        Some(client)
    }

    /// Whether this is one of them; an address of IPv4 in the form of IPv6 is not.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The elements of a header that is a list, over all its lines.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    let lines: Vec<&str> = headers.get_all(name).map(|line| line.to_str().unwrap_or_default()).collect();
    lines.into_iter().flat_map(|line| line.split(','))
}

/// The `for` of an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim().trim_matches('"'))
}

/// An address, perhaps in brackets, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address: Option<IpAddr> = text.parse().ok().or_else(in_brackets).or_else(with_port);
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::TrustedProxies;

    fn client(peer: &str, sent: &[(&'static str, &str)]) -> String {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        trusted.client(peer.parse::<IpAddr>().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_of_ours_is_the_client_whatever_it_says() {
        assert_eq!(client("192.0.2.1", &[("x-forwarded-for", "203.0.113.9")]), "192.0.2.1");
        assert_eq!(client("192.0.2.1", &[("forwarded", "for=203.0.113.9")]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_of_ours_is_the_client() {
        let cases = [
            ("203.0.113.9", "203.0.113.9"),
            ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9,10.0.0.7", "203.0.113.9"),
            ("1.1.1.1, 203.0.113.9 , 10.0.0.7, 10.9.9.9", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("10.0.0.7", "10.0.0.7"),
            ("203.0.113.9, nonsense", "10.0.0.1"),
            ("203.0.113.9, nonsense, 10.0.0.7", "10.0.0.7"),
            ("", "10.0.0.1"),
        ];
        for (sent, expected) in cases {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", sent)]), expected, "{sent}");
        }
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("10.0.0.1", &lines), "203.0.113.9");
        assert_eq!(client("::ffff:10.0.0.1", &lines), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_has_it() {
        let cases = [
            ("for=203.0.113.9", "203.0.113.9"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=1.1.1.1;proto=https;by=10.0.0.1, proto=https; for=203.0.113.9", "203.0.113.9"),
            ("for=203.0.113.9, for=\"[fd00::1]\"", "203.0.113.9"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden, for=10.0.0.7", "10.0.0.7"),
            ("proto=https", "10.0.0.1"),
        ];
        for (sent, expected) in cases {
            assert_eq!(client("10.0.0.1", &[("forwarded", sent)]), expected, "{sent}");
        }
    }

    #[test]
    fn two_headers_that_tell_different_stories_are_not_believed() {
        let both = |x, forwarded| client("10.0.0.1", &[("x-forwarded-for", x), ("forwarded", forwarded)]);
        assert_eq!(both("203.0.113.9", "for=203.0.113.9"), "203.0.113.9");
        assert_eq!(both("203.0.113.9", "for=198.51.100.1"), "10.0.0.1");
    }
}
