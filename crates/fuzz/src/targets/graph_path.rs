//! What a caller of the Graph-compatible face writes behind the host, and what would go on to Meta.

use std::collections::HashSet;

use gateway::fuzzing::graph::{Path, path, query};
use url::{Url, form_urlencoded};

use crate::independent::decoded;

/// A version that is good beside those of the table.
const CONFIGURED: &str = "v23.0";
/// What may never go on: who calls, and what makes another call of a call.
const NEVER: [&str; 10] = [
    "access_token",
    "appsecret_proof",
    "appsecret_time",
    "method",
    "batch",
    "ids",
    "callback",
    "include",
    "oauth_token",
    "suppress_http_code",
];
/// A token that must not be repeated.
const TOKEN: &str = "EAAG-secret-token";

pub(super) fn run(bytes: &[u8]) {
    let Ok(target) = std::str::from_utf8(bytes) else { return };
    let (raw_path, raw_query) = target.split_once('?').unwrap_or((target, ""));
    match path(raw_path, CONFIGURED) {
        Ok(read) => leads_where_it_says(raw_path, &read),
        Err(told) => assert!(told.len() < 512, "{told}"),
    }
    match query(raw_query) {
        Ok(pairs) => goes_on_without_disguise(raw_query, &pairs),
        Err(told) => assert!(told.len() < 512, "{told}"),
    }
    no_token_is_repeated(raw_query);
}

/// What is let through is plain, is read so by others too, and is the same when it is read again.
fn leads_where_it_says(raw: &str, read: &Path) {
    let segments: Vec<&str> = read.path.split('/').collect();
    assert!(segments.len() <= 2, "{raw} leads to {}", read.path);
    for segment in &segments {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_=-".contains(&byte);
        assert!((1..=256).contains(&segment.len()) && segment.bytes().all(is_plain), "{raw} leads to {}", read.path);
    }
    let version = read.version.as_ref().map_or_else(String::new, |version| format!("/{version}"));
    let canonical = format!("{version}/{}", read.path);
    assert_eq!(path(&canonical, CONFIGURED).as_ref(), Ok(read), "{raw}");
    // A reader that resolves dots, slashes and escapes comes to the same place.
    let url = Url::parse(&format!("https://graph.facebook.com{raw}"));
    let Ok(url) = url else { panic!("{raw} is no path of a URL") };
    assert_eq!(decoded(&url.path().replace('+', "%2B")), canonical.as_bytes(), "{raw}");
    assert_eq!(url.host_str(), Some("graph.facebook.com"));
}

fn goes_on_without_disguise(raw: &str, pairs: &[(String, String)]) {
    let mut names = HashSet::new();
    for (name, value) in pairs {
        let folded = name.to_ascii_lowercase();
        assert!(!NEVER.contains(&folded.as_str()), "{name} of {raw} goes on");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{name}");
        assert!(folded != "fields" || !value.contains(['{', '}', '.', '(', ')']), "{value}");
        assert!(names.insert(folded), "{name} of {raw} goes on twice");
    }
    let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    assert_eq!(query(&written).as_deref(), Ok(pairs), "{raw}");
}

fn no_token_is_repeated(raw: &str) {
    for with_token in [format!("access_token={TOKEN}&{raw}"), format!("{raw}&Access_Token={TOKEN}")] {
        match query(&with_token) {
            Ok(pairs) => assert!(!pairs.iter().any(|(_, value)| value == TOKEN), "{raw}"),
            Err(told) => assert!(!told.contains(TOKEN), "{told}"),
        }
    }
}
