//! Requests that nobody recorded: what the independent signers sign is let in, and nothing that differs in a signed byte.

use cams_api::signatures::{SignatureError, SignedCall};
use fuzz::independent::{encoded, sign_acs3, signature_of_acs3, signature_of_hmac_sha1};
use fuzz::request::Request;
use proptest::prelude::*;
use proptest::sample::Index;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 06:46:40 UTC);
const SECRET: &[u8] = b"a secret";

/// A parameter as some client may write it: each byte escaped in capitals, in small letters, or not at all.
fn written() -> impl Strategy<Value = String> {
    let plain = "[A-Za-z0-9_.~+-]{0,6}";
    let escaped = prop::collection::vec(any::<(u8, bool)>(), 0..4).prop_map(|bytes| {
        bytes.iter().map(|(byte, small)| if *small { format!("%{byte:02x}") } else { format!("%{byte:02X}") }).collect()
    });
    (plain, escaped).prop_map(|(plain, escaped): (String, String)| plain + &escaped)
}

fn query() -> impl Strategy<Value = String> {
    prop::collection::vec((written(), written()), 0..6)
        .prop_map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

fn request() -> impl Strategy<Value = Request> {
    let more = prop::collection::btree_map("x-acs-[a-z]{6,9}x", "[!-~]{1,2}( [!-~]{1,2}){0,2}", 0..3);
    (prop::sample::select(vec!["GET", "POST"]), query(), more, prop::collection::vec(any::<u8>(), 0..64)).prop_map(
        |(method, query, more, body)| {
            let mut request = Request {
                method: method.to_owned(),
                path: "/".to_owned(),
                query,
                headers: more.into_iter().collect(),
                body,
            };
            for (name, value) in [
                ("host", "groupgate.example"),
                ("x-acs-action", "AddChatGroup"),
                ("x-acs-version", "2020-06-06"),
                ("x-acs-date", "2026-11-21T06:46:33Z"),
                ("x-acs-signature-nonce", "0a6c54c5bd6da9e3"),
            ] {
                request.set(name, value);
            }
            sign_acs3(&mut request, "testak", SECRET);
            request
        },
    )
}

fn acs3(request: &Request) -> Result<SignedCall, SignatureError> {
    let call = request.with_parts(false, |parts| SignedCall::acs3(parts, NOW))?;
    call.verify(SECRET).map(|()| call)
}

/// Changes one bit of a text, where it is text afterwards.
fn flip(text: &mut String, at: Index, bit: u8) {
    let mut bytes = text.clone().into_bytes();
    if !bytes.is_empty() {
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        *text = String::from_utf8(bytes).unwrap_or_else(|_| text.clone());
    }
}

fn older(method: &str, query: &str, form: &str) -> Result<(), SignatureError> {
    let request = Request {
        method: method.to_owned(),
        path: "/".to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: form.as_bytes().to_vec(),
    };
    request.with_parts(true, |parts| SignedCall::hmac_sha1(parts, NOW))?.verify(SECRET)
}

/// A query with all that the older signature needs.
fn older_query(method: &str, query: &str, form: &str) -> String {
    let needed = "AccessKeyId=testid&Action=ListChatGroup&SignatureMethod=HMAC-SHA1&SignatureNonce=n&SignatureVersion=1.0\
                  &Timestamp=2026-11-21T06%3A46%3A33Z&Version=2020-06-06";
    let query = format!("{query}&{needed}");
    let signature = signature_of_hmac_sha1(method, &query, form, SECRET);
    format!("{query}&Signature={}", encoded(signature.as_bytes()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request_that_is_signed_with_acs3_verifies(request in request()) {
        let call = acs3(&request);
        prop_assert!(call.is_ok(), "{:?}: {}", request, call.unwrap_err());
        prop_assert_eq!(call.unwrap().action, "AddChatGroup");
    }

    #[test]
    fn no_request_verifies_that_differs_in_a_signed_byte(
        signed in request(), place in any::<Index>(), at in any::<Index>(), bit in 0_u8..7,
    ) {
        let mut changed = signed.clone();
        let headers = changed.headers.len();
        match place.index(headers + 4) {
            0 => flip(&mut changed.method, at, bit),
            1 => flip(&mut changed.path, at, bit),
            2 => flip(&mut changed.query, at, bit),
            3 if changed.body.is_empty() => changed.body.push(bit),
            3 => { let at = at.index(changed.body.len()); changed.body[at] ^= 1 << bit; }
            header => flip(&mut changed.headers[header - 4].1, at, bit),
        }
        let names = |request: &Request| {
            let authorization = request.header("authorization").unwrap_or_default();
            authorization.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default().to_owned()
        };
        let says_the_same = changed.body == signed.body
            && changed.header("authorization") == signed.header("authorization")
            && signature_of_acs3(&changed, &names(&changed), SECRET) == signature_of_acs3(&signed, &names(&signed), SECRET);
        match acs3(&changed) {
            // Whoever is named by the credential has another secret.
            Ok(call) => prop_assert!(says_the_same || call.access_key_id != "testak", "{changed:?}"),
            Err(error) => prop_assert!(!says_the_same, "{error}: {changed:?}"),
        }
    }

    #[test]
    fn any_request_that_is_signed_in_the_older_way_verifies_and_no_other(
        query in query(), form in query(), at in any::<Index>(), bit in 0_u8..7,
    ) {
        let signed = older_query("POST", &query, &form);
        prop_assert!(older("POST", &signed, &form).is_ok(), "{signed}");
        let mut changed = form.clone();
        flip(&mut changed, at, bit);
        let signature = |form: &str| signature_of_hmac_sha1("POST", &signed, form, SECRET);
        prop_assert_eq!(older("POST", &signed, &changed).is_ok(), signature(&changed) == signature(&form), "{}", changed);
    }
}
