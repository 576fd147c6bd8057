//! Percent-encoding of parameters.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// All but the unreserved characters of [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Bytes as a canonical text has them.
pub fn encoded(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).to_string()
}

/// What a name or a value of a query or a form says. A broken escape stands for itself.
pub fn decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&first, others)) = rest.split_first() {
        let escaped = others.get(..2).filter(|_| first == b'%').and_then(hexadecimal);
        bytes.push(escaped.unwrap_or(if first == b'+' { b' ' } else { first }));
        rest = if escaped.is_some() { &others[2..] } else { others };
    }
    bytes
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let mut byte = [0];
    hex::decode_to_slice(digits, &mut byte).ok().map(|()| byte[0])
}

/// The parameters of a query or a form by name, each with its values in their order.
pub fn parameters<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut by_name = BTreeMap::<_, Vec<_>>::new();
    for pair in texts.into_iter().flat_map(|text| text.split('&')).filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, '=').map(decoded);
        let name = parts.next().unwrap_or_default();
        by_name.entry(name).or_default().push(parts.next().unwrap_or_default());
    }
    by_name
}

/// Parameters sorted by name, encoded and joined.
pub(super) fn canonical(by_name: &BTreeMap<Vec<u8>, Vec<Vec<u8>>>) -> String {
    let mut text = String::new();
    for (name, values) in by_name {
        for value in values {
            if !text.is_empty() {
                text.push('&');
            }
            text.extend([&encoded(name), "=", &encoded(value)]);
        }
    }
    text
}
