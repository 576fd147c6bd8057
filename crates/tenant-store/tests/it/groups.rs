//! The mirror of groups.

use tenant_store::{GroupLifecycle, GroupUpdate, LearnedLink, ListedGroup};

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, World, at_second};

fn update(at: i64) -> GroupUpdate {
    GroupUpdate { group_id: "G1".to_owned(), occurred_at: Some(at_second(at)), ..GroupUpdate::default() }
}

fn listed(group_id: &str, subject: &str) -> ListedGroup {
    ListedGroup { group_id: group_id.to_owned(), subject: Some(subject.to_owned()), created_at: Some(at_second(0)) }
}

fn learned(group_id: &str, link: Option<&str>, at: i64) -> LearnedLink {
    LearnedLink {
        phone_number_id: ALPHA_PHONE.to_owned(),
        group_id: group_id.to_owned(),
        invite_link: link.map(str::to_owned),
        learned_at: at_second(at),
    }
}

#[tokio::test]
async fn an_older_event_does_not_undo_what_is_known_and_fields_move_alone() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let subject = |text: &str, at| GroupUpdate { subject: Some(text.to_owned()), ..update(at) };
    space.apply_group(ALPHA_PHONE, &subject("new", 20)).await.unwrap();
    space.apply_group(ALPHA_PHONE, &subject("old", 10)).await.unwrap();
    space.apply_group(ALPHA_PHONE, &GroupUpdate { suspended: Some(true), ..update(5) }).await.unwrap();
    space.apply_group(ALPHA_PHONE, &GroupUpdate { description: Some("late".to_owned()), ..update(7) }).await.unwrap();
    let group = space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap();
    assert_eq!(group.subject.as_deref(), Some("new"));
    assert_eq!((group.suspended, group.description.as_deref()), (true, Some("late")));
    assert_eq!(group.last_event_at, Some(at_second(20)));
}

#[tokio::test]
async fn a_deleted_group_stays_deleted_when_an_older_list_still_has_it() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let deleted = GroupUpdate { lifecycle: Some(GroupLifecycle::Inactive), ..update(20) };
    space.apply_group(ALPHA_PHONE, &deleted).await.unwrap();
    let lifecycle = async || space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap().lifecycle;
    space.record_listed_groups(ALPHA_PHONE, at_second(10), &[listed("G1", "Team")]).await.unwrap();
    assert_eq!(lifecycle().await, GroupLifecycle::Inactive);
    space.record_listed_groups(ALPHA_PHONE, at_second(30), &[listed("G1", "Team")]).await.unwrap();
    assert_eq!(lifecycle().await, GroupLifecycle::Active);
}

#[tokio::test]
async fn a_list_makes_groups_known_for_its_number_alone() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let groups = [listed("G1", "one"), listed("G2", "t\0wo"), listed("G1", "one again")];
    space.record_listed_groups(ALPHA_PHONE, at_second(1), &groups).await.unwrap();
    assert!(space.knows_group(ALPHA_PHONE, "G2").await.unwrap());
    assert!(!space.knows_group(ALPHA_PHONE, "G3").await.unwrap());
    assert!(!space.knows_group(BETA_PHONE, "G1").await.unwrap());
    assert!(!world.store.space(BETA).knows_group(ALPHA_PHONE, "G1").await.unwrap());
    let group = space.group(ALPHA_PHONE, "G2").await.unwrap().unwrap();
    assert_eq!((group.subject.as_deref(), group.creation_timestamp), (Some("t\u{fffd}wo"), Some(at_second(0))));
    assert_eq!((group.description, group.total_participant_count), (None, None));
}

#[tokio::test]
async fn the_groups_of_another_tenants_number_cannot_be_recorded() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    space.record_listed_groups(BETA_PHONE, at_second(1), &[listed("G1", "one")]).await.unwrap_err();
    space.apply_group(BETA_PHONE, &update(1)).await.unwrap_err();
    assert!(!world.store.space(BETA).knows_group(BETA_PHONE, "G1").await.unwrap());
}

#[tokio::test]
async fn the_link_learned_last_wins_and_a_removed_one_is_gone() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    space.apply_group(ALPHA_PHONE, &update(0)).await.unwrap();
    let link = async || space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap().invite_link;
    let batch = [learned("G1", Some("newest"), 9), learned("G1", Some("older"), 8), learned("unknown", Some("x"), 9)];
    space.record_invite_links(&batch).await.unwrap();
    assert_eq!(link().await.as_deref(), Some("newest"));
    space.record_invite_links(&[learned("G1", Some("old"), 3)]).await.unwrap();
    assert_eq!(link().await.as_deref(), Some("newest"));
    space.record_invite_links(&[learned("G1", None, 10)]).await.unwrap();
    assert_eq!(link().await, None);
    assert!(!space.knows_group(ALPHA_PHONE, "unknown").await.unwrap());
}

#[tokio::test]
async fn participants_are_counted_from_the_last_full_count() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let came = |delta, at| GroupUpdate { participants_delta: delta, ..update(at) };
    let count = async || space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap().total_participant_count;
    space.apply_group(ALPHA_PHONE, &came(1, 1)).await.unwrap();
    space.apply_group(ALPHA_PHONE, &came(1, 2)).await.unwrap();
    assert_eq!(count().await, None, "no full count is known yet");
    space.apply_group(ALPHA_PHONE, &GroupUpdate { total_participant_count: Some(3), ..update(10) }).await.unwrap();
    space.apply_group(ALPHA_PHONE, &came(1, 5)).await.unwrap();
    assert_eq!(count().await, Some(3), "that one is in the full count");
    space.apply_group(ALPHA_PHONE, &came(2, 11)).await.unwrap();
    assert_eq!(count().await, Some(5));
    space.apply_group(ALPHA_PHONE, &came(-9, 12)).await.unwrap();
    assert_eq!(count().await, None, "somebody must have come of whom nothing was told yet");
}

#[tokio::test]
async fn ten_thousand_listed_groups_are_recorded_in_one_go_and_again_without_a_change() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let groups: Vec<_> = (0..10_000).map(|number| listed(&format!("G{number}"), "Team")).collect();
    space.record_listed_groups(ALPHA_PHONE, at_second(1), &groups).await.unwrap();
    let before = space.group(ALPHA_PHONE, "G9999").await.unwrap().unwrap();
    space.record_listed_groups(ALPHA_PHONE, at_second(2), &groups).await.unwrap();
    assert_eq!(space.group(ALPHA_PHONE, "G9999").await.unwrap().unwrap(), before);
}
