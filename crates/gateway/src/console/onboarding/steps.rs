//! The steps of an onboarding, as a page shows them.

use tenant_store::{OnboardingStep, StepState};

use crate::admin::onboarding::{OnboardingView, StepView};

/// A step.
pub(super) struct StepRow {
    pub(super) step: OnboardingStep,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) state: StepState,
    pub(super) detail: Option<String>,
    pub(super) fix: Option<String>,
    /// Whether the page offers to repeat it.
    pub(super) may_be_repeated: bool,
}

impl StepRow {
    /// Its name in paths.
    pub(super) fn name(&self) -> &'static str {
        self.step.as_str()
    }

    /// How its state stands out.
    pub(super) fn kind(&self) -> &'static str {
        match self.state {
            StepState::Done => "good",
            StepState::Failed => "bad",
            StepState::Running => "warn",
            StepState::Pending => "neutral",
        }
    }

    /// The word for its state.
    pub(super) fn word(&self) -> &'static str {
        match self.state {
            StepState::Done => "done",
            StepState::Failed => "failed",
            StepState::Running => "running",
            StepState::Pending => "not yet",
        }
    }
}

/// All of them, in their order.
pub(super) fn rows(onboarding: &OnboardingView) -> Vec<StepRow> {
    let is_at_rest = !onboarding.is_under_way() || onboarding.is_broken_off();
    let row = |view: &StepView| {
        let (title, about) = words(view.step);
        let is_to_repeat = view.state != StepState::Pending || onboarding.is_broken_off();
        StepRow {
            step: view.step,
            title,
            about,
            state: view.state,
            detail: view.detail.clone(),
            fix: view.fix.clone(),
            may_be_repeated: is_at_rest && is_to_repeat && onboarding.is_ready_for(view.step),
        }
    };
    onboarding.steps.iter().map(row).collect()
}

fn words(step: OnboardingStep) -> (&'static str, &'static str) {
    match step {
        OnboardingStep::Token => ("Token", "A code is exchanged for a token. Meta says whose it is, and until when."),
        OnboardingStep::Permissions => ("Permissions", "The token may manage the account, and send messages from it."),
        OnboardingStep::Numbers => ("Numbers", "The account's numbers become the tenant's: all of them, or none."),
        OnboardingStep::Subscription => {
            ("Webhooks", "The account's webhooks come to your Meta app. Without them, no group is ever heard of.")
        }
        OnboardingStep::Eligibility => {
            ("Groups", "Which numbers may have groups. This tells, and stands in nobody's way.")
        }
    }
}
