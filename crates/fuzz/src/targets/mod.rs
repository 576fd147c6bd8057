//! The targets. A target panics where something that it promises does not hold; then its bytes go into the corpus.

mod acs3;
mod bearer;
mod form;
mod graph_path;
mod hmac_sha1;
mod meaning;
mod picture;
mod webhook;

/// One reader, and what is promised of it.
pub struct Target {
    /// Its name, and its corpus'.
    pub name: &'static str,
    /// Gives it these bytes.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 8] = [
    Target { name: "acs3", run: acs3::run },
    Target { name: "bearer", run: bearer::run },
    Target { name: "form", run: form::run },
    Target { name: "graph_path", run: graph_path::run },
    Target { name: "hmac_sha1", run: hmac_sha1::run },
    Target { name: "meaning", run: meaning::run },
    Target { name: "picture", run: picture::run },
    Target { name: "webhook", run: webhook::run },
];

/// What a caller is told may not grow with what the caller sent, beyond the string to sign that is shown.
const LONGEST_ERROR: usize = 24 * 1024;

/// Whether a time is written as `hour`, with minutes and seconds between these two.
fn is_within(time: &str, hour: &str, from: &str, until: &str) -> bool {
    let is_written = |rest: &str| {
        let bytes = rest.as_bytes();
        let tens_and_ones = |at: usize| matches!(bytes[at], b'0'..=b'5') && bytes[at + 1].is_ascii_digit();
        bytes.len() == 6 && tens_and_ones(0) && bytes[2] == b':' && tens_and_ones(3) && bytes[5] == b'Z'
    };
    time.strip_prefix(hour).is_some_and(|rest| is_written(rest) && from <= rest && rest <= until)
}

/// Whether nobody could refuse a nonce, but for its having been used before.
fn is_good_nonce(nonce: &str) -> bool {
    (8..=64).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
