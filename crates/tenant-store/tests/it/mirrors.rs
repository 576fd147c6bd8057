//! Comparing with Meta's word: who is at it, what is due, and what follows.

use std::time::Duration;

use tenant_store::{GroupLifecycle, GroupUpdate, ListedGroup, MirrorClaim, MirrorWork, Notification, NumberRecord};
use time::OffsetDateTime;

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA, KEY_A, World, actor, at_second, connect, secret};

const HOUR: Duration = Duration::from_hours(1);

/// With tenants that can be called for.
async fn active() -> World {
    let world = World::with_tenants().await;
    for tenant in [ALPHA, BETA] {
        world.store.space(tenant).set_credential(&secret("EAAtoken"), &actor()).await.unwrap();
    }
    world
}

async fn claim(world: &World) -> MirrorClaim {
    let claims = world.store.claim_mirrors(10).await.unwrap();
    claims.into_iter().find(|claim| claim.cust_space_id == ALPHA).unwrap()
}

fn listed(group_id: &str) -> ListedGroup {
    ListedGroup { group_id: group_id.to_owned(), subject: Some("S".to_owned()), created_at: Some(at_second(0)) }
}

fn known(group_id: &str) -> GroupUpdate {
    GroupUpdate {
        group_id: group_id.to_owned(),
        subject: Some("S".to_owned()),
        description: Some(String::new()),
        join_approval_mode: Some("auto_approve".to_owned()),
        total_participant_count: Some(2),
        creation_timestamp: Some(at_second(0)),
        ..GroupUpdate::default()
    }
}

async fn lifecycle(world: &World, group_id: &str) -> GroupLifecycle {
    world.store.space(ALPHA).group(ALPHA_PHONE, group_id).await.unwrap().unwrap().lifecycle
}

#[tokio::test]
async fn a_number_is_compared_when_it_is_added_by_one_replica_and_of_an_active_tenant() {
    let world = World::with_tenants().await;
    assert!(world.store.claim_mirrors(10).await.unwrap().is_empty(), "nobody can be called for without a token");
    for tenant in [ALPHA, BETA] {
        world.store.space(tenant).set_credential(&secret("EAAtoken"), &actor()).await.unwrap();
    }
    world.store.space(BETA).suspend("unpaid", &actor()).await.unwrap();
    let other = connect(&world.database, KEY_A).await;
    let (mine, yours) = tokio::join!(world.store.claim_mirrors(10), other.claim_mirrors(10));
    let claims = [mine.unwrap(), yours.unwrap()].concat();
    assert_eq!(claims.iter().map(|claim| claim.cust_space_id.as_str()).collect::<Vec<_>>(), [ALPHA]);
}

#[tokio::test]
async fn what_is_due_comes_one_after_the_other_until_nothing_is() {
    let world = active().await;
    let (space, claim) = (world.store.space(ALPHA), claim(&world).await);
    let next = async || space.next_mirror_work(&claim).await.unwrap();
    assert_eq!(next().await, Some(MirrorWork::Number));
    space.record_number(ALPHA_PHONE, &NumberRecord::default(), HOUR).await.unwrap();
    assert_eq!(next().await, Some(MirrorWork::List));
    let now = OffsetDateTime::now_utc();
    space.record_complete_list(ALPHA_PHONE, now, &[listed("A"), listed("B")], HOUR).await.unwrap();
    for _ in 0..2 {
        let Some(MirrorWork::Group(group_id)) = next().await else { panic!("both groups have details to look up") };
        let now = OffsetDateTime::now_utc();
        space.record_group_details(ALPHA_PHONE, &group_id, now, Some(known(&group_id))).await.unwrap();
    }
    assert_eq!(next().await, None);
    let group = space.group(ALPHA_PHONE, "B").await.unwrap().unwrap();
    assert_eq!((group.total_participant_count, group.description.as_deref()), (Some(2), Some("")));
    let state = space.mirrors().await.unwrap().remove(0);
    assert_eq!((state.unknown_details, state.failure), (0, None));
    assert!(state.listed_at.is_some() && state.list_due > OffsetDateTime::now_utc());
}

#[tokio::test]
async fn a_claim_that_is_given_back_is_taken_up_after_its_pause_or_when_it_is_asked_for() {
    let world = active().await;
    let (space, first) = (world.store.space(ALPHA), claim(&world).await);
    assert!(world.store.claim_mirrors(10).await.unwrap().is_empty());
    space.release_mirror(&first, HOUR, Some("Meta was away")).await.unwrap();
    assert!(world.store.claim_mirrors(10).await.unwrap().is_empty());
    assert_eq!(space.mirrors().await.unwrap()[0].failure.as_deref(), Some("Meta was away"));
    let mut notifications = world.store.listen().await.unwrap();
    assert_eq!(space.request_reconciliation(None, &actor()).await.unwrap(), 1);
    assert_eq!(notifications.next().await, Notification::Mirrors);
    let second = claim(&world).await;
    assert_ne!(first.claim, second.claim);
    assert!(!space.renew_mirror_claim(&first).await.unwrap(), "the first claim is worth nothing now");
    assert_eq!(space.next_mirror_work(&first).await.unwrap(), None);
    assert!(space.renew_mirror_claim(&second).await.unwrap());
    assert_eq!(space.request_reconciliation(Some("100000000000077"), &actor()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_replica_that_died_loses_its_claim_when_its_lease_ends() {
    let world = active().await;
    let dead = claim(&world).await;
    let ended = "update mirrors set claimed_until = now() - interval '1 second' where claimed_until <= now() + interval '1 minute'";
    assert_eq!(sqlx::query(ended).execute(&world.owner().await).await.unwrap().rows_affected(), 2);
    assert_ne!(claim(&world).await.claim, dead.claim);
    world.store.space(ALPHA).release_mirror(&dead, Duration::ZERO, None).await.unwrap();
    assert!(world.store.claim_mirrors(10).await.unwrap().is_empty(), "the dead one gives nothing back");
}

#[tokio::test]
async fn what_a_complete_list_lacks_is_inactive_unless_something_was_told_of_it_since() {
    let world = active().await;
    let space = world.store.space(ALPHA);
    let asked_at = at_second(100) + Duration::from_millis(300);
    space.record_listed_groups(ALPHA_PHONE, at_second(50), &[listed("old"), listed("kept")]).await.unwrap();
    // In the second in which Meta was asked, and so perhaps after it.
    let joined = GroupUpdate { occurred_at: Some(at_second(100)), participants_delta: 1, ..GroupUpdate::default() };
    space.apply_group(ALPHA_PHONE, &GroupUpdate { group_id: "new".to_owned(), ..joined }).await.unwrap();
    space.record_complete_list(ALPHA_PHONE, asked_at, &[listed("kept")], HOUR).await.unwrap();
    assert_eq!(lifecycle(&world, "old").await, GroupLifecycle::Inactive);
    assert_eq!(lifecycle(&world, "kept").await, GroupLifecycle::Active);
    assert_eq!(lifecycle(&world, "new").await, GroupLifecycle::Active);
    space.record_complete_list(ALPHA_PHONE, at_second(200), &[listed("old"), listed("new")], HOUR).await.unwrap();
    assert_eq!(lifecycle(&world, "old").await, GroupLifecycle::Active, "a later list has it again");
    assert_eq!(lifecycle(&world, "kept").await, GroupLifecycle::Inactive);
}

#[tokio::test]
async fn a_list_that_is_not_complete_is_asked_for_again_later_and_changes_nothing() {
    let world = active().await;
    let (space, claim) = (world.store.space(ALPHA), claim(&world).await);
    space.record_listed_groups(ALPHA_PHONE, at_second(50), &[listed("G")]).await.unwrap();
    space.record_number(ALPHA_PHONE, &NumberRecord::default(), HOUR).await.unwrap();
    space.postpone_list(ALPHA_PHONE, HOUR, "a page was missing").await.unwrap();
    assert_eq!(space.next_mirror_work(&claim).await.unwrap(), Some(MirrorWork::Group("G".to_owned())));
    assert_eq!(lifecycle(&world, "G").await, GroupLifecycle::Active);
    assert_eq!(space.mirrors().await.unwrap()[0].failure.as_deref(), Some("a page was missing"));
}

#[tokio::test]
async fn what_meta_was_asked_and_what_a_webhook_says_of_the_same_second_is_the_webhooks() {
    let world = active().await;
    let space = world.store.space(ALPHA);
    let asked_at = at_second(100) + Duration::from_millis(300);
    let told = |of| GroupUpdate { group_id: "G".to_owned(), occurred_at: Some(at_second(100)), ..of };
    let looked = || GroupUpdate { suspended: Some(false), ..known("G") };
    let suspended = told(GroupUpdate { suspended: Some(true), ..GroupUpdate::default() });
    let joined = told(GroupUpdate { participants_delta: 1, ..GroupUpdate::default() });
    space.apply_group(ALPHA_PHONE, &suspended).await.unwrap();
    space.record_group_details(ALPHA_PHONE, "G", asked_at, Some(looked())).await.unwrap();
    let group = async || space.group(ALPHA_PHONE, "G").await.unwrap().unwrap();
    assert!(group().await.suspended, "the suspension may be younger than the answer");
    assert_eq!(group().await.total_participant_count, Some(2));
    space.apply_group(ALPHA_PHONE, &joined).await.unwrap();
    assert_eq!(group().await.total_participant_count, None, "whether he is among the two is not known");
    assert_eq!(space.mirrors().await.unwrap()[0].unknown_details, 1, "so Meta is asked again");
    let later = at_second(102) + Duration::from_millis(1);
    space.record_group_details(ALPHA_PHONE, "G", later, Some(looked())).await.unwrap();
    assert_eq!(group().await.total_participant_count, Some(2));
    assert!(!group().await.suspended);
}

#[tokio::test]
async fn somebody_who_joined_before_the_group_was_told_of_is_not_lost() {
    let world = active().await;
    let space = world.store.space(ALPHA);
    let told = |at, of| GroupUpdate { group_id: "G".to_owned(), occurred_at: Some(at_second(at)), ..of };
    let created =
        GroupUpdate { total_participant_count: Some(0), lifecycle: Some(GroupLifecycle::Active), ..known("G") };
    space
        .apply_group(ALPHA_PHONE, &told(5, GroupUpdate { participants_delta: 1, ..Default::default() }))
        .await
        .unwrap();
    space.apply_group(ALPHA_PHONE, &told(1, created)).await.unwrap();
    let group = space.group(ALPHA_PHONE, "G").await.unwrap().unwrap();
    assert_eq!(group.total_participant_count, None);
    assert_eq!(space.mirrors().await.unwrap()[0].unknown_details, 1);
}

#[tokio::test]
async fn a_number_that_stays_as_it_was_is_told_to_nobody() {
    let world = active().await;
    let space = world.store.space(ALPHA);
    let record = NumberRecord {
        verified_name: Some("Watch Shop".to_owned()),
        status: Some("LINKED".to_owned()),
        groups_eligible: Some(true),
        ..NumberRecord::default()
    };
    let mut notifications = world.store.listen().await.unwrap();
    space.record_number(ALPHA_PHONE, &record, HOUR).await.unwrap();
    assert_eq!(notifications.next().await, Notification::Tenants(ALPHA.to_owned()));
    space.record_number(ALPHA_PHONE, &record, HOUR).await.unwrap();
    world.store.space(BETA).suspend("marker", &actor()).await.unwrap();
    assert_eq!(notifications.next().await, Notification::Tenants(BETA.to_owned()));
    let number = space.numbers().await.unwrap().remove(0);
    assert_eq!((number.verified_name, number.status), (record.verified_name, record.status));
    assert_eq!(space.request_number_records(HOUR).await.unwrap(), 0, "it is fresh");
    assert_eq!(space.request_number_records(Duration::ZERO).await.unwrap(), 1);
}
