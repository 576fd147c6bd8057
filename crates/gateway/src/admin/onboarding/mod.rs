//! Onboarding: from a token, or a code of Embedded Signup, to a tenant that can call.
//!
//! Five steps, each with its result and its cure. One that failed can be repeated, and those after it follow. The token is
//! the tenant's, and the tenant active, when all that is needed is done.

mod account;
mod eligibility;
mod outcome;
mod run;
mod steps;

use actix_web::rt;
use cams_api::identifiers::CustSpaceId;
use graph_client::{Token, WabaId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tenant_store::{NewOnboarding, Onboarding, OnboardingStep, Revision, StepResult, StepState, StoreError};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::tenants::{AddTenant, TenantView, refuse};
use super::view::{Created, View};
use super::{AdminContext, AdminError, FieldError};
use run::Run;

/// No step takes this long: Meta is asked with a deadline.
const LONGEST_SILENCE: time::Duration = time::Duration::minutes(5);
const OVERTAKEN: &str = "Meanwhile somebody else began the tenant's onboarding anew, or repeated a step of it; this one has \
                         ended. See how far that is.";

/// How far a tenant's onboarding is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Onboarding)]
pub struct OnboardingView {
    /// The tenant.
    #[schema(example = "cams-8c8pdv")]
    pub cust_space_id: String,
    /// The WhatsApp Business Account; `null` until it is known.
    #[schema(example = "200000000000001")]
    pub waba_id: Option<String>,
    /// Whether all that is needed is done: `token`, `permissions`, `numbers` and `subscription`. Then the token is the
    /// tenant's, and the tenant active. `eligibility` tells, and stands in nobody's way.
    pub is_done: bool,
    /// The steps, in their order.
    pub steps: Vec<StepView>,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When something last happened to it.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    #[serde(skip)]
    revision: Revision,
}

/// How a step went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnboardingStep)]
pub struct StepView {
    /// `token`, `permissions`, `numbers`, `subscription` or `eligibility`.
    #[schema(value_type = String, example = "permissions")]
    pub step: OnboardingStep,
    /// `pending`, `running`, `done` or `failed`.
    #[schema(value_type = String, example = "failed")]
    pub state: StepState,
    /// What was found, or what went wrong.
    #[schema(example = "The token lacks whatsapp_business_management.")]
    pub detail: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
}

/// An onboarding to begin: with a token, or with a code of Embedded Signup.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginOnboarding {
    /// The customer's token. It is never shown again.
    #[serde(default, deserialize_with = "super::view::secret_option")]
    #[schema(value_type = Option<String>, write_only, example = "EAAsandboxtoken1")]
    access_token: Option<SecretString>,
    /// A code of Embedded Signup, which is good once and not for long: it is exchanged for a token.
    #[serde(default, deserialize_with = "super::view::secret_option")]
    #[schema(value_type = Option<String>, write_only)]
    code: Option<SecretString>,
    /// The customer's WhatsApp Business Account; found out where it is absent and the token is for one alone.
    #[schema(example = "200000000000001")]
    waba_id: Option<String>,
}

impl View for OnboardingView {
    fn revision(&self) -> Option<Revision> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/tenants/{}/onboarding", self.cust_space_id))
    }
}

impl OnboardingView {
    /// Whether a step runs or is about to, as far as is written down.
    pub fn is_under_way(&self) -> bool {
        let has = |state| self.steps.iter().any(|step| step.state == state);
        let is_held_up = self.steps.iter().any(|step| step.step.is_needed() && step.state == StepState::Failed);
        has(StepState::Running) || !is_held_up && has(StepState::Pending)
    }

    /// Whether it is under way by what is written down, and nobody has written for so long that nobody is believed to: its
    /// gateway has ended in the middle.
    pub fn is_broken_off(&self) -> bool {
        self.is_under_way() && OffsetDateTime::now_utc() - self.updated_at > LONGEST_SILENCE
    }

    /// Whether all that is needed before this step is done, so that it can be repeated.
    pub fn is_ready_for(&self, step: OnboardingStep) -> bool {
        let before = self.steps.iter().take_while(|known| known.step != step);
        before.filter(|known| known.step.is_needed()).all(|known| known.state == StepState::Done)
    }
}

/// The tenant's onboarding, which is the last that was begun.
///
/// # Errors
/// [`AdminError::NotFound`] where there is no such tenant, or none was begun.
pub async fn get(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<OnboardingView, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    Ok(view(tenant, known(ctx, tenant).await?))
}

/// Adds a tenant that is about to be onboarded so. Nothing is added where that could not begin.
///
/// # Errors
/// [`AdminError::Invalid`] with all that is wrong with either.
pub async fn take_on(
    ctx: &AdminContext,
    new: AddTenant,
    asked: &BeginOnboarding,
) -> Result<Created<TenantView>, AdminError> {
    super::credentials::app(ctx)?;
    refuse([new.mistakes(), asked.mistakes()].concat())?;
    super::tenants::add(ctx, new).await
}

/// Begins an onboarding, in place of the one before, and takes it as far as it goes.
///
/// # Errors
/// [`AdminError::Unfit`] where somebody else begins another meanwhile; that a step failed is no error: the answer tells.
pub async fn begin(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    asked: BeginOnboarding,
) -> Result<Created<OnboardingView>, AdminError> {
    super::credentials::app(ctx)?;
    refuse(asked.mistakes())?;
    let new = NewOnboarding { waba_id: asked.waba_id, access_token: asked.access_token };
    let begun = ctx.store().space(tenant.as_str()).begin_onboarding(&new, &ctx.actor).await?;
    let run = Run::new(ctx, tenant, begun)?;
    Ok(Created(to_its_end(ctx, run, OnboardingStep::Token, asked.code).await?))
}

/// Repeats a step, and goes on with those after it that are not done.
///
/// # Errors
/// [`AdminError::NotFound`] where no onboarding was begun, [`AdminError::Unfit`] where a step before it is not done, or
/// somebody else goes on with it meanwhile.
pub async fn repeat(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    step: OnboardingStep,
) -> Result<OnboardingView, AdminError> {
    super::credentials::app(ctx)?;
    super::tenants::get(ctx, tenant).await?;
    let known = known(ctx, tenant).await?;
    if ctx.expected.is_some_and(|expected| expected != known.revision) {
        return Err(AdminError::Stale);
    }
    let is_missing = |result: &&StepResult| result.step.is_needed() && result.state != StepState::Done;
    let missing = known.steps.iter().take_while(|result| result.step != step).find(is_missing);
    if let Some(missing) = missing {
        let why = format!("The step `{}` is not done: repeat that first.", missing.step.as_str());
        return Err(AdminError::Unfit { why });
    }
    to_its_end(ctx, Run::new(ctx, tenant, known)?, step, None).await
}

/// Goes through the steps in a task of its own: a caller who hangs up leaves no step in the middle.
async fn to_its_end(
    ctx: &AdminContext,
    run: Run,
    from: OnboardingStep,
    code: Option<SecretString>,
) -> Result<OnboardingView, AdminError> {
    let tenant = run.tenant.clone();
    let running = rt::spawn(ctx.services.writes.track_future(run.go(from, code)));
    let ended = running.await.map_err(|_| StoreError::Internal("an onboarding was broken off".to_owned()))?;
    ended.map(|ended| view(&tenant, ended)).map_err(overtaken)
}

/// That somebody else goes on is no mistake of the caller's, who has seen all that there was to see.
fn overtaken(error: AdminError) -> AdminError {
    match error {
        AdminError::Stale => AdminError::Unfit { why: OVERTAKEN.to_owned() },
        other => other,
    }
}

async fn known(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<Onboarding, AdminError> {
    let known = ctx.store().space(tenant.as_str()).onboarding().await?;
    known.ok_or(AdminError::NotFound { what: "onboarding".into() })
}

impl BeginOnboarding {
    /// What is wrong with it.
    fn mistakes(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        match (&self.access_token, &self.code) {
            (Some(token), None) => {
                wrong.extend(
                    Token::new(token, None).err().map(|error| FieldError::new("access_token", error.to_string())),
                );
            }
            (None, Some(code)) => {
                wrong.extend(Token::new(code, None).err().map(|_| FieldError::new("code", "a code, as Meta gave it")));
            }
            _ => wrong.push(FieldError::new("access_token", "either this or `code`, and not both")),
        }
        let waba_id = self.waba_id.as_deref().map(WabaId::try_from);
        wrong.extend(waba_id.and_then(Result::err).map(|error| FieldError::new("waba_id", error.to_string())));
        wrong
    }
}

fn view(tenant: &CustSpaceId, onboarding: Onboarding) -> OnboardingView {
    OnboardingView {
        cust_space_id: tenant.to_string(),
        waba_id: onboarding.waba_id,
        is_done: onboarding.is_done,
        steps: onboarding.steps.into_iter().map(StepView::from).collect(),
        created_at: onboarding.created_at,
        updated_at: onboarding.updated_at,
        revision: onboarding.revision,
    }
}

impl From<StepResult> for StepView {
    fn from(StepResult { step, state, detail, fix }: StepResult) -> Self {
        Self { step, state, detail, fix }
    }
}
