//! The list of groups: its order, its pages, its filters, and how long it takes with as many groups as Meta allows.

use std::time::{Duration, Instant};

use tenant_store::{
    ChangeStatus, GroupFilter, GroupLifecycle, GroupList, GroupStatus, GroupUpdate, ListedGroup, NewChange, Outcome,
};

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA_PHONE, World, actor, at_second, create, delete, new_number};

fn all(phone_number_ids: &[String]) -> GroupFilter<'_> {
    GroupFilter { phone_number_ids, subject: None, status: None, offset: 0, limit: 100 }
}

fn alphas() -> [String; 1] {
    [ALPHA_PHONE.to_owned()]
}

async fn list(world: &World, filter: &GroupFilter<'_>) -> GroupList {
    world.store.space(ALPHA).list_groups(filter).await.unwrap()
}

fn ids(list: &GroupList) -> Vec<&str> {
    list.groups.iter().map(|group| group.group_id.as_deref().unwrap_or("being created")).collect()
}

fn made(group_id: &str, subject: &str, at: Option<i64>) -> ListedGroup {
    ListedGroup { group_id: group_id.to_owned(), subject: Some(subject.to_owned()), created_at: at.map(at_second) }
}

async fn record(world: &World, groups: &[ListedGroup]) {
    world.store.space(ALPHA).record_listed_groups(ALPHA_PHONE, at_second(100), groups).await.unwrap();
}

async fn tell(world: &World, update: GroupUpdate) {
    world.store.space(ALPHA).apply_group(ALPHA_PHONE, &update).await.unwrap();
}

#[tokio::test]
async fn the_newest_come_first_then_the_order_of_their_ids() {
    let world = World::with_tenants().await;
    let groups = [
        made("B", "", Some(5)),
        made("A", "", Some(5)),
        made("Z", "", Some(9)),
        made("unknown", "", None),
        made("old", "", Some(1)),
    ];
    record(&world, &groups).await;
    let listed = list(&world, &all(&alphas())).await;
    assert_eq!((listed.total, ids(&listed)), (5, vec!["Z", "A", "B", "old", "unknown"]));
    world.store.space(ALPHA).begin_change(&create("On its way")).await.unwrap();
    let listed = list(&world, &all(&alphas())).await;
    assert_eq!((listed.total, ids(&listed)[0]), (6, "being created"));
    assert_eq!(listed.groups[0].status, GroupStatus::Creating);
    assert_eq!(listed.groups[0].subject.as_deref(), Some("On its way"));
}

#[tokio::test]
async fn every_page_has_the_total_also_one_behind_the_last() {
    let world = World::with_tenants().await;
    let groups: Vec<_> = (0..25).map(|number| made(&format!("G{number:02}"), "", Some(number))).collect();
    record(&world, &groups).await;
    let mut seen = Vec::new();
    for (offset, expected) in [(0, 10), (10, 10), (20, 5), (30, 0), (u64::MAX, 0)] {
        let page = list(&world, &GroupFilter { offset, limit: 10, ..all(&alphas()) }).await;
        assert_eq!((page.total, page.groups.len()), (25, expected), "{offset}");
        seen.extend(page.groups.into_iter().filter_map(|group| group.group_id));
    }
    let newest_first: Vec<String> = (0..25).rev().map(|number| format!("G{number:02}")).collect();
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn a_subject_is_found_by_any_part_in_any_case_and_script() {
    let world = World::with_tenants().await;
    let subjects = ["Straße 9", "ΟΔΟΣ και", "a\u{308}rger", "100% sicher", "under_score", "ЗАКАЗ №1", "nul\0in", "🎉"];
    let groups: Vec<_> =
        subjects.iter().enumerate().map(|(at, subject)| made(&format!("G{at}"), subject, Some(1))).collect();
    record(&world, &groups).await;
    world.store.space(ALPHA).begin_change(&create("Ärger im Anmarsch")).await.unwrap();
    for (part, found) in [
        ("STRASSE", vec!["G0"]),
        ("οδος", vec!["G1"]),
        ("ÄRGER", vec!["being created", "G2"]),
        ("%", vec!["G3"]),
        ("_", vec!["G4"]),
        ("заказ", vec!["G5"]),
        ("nul\0in", vec!["G6"]),
        ("🎉", vec!["G7"]),
        ("nowhere", vec![]),
        ("'; drop table groups; --", vec![]),
    ] {
        let listed = list(&world, &GroupFilter { subject: Some(part), ..all(&alphas()) }).await;
        assert_eq!((ids(&listed), listed.total), (found.clone(), found.len() as u64), "{part}");
    }
    tell(&world, GroupUpdate { group_id: "G0".to_owned(), subject: Some("Renamed".to_owned()), ..Default::default() })
        .await;
    assert_eq!(list(&world, &GroupFilter { subject: Some("straße"), ..all(&alphas()) }).await.total, 0);
    assert_eq!(list(&world, &GroupFilter { subject: Some("RENAMED"), ..all(&alphas()) }).await.total, 1);
}

#[tokio::test]
async fn a_group_stands_as_its_open_change_says_and_a_suspension_wins() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    record(&world, &["A", "D", "U", "S", "I"].map(|id| made(id, "", Some(1)))).await;
    let suspended = GroupUpdate { group_id: "S".to_owned(), suspended: Some(true), ..Default::default() };
    tell(&world, suspended).await;
    let gone = GroupLifecycle::Inactive;
    tell(&world, GroupUpdate { group_id: "I".to_owned(), lifecycle: Some(gone), ..Default::default() }).await;
    let update = |id| NewChange { operation: "UpdateChatGroup".to_owned(), ..delete(id) };
    for change in [delete("D"), update("D"), update("U"), delete("S"), delete("I")] {
        space.begin_change(&change).await.unwrap();
    }
    let creating = space.begin_change(&create("New")).await.unwrap();
    let with =
        async |status| ids(&list(&world, &GroupFilter { status: Some(status), ..all(&alphas()) }).await).join(" ");
    assert_eq!(with(GroupStatus::Active).await, "A");
    assert_eq!(with(GroupStatus::Deleting).await, "D");
    assert_eq!(with(GroupStatus::Updating).await, "U");
    assert_eq!(with(GroupStatus::Suspended).await, "S");
    assert_eq!(with(GroupStatus::Inactive).await, "I");
    assert_eq!(with(GroupStatus::Creating).await, "being created");
    assert_eq!(list(&world, &all(&alphas())).await.total, 5, "without a filter all but what is inactive");
    for group in list(&world, &all(&alphas())).await.groups {
        let Some(id) = group.group_id.clone() else { continue };
        assert!(space.group_summary(&id).await.unwrap() == Some(group), "{id} alone is as in the list");
    }
    let gone = space.group_summary("I").await.unwrap().map(|group| group.status);
    assert_eq!(gone, Some(GroupStatus::Inactive), "one that is gone is there by its ID");
    assert!(space.group_summary("nobody's").await.unwrap().is_none());
    space.settle_change(creating, &Outcome::failed(serde_json::json!([]))).await.unwrap();
    assert_eq!(with(GroupStatus::Creating).await, "");
}

#[tokio::test]
async fn a_delete_that_was_found_out_about_later_ends_the_group() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    record(&world, &[made("G", "", Some(1))]).await;
    let code = space.begin_change(&delete("G")).await.unwrap();
    space.settle_change(code, &Outcome::of(ChangeStatus::Succeeded)).await.unwrap();
    assert_eq!(list(&world, &all(&alphas())).await.total, 0);
}

#[tokio::test]
async fn only_groups_of_the_numbers_that_are_named_are_listed() {
    let world = World::with_tenants().await;
    let other = "100000000000009";
    let space = world.store.space(ALPHA);
    space.add_number(&new_number("15550000009", other), &actor()).await.unwrap();
    record(&world, &[made("A", "", Some(1))]).await;
    space.record_listed_groups(other, at_second(100), &[made("B", "", Some(2))]).await.unwrap();
    let both = [ALPHA_PHONE.to_owned(), other.to_owned()];
    assert_eq!(ids(&list(&world, &all(&both)).await), ["B", "A"]);
    assert_eq!(ids(&list(&world, &all(&alphas())).await), ["A"]);
    let foreign = [BETA_PHONE.to_owned()];
    assert_eq!(list(&world, &all(&foreign)).await.total, 0);
    assert_eq!(list(&world, &all(&[])).await.total, 0);
}

#[tokio::test]
async fn what_is_told_again_modifies_nothing() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let update = GroupUpdate {
        group_id: "G".to_owned(),
        occurred_at: Some(at_second(1)),
        subject: Some("S".to_owned()),
        ..GroupUpdate::default()
    };
    space.apply_group(ALPHA_PHONE, &update).await.unwrap();
    let before = space.group(ALPHA_PHONE, "G").await.unwrap().unwrap().modified_at;
    space.apply_group(ALPHA_PHONE, &GroupUpdate { occurred_at: Some(at_second(9)), ..update.clone() }).await.unwrap();
    assert_eq!(space.group(ALPHA_PHONE, "G").await.unwrap().unwrap().modified_at, before);
    let renamed = GroupUpdate { subject: Some("T".to_owned()), occurred_at: Some(at_second(10)), ..update };
    space.apply_group(ALPHA_PHONE, &renamed).await.unwrap();
    assert!(space.group(ALPHA_PHONE, "G").await.unwrap().unwrap().modified_at > before);
}

/// The quickest of seven: how long the rest took is also the machine's affair.
async fn quickest(world: &World, filter: &GroupFilter<'_>) -> Duration {
    let mut times = Vec::new();
    for _ in 0..7 {
        let begun = Instant::now();
        list(world, filter).await;
        times.push(begun.elapsed());
    }
    times.into_iter().min().unwrap()
}

#[tokio::test]
async fn of_ten_thousand_groups_the_last_page_takes_no_longer_than_the_first() {
    let world = World::with_tenants().await;
    let groups: Vec<_> =
        (0..10_000).map(|number| made(&format!("G{number:05}"), &format!("Order {number}"), Some(number))).collect();
    record(&world, &groups).await;
    let ids = alphas();
    let (first, last) = (all(&ids), GroupFilter { offset: 9_900, ..all(&ids) });
    let page = list(&world, &last).await;
    assert_eq!((page.total, page.groups.len()), (10_000, 100));
    assert_eq!(page.groups[99].group_id.as_deref(), Some("G00000"));
    let (of_first, of_last) = (quickest(&world, &first).await, quickest(&world, &last).await);
    println!("10,000 groups: the first page takes {of_first:?}, the last {of_last:?}");
    assert!(of_last < of_first * 3 + Duration::from_millis(20), "{of_first:?}, {of_last:?}");
    let filtered = list(&world, &GroupFilter { subject: Some("ORDER 777"), ..all(&ids) }).await;
    assert_eq!(filtered.total, 11, "777, and 7770 to 7779");
}
