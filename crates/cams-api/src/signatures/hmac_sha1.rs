//! The older signature: HMAC-SHA1 over all parameters of query and form, which carry the signature too.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::percent::{canonical, encoded, pairs};
use super::{Proof, RequestParts, SignatureError, SignedCall, check_nonce, incomplete, timestamp};

pub(super) const COVERED: &str = "the parameters of query and form must arrive unchanged";

type Pair = (Vec<u8>, Vec<u8>);

pub(super) fn is_meant(parts: &RequestParts<'_>) -> bool {
    parameters(parts).any(|(name, _)| name == b"Signature" || name == b"SignatureMethod")
}

pub(super) fn read(parts: &RequestParts<'_>, now: OffsetDateTime) -> Result<SignedCall, SignatureError> {
    let all: Vec<Pair> = parameters(parts).collect();
    let required = |name| required(&all, name);
    let (method, version) = (required("SignatureMethod")?, required("SignatureVersion")?);
    if (method, version) != ("HMAC-SHA1", "1.0") {
        return Err(incomplete("`SignatureMethod` must be `HMAC-SHA1`, and `SignatureVersion` `1.0`"));
    }
    timestamp::check("Timestamp", required("Timestamp")?, now)?;
    let nonce = required("SignatureNonce")?;
    check_nonce("SignatureNonce", nonce)?;
    let signature = required("Signature")?.to_owned();
    let names_one = all.iter().any(|(name, _)| name == b"Action");
    let action = if names_one { required("Action")? } else { "" };
    let call = |proof| -> Result<SignedCall, SignatureError> {
        Ok(SignedCall {
            access_key_id: required("AccessKeyId")?.to_owned(),
            action: action.to_owned(),
            version: required("Version")?.to_owned(),
            nonce: nonce.to_owned(),
            proof,
        })
    };
    call(Proof::HmacSha1 { string_to_sign: string_to_sign(parts.method, &all), signature })
}

fn parameters<'a>(parts: &RequestParts<'a>) -> impl Iterator<Item = Pair> + use<'a> {
    let form = std::str::from_utf8(parts.body).ok().filter(|_| parts.is_form).unwrap_or_default();
    pairs(parts.query).chain(pairs(form))
}

/// A parameter that must be there exactly once and hold something.
fn required<'a>(all: &'a [Pair], name: &str) -> Result<&'a str, SignatureError> {
    let mut values = all.iter().filter(|(other, _)| other == name.as_bytes()).map(|(_, value)| value);
    let value = values.next().filter(|_| values.next().is_none());
    let text = value.and_then(|value| std::str::from_utf8(value).ok()).filter(|text| !text.is_empty());
    text.ok_or_else(|| incomplete(format!("there must be one parameter `{name}`")))
}

fn string_to_sign(method: &str, all: &[Pair]) -> String {
    let signed = all.iter().filter(|(name, _)| name != b"Signature").cloned();
    format!("{method}&{}&{}", encoded(b"/"), encoded(canonical(signed).as_bytes()))
}

/// Whether this is the signature: 20 bytes in base64.
pub(super) fn fits(secret: &[u8], string_to_sign: &str, signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &Zeroizing::new([secret, b"&"].concat()));
    let is = STANDARD.encode(hmac::sign(&key, string_to_sign.as_bytes()));
    constant_time::verify_slices_are_equal(is.as_bytes(), signature.as_bytes()).is_ok()
}
