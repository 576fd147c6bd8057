//! A webhook's body: its signature, its parts, what each of them tells.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use graph_client::webhooks::{AppSecrets, Change, interpret, parse, read, received_media, verify_signature};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::json::{Unambiguous, is_json};

const SECRET: &str = "app-secret";
/// What a payload's events may repeat of each other, as `graph_client::webhooks` bounds it, in bytes.
const REPEATED: usize = 16 * 1024 * 1024;

static SECRETS: LazyLock<AppSecrets> = LazyLock::new(|| vec![SecretString::from(SECRET)].into());

pub(super) fn run(bytes: &[u8]) {
    only_its_own_signature_is_believed(bytes);
    let Ok(changes) = parse(bytes) else { return };
    let size: usize = changes.iter().map(|change| change.value.get().len()).sum();
    // Each element stands in a value of its own, with a few bytes around it.
    assert!(size <= bytes.len() * 64 + REPEATED, "{} bytes became {size}", bytes.len());
    for change in &changes {
        is_sound(change);
    }
    doubles_are_told(bytes, &changes);
}

fn only_its_own_signature_is_believed(body: &[u8]) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = format!("sha256={}", hex::encode(hmac::sign(&key, body)));
    assert!(verify_signature(&SECRETS, Some(signature.as_bytes()), body).is_ok());
    let more = [body, b" "].concat();
    assert!(verify_signature(&SECRETS, Some(signature.as_bytes()), &more).is_err());
    // What was sent as a body is hardly ever a signature.
    assert!(verify_signature(&SECRETS, Some(body), body).is_err());
}

fn is_sound(change: &Change) {
    let value = change.value.get();
    assert!(is_json(value), "no JSON: {value}");
    for name in [Some(&change.field), change.waba_id.as_ref(), change.phone_number_id.as_ref()].into_iter().flatten() {
        assert!(!name.is_empty() && name.len() <= 256, "a name of {} bytes", name.len());
    }
    read(&change.field, &change.value);
    if let Some(update) = interpret(&change.field, &change.value).update() {
        assert!(change.field.starts_with("group_"), "{}", change.field);
        assert!(update.errors.len() <= value.len());
    }
    assert!(received_media(&change.field, &change.value).iter().map(String::len).sum::<usize>() <= value.len());
}

/// The same events in another spelling, and each of them twice, are the same events.
fn doubles_are_told(body: &[u8], changes: &[Change]) {
    let Some(mut payload) = Unambiguous::<false>::read(body) else { return };
    let fingerprints = |changes: &[Change]| changes.iter().map(|change| change.fingerprint).collect::<BTreeSet<_>>();
    let expected = fingerprints(changes);
    let spelled = parse(format!("{payload:#}").as_bytes()).unwrap_or_default();
    assert_eq!(fingerprints(&spelled), expected, "another spelling makes other events");
    let Some(Value::Array(entries)) = payload.get_mut("entry") else { return };
    entries.extend_from_within(..);
    entries.reverse();
    let doubled = parse(json!(payload).to_string().as_bytes()).unwrap_or_default();
    assert_eq!(fingerprints(&doubled), expected, "doubles make other events");
    assert_eq!(doubled.len(), 2 * changes.len());
}
