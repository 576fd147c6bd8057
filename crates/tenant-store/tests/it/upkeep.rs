//! What is open, about to end and prepared, over all tenants.

use std::time::Duration;

use tenant_store::{ChangeStatus, CredentialCheck, CredentialState, Outcome, Upkeep};
use time::OffsetDateTime;

use crate::{
    credentials::said,
    helpers::{ALPHA, BETA, World, actor, create, secret},
};

async fn look(world: &World) -> Upkeep {
    world.store.upkeep().await.unwrap()
}

#[tokio::test]
async fn where_nothing_is_open_nothing_is_counted_and_a_week_of_days_is_prepared() {
    let world = World::with_tenants().await;
    let nothing = Upkeep {
        changes_open: 0,
        oldest_change_at: None,
        credentials_refused: 0,
        credentials_expiring: 0,
        partitions_ahead: 7,
    };
    assert_eq!(look(&world).await, nothing);
}

#[tokio::test]
async fn changes_are_open_until_they_are_settled() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let first = space.begin_change(&create("Team")).await.unwrap();
    let oldest = space.change(first).await.unwrap().unwrap().created_at;
    world.store.space(BETA).begin_change(&create("Another")).await.unwrap();
    let upkeep = look(&world).await;
    assert_eq!((upkeep.changes_open, upkeep.oldest_change_at), (2, Some(oldest)));
    space.settle_change(first, &Outcome::of(ChangeStatus::Failed)).await.unwrap();
    let upkeep = look(&world).await;
    assert_eq!(upkeep.changes_open, 1);
    assert!(upkeep.oldest_change_at > Some(oldest));
}

#[tokio::test]
async fn tokens_are_counted_that_are_refused_or_end_within_a_week_but_not_of_who_is_suspended() {
    let world = World::with_tenants().await;
    let in_days = |days: i64| OffsetDateTime::now_utc() + time::Duration::days(days);
    let set = async |tenant: &str, state, expires_at| {
        let check = CredentialCheck { expires_at, ..said(state) };
        let token = secret("EAAtoken-of-a-tenant");
        world.store.space(tenant).set_checked_credential(&token, &check, &actor()).await.unwrap();
        let upkeep = look(&world).await;
        (upkeep.credentials_refused, upkeep.credentials_expiring)
    };
    assert_eq!(set(ALPHA, CredentialState::Valid, Some(in_days(8))).await, (0, 0));
    assert_eq!(set(ALPHA, CredentialState::Valid, Some(in_days(6))).await, (0, 1), "it was looked at before that");
    assert_eq!(set(ALPHA, CredentialState::Invalid, Some(in_days(6))).await, (1, 0));
    assert_eq!(set(BETA, CredentialState::Expiring, Some(in_days(1))).await, (1, 1));
    world.store.space(ALPHA).suspend("unpaid", &actor()).await.unwrap();
    assert_eq!(set(BETA, CredentialState::Valid, None).await, (0, 0));
}

#[tokio::test]
async fn a_day_of_events_that_is_missing_ends_what_is_prepared() {
    let world = World::new().await;
    let drop = "do $$ begin execute format('drop table events_%s',
                    to_char((now() + interval '3 days') at time zone 'UTC', 'YYYYMMDD')); end $$";
    sqlx::raw_sql(drop).execute(&world.owner().await).await.unwrap();
    assert_eq!(look(&world).await.partitions_ahead, 2);
    world.store.keep_partitions(Duration::from_hours(24 * 30)).await.unwrap();
    assert_eq!(look(&world).await.partitions_ahead, 7);
}
