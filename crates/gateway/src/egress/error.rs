//! What can go wrong with a call to an address that a caller chose.

use super::Full;

/// The same for a name that nobody knows and for one that leads inside: otherwise anyone could ask which names exist on
/// the inside.
const NO_ADDRESS: &str = "The URL's host has no address that may be called: check the name, and that every address it has is public. The gateway's operator can allow a private network.";

/// Why a call was not made, or not answered. The text is for whoever gave the URL: it says what to do, and holds no
/// address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The URL is of a form that is never called.
    #[error("The URL cannot be called: {why}.")]
    BadUrl {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The URL is `http`, and leads elsewhere than to allowed networks.
    #[error(
        "The URL must begin with `https://`. By `http://` only networks are reached that the gateway's operator allows."
    )]
    NotHttps,
    /// An address of the host is not public, and in no allowed network.
    #[error("{NO_ADDRESS}")]
    ForbiddenAddress,
    /// The host has no address.
    #[error("{NO_ADDRESS}")]
    Unresolvable,
    /// As many calls are being made as may be; nothing was sent.
    #[error("The gateway makes as many calls to callers' URLs as it may at once. Send the call again in a moment.")]
    Busy(Full),
    /// No connection could be made.
    #[error("The URL's server takes no connection: check the port, and that the server is up and can be reached.")]
    Connect,
    /// The connection could not be secured.
    #[error(
        "The URL's server could not be trusted: its certificate must be valid, for this name, and by a public authority."
    )]
    Tls,
    /// The time was over.
    #[error("The URL's server did not answer to the end in time.")]
    Timeout,
    /// The answer's head or framing is unreadable, or the connection broke off.
    #[error("The URL's server broke off its answer, or it is no HTTP.")]
    Broken,
    /// The answer's body is larger than its limit.
    #[error("The URL's answer is larger than {limit} bytes.")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The server answered with an error.
    #[error("The URL's server answered with HTTP status {0}: it must answer 200 without signing in.")]
    Status(u16),
    /// The server sent elsewhere, where nothing is followed.
    #[error("The URL leads to another by a redirect, and those are not followed: give the URL at the end.")]
    Redirect,
}

/// Why there can be no calls at all.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up, are the system's root certificates (ca-certificates) installed? {0}")]
pub struct EgressUnavailable(#[from] rustls::Error);
