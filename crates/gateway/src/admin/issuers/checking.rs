//! What must be so of an issuer, and of who adds it.

use cams_api::ScopeSet;
use cams_api::identifiers::CustSpaceId;

use super::super::{AdminContext, AdminError, FieldError};
use super::ClaimGrant;
use crate::auth::{ALGORITHMS, FETCH_LIMITS, Grant, IssuerKeys, Tenants, insert_scope};
use crate::egress::ExternalUrl;

const MOST_RULES: usize = 100;
const MOST_TENANTS: usize = 1000;
const LONGEST: usize = 500;

pub(super) fn bounded(wrong: &mut Vec<FieldError>, field: impl Into<String>, text: &str) {
    let is_clean = text.trim() == text && !text.chars().any(char::is_control);
    if !(1..=LONGEST).contains(&text.chars().count()) || !is_clean {
        wrong.push(FieldError::new(field, format!("1 to {LONGEST} characters, without spaces around them")));
    }
}

pub(super) fn check_algorithms(wrong: &mut Vec<FieldError>, algorithms: &[String]) {
    let mut sorted: Vec<&String> = algorithms.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let is_known = |name: &String| ALGORITHMS.contains(&name.as_str());
    if algorithms.is_empty() || sorted.len() != algorithms.len() || !algorithms.iter().all(is_known) {
        wrong.push(FieldError::new("algorithms", format!("one or several of {}, each once", ALGORITHMS.join(", "))));
    }
}

pub(super) fn check_url(wrong: &mut Vec<FieldError>, url: &str) -> Option<ExternalUrl> {
    ExternalUrl::try_from(url).map_err(|error| wrong.push(FieldError::new("jwks_url", error.to_string()))).ok()
}

pub(super) fn check_rules(wrong: &mut Vec<FieldError>, rules: &[ClaimGrant]) {
    if rules.len() > MOST_RULES {
        wrong.push(FieldError::new("claims", format!("at most {MOST_RULES} rules")));
    }
    for (number, rule) in rules.iter().enumerate().take(MOST_RULES) {
        let field = |name: &str| format!("claims.{number}.{name}");
        bounded(wrong, field("claim"), &rule.claim);
        bounded(wrong, field("value"), &rule.value);
        check_tenants(wrong, &field, rule);
        if rule.scopes.is_empty() {
            wrong.push(FieldError::new(field("scopes"), "at least one scope"));
        }
        for scope in &rule.scopes {
            if let Err(error) = insert_scope(&mut ScopeSet::default(), scope) {
                wrong.push(FieldError::new(field("scopes"), error.to_string()));
            }
        }
    }
}

fn check_tenants(wrong: &mut Vec<FieldError>, field: &impl Fn(&str) -> String, rule: &ClaimGrant) {
    let ids = &rule.cust_space_ids;
    match &rule.cust_space_ids_claim {
        Some(claim) if ids.is_empty() => bounded(wrong, field("cust_space_ids_claim"), claim),
        None if ids.len() == 1 && ids[0] == "*" => {}
        None if (1..=MOST_TENANTS).contains(&ids.len()) && ids.iter().all(|id| id.parse::<CustSpaceId>().is_ok()) => {}
        _ => wrong.push(FieldError::new(
            field("cust_space_ids"),
            format!("`[\"*\"]`, or 1 to {MOST_TENANTS} CustSpaceIds, or `cust_space_ids_claim` in its place"),
        )),
    }
}

/// Nobody gives away more than it has. A claim may name any tenant.
pub(super) fn refuse_beyond(ctx: &AdminContext, rules: &[ClaimGrant]) -> Result<(), AdminError> {
    let grant = |rule: &ClaimGrant| Grant {
        tenants: if rule.cust_space_ids_claim.is_some() {
            Tenants::All
        } else {
            Tenants::from_ids(&rule.cust_space_ids)
        },
        scopes: ScopeSet::from_names(rule.scopes.iter().map(String::as_str)),
    };
    let grants: Vec<Grant> = rules.iter().map(grant).collect();
    ctx.caller.beyond(&grants, None).map_or(Ok(()), |why| Err(AdminError::Beyond { why }))
}

/// An issuer whose keys are not to be had is a mistake in its address, most often.
pub(super) async fn check_keys(ctx: &AdminContext, url: &ExternalUrl, algorithms: &[String]) -> Result<(), AdminError> {
    let fetched = ctx.egress.get_own(url, FETCH_LIMITS).await;
    let fetched = fetched.map_err(|error| AdminError::field("jwks_url", error.to_string()))?;
    let keys = IssuerKeys::read(&fetched.body)
        .map_err(|error| AdminError::field("jwks_url", format!("what stands there is of no use: {error}")))?;
    if keys.sign_by_any(algorithms) {
        return Ok(());
    }
    Err(AdminError::field("algorithms", "one that a key at `jwks_url` is for"))
}
