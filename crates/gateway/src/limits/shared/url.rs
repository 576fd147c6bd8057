//! Where Redis is.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo};
use url::Url;

/// A server, its database, and who asks: `redis://user:password@host:6379/0`, or `rediss://` over TLS.
#[derive(Clone)]
pub struct RedisUrl {
    host: String,
    port: u16,
    login: RedisConnectionInfo,
    over_tls: bool,
}

/// The text is no such URL. It is not told: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a URL such as redis://user:password@host:6379/0, or rediss:// for TLS, with special characters percent-encoded"
)]
pub struct InvalidRedisUrl;

impl RedisUrl {
    /// The host's name or address.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The server's port.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_over_tls(&self) -> bool {
        self.over_tls
    }

    /// User, password and database.
    pub(super) fn login(&self) -> &RedisConnectionInfo {
        &self.login
    }
}

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        let mut url = Url::parse(text).map_err(|_| InvalidRedisUrl)?;
        let over_tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(InvalidRedisUrl),
        };
        // A fragment of `rediss://` would switch the certificate's check off in other clients.
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidRedisUrl);
        }
        // The client reads TLS out of the URL only where it also makes it, which is done here (`dial`).
        url.set_scheme("redis").map_err(|()| InvalidRedisUrl)?;
        let info = url.into_connection_info().map_err(|_| InvalidRedisUrl)?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else { return Err(InvalidRedisUrl) };
        Ok(Self { host: host.clone(), port: *port, login: info.redis_settings().clone(), over_tls })
    }
}

/// Without user and password.
impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.over_tls { "rediss" } else { "redis" };
        write!(f, "{scheme}://{}:{}/{}", self.host(), self.port(), self.login().db())
    }
}

#[cfg(test)]
mod tests {
    use super::RedisUrl;

    #[test]
    fn a_url_tells_where_redis_is_and_shows_no_password() {
        let cases = [
            ("redis://cache", "redis://cache:6379/0"),
            ("redis://cache:6380/3", "redis://cache:6380/3"),
            ("rediss://:p%40ss@cache.example.com", "rediss://cache.example.com:6379/0"),
            ("redis://limits:secret@192.0.2.1:1", "redis://192.0.2.1:1/0"),
            ("redis://[2001:db8::1]:1", "redis://2001:db8::1:1/0"),
        ];
        for (text, shown) in cases {
            assert_eq!(format!("{:?}", text.parse::<RedisUrl>().unwrap()), shown, "{text}");
        }
        let url: RedisUrl = "redis://limits:p%40ss@cache".parse().unwrap();
        assert_eq!((url.login().username(), url.login().password()), (Some("limits"), Some("p@ss")));
    }

    #[test]
    fn what_leads_to_no_single_server_is_refused() {
        let wrong = [
            "",
            "cache:6379",
            "http://cache",
            "redis://",
            "redis:///0",
            "redis://cache/limits",
            "redis://cache:99999",
            "redis+unix:///run/redis.sock",
            "unix:///run/redis.sock",
            "rediss://cache#insecure",
            "redis://cache?protocol=resp3",
        ];
        for text in wrong {
            assert!(text.parse::<RedisUrl>().is_err(), "{text}");
        }
    }
}
