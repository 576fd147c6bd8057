//! ACS3: the request as it came, and the same request signed by the independent signer.

use cams_api::signatures::{SignatureError, SignedCall};
use time::OffsetDateTime;
use time::macros::datetime;

use super::{LONGEST_ERROR, is_good_nonce, is_within};
use crate::independent::{decoded, sha256, sign_acs3, signature_of_acs3};
use crate::request::Request;

/// When the requests of the corpus were recorded.
const NOW: OffsetDateTime = datetime!(2026-11-21 06:46:40 UTC);
/// The recorded requests' key, and whoever's else.
const KEY: (&str, &[u8]) = ("testak", b"testsk");
/// The headers without which a signature says too little.
const SIGNED: [&str; 6] =
    ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"];
const ANOTHER_SECRET: &[u8] = b"testsl";

pub(super) fn run(bytes: &[u8]) {
    let Some(request) = Request::read(bytes) else { return };
    agrees(&request);
    let signed = signed_anew(request);
    assert!(verified(&signed, KEY.1).is_ok(), "what the independent signer signs does not verify: {signed:?}");
    assert!(verified(&signed, ANOTHER_SECRET).is_err(), "it verifies with another secret: {signed:?}");
    order_does_not_matter(&signed);
    for changed in changes(&signed, bytes) {
        agrees(&changed);
    }
}

fn verified(request: &Request, secret: &[u8]) -> Result<SignedCall, SignatureError> {
    let call = request.with_parts(false, |parts| SignedCall::acs3(parts, NOW))?;
    call.verify(secret).map(|()| call)
}

/// What verifies is what the independent signer would have signed so, and what it has signed so verifies.
fn agrees(request: &Request) {
    match verified(request, KEY.1) {
        Ok(call) => {
            assert!(!call.nonce.is_empty() && !call.version.is_empty());
            let authorization = request.header("authorization").unwrap_or_default();
            let value = |name: &str| authorization.split([' ', ',']).find_map(|part| part.trim().strip_prefix(name));
            let signed = value("SignedHeaders=").unwrap_or_default();
            let signature = signature_of_acs3(request, signed, KEY.1);
            assert_eq!(value("Signature="), signature.as_deref(), "{request:?}");
        }
        Err(error) => {
            assert!(!is_plainly_right(request), "{error}: {request:?}");
            assert!(error.to_string().len() <= LONGEST_ERROR, "an error of {} bytes", error.to_string().len());
            assert!(format!("{error:?}").len() < 64, "{error:?}");
        }
    }
}

/// Whether there is nothing about a request that anybody could refuse: it is complete, now, and what the independent signer
/// signs.
fn is_plainly_right(request: &Request) -> bool {
    let is_complete = || {
        let authorization = request.header("authorization")?.strip_prefix("ACS3-HMAC-SHA256 Credential=")?;
        let (credential, rest) = authorization.split_once(",SignedHeaders=")?;
        let (signed, signature) = rest.split_once(",Signature=")?;
        let text = |name: &str| request.header(name).filter(|value| !value.is_empty() && is_plain(value));
        let is_there = |name: &str| text(name).is_some() && signed.split(';').any(|other| other == name);
        let all = !credential.is_empty()
            && !authorization.contains([' ', '\t'])
            && authorization.matches(',').count() == 2
            && SIGNED.iter().all(|name| is_there(name))
            && signed.split(';').all(|name| request.header(name).is_some_and(is_plain));
        let is_now = is_within(text("x-acs-date")?, "2026-11-21T06:", "31:40Z", "59:59Z");
        let is_whole = text("x-acs-content-sha256")? == sha256(&request.body);
        let is_once = is_good_nonce(text("x-acs-signature-nonce")?);
        let is_signed = signature_of_acs3(request, signed, KEY.1).as_deref() == Some(signature);
        Some(all && is_now && is_whole && is_once && is_signed)
    };
    is_complete().unwrap_or_default()
}

fn is_plain(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The request with all that a signature needs, and nothing that cannot be signed.
fn signed_anew(mut request: Request) -> Request {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b";,".contains(&byte));
    let counted: Vec<String> = request.headers.iter().map(|(name, _)| name.clone()).collect();
    request.headers.retain(|(name, _)| is_name(name) && counted.iter().filter(|other| *other == name).count() == 1);
    let required = [
        ("host", "groupgate.example"),
        ("x-acs-action", "AddChatGroup"),
        ("x-acs-version", "2020-06-06"),
        ("x-acs-date", "2026-11-21T06:46:33Z"),
        ("x-acs-signature-nonce", "0a6c54c5bd6da9e3a5f2b0bd6bd2ad9a"),
    ];
    for (name, value) in required {
        request.set(name, value);
    }
    sign_acs3(&mut request, KEY.0, KEY.1);
    request
}

/// A canonical query is sorted, so that a proxy may send the parameters in another order.
fn order_does_not_matter(signed: &Request) {
    let pairs = signed.written_pairs();
    let mut names: Vec<_> = pairs.iter().map(|pair| decoded(pair.split('=').next().unwrap_or_default())).collect();
    names.sort();
    names.dedup();
    if names.len() == pairs.len() {
        let query = pairs.iter().rev().copied().collect::<Vec<_>>().join("&");
        assert!(verified(&Request { query, ..signed.clone() }, KEY.1).is_ok(), "{signed:?}");
    }
}

/// Requests that differ from a signed one in one thing.
fn changes(signed: &Request, bytes: &[u8]) -> Vec<Request> {
    let more = |text: &str| format!("{text}1");
    let mut changed = vec![
        Request { method: more(&signed.method), ..signed.clone() },
        Request { path: more(&signed.path), ..signed.clone() },
        Request { query: format!("{}&more=1", signed.query), ..signed.clone() },
        Request { body: [&signed.body[..], b"1"].concat(), ..signed.clone() },
    ];
    for request in &changed {
        assert!(verified(request, KEY.1).is_err(), "a change is not noticed: {request:?}");
    }
    let flipped = flip(&signed.query, bytes.len());
    changed.extend(flipped.map(|query| Request { query, ..signed.clone() }));
    for (at, (_, value)) in signed.headers.iter().enumerate() {
        let flipped = flip(value, bytes.len());
        changed.extend(flipped.map(|value| {
            let mut request = signed.clone();
            request.headers[at].1 = value;
            request
        }));
    }
    changed
}

/// The text with one bit of one character changed, where it has a character of ASCII there.
fn flip(text: &str, seed: usize) -> Option<String> {
    let at = seed.checked_rem(text.len())?;
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] ^= 1;
    String::from_utf8(bytes).ok()
}
