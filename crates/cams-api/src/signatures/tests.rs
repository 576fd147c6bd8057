//! Against requests that the official SDKs really sent, and Alibaba's own published example of the older signature.

use serde_json::Value;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::Code;

/// Requests recorded from the CAMS SDK for Python, with their signatures.
const VECTORS: &str = include_str!("acs3-vectors.json");
const NOW: OffsetDateTime = datetime!(2026-11-21 06:46:40 UTC);

/// A request that a test may change.
#[derive(Clone)]
struct Recorded {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    secret: String,
}

fn recorded() -> Vec<Recorded> {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = |vector: &Value| {
        let all = vector["headers"].as_object().unwrap();
        all.iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect()
    };
    let read = |vector: &Value| Recorded {
        method: text(&vector["method"]),
        target: text(&vector["target"]),
        headers: headers(vector),
        body: text(&vector["body"]),
        secret: text(&vector["secret"]),
    };
    vectors.iter().map(read).collect()
}

impl Recorded {
    fn check_at(&self, now: OffsetDateTime) -> Result<SignedCall, SignatureError> {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let parts = RequestParts {
            method: &self.method,
            path,
            query,
            headers: &headers,
            body: self.body.as_bytes(),
            is_form: false,
        };
        let call = SignedCall::acs3(&parts, now)?;
        call.verify(self.secret.as_bytes()).map(|()| call)
    }

    fn check(&self) -> Result<SignedCall, SignatureError> {
        self.check_at(NOW)
    }

    fn header(&mut self, name: &str) -> &mut String {
        self.headers.iter_mut().find(|(other, _)| other == name).map(|(_, value)| value).unwrap()
    }

    fn signed_headers(&self) -> Vec<String> {
        let authorization = &self.headers.iter().find(|(name, _)| name == "authorization").unwrap().1;
        let signed = authorization.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
        signed.split(';').map(str::to_owned).collect()
    }
}

/// Every text that differs from `text` in one byte's lowest bit, as far as it is still text.
fn altered(text: &str) -> impl Iterator<Item = String> + '_ {
    (0..text.len()).filter_map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).ok()
    })
}

#[test]
fn every_recorded_request_of_the_sdk_verifies() {
    let all = recorded();
    assert_eq!(all.len(), 8);
    for request in all {
        let call = request.check().unwrap();
        assert_eq!(call.access_key_id, "testak");
        assert_eq!(call.version, "2020-06-06");
        assert_eq!(call.nonce.len(), 32);
        assert!(call.action.ends_with("Group") || call.action.contains("ChatGroup"), "{}", call.action);
    }
}

#[test]
fn a_request_whose_query_was_altered_does_not_verify() {
    for request in recorded() {
        let (path, query) = request.target.split_once('?').unwrap();
        for query in altered(query) {
            let told = Recorded { target: format!("{path}?{query}"), ..request.clone() }.check();
            // A space is `+` or `%20`, and a letter of an escape may be of either case: that is the same request.
            if pairs(&query).eq(pairs(request.target.split_once('?').unwrap().1)) {
                continue;
            }
            assert_eq!(told.unwrap_err().code(), Code::SignatureDoesNotMatch, "{query}");
        }
    }
}

#[test]
fn another_method_path_or_body_does_not_verify() {
    let request = &recorded()[0];
    let changed = [
        Recorded { method: "GET".into(), ..request.clone() },
        Recorded { target: request.target.replacen('/', "//", 1), ..request.clone() },
        Recorded { target: format!("{}&Subject=another", request.target), ..request.clone() },
        Recorded { body: "x".into(), ..request.clone() },
        Recorded { secret: "testsl".into(), ..request.clone() },
    ];
    for request in changed {
        assert_eq!(request.check().unwrap_err().code(), Code::SignatureDoesNotMatch);
    }
}

#[test]
fn a_signed_header_that_was_altered_does_not_verify() {
    for request in recorded() {
        for name in request.signed_headers() {
            for value in altered(&request.clone().header(&name).clone()) {
                let mut changed = request.clone();
                *changed.header(&name) = value.clone();
                // What surrounds a value is not part of it.
                if value.trim() == request.clone().header(&name).trim() {
                    continue;
                }
                let code = changed.check().unwrap_err().code();
                let is_time = matches!(code, Code::InvalidTimeStampFormat | Code::InvalidTimeStampExpired);
                assert!(code == Code::SignatureDoesNotMatch || name == "x-acs-date" && is_time, "{name}: {value}");
            }
        }
    }
}

#[test]
fn an_authorization_that_was_altered_does_not_verify() {
    for request in recorded() {
        for value in altered(&request.clone().header("authorization").clone()) {
            let mut changed = request.clone();
            *changed.header("authorization") = value.clone();
            match changed.check() {
                // Another key is looked up under another ID, which is not for this module to tell.
                Ok(call) => assert_ne!(call.access_key_id, "testak", "{value}"),
                Err(error) => {
                    assert!(matches!(error.code(), Code::SignatureDoesNotMatch | Code::IncompleteSignature), "{value}");
                }
            }
        }
    }
}

#[test]
fn every_header_that_gives_a_request_its_meaning_must_be_signed() {
    let request = &recorded()[0];
    for name in ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"]
    {
        let mut changed = request.clone();
        let authorization = changed.header("authorization");
        *authorization = authorization.replace(&format!("{name};"), "").replace(&format!(";{name},"), ",");
        assert_eq!(changed.check().unwrap_err().code(), Code::IncompleteSignature, "{name}");
    }
}

#[test]
fn a_header_that_comes_twice_is_not_signed() {
    for name in ["host", "x-acs-action", "x-acs-date", "authorization"] {
        let mut request = recorded()[0].clone();
        let doubled = request.header(name).clone();
        request.headers.push((name.to_owned(), doubled));
        assert_eq!(request.check().unwrap_err().code(), Code::IncompleteSignature, "{name}");
    }
}

#[test]
fn an_authorization_without_one_of_its_parts_is_incomplete() {
    let whole = "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=00";
    let broken = [
        "",
        "Bearer x",
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256Credential=a,SignedHeaders=host,Signature=00",
        "acs3-hmac-sha256 Credential=a,SignedHeaders=host,Signature=00",
        "ACS3-HMAC-SHA256 SignedHeaders=host,Signature=00",
        "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00",
        "ACS3-HMAC-SHA256 Credential=a,Signature=00",
        "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host",
        "ACS3-HMAC-SHA256 Credential=a,Credential=a,SignedHeaders=host,Signature=00",
        "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=00,More=1",
        whole,
    ];
    for value in broken {
        let mut request = recorded()[0].clone();
        value.clone_into(request.header("authorization"));
        assert_eq!(request.check().unwrap_err().code(), Code::IncompleteSignature, "{value}");
    }
}

#[test]
fn what_cannot_be_a_signature_does_not_fit_either() {
    for signature in ["00", "x", &"F".repeat(64), &"f".repeat(65)] {
        let mut request = recorded()[0].clone();
        let header = request.header("authorization");
        let (before, _) = header.split_once("Signature=").unwrap();
        *header = format!("{before}Signature={signature}");
        assert_eq!(request.check().unwrap_err().code(), Code::SignatureDoesNotMatch, "{signature}");
    }
}

#[test]
fn a_clock_may_be_off_by_a_quarter_of_an_hour_either_way() {
    let request = &recorded()[0];
    let signed_at = datetime!(2026-11-21 06:46:33 UTC);
    for off in [CLOCK_DIFFERENCE, -CLOCK_DIFFERENCE, Duration::ZERO] {
        assert!(request.check_at(signed_at + off).is_ok());
    }
    for off in [CLOCK_DIFFERENCE + Duration::SECOND, -CLOCK_DIFFERENCE - Duration::SECOND] {
        assert_eq!(request.check_at(signed_at + off).unwrap_err().code(), Code::InvalidTimeStampExpired);
    }
}

#[test]
fn a_time_of_another_form_is_said_to_be_so() {
    for written in ["", "now", "2026-11-21", "2026-11-21T06:46:33", "2026-11-21T06:46:33+00:00", "20261121T064633Z"] {
        let mut request = recorded()[0].clone();
        written.clone_into(request.header("x-acs-date"));
        let expected = if written.is_empty() { Code::IncompleteSignature } else { Code::InvalidTimeStampFormat };
        assert_eq!(request.check().unwrap_err().code(), expected, "{written}");
    }
}

/// From Alibaba Cloud's page of the RPC signature.
const OLDER: &str = "Timestamp=2016-02-23T12%3A46%3A24Z&Format=XML&AccessKeyId=testid&Action=DescribeRegions\
    &SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&Version=2014-05-26\
    &SignatureVersion=1.0&Signature=OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D";

fn older(method: &str, query: &str, form: &str) -> Result<SignedCall, SignatureError> {
    let parts = RequestParts { method, path: "/", query, headers: &[], body: form.as_bytes(), is_form: true };
    assert!(is_hmac_sha1(&parts));
    let call = SignedCall::hmac_sha1(&parts, datetime!(2016-02-23 12:50 UTC))?;
    call.verify(b"testsecret").map(|()| call)
}

#[test]
fn the_published_example_of_the_older_signature_verifies() {
    let call = older("GET", OLDER, "").unwrap();
    assert_eq!((call.access_key_id.as_str(), call.action.as_str()), ("testid", "DescribeRegions"));
    assert_eq!((call.version.as_str(), call.nonce.len()), ("2014-05-26", 36));
}

#[test]
fn the_older_signature_covers_query_and_form() {
    assert_eq!(older("POST", OLDER, "").unwrap_err().code(), Code::SignatureDoesNotMatch);
    assert_eq!(older("GET", OLDER, "More=1").unwrap_err().code(), Code::SignatureDoesNotMatch);
    let (query, form) = OLDER.split_once("&AccessKeyId").unwrap();
    assert!(older("GET", query, &format!("AccessKeyId{form}")).is_ok());
}

#[test]
fn an_older_signature_without_one_of_its_parts_is_incomplete() {
    for name in ["Timestamp", "AccessKeyId", "SignatureMethod", "SignatureNonce", "Version", "SignatureVersion"] {
        let without: Vec<&str> = OLDER.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
        assert_eq!(older("GET", &without.join("&"), "").unwrap_err().code(), Code::IncompleteSignature, "{name}");
        let doubled = format!("{OLDER}&{name}=x");
        assert_eq!(older("GET", &doubled, "").unwrap_err().code(), Code::IncompleteSignature, "{name} twice");
    }
}

#[test]
fn what_is_shown_of_a_signed_request_has_a_bound() {
    let long = format!("{OLDER}&More={}", "x".repeat(100_000));
    assert!(older("GET", &long, "").unwrap_err().to_string().len() < 6_000);
}
