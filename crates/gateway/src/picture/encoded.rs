//! Base64 as callers write it.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// Padding is left away by some encoders ([RFC 4648, 3.2](https://www.rfc-editor.org/rfc/rfc4648#section-3.2)).
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of `text`: base64 in the standard or the URL-safe alphabet, padded or not, broken into lines or not, with
/// or without `data:image/jpeg;base64,` before it. `None` where it is none.
pub(super) fn decode(text: &str) -> Option<Bytes> {
    let written = payload(text)?.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let standard: Vec<u8> = written.map(to_standard_alphabet).collect();
    TOLERANT.decode(standard).ok().map(Bytes::from)
}

/// What stands behind the head of a `data:` URL ([RFC 2397](https://www.rfc-editor.org/rfc/rfc2397)), or all of it. The
/// type in the head is not believed: the content is looked at.
fn payload(text: &str) -> Option<&str> {
    let is_data = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if !is_data {
        return Some(text);
    }
    let (head, payload) = text.split_once(',')?;
    head.to_ascii_lowercase().ends_with(";base64").then_some(payload)
}

fn to_standard_alphabet(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}
