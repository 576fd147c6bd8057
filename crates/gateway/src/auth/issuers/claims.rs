//! What a token's claims say, and what its issuer's rules make of them.

use cams_api::ScopeSet;
use cams_api::identifiers::CustSpaceId;
use serde_json::Value;
use tenant_store::{ClaimRule, Issuer};
use time::OffsetDateTime;

use super::super::{Grant, Tenants};
use super::RefusedToken;

/// How far another's clock may be ahead of ours, in seconds. An end is the end: its issuer chose it.
const AHEAD: f64 = 60.0;
/// A token that is good for longer cannot be taken back in time, in seconds.
const LONGEST_LIFE: f64 = 24.0 * 60.0 * 60.0;
/// The longest name of a subject, in bytes ([the core of OIDC, 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)).
const LONGEST_SUBJECT: usize = 255;
/// Tenants that one claim may name.
const MOST_TENANTS: usize = 1000;
/// Claims whose text is a list of words ([RFC 8693, 4.2](https://www.rfc-editor.org/rfc/rfc8693#section-4.2)).
const WORDS: [&str; 2] = ["scope", "scp"];

/// What a token whose signature is right says.
#[derive(Debug)]
pub(super) struct Claims {
    /// Who it was made for.
    pub(super) subject: String,
    /// When it ends, in Unix seconds.
    pub(super) exp: f64,
    /// What the issuer's rules give it.
    pub(super) grants: Vec<Grant>,
}

impl Claims {
    /// Reads the claims of a token of `issuer`.
    ///
    /// # Errors
    /// [`RefusedToken`]
    pub(super) fn read(claims: &Value, issuer: &Issuer, now: OffsetDateTime) -> Result<Self, RefusedToken> {
        if !names(claims.get("aud"), &issuer.audience) {
            return Err(RefusedToken::Invalid("it was made for somebody else (`aud`)"));
        }
        let exp = end(claims, now)?;
        let subject = claims.get("sub").and_then(Value::as_str).filter(|subject| is_a_name(subject));
        let subject = subject.ok_or(RefusedToken::Invalid("it does not say who it was made for (`sub`)"))?.to_owned();
        let grants = issuer.claims.iter().filter_map(|rule| granted(claims, rule)).collect();
        Ok(Self { subject, exp, grants })
    }
}

/// When it ends, where its time is now.
#[expect(clippy::cast_precision_loss, reason = "a time in seconds is exact in 53 bits for longer than anybody asks")]
fn end(claims: &Value, now: OffsetDateTime) -> Result<f64, RefusedToken> {
    let now = now.unix_timestamp() as f64;
    let exp = time(claims, "exp")?.ok_or(RefusedToken::Invalid("it has no end (`exp`)"))?;
    if now >= exp {
        return Err(RefusedToken::Expired);
    }
    if exp > now + LONGEST_LIFE {
        return Err(RefusedToken::Invalid("it is good for longer than a day (`exp`)"));
    }
    for begin in ["nbf", "iat"] {
        if time(claims, begin)?.is_some_and(|begin| begin > now + AHEAD) {
            return Err(RefusedToken::Invalid("its time has not begun (`nbf`, `iat`)"));
        }
    }
    Ok(exp)
}

/// A time in Unix seconds, which need not be whole ([RFC 7519, 2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
fn time(claims: &Value, name: &str) -> Result<Option<f64>, RefusedToken> {
    let number = |value: &Value| value.as_f64().ok_or(RefusedToken::Invalid("a time in it is no number"));
    claims.get(name).map(number).transpose()
}

/// It stands in logs, in the audit log and on screens: two subjects that are two callers must not look alike, nor turn the
/// text around them.
fn is_a_name(subject: &str) -> bool {
    let is_bounded = (1..=LONGEST_SUBJECT).contains(&subject.len()) && subject.trim() == subject;
    is_bounded && !subject.chars().any(|character| character.is_control() || is_invisible(character))
}

/// Characters that show nothing, or only direct how others are shown
/// ([Unicode TR 36, 3.1](https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing)).
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn granted(claims: &Value, rule: &ClaimRule) -> Option<Grant> {
    let found = claim(claims, &rule.claim);
    let is_so = names(found, &rule.value) || (WORDS.contains(&rule.claim.as_str()) && has_word(found, &rule.value));
    let tenants = match &rule.cust_space_ids_claim {
        None => Tenants::from_ids(&rule.cust_space_ids),
        Some(name) => Tenants::Named(tenants(claim(claims, name))),
    };
    let scopes = ScopeSet::from_names(rule.scopes.iter().map(String::as_str));
    is_so.then_some(Grant { tenants, scopes })
}

/// The claim of this name; behind a `/`, what the JSON pointer leads to.
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) }
}

/// Whether it is this text, or a list with it.
fn names(claim: Option<&Value>, text: &str) -> bool {
    match claim {
        Some(Value::String(found)) => found == text,
        Some(Value::Array(all)) => all.iter().any(|found| found.as_str() == Some(text)),
        _ => false,
    }
}

fn has_word(claim: Option<&Value>, word: &str) -> bool {
    claim.and_then(Value::as_str).is_some_and(|text| text.split(' ').any(|found| found == word))
}

/// The tenants that a claim names, one by one: no claim can name all of them.
fn tenants(claim: Option<&Value>) -> Vec<String> {
    let named: Vec<&str> = match claim {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let ids = named.into_iter().filter_map(|id| id.parse::<CustSpaceId>().ok());
    ids.take(MOST_TENANTS).map(|id| id.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use cams_api::Scope;
    use serde_json::json;

    use super::*;

    fn rule(claim: &str, value: &str, tenants: &[&str]) -> ClaimRule {
        ClaimRule {
            claim: claim.to_owned(),
            value: value.to_owned(),
            cust_space_ids: tenants.iter().map(|id| (*id).to_owned()).collect(),
            cust_space_ids_claim: None,
            scopes: vec!["groups.read".to_owned()],
        }
    }

    fn given(claims: &Value, rule: &ClaimRule) -> Option<Vec<String>> {
        granted(claims, rule).map(|grant| grant.tenants.to_ids())
    }

    #[test]
    fn a_rule_gives_what_it_says_where_the_claim_is_or_holds_its_value() {
        let claims = json!({
            "role": "support", "groups": ["a", "support"], "scope": "openid support", "note": "no support",
            "https://isv.example/role": "support", "realm_access": {"roles": ["support"]}, "admin": true,
        });
        for claim in ["role", "groups", "scope", "https://isv.example/role", "/realm_access/roles"] {
            assert_eq!(given(&claims, &rule(claim, "support", &["cams-a"])).unwrap(), ["cams-a"], "{claim}");
        }
        for claim in ["note", "absent", "realm_access", "/realm_access", "/absent/roles", "admin"] {
            assert_eq!(given(&claims, &rule(claim, "support", &["cams-a"])), None, "{claim}");
        }
        assert_eq!(given(&claims, &rule("groups", "a support", &["cams-a"])), None);
        let grant = granted(&claims, &rule("role", "support", &["*"])).unwrap();
        assert!(grant.tenants == Tenants::All && grant.scopes.contains(Scope::GroupsRead));
        assert!(!grant.scopes.contains(Scope::GroupsWrite));
    }

    const NOW: i64 = 1_795_219_200;

    /// When a token with these times ends, as of [`NOW`].
    fn ends(times: &Value) -> Result<f64, RefusedToken> {
        end(times, OffsetDateTime::from_unix_timestamp(NOW).unwrap())
    }

    #[test]
    fn a_token_is_good_from_a_minute_before_its_beginning_until_its_end_and_for_a_day_at_the_most() {
        for good in [
            json!({"exp": NOW + 1}),
            json!({"exp": NOW + 86_400}),
            json!({"exp": 1_795_219_200.5}),
            json!({"exp": NOW + 600, "nbf": NOW + 60, "iat": NOW + 60}),
            json!({"exp": NOW + 600, "nbf": 0, "iat": -1}),
        ] {
            assert!(ends(&good).is_ok(), "{good}");
        }
        for over in [json!({"exp": NOW}), json!({"exp": NOW - 1}), json!({"exp": 0}), json!({"exp": -NOW})] {
            assert_eq!(ends(&over), Err(RefusedToken::Expired), "{over}");
        }
        for bad in [
            json!({}),
            json!({"exp": null}),
            json!({"exp": true}),
            json!({"exp": (NOW + 600).to_string()}),
            json!({"exp": [NOW + 600]}),
            json!({"exp": NOW + 86_401}),
            json!({"exp": (NOW + 600) * 1000}),
            json!({"exp": 1e308}),
            json!({"exp": u64::MAX}),
            json!({"exp": NOW + 600, "nbf": NOW + 61}),
            json!({"exp": NOW + 600, "iat": NOW + 61}),
            json!({"exp": NOW + 600, "iat": NOW * 1000}),
            json!({"exp": NOW + 600, "nbf": "0"}),
            json!({"exp": NOW + 600, "iat": null}),
        ] {
            assert!(matches!(ends(&bad), Err(RefusedToken::Invalid(_))), "{bad}");
        }
    }

    #[test]
    fn a_subject_is_a_text_that_shows_all_that_it_is() {
        for name in ["alice", "auth0|5f7c", "Ärztin 7", "a#b", "用户", &"x".repeat(255)] {
            assert!(is_a_name(name), "{name}");
        }
        for name in
            ["", " alice", "alice ", "ali\nce", "ali\u{200b}ce", "\u{202e}ecila", "\u{feff}alice", &"x".repeat(256)]
        {
            assert!(!is_a_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_claim_names_tenants_one_by_one_and_never_all_of_them() {
        let by_claim = ClaimRule { cust_space_ids_claim: Some("tenants".to_owned()), ..rule("role", "support", &[]) };
        let named = |tenants: Value| given(&json!({"role": "support", "tenants": tenants}), &by_claim).unwrap();
        assert_eq!(named(json!(["cams-a", "*", 7, "", "cams b", "_system", "_isv", "cams-*"])), ["cams-a"]);
        assert_eq!(named(json!("cams-a")), ["cams-a"]);
        for nobody in [json!("*"), json!(["*"]), json!(null), json!({"cams-a": true}), json!("cams-a cams-b")] {
            assert!(named(nobody.clone()).is_empty(), "{nobody}");
        }
    }
}
