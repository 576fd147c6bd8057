//! What needs a person: found when there is something, gone when it is mended, and shown to nobody else.

use std::time::Duration;

use serde_json::json;
use tenant_store::{
    AfterTry, Attention, CredentialState, EndpointId, GroupUpdate, ListedGroup, NewEndpoint, NewOnboarding,
    NumberRecord, OnboardingStep, Replay, ReplayOnly, ReplaySpan, StepResult, StepState, TriedDelivery, TroubledToken,
};
use time::OffsetDateTime;

use crate::{
    credentials::said,
    helpers::{ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, TestEvent, World, actor, new_number, secret},
};

const HOUR: Duration = Duration::from_hours(1);

/// With tokens, so that nothing is the matter.
async fn well() -> World {
    let world = World::with_tenants().await;
    for tenant in [ALPHA, BETA] {
        world.store.space(tenant).set_credential(&secret("EAAtoken-of-a-tenant"), &actor()).await.unwrap();
    }
    world
}

async fn attention(world: &World) -> Attention {
    world.store.attention(None, 50).await.unwrap()
}

/// What whoever may see one tenant alone is told.
async fn of(world: &World, tenant: &str) -> Attention {
    world.store.attention(Some(&[tenant.to_owned()]), 50).await.unwrap()
}

/// How much there is of each kind.
fn counts(found: &Attention) -> [i64; 6] {
    let Attention { credentials, endpoints, deliveries, numbers, throttled, onboardings, .. } = found;
    [credentials.total, endpoints.total, deliveries.total, numbers.total, throttled.total, onboardings.total]
}

async fn endpoint(world: &World, tenant: Option<&str>) -> EndpointId {
    let new = NewEndpoint { url: "https://receiver.example".to_owned(), ..NewEndpoint::default() };
    let space = tenant.map_or_else(|| world.store.isv(), |tenant| world.store.space(tenant));
    space.create_endpoint(&new, &actor()).await.unwrap().endpoint.endpoint_id
}

#[tokio::test]
async fn where_all_is_well_nobody_is_needed() {
    let world = well().await;
    endpoint(&world, Some(ALPHA)).await;
    world.store.space(ALPHA).record_number(ALPHA_PHONE, &NumberRecord::default(), HOUR).await.unwrap();
    let found = attention(&world).await;
    assert_eq!((counts(&found), found.unknown_numbers), ([0; 6], None));
}

#[tokio::test]
async fn tokens_are_told_of_that_are_refused_missing_or_about_to_end_in_this_order() {
    let world = World::with_tenants().await;
    world.add_tenant("cams-gamma", "15550000003", "100000000000003").await;
    let ends = OffsetDateTime::from_unix_timestamp(2_000_000_000).unwrap();
    let expiring = tenant_store::CredentialCheck { expires_at: Some(ends), ..said(CredentialState::Expiring) };
    for (tenant, check) in [(ALPHA, expiring), ("cams-gamma", said(CredentialState::Invalid))] {
        let token = secret("EAAtoken-of-a-tenant");
        world.store.space(tenant).set_checked_credential(&token, &check, &actor()).await.unwrap();
    }
    let found = attention(&world).await.credentials;
    let told: Vec<_> = found.first.iter().map(|found| (found.tenant.cust_space_id.as_str(), &found.token)).collect();
    let refused = TroubledToken::Invalid(Some("Session has expired".to_owned()));
    let expected =
        [("cams-gamma", &refused), (BETA, &TroubledToken::Missing), (ALPHA, &TroubledToken::Expiring(Some(ends)))];
    assert_eq!((told, found.total), (expected.to_vec(), 3));
    let first = world.store.attention(None, 1).await.unwrap().credentials;
    assert_eq!((first.first.len(), first.total), (1, 3), "the rest is counted");
    assert_eq!(counts(&of(&world, BETA).await)[0], 1);
    world.store.space(BETA).suspend("unpaid", &actor()).await.unwrap();
    assert_eq!(counts(&of(&world, BETA).await)[0], 0, "nobody has to care for who is suspended");
}

#[tokio::test]
async fn a_disabled_endpoint_is_told_to_who_sees_its_owner() {
    let world = well().await;
    let (own, isvs) = (endpoint(&world, Some(ALPHA)).await, endpoint(&world, None).await);
    world.store.space(ALPHA).disable_endpoint(own, "moves", &actor()).await.unwrap();
    world.store.isv().disable_endpoint(isvs, "five days of failures", &actor()).await.unwrap();
    let found = attention(&world).await.endpoints;
    let told: Vec<_> = found.first.iter().map(|found| (found.endpoint.endpoint_id, found.reason.as_deref())).collect();
    assert_eq!(told, [(isvs, Some("five days of failures")), (own, Some("moves"))]);
    assert!(found.first[0].endpoint.tenant.is_none() && found.first[0].since.is_some());
    let alphas = of(&world, ALPHA).await.endpoints;
    assert_eq!((alphas.total, alphas.first[0].endpoint.endpoint_id), (1, own));
    assert_eq!(counts(&of(&world, BETA).await)[1], 0);
    world.store.space(ALPHA).enable_endpoint(own, &actor()).await.unwrap();
    assert_eq!(counts(&of(&world, ALPHA).await)[1], 0);
}

/// Publishes an event of the first tenant, and ends what is delivered of it.
async fn publish(world: &World, next: AfterTry) {
    world.receive(&[TestEvent::new(json!({"type": "message.received"})).of_number(Some(ALPHA_PHONE))]).await;
    while world.route().await.found_any() {}
    deliver(world, next).await;
}

async fn deliver(world: &World, next: AfterTry) {
    let claimed = world.store.claim_deliveries(100, HOUR).await.unwrap();
    let tried: Vec<_> = claimed
        .iter()
        .map(|delivery| TriedDelivery {
            delivery_id: delivery.delivery_id,
            claim: delivery.claim,
            at: OffsetDateTime::now_utc(),
            duration: Duration::from_millis(1),
            status: None,
            error: None,
            answer: String::new(),
            next: next.clone(),
        })
        .collect();
    world.store.record_tries(&tried).await.unwrap();
}

#[tokio::test]
async fn events_that_did_not_arrive_are_told_of_until_they_are_sent_again_or_a_day_is_over() {
    let world = well().await;
    let own = endpoint(&world, Some(ALPHA)).await;
    let dead = AfterTry::Dead { reason: "9 tries have failed".to_owned() };
    publish(&world, AfterTry::Done).await;
    publish(&world, dead.clone()).await;
    publish(&world, dead).await;
    let found = attention(&world).await.deliveries;
    assert_eq!((found.total, found.first[0].endpoint.endpoint_id, found.first[0].dead), (1, own, 2));
    assert_eq!(counts(&of(&world, BETA).await)[2], 0);
    let span = ReplaySpan::Sequences { cust_space_id: ALPHA.to_owned(), since: 1, until: None };
    let replay = Replay { span, only: ReplayOnly::Failed };
    world.store.space(ALPHA).replay(own, &replay, &actor()).await.unwrap();
    assert_eq!(counts(&attention(&world).await)[2], 0, "they are on their way again");
    deliver(&world, AfterTry::Dead { reason: "once more".to_owned() }).await;
    assert_eq!(attention(&world).await.deliveries.first[0].dead, 2);
    let old = "update deliveries set ended_at = now() - interval '25 hours'";
    sqlx::query(old).execute(&world.owner().await).await.unwrap();
    assert_eq!(counts(&attention(&world).await)[2], 0);
}

#[tokio::test]
async fn a_number_is_told_of_for_each_thing_that_meta_limits_it_by() {
    let world = well().await;
    let space = world.store.space(ALPHA);
    let record = NumberRecord {
        quality_rating: Some("RED".to_owned()),
        status: Some("RESTRICTED".to_owned()),
        groups_eligible: Some(false),
        groups_ineligible_reason: Some("no Official Business Account".to_owned()),
        ..NumberRecord::default()
    };
    space.record_number(ALPHA_PHONE, &record, HOUR).await.unwrap();
    let found = attention(&world).await.numbers;
    let number = &found.first[0];
    assert_eq!((found.total, number.business_number.as_str()), (1, "15550000001"));
    assert_eq!((number.status.as_deref(), number.quality_rating.as_deref()), (Some("RESTRICTED"), Some("RED")));
    assert_eq!((number.ineligible.as_deref(), number.groups), (Some("no Official Business Account"), None));
    let good = NumberRecord { quality_rating: Some("YELLOW".to_owned()), groups_eligible: Some(true), ..record };
    let good = NumberRecord { status: Some("LINKED".to_owned()), groups_ineligible_reason: None, ..good };
    space.record_number(ALPHA_PHONE, &good, HOUR).await.unwrap();
    assert_eq!(counts(&attention(&world).await)[3], 0);
}

#[tokio::test]
async fn a_number_with_nearly_all_groups_that_it_may_have_is_told_of() {
    let world = well().await;
    let space = world.store.space(BETA);
    space.apply_group(BETA_PHONE, &GroupUpdate { group_id: "G".to_owned(), ..GroupUpdate::default() }).await.unwrap();
    let listed = |at: usize| ListedGroup { group_id: format!("G{at}"), subject: None, created_at: None };
    let list = async |count: usize| {
        let due = "update mirrors set list_due = now() - interval '1 second'";
        sqlx::query(due).execute(&world.owner().await).await.unwrap();
        let groups: Vec<_> = (0..count).map(listed).collect();
        space.record_complete_list(BETA_PHONE, OffsetDateTime::now_utc(), &groups, HOUR).await.unwrap();
    };
    list(8_999).await;
    assert_eq!(counts(&attention(&world).await)[3], 0);
    list(9_000).await;
    assert_eq!(attention(&world).await.numbers.first[0].groups, Some(9_000));
}

#[tokio::test]
async fn an_onboarding_that_failed_is_told_of_instead_of_the_token_that_it_lacks() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let begun = space.begin_onboarding(&NewOnboarding::default(), &actor()).await.unwrap();
    assert_eq!(counts(&of(&world, ALPHA).await), [0; 6], "it is under way");
    let (step, detail) = (OnboardingStep::Permissions, Some("The token lacks a permission.".to_owned()));
    let failed = StepResult { step, state: StepState::Failed, detail, fix: Some("Ask for it.".to_owned()) };
    space.expecting(Some(begun.revision)).record_onboarding(None, &failed, &actor()).await.unwrap();
    let found = of(&world, ALPHA).await;
    assert_eq!(counts(&found), [0, 0, 0, 0, 0, 1]);
    assert_eq!(found.onboardings.first[0].failed, failed);
    assert_eq!(counts(&of(&world, BETA).await)[5], 0);
}

#[tokio::test]
async fn events_of_unknown_numbers_are_told_to_who_sees_all_until_their_number_is_added() {
    let world = well().await;
    let unknown = |number| TestEvent::new(json!({})).of_number(Some(number));
    world.receive(&[unknown("998"), unknown("999"), unknown("999")]).await;
    let found = attention(&world).await.unknown_numbers.unwrap();
    assert_eq!((found.events, found.numbers, found.since.is_some()), (3, 2, true));
    assert_eq!(of(&world, ALPHA).await.unknown_numbers, None);
    for (number, phone_number_id) in [("15550000008", "998"), ("15550000009", "999")] {
        world.store.space(ALPHA).add_number(&new_number(number, phone_number_id), &actor()).await.unwrap();
    }
    assert_eq!(attention(&world).await.unknown_numbers, None);
}
