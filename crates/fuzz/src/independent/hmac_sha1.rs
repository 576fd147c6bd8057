//! HMAC-SHA1 over the parameters.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::encoding::{canonical, encoded, parameters};

/// The value of `Signature` for the parameters of a query and a form, as they are written; one that is there already is
/// left out.
pub fn signature_of_hmac_sha1(method: &str, query: &str, form: &str, secret: &[u8]) -> String {
    let mut signed = parameters([query, form]);
    signed.remove(&b"Signature"[..]);
    let string_to_sign = [method, &encoded(b"/"), &encoded(canonical(&signed).as_bytes())].join("&");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[secret, b"&"].concat());
    STANDARD.encode(hmac::sign(&key, string_to_sign.as_bytes()))
}
