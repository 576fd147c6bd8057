//! Delivers webhooks: at least once, signed, one request at a time for each account.

use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use awc::error::SendRequestError;
use awc::http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use url::Url;

use crate::engine::{Engine, sleep_until};
use crate::hook::{HookSettings, signature};
use crate::state::queue::Batch;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a receiver that takes no connection counts as one that is about to start.
const STARTING: Duration = Duration::from_secs(10);

/// Why a receiver did not take a webhook.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error("the webhook's receiver cannot be reached: {0}")]
    Unreachable(#[from] SendRequestError),
    #[error("the webhook's receiver answered {0} in place of 200")]
    Status(u16),
}

/// A client for webhooks, for the thread that makes it.
pub(crate) fn client() -> awc::Client {
    awc::Client::builder().timeout(PATIENCE).disable_redirects().finish()
}

/// Delivers what is due, and waits for more, for ever.
pub(crate) async fn run(engine: Arc<Engine>) {
    let client = Rc::new(client());
    let mut changes = engine.watch();
    let mut away = None;
    loop {
        let hook = verified_hook(&engine, &client, &mut away).await;
        while let Some((url, batch)) = next_batch(&engine, &hook) {
            let delivery = deliver(Arc::clone(&engine), Rc::clone(&client), url, batch);
            actix_web::rt::spawn(delivery);
        }
        let due_ms = hook.url.and_then(|_| engine.look(|s| s.webhooks.next_due_ms()));
        tokio::select! {
            woken = changes.changed() => if woken.is_err() { return },
            () = sleep_until(due_ms, &engine.nature) => {}
        }
    }
}

fn next_batch(engine: &Engine, hook: &HookSettings) -> Option<(String, Batch)> {
    let url = hook.url.clone()?;
    let now_ms = engine.nature.now_ms();
    // Looked for first: a change of the state would wake this loop again for nothing.
    let due_ms = engine.look(|state| state.webhooks.next_due_ms())?;
    if due_ms > now_ms {
        return None;
    }
    let batch = engine.change(|state| state.webhooks.take_due(now_ms))?;
    Some((url, batch))
}

async fn deliver(engine: Arc<Engine>, client: Rc<awc::Client>, url: String, batch: Batch) {
    // A webhook tells of what would otherwise be forgotten by a crash, and then happen again in another way.
    engine.kept().await;
    let secret = engine.hook.get().secret;
    let entry = json!({ "id": batch.waba_id, "time": batch.time, "changes": batch.changes });
    match post(&client, &url, &secret, &payload(&entry)).await {
        Ok(()) => engine.change(|state| state.webhooks.delivered(&batch.keys)),
        Err(error) => {
            tracing::info!(url, %error, "a webhook was not taken and will be sent again");
            let now_ms = engine.nature.now_ms();
            engine.change(|state| state.webhooks.failed(&batch.keys, now_ms));
        }
    }
}

/// The whole body around one entry.
fn payload(entry: &Value) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [entry] })
}

/// Sends one payload of any content, signed; the receiver's status.
pub(crate) async fn send(
    client: &awc::Client,
    url: &str,
    secret: &str,
    payload: &Value,
) -> Result<u16, SendRequestError> {
    let body = in_ascii(&payload.to_string());
    let request = client
        .post(url)
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header(("User-Agent", "facebookexternalua"))
        .insert_header(("X-Hub-Signature-256", signature(secret, body.as_bytes())));
    Ok(request.send_body(body).await?.status().as_u16())
}

async fn post(client: &awc::Client, url: &str, secret: &str, payload: &Value) -> Result<(), NotTaken> {
    match send(client, url, secret, payload).await? {
        200 => Ok(()),
        status => Err(NotTaken::Status(status)),
    }
}

/// JSON with everything but ASCII as `\uXXXX`, as Meta sends and signs it.
pub(crate) fn in_ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string never fails.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

/// A receiver that takes no connection.
struct Away {
    url: String,
    since: Instant,
}

/// The receiver, asked for Meta's challenge before the first delivery. One that
/// fails it is warned of, and tried all the same. One that takes no connection may
/// be about to start: it is asked again before each delivery, and warned of late.
async fn verified_hook(engine: &Engine, client: &awc::Client, away: &mut Option<Away>) -> HookSettings {
    let hook = engine.hook.get();
    let anything_due = engine.look(|s| s.webhooks.next_due_ms()).is_some();
    let (Some(url), Some(token), None, true) = (&hook.url, &hook.verify_token, hook.verified, anything_due) else {
        return hook;
    };
    let asked = passes_challenge(client, url, token, &engine.nature.digits(10)).await;
    if asked.is_none() && is_starting(away, url) {
        return hook;
    }
    *away = None;
    let passed = asked.unwrap_or(false);
    if !passed {
        tracing::warn!(
            url,
            "the webhook's receiver does not answer Meta's challenge: check its address and verify token"
        );
    }
    engine.hook.set(|hook| hook.verified = Some(passed));
    hook
}

/// Whether the receiver, which takes no connection, has not done so for a moment only.
fn is_starting(away: &mut Option<Away>, url: &str) -> bool {
    let known = away.take().filter(|away| away.url == url);
    let away = away.insert(known.unwrap_or_else(|| Away { url: url.to_owned(), since: Instant::now() }));
    away.since.elapsed() < STARTING
}

/// Whether the receiver answers as it must; `None` where it takes no connection.
///
/// Source: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>
async fn passes_challenge(client: &awc::Client, url: &str, token: &str, challenge: &str) -> Option<bool> {
    let Ok(mut url) = Url::parse(url) else {
        return Some(false);
    };
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", challenge)
        .append_pair("hub.verify_token", token);
    let mut response = match client.get(url.as_str()).send().await {
        Ok(response) => response,
        Err(SendRequestError::Connect(_)) => return None,
        Err(_) => return Some(false),
    };
    let echoed = response.body().await.is_ok_and(|body| body == challenge);
    Some(response.status().is_success() && echoed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_takes_no_connection_counts_as_starting_for_a_while() {
        let long_ago = Instant::now().checked_sub(STARTING);
        let mut away = None;
        assert!(is_starting(&mut away, "http://a/"), "seen for the first time");
        away = long_ago.map(|since| Away { url: "http://a/".to_owned(), since });
        assert!(!is_starting(&mut away, "http://a/"));
        assert!(is_starting(&mut away, "http://b/"), "another receiver");
    }

    #[test]
    fn a_payload_is_ascii_with_lower_case_escapes_and_surrogate_pairs() {
        assert_eq!(in_ascii(r#"{"é":"🎉\n"}"#), r#"{"\u00e9":"\ud83c\udf89\n"}"#);
    }

    #[test]
    fn the_signature_is_metas_form_of_hmac_sha256() {
        // RFC 4231, test case 2.
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", b"what do ya want for nothing?"), expected);
    }
}
