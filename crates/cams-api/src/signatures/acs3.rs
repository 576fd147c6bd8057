//! ACS3-HMAC-SHA256: a signature over method, path, query, chosen headers and the body's digest.

use aws_lc_rs::{constant_time, digest, hmac};
use time::OffsetDateTime;

pub(super) use super::authorization::ALGORITHM;
use super::authorization::Authorization;
use super::percent::{canonical, pairs};
use super::{Proof, RequestParts, SignatureError, SignedCall, check_nonce, incomplete, timestamp};

pub(super) const COVERED: &str = "path, query, signed headers (with `host`) and body must arrive unchanged";

/// The header that names the operation. A call that has none, also not among the signed, is answered as one of an unknown
/// operation.
const ACTION: &str = "x-acs-action";

/// The headers that must be signed: without one of them, a request could be sent again with another meaning.
const REQUIRED: [&str; 6] =
    ["host", ACTION, "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"];

pub(super) fn read(parts: &RequestParts<'_>, now: OffsetDateTime) -> Result<SignedCall, SignatureError> {
    let header = parts.header_text("authorization").ok_or_else(|| incomplete("there must be one `Authorization`"))?;
    let authorization = Authorization::read(header)?;
    let signed: Vec<&str> = authorization.signed_headers.split(';').collect();
    let is_there = |name: &str| name != ACTION || parts.headers.iter().any(|(other, _)| *other == ACTION);
    if let Some(unsigned) = REQUIRED.iter().find(|name| !signed.contains(name) && is_there(name)) {
        return Err(incomplete(format!("`SignedHeaders` must hold `{unsigned}`")));
    }
    let required = |name| required(parts, name);
    let action = if signed.contains(&ACTION) { required(ACTION)? } else { "" };
    let [version, date, nonce, content_sha256] = [
        required("x-acs-version")?,
        required("x-acs-date")?,
        required("x-acs-signature-nonce")?,
        required("x-acs-content-sha256")?,
    ];
    check_nonce("x-acs-signature-nonce", nonce)?;
    timestamp::check("x-acs-date", date, now)?;
    check_body(parts.body, content_sha256)?;
    let string_to_sign = string_to_sign(parts, &signed, authorization.signed_headers, content_sha256)?;
    Ok(SignedCall {
        access_key_id: authorization.access_key_id.to_owned(),
        action: action.to_owned(),
        version: version.to_owned(),
        nonce: nonce.to_owned(),
        proof: Proof::Acs3 { string_to_sign, signature: authorization.signature.to_owned() },
    })
}

/// A signed header, which must be there exactly once and hold something.
fn required<'a>(parts: &RequestParts<'a>, name: &str) -> Result<&'a str, SignatureError> {
    let value = parts.header_text(name).map(str::trim).filter(|value| !value.is_empty());
    value.ok_or_else(|| incomplete(format!("there must be one `{name}`")))
}

fn check_body(body: &[u8], sent: &str) -> Result<(), SignatureError> {
    let is = hex::encode(digest::digest(&digest::SHA256, body));
    let same = constant_time::verify_slices_are_equal(is.as_bytes(), sent.as_bytes());
    same.map_err(|_| SignatureError::Body)
}

fn string_to_sign(
    parts: &RequestParts<'_>,
    signed: &[&str],
    signed_headers: &str,
    content_sha256: &str,
) -> Result<String, SignatureError> {
    let request = [
        parts.method,
        parts.path,
        &canonical(pairs(parts.query)),
        &canonical_headers(parts, signed)?,
        signed_headers,
        content_sha256,
    ]
    .join("\n");
    Ok(format!("{ALGORITHM}\n{}", hex::encode(digest::digest(&digest::SHA256, request.as_bytes()))))
}

/// The block ends with a line's end of its own.
fn canonical_headers(parts: &RequestParts<'_>, signed: &[&str]) -> Result<String, SignatureError> {
    let mut block = String::new();
    for name in signed {
        let value = parts.header_text(name).ok_or_else(|| {
            let shown: String = name.chars().take(64).collect();
            incomplete(format!("the signed header `{shown}` must be there once, in lower case in `SignedHeaders`"))
        })?;
        block.extend([name, ":", value.trim(), "\n"]);
    }
    Ok(block)
}

/// Whether this is the signature: 64 lower-case hexadecimal digits.
pub(super) fn fits(secret: &[u8], string_to_sign: &str, signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let is = hex::encode(hmac::sign(&key, string_to_sign.as_bytes()));
    constant_time::verify_slices_are_equal(is.as_bytes(), signature.as_bytes()).is_ok()
}
