//! One way through the steps, each written down as it begins and as it ends.

use std::sync::Arc;

use cams_api::identifiers::CustSpaceId;
use graph_client::{App, GraphClient, WabaId};
use secrecy::SecretString;
use tenant_store::{Actor, Onboarding, OnboardingStep, Space, StepResult, StepState};

use super::super::{AdminContext, AdminError};
use super::outcome::{Outcome, result};
use super::steps::NO_TOKEN;
use crate::credentials::{self, Checked};
use crate::operations::Services;

/// One way through the steps. Where somebody else begins the onboarding anew meanwhile, it ends.
pub(super) struct Run {
    pub(super) services: Arc<Services>,
    pub(super) graph: GraphClient,
    pub(super) app: App,
    pub(super) actor: Actor,
    pub(super) tenant: CustSpaceId,
    pub(super) known: Onboarding,
    /// What Meta said of the token on this way.
    pub(super) checked: Option<Checked>,
}

impl Run {
    pub(super) fn new(ctx: &AdminContext, tenant: &CustSpaceId, known: Onboarding) -> Result<Self, AdminError> {
        Ok(Self {
            services: ctx.services.clone(),
            graph: ctx.graph.clone(),
            app: super::super::credentials::app(ctx)?.clone(),
            actor: ctx.actor.clone(),
            tenant: tenant.clone(),
            known,
            checked: None,
        })
    }

    /// Takes the step `from`, and those after it that are not done, until one fails that others need.
    pub(super) async fn go(
        mut self,
        from: OnboardingStep,
        mut code: Option<SecretString>,
    ) -> Result<Onboarding, AdminError> {
        for step in OnboardingStep::ALL.into_iter().skip_while(|step| *step != from) {
            if step != from && self.state_of(step) == StepState::Done {
                continue;
            }
            self.mark(StepResult { step, state: StepState::Running, detail: None, fix: None }).await?;
            let outcome = self.take(step, code.take()).await?;
            let is_failed = outcome.is_err();
            self.mark(result(step, outcome)).await?;
            if is_failed && step.is_needed() {
                break;
            }
            self.finish_if_complete().await?;
        }
        Ok(self.known)
    }

    async fn take(&mut self, step: OnboardingStep, code: Option<SecretString>) -> Result<Outcome, AdminError> {
        match step {
            OnboardingStep::Token => self.token(code).await,
            OnboardingStep::Permissions => self.permissions().await,
            OnboardingStep::Numbers => self.numbers().await,
            OnboardingStep::Subscription => self.subscription().await,
            OnboardingStep::Eligibility => self.eligibility().await,
        }
    }

    /// Makes the token the tenant's, when all that is needed is done.
    async fn finish_if_complete(&mut self) -> Result<(), AdminError> {
        if self.known.is_done || !self.is_complete() {
            return Ok(());
        }
        // It may have died since its own step.
        let alive = self.token(None).await?;
        match &self.checked {
            Some(checked) if alive.is_ok() => {
                let check = checked.check.clone();
                self.known = self.held().finish_onboarding(&check, &self.actor).await?;
                Ok(())
            }
            _ => self.mark(result(OnboardingStep::Token, alive)).await,
        }
    }

    fn is_complete(&self) -> bool {
        self.known.steps.iter().all(|result| !result.step.is_needed() || result.state == StepState::Done)
    }

    /// What Meta says of the token, asked once on this way.
    pub(super) async fn checked(&mut self) -> Result<Result<&Checked, super::outcome::Failure>, AdminError> {
        if self.checked.is_none() {
            let Some(token) = self.secret_token().await? else { return Ok(Err(NO_TOKEN.into())) };
            match credentials::check(&self.graph, self.call(self.app.token()), &self.app, &token).await {
                Ok(checked) => self.checked = Some(checked),
                Err(unchecked) => return Ok(Err(unchecked.into())),
            }
        }
        Ok(self.checked.as_ref().ok_or_else(|| NO_TOKEN.into()))
    }

    /// The token that is on its way; where it has arrived, the tenant's.
    pub(super) async fn secret_token(&self) -> Result<Option<SecretString>, AdminError> {
        if let Some(token) = self.space().onboarding_token().await? {
            return Ok(Some(token));
        }
        let stored = self.space().stored_token().await?.filter(|_| self.known.is_done);
        Ok(stored.and_then(|stored| credentials::opened(&stored.token).cloned()))
    }

    /// The account, once it is known.
    pub(super) fn waba_id(&self) -> Option<WabaId> {
        self.known.waba_id.as_deref().and_then(|id| WabaId::try_from(id).ok())
    }

    pub(super) fn space(&self) -> Space<'_> {
        self.services.store.space(self.tenant.as_str())
    }

    /// The same, as long as nobody else goes on with the onboarding.
    pub(super) fn held(&self) -> Space<'_> {
        self.space().expecting(Some(self.known.revision))
    }

    fn state_of(&self, step: OnboardingStep) -> StepState {
        let result = self.known.steps.iter().find(|result| result.step == step);
        result.map_or(StepState::Pending, |result| result.state)
    }

    async fn mark(&mut self, marked: StepResult) -> Result<(), AdminError> {
        let waba_id = self.known.waba_id.as_deref();
        self.known = self.held().record_onboarding(waba_id, &marked, &self.actor).await?;
        Ok(())
    }
}
