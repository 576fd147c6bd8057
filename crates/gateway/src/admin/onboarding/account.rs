//! The account that is onboarded, and whether the token may do on it what the gateway does.

use graph_client::{TokenInfo, WabaId};

use super::outcome::Failure;

/// What the gateway needs to be allowed ([Meta: permissions][permissions]).
///
/// [permissions]: https://developers.facebook.com/docs/whatsapp/embedded-signup/app-review
const NEEDED: [&str; 2] = ["whatsapp_business_management", "whatsapp_business_messaging"];
const ANOTHER_TOKEN: &str = "Let the customer grant the app both permissions on the account. Then begin the onboarding anew with \
                             a new token, or a new code of Embedded Signup.";
const NAME_ONE: &str = "Begin the onboarding anew, and name the account as `waba_id`.";

/// The account that was named, or the only one that the token is for, with all that the gateway needs on it.
pub(super) fn permitted(named: Option<WabaId>, info: &TokenInfo) -> Result<WabaId, Failure> {
    let lacks = |scope: &&str| !info.scopes.iter().any(|has| has == scope);
    let lacking: Vec<&str> = NEEDED.into_iter().filter(lacks).collect();
    if lacking.is_empty() {
        account(named, reach(info).as_deref())
    } else {
        Err(Failure::new(format!("The token lacks {}.", lacking.join(" and ")), ANOTHER_TOKEN))
    }
}

/// The permissions, in words.
pub(super) fn needed() -> String {
    NEEDED.join(" and ")
}

/// The accounts on which the token has every permission; `None` where it has them on all that it sees.
fn reach(info: &TokenInfo) -> Option<Vec<&str>> {
    let limited = NEEDED.map(|scope| info.targets(scope)).into_iter().filter(|targets| !targets.is_empty());
    limited.fold(None, |reach, targets| {
        let targets = targets.iter().map(String::as_str);
        Some(match reach {
            None => targets.collect(),
            Some(before) => targets.filter(|target| before.contains(target)).collect(),
        })
    })
}

fn account(named: Option<WabaId>, reach: Option<&[&str]>) -> Result<WabaId, Failure> {
    match (named, reach) {
        (_, Some([])) => Err(Failure::new("The token has no account on which it has both permissions.", ANOTHER_TOKEN)),
        (Some(named), None) => Ok(named),
        (Some(named), Some(reach)) if reach.contains(&named.as_str()) => Ok(named),
        (Some(named), Some(reach)) => {
            let detail = format!("The token is for {}, and not for account {named}.", reach.join(", "));
            Err(Failure::new(detail, NAME_ONE))
        }
        (None, Some([only])) => WabaId::try_from(*only).map_err(|error| Failure::new(error.to_string(), NAME_ONE)),
        (None, None) => Err(Failure::new("Meta does not say which accounts the token is for.", NAME_ONE)),
        (None, Some(several)) => {
            Err(Failure::new(format!("The token is for several accounts: {}.", several.join(", ")), NAME_ONE))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is found with a token that may manage these accounts, and write in the name of those.
    fn found(named: Option<&str>, managed: &[&str], messaging: &[&str]) -> Result<String, String> {
        let info = serde_json::from_value(json!({
            "is_valid": true,
            "scopes": NEEDED,
            "granular_scopes": [{"scope": NEEDED[0], "target_ids": managed}, {"scope": NEEDED[1], "target_ids": messaging}],
        }));
        let named = named.map(|id| id.parse().unwrap());
        permitted(named, &info.unwrap()).map(|id| id.to_string()).map_err(|failure| failure.detail)
    }

    #[test]
    fn the_account_is_the_one_that_is_named_or_the_only_one() {
        assert_eq!(found(Some("1"), &["2", "1"], &[]).as_deref(), Ok("1"));
        assert_eq!(
            found(Some("1"), &[], &[]).as_deref(),
            Ok("1"),
            "Meta names none, so the token sees all that it sees"
        );
        assert_eq!(found(None, &["7"], &["7"]).as_deref(), Ok("7"));
        assert_eq!(found(None, &["7", "8"], &["8"]).as_deref(), Ok("8"), "on 7 it may not write");
    }

    #[test]
    fn an_account_that_cannot_be_told_or_is_not_the_tokens_is_refused_with_those_that_are() {
        assert_eq!(found(None, &["1", "2"], &[]).unwrap_err(), "The token is for several accounts: 1, 2.");
        assert_eq!(found(Some("3"), &["1", "2"], &[]).unwrap_err(), "The token is for 1, 2, and not for account 3.");
        assert!(found(None, &[], &[]).is_err());
    }

    #[test]
    fn a_token_that_may_not_do_all_of_it_on_the_account_is_refused() {
        assert_eq!(found(Some("1"), &["1", "2"], &["2"]).unwrap_err(), "The token is for 2, and not for account 1.");
        let nowhere = "The token has no account on which it has both permissions.";
        assert_eq!(found(Some("1"), &["1"], &["2"]).unwrap_err(), nowhere);
        let info: TokenInfo = serde_json::from_value(json!({"is_valid": true, "scopes": [NEEDED[1]]})).unwrap();
        let lacking = permitted(None, &info).unwrap_err();
        assert_eq!(lacking.detail, "The token lacks whatsapp_business_management.");
    }
}
