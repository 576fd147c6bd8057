//! ACS3-HMAC-SHA256.

use aws_lc_rs::{digest, hmac};

use super::encoding::{canonical, parameters};
use crate::request::Request;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Signs a request by all of its headers, in the order of their names, and sets its `Authorization`.
pub fn sign_acs3(request: &mut Request, access_key_id: &str, secret: &[u8]) {
    request.set("x-acs-content-sha256", sha256(&request.body));
    request.headers.retain(|(name, _)| name != "authorization");
    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    let signed = names.join(";");
    let signature = signature_of_acs3(request, &signed, secret).unwrap_or_default();
    let value = format!("{ALGORITHM} Credential={access_key_id},SignedHeaders={signed},Signature={signature}");
    request.set("authorization", value);
}

/// The signature by these headers, with semicolons between them; `None` where one of them is not there once.
pub fn signature_of_acs3(request: &Request, signed: &str, secret: &[u8]) -> Option<String> {
    let query = canonical(&parameters([request.query.as_str()]));
    let mut headers = String::new();
    for name in signed.split(';') {
        headers.extend([name, ":", request.header(name)?.trim(), "\n"]);
    }
    let content = request.header("x-acs-content-sha256")?.trim();
    let canonical_request = [&request.method, &request.path, &query, &headers, signed, content].join("\n");
    let string_to_sign = format!("{ALGORITHM}\n{}", sha256(canonical_request.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    Some(hex::encode(hmac::sign(&key, string_to_sign.as_bytes())))
}

/// SHA-256 in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}
