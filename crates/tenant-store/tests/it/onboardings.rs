//! How far a tenant is on its way from a token to its first call.

use secrecy::ExposeSecret as _;
use tenant_store::{
    CredentialState, NewOnboarding, Onboarding, OnboardingStep, OpenCredential, Space, StepResult, StepState,
    StoreError, TakeOver, TenantStatus,
};

use crate::{
    credentials::said,
    helpers::{ALPHA, BETA, BETA_PHONE, World, actor, new_number, new_tenant, secret},
};

fn with_token() -> NewOnboarding {
    NewOnboarding { waba_id: None, access_token: Some(secret("EAAB-token-on-its-way")) }
}

fn step(step: OnboardingStep, state: StepState) -> StepResult {
    StepResult { step, state, detail: None, fix: None }
}

fn all(state: StepState) -> Vec<StepResult> {
    OnboardingStep::ALL.map(|name| step(name, state)).into()
}

/// The same with all steps done, of this account.
async fn with_all_done(space: &Space<'_>, begun: Onboarding) -> Onboarding {
    let mut known = begun;
    for marked in all(StepState::Done) {
        let held = space.expecting(Some(known.revision));
        known = held.record_onboarding(Some("200000000000001"), &marked, &actor()).await.unwrap();
    }
    known
}

#[tokio::test]
async fn an_onboarding_begins_with_all_steps_pending_and_its_token_is_no_ones_yet() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    assert!(space.onboarding().await.unwrap().is_none());
    let begun = space.begin_onboarding(&with_token(), &actor()).await.unwrap();
    assert_eq!((begun.steps.clone(), begun.is_done), (all(StepState::Pending), false));
    assert_eq!(space.onboarding().await.unwrap().unwrap(), begun);
    assert_eq!(space.onboarding_token().await.unwrap().unwrap().expose_secret(), "EAAB-token-on-its-way");
    assert!(world.store.space(BETA).onboarding_token().await.unwrap().is_none());
    let tenant = world.store.open_tenant(ALPHA).await.unwrap().unwrap();
    assert!(matches!(tenant.credential, OpenCredential::Missing));
    assert_eq!(tenant.status, TenantStatus::Pending);
    let nobody = world.store.space("cams-nobody").begin_onboarding(&with_token(), &actor()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound { what: "tenant" })));
}

#[tokio::test]
async fn when_it_is_finished_the_token_is_the_tenants_and_kept_nowhere_else() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let begun = space.begin_onboarding(&with_token(), &actor()).await.unwrap();
    let recorded = with_all_done(&space, begun).await;
    assert_eq!(recorded.steps, all(StepState::Done));
    let held = space.expecting(Some(recorded.revision));
    let finished = held.finish_onboarding(&said(CredentialState::Valid), &actor()).await.unwrap();
    assert!(finished.is_done && finished.waba_id.as_deref() == Some("200000000000001"));
    assert!(space.onboarding_token().await.unwrap().is_none());
    let tenant = world.store.open_tenant(ALPHA).await.unwrap().unwrap();
    assert!(
        matches!(tenant.credential, OpenCredential::Open(token) if token.expose_secret() == "EAAB-token-on-its-way")
    );
    assert_eq!(tenant.status, TenantStatus::Active);
    assert!(space.credential().await.unwrap().unwrap().checked_at.is_some());
}

#[tokio::test]
async fn one_that_is_begun_anew_cannot_be_gone_on_with_as_it_was() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let first = space.begin_onboarding(&with_token(), &actor()).await.unwrap();
    space.begin_onboarding(&NewOnboarding::default(), &actor()).await.unwrap();
    assert!(space.onboarding_token().await.unwrap().is_none());
    let held = space.expecting(Some(first.revision));
    let done = step(OnboardingStep::Token, StepState::Done);
    assert!(matches!(held.record_onboarding(None, &done, &actor()).await, Err(StoreError::Stale)));
    assert!(matches!(held.keep_onboarding_token(&secret("EAAB")).await, Err(StoreError::Stale)));
    let taken = held.take_numbers_over(&[new_number("15550000009", "100000000000009")], &actor()).await;
    assert!(matches!(taken, Err(StoreError::Stale)));
    let finished = held.finish_onboarding(&said(CredentialState::Valid), &actor()).await;
    assert!(matches!(finished, Err(StoreError::Stale)));
    assert_eq!(space.numbers().await.unwrap().len(), 1);
    assert!(space.credential().await.unwrap().is_none());
}

#[tokio::test]
async fn an_accounts_numbers_are_taken_over_all_or_none_and_nobody_can_call_with_them_yet() {
    const GAMMA: &str = "cams-gamma";
    let world = World::with_tenants().await;
    world.store.add_tenant(&new_tenant(GAMMA), &actor()).await.unwrap();
    let space = world.store.space(GAMMA);
    // A token of before: numbers alone would make the tenant active.
    space.set_credential(&secret("EAAB-token-of-before"), &actor()).await.unwrap();
    let begun = space.begin_onboarding(&with_token(), &actor()).await.unwrap();
    let held = space.expecting(Some(begun.revision));
    let (first, second) = (new_number("15550000011", "100000000000011"), new_number("15550000012", "100000000000012"));
    let others = new_number("15550000013", BETA_PHONE);
    let refused = held.take_numbers_over(&[first.clone(), others], &actor()).await.unwrap();
    assert_eq!(refused, TakeOver::InUse { phone_number_id: BETA_PHONE.to_owned(), what: "phone number ID" });
    assert!(space.numbers().await.unwrap().is_empty());

    let both = [second, first.clone()];
    assert_eq!(held.take_numbers_over(&both, &actor()).await.unwrap(), TakeOver::Done { added: 2 });
    assert_eq!(held.take_numbers_over(&both, &actor()).await.unwrap(), TakeOver::Done { added: 0 });
    let status = async || world.store.tenant(GAMMA).await.unwrap().unwrap().status;
    assert_eq!(status().await, TenantStatus::Pending);

    let moved = tenant_store::NewNumber { waba_id: "200000000000007".to_owned(), ..first };
    held.take_numbers_over(&[moved], &actor()).await.unwrap();
    assert_eq!(space.numbers().await.unwrap()[0].waba_id, "200000000000007");

    let recorded = with_all_done(&space, begun).await;
    let held = space.expecting(Some(recorded.revision));
    held.finish_onboarding(&said(CredentialState::Valid), &actor()).await.unwrap();
    assert_eq!(status().await, TenantStatus::Active);
}

#[tokio::test]
async fn how_each_step_ended_stands_in_the_audit_log() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let begun = space.begin_onboarding(&with_token(), &actor()).await.unwrap();
    with_all_done(&space, begun).await;
    let steps: Vec<String> = sqlx::query_scalar(
        "select after ->> 'step' from audit_log where action = 'onboarding.step' and after ->> 'state' = 'done' order by id",
    )
    .fetch_all(&world.owner().await)
    .await
    .unwrap();
    assert_eq!(steps, OnboardingStep::ALL.map(OnboardingStep::as_str));
}
