//! What a signature covers, over real HTTP.

use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::support::{Answered, RpcRequest, SignedRequest, TestApp, with_tenant};

/// Codes of a signature that is no whole one any more.
const BROKEN: [&str; 3] = ["SignatureDoesNotMatch", "IncompleteSignature", "InvalidAccessKeyId.NotFound"];

async fn app() -> TestApp {
    TestApp::with(&[("GROUPGATE_AUTH_FAILURES", "off")]).await
}

/// A change, with parameters in query and form.
fn request(app: &TestApp) -> RpcRequest {
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id, "WaitSeconds": 0}));
    let mut request = RpcRequest::new("UpdateChatGroup", &parameters);
    request.form = vec![("Subject".to_owned(), "K\u{f6}ln & co".to_owned())];
    request
}

/// Every text that differs from `text` in one byte's lowest bit, as far as it can stand in a line of HTTP.
fn altered(text: &str) -> Vec<String> {
    let alter = |at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).ok().filter(|text| !text.contains([' ', '\n', '\r']))
    };
    (0..text.len()).filter_map(alter).collect()
}

/// Asserts that the answer is one of these codes; what is no request of HTTP has another.
#[track_caller]
fn refused(answer: &Answered, codes: &[&str], what: &str) {
    let is_http = answer.status == 400 && answer.text.contains("This is no request of HTTP/1.1");
    assert!(is_http || codes.contains(&answer.code().as_str()), "{what}: {answer:?}");
}

#[actix_web::test]
async fn each_altered_byte_of_target_and_body_is_found() {
    let app = app().await;
    let signed = request(&app).sign(&app.client, &app.first.key);
    for target in altered(&signed.target[2..]) {
        let altered = SignedRequest { target: format!("/?{target}"), ..signed.clone() };
        refused(&altered.send(&app.client).await, &["SignatureDoesNotMatch"], &target);
    }
    for body in altered(&signed.body) {
        let altered = SignedRequest { body: body.clone(), ..signed.clone() };
        refused(&altered.send(&app.client).await, &["SignatureDoesNotMatch"], &body);
    }
    for added in ["&Subject=x", "&WaitSeconds=1", "&", "?"] {
        let altered = SignedRequest { target: format!("{}{added}", signed.target), ..signed.clone() };
        let answer = altered.send(&app.client).await;
        assert!(added == "&" || answer.code() == "SignatureDoesNotMatch", "{added}: {answer:?}");
    }
    assert_eq!(app.sandbox.count("POST", app.first.group_id).await, 1, "but for the empty pair nothing was done");
}

#[actix_web::test]
async fn each_altered_byte_of_authorization_or_a_signed_header_is_found() {
    let app = app().await;
    let mut signed = request(&app).sign(&app.client, &app.first.key);
    let names: Vec<String> = signed.headers.iter().map(|(name, _)| name.clone()).collect();
    for name in names.iter().filter(|name| *name != "content-type") {
        let codes: &[&str] = match name.as_str() {
            "authorization" => &BROKEN,
            "x-acs-date" => &["SignatureDoesNotMatch", "InvalidTimeStamp.Format", "InvalidTimeStamp.Expired"],
            _ => &["SignatureDoesNotMatch"],
        };
        let sound = signed.header(name).clone();
        for value in altered(&sound) {
            signed.header(name).clone_from(&value);
            refused(&signed.send(&app.client).await, codes, &format!("{name}: {value}"));
        }
        *signed.header(name) = sound;
    }
    assert_eq!(app.sandbox.count("POST", app.first.group_id).await, 0);
    signed.send(&app.client).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_signed_header_that_is_gone_or_there_twice_is_told() {
    let app = app().await;
    let signed = request(&app).sign(&app.client, &app.first.key);
    for name in ["host", "x-acs-date", "x-acs-action", "x-acs-signature-nonce", "x-acs-content-sha256", "authorization"]
    {
        let mut doubled = signed.clone();
        let value = doubled.header(name).clone();
        doubled.headers.push((name.to_owned(), value));
        refused(&doubled.send(&app.client).await, &["IncompleteSignature"], name);
        if name != "host" {
            let mut gone = signed.clone();
            gone.headers.retain(|(other, _)| other != name);
            refused(&gone.send(&app.client).await, &["IncompleteSignature"], name);
        }
    }
    for name in ["x-acs-date", "x-acs-version"] {
        let unsigned = request(&app).without(name).sign(&app.client, &app.first.key);
        unsigned.send(&app.client).await.expect(400, "IncompleteSignature");
    }
    let of_no_nonce = request(&app).header("x-acs-signature-nonce", "").sign(&app.client, &app.first.key);
    of_no_nonce.send(&app.client).await.expect(400, "IncompleteSignature");
    assert_eq!(app.sandbox.count("POST", app.first.group_id).await, 0);
}

#[actix_web::test]
async fn a_body_of_two_lengths_gets_nowhere() {
    let app = app().await;
    let mut signed = request(&app).sign(&app.client, &app.first.key);
    signed.headers.push(("transfer-encoding".to_owned(), "chunked".to_owned()));
    assert_eq!(signed.send(&app.client).await.status, 400);
    assert_eq!(app.sandbox.count("POST", app.first.group_id).await, 0);
}

#[actix_web::test]
async fn a_clock_may_be_off_by_a_quarter_of_an_hour_and_no_more() {
    let app = app().await;
    let at = async |off: Duration| {
        let date = (OffsetDateTime::now_utc() + off).replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap();
        let request = request(&app).header("x-acs-date", &date);
        request.sign(&app.client, &app.first.key).send(&app.client).await
    };
    for off in [Duration::minutes(14), Duration::minutes(-14)] {
        at(off).await.expect(200, "OK");
    }
    for off in [Duration::minutes(16), Duration::minutes(-16)] {
        at(off).await.expect(400, "InvalidTimeStamp.Expired");
    }
    let written = request(&app).header("x-acs-date", "Sat, 21 Nov 2026 18:00:00 GMT");
    written.sign(&app.client, &app.first.key).send(&app.client).await.expect(400, "InvalidTimeStamp.Format");
}

#[actix_web::test]
async fn the_older_signature_is_taken_unless_a_setting_forbids_it() {
    let app = app().await;
    let key = &app.first.key;
    for request in [request(&app), request(&app).in_form(), request(&app).by_get()] {
        request.sign_hmac_sha1(key).send(&app.client).await.expect(200, "OK");
    }
    let signed = request(&app).sign_hmac_sha1(key);
    for altered in [
        SignedRequest { method: "GET", ..signed.clone() },
        SignedRequest { target: signed.target.replace("WaitSeconds=0", "WaitSeconds=1"), ..signed.clone() },
        SignedRequest { body: "Subject=x".to_owned(), ..signed.clone() },
    ] {
        altered.send(&app.client).await.expect(400, "SignatureDoesNotMatch");
    }
    signed.send(&app.client).await.expect(200, "OK");
    signed.send(&app.client).await.expect(400, "SignatureNonceUsed");

    let app = TestApp::with(&[("GROUPGATE_HMAC_SHA1", "false")]).await;
    let signed = request(&app).sign_hmac_sha1(&app.first.key);
    signed.send(&app.client).await.expect(400, "IncompleteSignature");
    request(&app).sign(&app.client, &app.first.key).send(&app.client).await.expect(200, "OK");
}
