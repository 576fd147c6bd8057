//! The steps of an onboarding, and how each went.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The steps of an onboarding, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnboardingStep {
    /// The token is one, and of the ISV's app.
    Token,
    /// It may do what the gateway does, on the account.
    Permissions,
    /// The account's numbers are the tenant's.
    Numbers,
    /// The account's webhooks come to the app.
    Subscription,
    /// Which numbers may have groups.
    Eligibility,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its turn has not come.
    Pending,
    /// It is on its way, or its gateway died over it.
    Running,
    /// It is done.
    Done,
    /// It could not be done.
    Failed,
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Which one.
    pub step: OnboardingStep,
    /// How far it is.
    pub state: StepState,
    /// What was found, or what went wrong.
    pub detail: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
}

impl OnboardingStep {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Token, Self::Permissions, Self::Numbers, Self::Subscription, Self::Eligibility];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Permissions => "permissions",
            Self::Numbers => "numbers",
            Self::Subscription => "subscription",
            Self::Eligibility => "eligibility",
        }
    }

    /// Whether nobody can call before it is done.
    pub fn is_needed(self) -> bool {
        self != Self::Eligibility
    }
}

/// No step has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a step of an onboarding")]
pub struct NoStep;

impl FromStr for OnboardingStep {
    type Err = NoStep;

    fn from_str(name: &str) -> Result<Self, NoStep> {
        Self::ALL.into_iter().find(|step| step.as_str() == name).ok_or(NoStep)
    }
}
