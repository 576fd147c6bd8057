//! Asking Meta about a token, and what follows from the answer.

use std::time::Duration;

use graph_client::{App, Call, GraphClient, GraphError, InvalidToken, Token, TokenInfo};
use secrecy::SecretString;
use tenant_store::{CredentialCheck, CredentialState};
use time::OffsetDateTime;
use tokio::time::Instant;

/// How often a token is looked at that gives no cause.
const DAILY: Duration = Duration::from_hours(24);
/// How often one is that Meta does not take: it may take back what it said.
const HOURLY: Duration = Duration::from_hours(1);
/// How often one is whose end has come, by Meta's clock or ours.
const SOON: Duration = Duration::from_mins(1);
/// How long before its end a token counts as expiring.
const AHEAD: time::Duration = time::Duration::days(7);
/// How long Meta may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What Meta said of a token.
#[derive(Debug)]
pub(crate) struct Checked {
    /// All of it.
    pub info: TokenInfo,
    /// What is recorded of it.
    pub check: CredentialCheck,
}

/// Why nothing is known of a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unchecked {
    /// It cannot be sent.
    #[error(transparent)]
    Unsendable(#[from] InvalidToken),
    /// Meta did not say.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Meta does not take it now, for a reason that passes.
    #[error("Meta does not take the token for now: {0}")]
    Undecided(String),
}

impl Unchecked {
    /// Whether Meta may say when it is asked again, as nothing stands in the way but its own trouble.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unsendable(_) => false,
            Self::Graph(GraphError::Refused(refusal)) => refusal.passes(),
            Self::Graph(_) | Self::Undecided(_) => true,
        }
    }

    /// What an administrator does about it.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Unsendable(_) => "Set it anew.",
            Self::Graph(error) => super::advice(error),
            Self::Undecided(_) => {
                "Where a person is behind the token, they may have to log in at Facebook, or confirm the account. Otherwise \
                 try again later."
            }
        }
    }
}

/// Asks Meta about a token, in the name of the ISV's app, with whose token the call is made.
///
/// # Errors
/// [`Unchecked`]
pub(crate) async fn check(
    graph: &GraphClient,
    call: Call<'_>,
    app: &App,
    token: &SecretString,
) -> Result<Checked, Unchecked> {
    let token = Token::new(token, None)?;
    let call = Call { deadline: Some(Instant::now() + PATIENCE), ..call };
    let info = graph.inspect_token(call, &token).await?.body;
    if info.may_recover() {
        return Err(Unchecked::Undecided(info.why_invalid().unwrap_or("it does not say why").to_owned()));
    }
    let check = judge(&info, app.id(), OffsetDateTime::now_utc());
    Ok(Checked { info, check })
}

/// What follows from Meta's answer.
fn judge(info: &TokenInfo, app_id: &str, now: OffsetDateTime) -> CredentialCheck {
    let expires_at = info.expires_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let reason = why_not(info, app_id);
    let state = match expires_at {
        _ if reason.is_some() => CredentialState::Invalid,
        Some(end) if end - now < AHEAD => CredentialState::Expiring,
        _ => CredentialState::Valid,
    };
    let left = expires_at.map_or(DAILY, |end| Duration::try_from(end - now).unwrap_or_default());
    let next = if state == CredentialState::Invalid { HOURLY } else { left.clamp(SOON, DAILY) };
    CredentialCheck { state, reason, app_id: info.app_id.clone(), scopes: info.scopes.clone(), expires_at, next }
}

/// Why the gateway cannot call with it.
fn why_not(info: &TokenInfo, app_id: &str) -> Option<String> {
    if !info.is_valid {
        return Some(info.why_invalid().unwrap_or("Meta does not take the token.").to_owned());
    }
    let other = info.app_id.as_deref().filter(|made_for| *made_for != app_id)?;
    Some(format!("The token was made for the Meta app {other}; this gateway's is {app_id}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_219_200;

    fn judged(info: &str) -> CredentialCheck {
        let info = serde_json::from_str(info).unwrap();
        judge(&info, "3", OffsetDateTime::from_unix_timestamp(NOW).unwrap())
    }

    fn ending_in(seconds: i64) -> CredentialCheck {
        judged(&format!(r#"{{"is_valid": true, "app_id": "3", "expires_at": {}, "scopes": ["a"]}}"#, NOW + seconds))
    }

    #[test]
    fn a_token_is_expiring_a_week_before_its_end_and_is_looked_at_when_that_comes() {
        let day = 24 * 3600;
        assert_eq!(ending_in(8 * day).state, CredentialState::Valid);
        assert_eq!(ending_in(6 * day).state, CredentialState::Expiring);
        assert_eq!(ending_in(6 * day).next, DAILY);
        assert_eq!(ending_in(3600).next, Duration::from_hours(1));
        assert_eq!(ending_in(1).next, SOON);
    }

    #[test]
    fn a_token_without_an_end_is_valid_and_what_it_may_do_is_kept() {
        let check = judged(r#"{"is_valid": true, "app_id": "3", "expires_at": 0, "scopes": ["a", "b"]}"#);
        assert_eq!((check.state, check.expires_at, check.next), (CredentialState::Valid, None, DAILY));
        assert_eq!(check.scopes, ["a", "b"]);
    }

    #[test]
    fn a_dead_token_and_one_of_another_app_are_invalid_and_say_why() {
        let dead = judged(r#"{"is_valid": false, "error": {"message": "Session has expired"}}"#);
        assert_eq!((dead.state, dead.reason.as_deref()), (CredentialState::Invalid, Some("Session has expired")));
        assert_eq!(dead.next, HOURLY, "Meta may take it back");
        let others = judged(r#"{"is_valid": true, "app_id": "4"}"#);
        assert_eq!(others.state, CredentialState::Invalid);
        assert!(others.reason.unwrap().contains("the Meta app 4"));
    }
}
