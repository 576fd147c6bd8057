//! How a step ended, in words for administrators.

use graph_client::GraphError;
use tenant_store::{OnboardingStep, StepResult, StepState};

use crate::credentials::{self, Unchecked};

/// What a step found, or why it failed.
pub(super) type Outcome = Result<String, Failure>;

/// Why a step failed, and its cure.
#[derive(Debug)]
pub(super) struct Failure {
    /// What went wrong.
    pub(super) detail: String,
    /// What to do about it.
    pub(super) fix: String,
}

impl Failure {
    pub(super) fn new(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { detail: detail.into(), fix: fix.into() }
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::new(error.to_string(), format!("{} Then repeat this step.", credentials::advice(&error)))
    }
}

impl From<Unchecked> for Failure {
    fn from(unchecked: Unchecked) -> Self {
        match unchecked {
            Unchecked::Graph(error) => error.into(),
            other => Self::new(other.to_string(), format!("{} Then repeat this step.", other.advice())),
        }
    }
}

/// So many of them, in words.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The result of a step that ended so.
pub(super) fn result(step: OnboardingStep, outcome: Outcome) -> StepResult {
    match outcome {
        Ok(detail) => StepResult { step, state: StepState::Done, detail: Some(detail), fix: None },
        Err(Failure { detail, fix }) => {
            StepResult { step, state: StepState::Failed, detail: Some(detail), fix: Some(fix) }
        }
    }
}
