//! What was asked of the sandbox: a bounded log, secrets shortened.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded::{Serializer, parse};
use utoipa::ToSchema;

use crate::ids::shortened;

/// How many calls are remembered.
const CAPACITY: usize = 10_000;
/// How much of a body is kept, in bytes.
const MAX_BODY: usize = 16 << 10;
/// Parameters that are never shown whole.
const SECRETS: [&str; 6] =
    ["access_token", "appsecret_proof", "client_secret", "code", "fb_exchange_token", "input_token"];

/// One call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LoggedRequest {
    pub(crate) seq: u64,
    pub(crate) time: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    /// `None` as long as it is not answered, and for ever when it was dropped.
    pub(crate) status: Option<u16>,
}

/// The latest calls, oldest first.
#[derive(Default)]
pub(crate) struct RequestLog(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    last_seq: u64,
    entries: VecDeque<LoggedRequest>,
}

impl RequestLog {
    /// Notes a call that begins; its number, from 1.
    pub(crate) fn begin(&self, mut entry: LoggedRequest) -> u64 {
        let mut ring = self.lock();
        ring.last_seq += 1;
        entry.seq = ring.last_seq;
        ring.entries.push_back(entry);
        if ring.entries.len() > CAPACITY {
            ring.entries.pop_front();
        }
        ring.last_seq
    }

    /// Notes how it was answered.
    pub(crate) fn end(&self, seq: u64, status: u16) {
        let mut ring = self.lock();
        let found = ring.entries.binary_search_by_key(&seq, |entry| entry.seq);
        if let Some(entry) = found.ok().and_then(|at| ring.entries.get_mut(at)) {
            entry.status = Some(status);
        }
    }

    /// The calls after a number, oldest first.
    pub(crate) fn page(&self, after: u64, limit: usize) -> Vec<LoggedRequest> {
        let ring = self.lock();
        let later = ring.entries.iter().filter(|entry| entry.seq > after);
        later.take(limit).cloned().collect()
    }

    /// The latest calls, newest first.
    pub(crate) fn latest(&self, count: usize) -> Vec<LoggedRequest> {
        self.lock().entries.iter().rev().take(count).cloned().collect()
    }

    /// Forgets all calls; their numbers go on.
    pub(crate) fn clear(&self) {
        self.lock().entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Headers as they may be shown.
pub(crate) fn shown_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = |name: &HeaderName, value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name == AUTHORIZATION { shown_authorization(&text) } else { text }
    };
    let shown = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), shown(name, value));
    headers.iter().map(shown).collect()
}

fn shown_authorization(text: &str) -> String {
    match text.split_once(' ') {
        Some((scheme, token)) => format!("{scheme} {}", shortened(token)),
        None => shortened(text),
    }
}

/// A query or form as it may be shown; as it came where nothing is secret.
pub(crate) fn shown_query(query: &str) -> String {
    let is_secret = |name: &str| SECRETS.contains(&name);
    if !parse(query.as_bytes()).any(|(name, _)| is_secret(&name)) {
        return query.to_owned();
    }
    let mut shown = Serializer::new(String::new());
    for (name, value) in parse(query.as_bytes()) {
        if is_secret(&name) {
            shown.append_pair(&name, &shortened(&value));
        } else {
            shown.append_pair(&name, &value);
        }
    }
    shown.finish()
}

/// A body as it may be shown: JSON as JSON, all else as text, `null` for none.
pub(crate) fn shown_body(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    if body.len() <= MAX_BODY
        && let Ok(mut json) = serde_json::from_slice(body)
    {
        shorten_members(&mut json);
        return json;
    }
    let kept = &body[..body.len().min(MAX_BODY)];
    shown_query(&String::from_utf8_lossy(kept)).into()
}

fn shorten_members(json: &mut Value) {
    let Some(object) = json.as_object_mut() else {
        return;
    };
    for (name, value) in object {
        if SECRETS.contains(&&**name) {
            *value = shortened(value.as_str().unwrap_or_default()).into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_query_and_body_are_shortened() {
        let query = shown_query("limit=2&access_token=EAAsecret-token-1");
        assert!(query.starts_with("limit=2&access_token=EAAs") && !query.contains("secret-token"));
        let body = shown_body(br#"{"client_secret":"very-secret-text","code":"x"}"#);
        assert!(!body.to_string().contains("secret-text"), "{body}");
        assert_eq!(shown_query("fields=a%2Cb"), "fields=a%2Cb");
    }
}
