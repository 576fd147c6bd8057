//! HMAC-SHA1: the method and the query in the first line, the form in the second.

use cams_api::signatures::{SignatureError, SignedCall, is_hmac_sha1};
use time::OffsetDateTime;
use time::macros::datetime;

use super::{LONGEST_ERROR, is_good_nonce, is_within};
use crate::independent::{encoded, parameters, signature_of_hmac_sha1};
use crate::request::Request;

/// When Alibaba Cloud's example was signed.
const NOW: OffsetDateTime = datetime!(2016-02-23 12:50 UTC);
const SECRET: &[u8] = b"testsecret";
/// The parameters that a signature needs.
const REQUIRED: [(&str, &str); 7] = [
    ("AccessKeyId", "testid"),
    ("Action", "DescribeRegions"),
    ("SignatureMethod", "HMAC-SHA1"),
    ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
    ("SignatureVersion", "1.0"),
    ("Timestamp", "2016-02-23T12:46:24Z"),
    ("Version", "2014-05-26"),
];

pub(super) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (line, form) = text.split_once('\n').unwrap_or((text, ""));
    let (method, query) = line.split_once(' ').unwrap_or(("GET", line));
    agrees(method, query, form);
    let names_of_form = parameters([form]);
    if names_of_form.keys().any(|name| is_of_the_signature(name)) {
        return;
    }
    let signed = signed_anew(method, query, form);
    assert!(verified(method, &signed, form).is_ok(), "what the independent signer signs does not verify: {signed}");
    assert!(verified(&format!("{method}X"), &signed, form).is_err(), "another method verifies");
    assert!(verified(method, &signed, &format!("{form}&More=1")).is_err(), "another form verifies");
    agrees(method, &signed.replacen('a', "b", 1), form);
}

fn verified(method: &str, query: &str, form: &str) -> Result<SignedCall, SignatureError> {
    let request = Request {
        method: method.to_owned(),
        path: "/".to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: form.as_bytes().to_vec(),
    };
    let call = request.with_parts(true, |parts| {
        let call = SignedCall::hmac_sha1(parts, NOW)?;
        assert!(is_hmac_sha1(parts), "what is read as signed so is not meant to be");
        Ok(call)
    })?;
    call.verify(SECRET).map(|()| call)
}

/// What verifies carries the signature that the independent signer makes, and what carries it verifies.
fn agrees(method: &str, query: &str, form: &str) {
    match verified(method, query, form) {
        Ok(_) => {
            let signature = signature_of_hmac_sha1(method, query, form, SECRET).into_bytes();
            assert_eq!(parameters([query, form]).get(&b"Signature"[..]), Some(&vec![signature]));
        }
        Err(error) => {
            assert!(!is_plainly_right(method, query, form), "{error}: {method} {query} {form}");
            assert!(error.to_string().len() <= LONGEST_ERROR, "an error of {} bytes", error.to_string().len());
            assert!(format!("{error:?}").len() < 64, "{error:?}");
        }
    }
}

/// Whether there is nothing about a request that anybody could refuse: it is complete, now, and what the independent signer
/// signs.
fn is_plainly_right(method: &str, query: &str, form: &str) -> bool {
    let all = parameters([query, form]);
    let one = |name: &str| match all.get(name.as_bytes()).map(Vec::as_slice) {
        Some([value]) => std::str::from_utf8(value).ok().filter(|text| !text.is_empty()),
        _ => None,
    };
    let is = |name, expected: &str| one(name) == Some(expected);
    REQUIRED.iter().all(|(name, _)| one(name).is_some())
        && is("SignatureMethod", "HMAC-SHA1")
        && is("SignatureVersion", "1.0")
        && one("SignatureNonce").is_some_and(is_good_nonce)
        && one("Timestamp").is_some_and(|time| is_within(time, "2016-02-23T12:", "35:00Z", "59:59Z"))
        && is("Signature", &signature_of_hmac_sha1(method, query, form, SECRET))
}

fn is_of_the_signature(name: &[u8]) -> bool {
    name == b"Signature" || REQUIRED.iter().any(|(other, _)| other.as_bytes() == name)
}

/// The query with all that a signature needs, each there once.
fn signed_anew(method: &str, query: &str, form: &str) -> String {
    let mut pairs = Vec::new();
    for (name, values) in parameters([query]).iter().filter(|(name, _)| !is_of_the_signature(name)) {
        pairs.extend(values.iter().map(|value| format!("{}={}", encoded(name), encoded(value))));
    }
    pairs.extend(REQUIRED.iter().map(|(name, value)| format!("{name}={}", encoded(value.as_bytes()))));
    let query = pairs.join("&");
    let signature = signature_of_hmac_sha1(method, &query, form, SECRET);
    format!("{query}&Signature={}", encoded(signature.as_bytes()))
}
