//! Parameters from a query or a form, and the encoding that signatures are made over.

use std::fmt::Write as _;

/// The parameters of a query or of a form, decoded, in their order: `+` is a space, `%XX` a byte.
/// A `%` that no two hexadecimal digits follow stands for itself.
pub fn pairs(encoded: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    encoded.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> Vec<u8> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).collect()
}

/// Parameters sorted by name and joined, each encoded anew.
pub(super) fn canonical(parameters: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> String {
    let mut sorted: Vec<_> = parameters.collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    let joined = sorted.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    joined.collect::<Vec<_>>().join("&")
}

/// As [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3) has it: everything but the unreserved characters
/// is escaped, in capitals.
pub(super) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(char::from(byte)),
            // Writing into a text cannot fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}
