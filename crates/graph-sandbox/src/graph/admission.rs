//! Who calls, and what the caller sees.

use aws_lc_rs::hmac;

use super::Asked;
use super::errors::{Code, GraphError, GraphResult};
use crate::ids::{GroupId, MediaId, PhoneNumberId, TemplateId, WabaId};
use crate::settings::MetaApp;
use crate::state::State;
use crate::state::tokens::{MANAGEMENT, MESSAGING, Token, TokenStatus};

/// Groups, messages and media need this permission.
pub(crate) const FOR_GROUPS: &[&str] = &[MESSAGING];
/// Accounts and their templates need this one.
pub(crate) const FOR_ACCOUNTS: &[&str] = &[MANAGEMENT];
/// A number's own fields need either.
pub(crate) const FOR_NUMBERS: &[&str] = &[MANAGEMENT, MESSAGING];

/// The subcode of a token whose time is over.
const EXPIRED: u32 = 463;
/// The subcode of a token that was taken back.
const INVALIDATED: u32 = 467;

/// What an ID stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Number(PhoneNumberId),
    Group(GroupId),
    Waba(WabaId),
    Template(TemplateId),
    Media(MediaId),
}

impl State {
    /// The token of a call, once it and its proof hold.
    pub(crate) fn admit(&self, asked: &Asked<'_>) -> GraphResult<Token> {
        let Asked { call, app, .. } = asked;
        let text = call.token.as_deref().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| GraphError::new(Code::NO_TOKEN))?;
        let token = self.valid_token(text, asked.turn.nature.now_ms())?;
        match call.params.text("appsecret_proof")? {
            Some(proof) if !proves(proof, text, app) => {
                Err(GraphError::parameter("Invalid appsecret_proof provided in the API argument").of_method())
            }
            _ => Ok(token.clone()),
        }
    }

    /// What is known of a token, where it is good at this time, in milliseconds since 1970; otherwise code 190.
    pub(crate) fn valid_token(&self, text: &str, now_ms: i64) -> GraphResult<&Token> {
        let refused = |message| GraphError::saying(Code::TOKEN, message);
        let unknown = || refused("Invalid OAuth access token - Cannot parse access token");
        let token = self.tokens.get(text).ok_or_else(unknown)?;
        match token.status_at(now_ms) {
            TokenStatus::Valid => Ok(token),
            TokenStatus::Expired => {
                Err(refused("Error validating access token: Session has expired").with_subcode(EXPIRED))
            }
            TokenStatus::Revoked => {
                Err(refused("Error validating access token: The session is invalid because the user logged out")
                    .with_subcode(INVALIDATED))
            }
        }
    }

    /// What the ID stands for, where the token sees it.
    pub(crate) fn visible(&self, token: &Token, id: &str) -> Option<Node> {
        let number = PhoneNumberId::from(id);
        if self.sees_number(token, &number) {
            return Some(Node::Number(number));
        }
        let waba = WabaId::from(id);
        if self.wabas.contains_key(&waba) && token.waba_ids.contains(&waba) {
            return Some(Node::Waba(waba));
        }
        if let Some(template) = self.templates.get(id) {
            return token.waba_ids.contains(&template.waba_id).then(|| Node::Template(TemplateId::from(id)));
        }
        if let Some(media) = self.media.get(id) {
            return self.sees_number(token, &media.phone_number_id).then(|| Node::Media(MediaId::from(id)));
        }
        let owner = &self.groups.get(id)?.phone_number_id;
        self.sees_number(token, owner).then(|| Node::Group(GroupId::from(id)))
    }

    /// Code 131041 for a group of the caller's that was deleted: the business is
    /// no longer in it. One that never was, or is another's, is code 100 instead.
    pub(crate) fn require_living(&self, id: &GroupId) -> GraphResult<()> {
        let found = self.living_group(id);
        found.map_or_else(|| Err(GraphError::new(Code::GROUP_UNKNOWN)), |_| Ok(()))
    }

    /// Code 131207 for a suspended group, which may be read but not changed.
    pub(crate) fn require_active(&self, id: &GroupId) -> GraphResult<()> {
        let suspended = self.living_group(id).is_some_and(|group| group.suspended);
        if suspended {
            return Err(GraphError::new(Code::SUSPENDED));
        }
        Ok(())
    }
}

/// Code 10 for a token that carries none of the permissions.
pub(crate) fn require_scope(token: &Token, any_of: &[&str]) -> GraphResult<()> {
    if token.may_any(any_of) {
        return Ok(());
    }
    Err(GraphError::new(Code::PERMISSION))
}

/// Whether it is the HMAC of the token under the app's secret, in hexadecimal.
/// Source: <https://developers.facebook.com/docs/graph-api/guides/secure-requests>
fn proves(proof: &str, token: &str, app: &MetaApp) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app.secret.as_bytes());
    let given = hex::decode(proof).unwrap_or_default();
    hmac::verify(&key, token.as_bytes(), &given).is_ok()
}
