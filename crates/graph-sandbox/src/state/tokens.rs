//! Access tokens: what each sees, what each may do, and whether it still lives.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::State;
use crate::ids::{PhoneNumberId, WabaId};

/// The permission to send messages and to work with groups.
pub(crate) const MESSAGING: &str = "whatsapp_business_messaging";
/// The permission to work with accounts and numbers.
pub(crate) const MANAGEMENT: &str = "whatsapp_business_management";
const BUSINESS: &str = "business_management";

/// Whether a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenStatus {
    Valid,
    Expired,
    Revoked,
}

/// What is known of an access token beside its text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) waba_ids: BTreeSet<WabaId>,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) status: TokenStatus,
    /// When its time is over, in seconds since 1970; `None` for one without an end.
    #[serde(default)]
    pub(crate) expires_at: Option<i64>,
}

impl Token {
    /// A good token with every scope.
    pub(crate) fn new(waba_ids: impl IntoIterator<Item = WabaId>) -> Self {
        Self {
            waba_ids: waba_ids.into_iter().collect(),
            scopes: [MESSAGING, MANAGEMENT, BUSINESS].map(str::to_owned).into(),
            status: TokenStatus::Valid,
            expires_at: None,
        }
    }

    /// Whether it is good at this time, in milliseconds since 1970.
    pub(crate) fn status_at(&self, now_ms: i64) -> TokenStatus {
        let is_over = self.expires_at.is_some_and(|end| end.saturating_mul(1000) <= now_ms);
        if self.status == TokenStatus::Valid && is_over { TokenStatus::Expired } else { self.status }
    }

    /// Whether it carries one of the scopes.
    pub(crate) fn may_any(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|&scope| self.scopes.contains(scope))
    }
}

/// A code of Embedded Signup, to be exchanged once for a token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignupCode {
    pub(crate) waba_id: WabaId,
    /// Milliseconds since 1970.
    pub(crate) expires_ms: i64,
}

impl fmt::Debug for SignupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignupCode for {}", self.waba_id)
    }
}

impl State {
    /// Whether the token sees the number.
    pub(crate) fn sees_number(&self, token: &Token, id: &PhoneNumberId) -> bool {
        let number = self.numbers.get(id);
        number.is_some_and(|number| token.waba_ids.contains(&number.waba_id))
    }
}
