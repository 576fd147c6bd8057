//! The mirror of groups: what `ListChatGroup` shows, kept by webhooks and compared with Meta's lists.

use std::time::Duration;

use serde_json::{Value, json};
use tenant_store::{GroupFilter, GroupStatus, GroupSummary};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::{APP_SECRET, TestApp, actor, eventually, superuser};

async fn list(app: &TestApp, filters: Value) -> Value {
    let mut parameters = json!({"Page": {"Index": 1, "Size": 100}});
    parameters.as_object_mut().unwrap().extend(filters.as_object().unwrap().clone());
    app.client.call("ListChatGroup", &app.first, parameters).await.expect(200, "OK")["Data"].clone()
}

/// Waits until the list is as wanted.
async fn listed(app: &TestApp, what: &str, filters: Value, is_wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let data = list(app, filters.clone()).await;
        is_wanted(&data).then_some(data)
    })
    .await
}

fn is_known(group: &Value) -> bool {
    ["Subject", "Description", "JoinApprovalMode", "TotalParticipantCount", "CreationTimestamp"]
        .iter()
        .all(|field| !group[*field].is_null())
}

#[actix_web::test]
async fn groups_that_meta_has_are_found_and_their_details_looked_up() {
    let app = TestApp::with_mirrors().await;
    let data = listed(&app, "all groups are known", json!({}), |data| {
        data["Total"] == 3 && data["List"].as_array().unwrap().iter().all(is_known)
    })
    .await;
    let groups = data["List"].as_array().unwrap();
    let group = groups.iter().find(|group| group["GroupId"] == app.first.group_id).unwrap();
    assert_eq!(group["Subject"], "Watch enthusiasts");
    assert_eq!(group["TotalParticipantCount"], 2);
    assert_eq!((&group["GroupStatus"], &group["BusinessRole"]), (&json!("ACTIVE"), &json!("ADMIN")));
    assert_eq!(app.sandbox.count("GET", &format!("/v23.0/{}", app.first.group_id)).await, 1, "one call a group");
    let second = app.client.call("ListChatGroup", &app.second, json!({"Page": {"Index": 1, "Size": 10}})).await;
    assert!(!second.text.contains(app.first.group_id), "another tenant's groups are not listed");
}

#[actix_web::test]
async fn the_gateways_own_calls_are_a_second_apart_for_each_number() {
    let app = TestApp::with_mirrors().await;
    listed(&app, "all groups are known", json!({}), |data| {
        data["Total"] == 3 && data["List"].as_array().unwrap().iter().all(is_known)
    })
    .await;
    let groups = [app.first.group_id, app.first.spare_group_id, graph_sandbox::DEMO_APPROVAL_GROUP_ID_1];
    let own = [&[app.first.phone_number_id][..], &groups].concat();
    let asked = app.sandbox.requests().await;
    let mut times: Vec<_> = asked
        .iter()
        .filter(|request| own.iter().any(|id| request["path"].as_str().unwrap().contains(id)))
        .map(|request| OffsetDateTime::parse(request["time"].as_str().unwrap(), &Rfc3339).unwrap())
        .collect();
    times.sort();
    assert_eq!(times.len(), 5, "the number, its list, and three groups");
    // Meta may see one late, and the next one soon after it; all of them take their seconds.
    let apart = times.windows(2).filter(|pair| pair[1] - pair[0] > Duration::from_millis(900)).count();
    let all = times[times.len() - 1] - times[0];
    assert!(apart >= 2 && all > Duration::from_millis(2900), "{times:?}");
}

#[actix_web::test]
async fn a_group_that_a_complete_list_no_longer_has_becomes_inactive() {
    let app = TestApp::with_mirrors().await;
    listed(&app, "all groups are listed", json!({}), |data| data["Total"] == 3).await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    app.sandbox.graph(app.first.graph_token, "DELETE", app.first.spare_group_id).await;
    let inactive = eventually("the group is gone from Meta's list, and compared", async || {
        app.store.space(app.first.cust_space_id).request_reconciliation(None, &actor()).await.unwrap();
        let data = list(&app, json!({"GroupStatus": "INACTIVE"})).await;
        (data["Total"] == 1).then_some(data)
    })
    .await;
    assert_eq!(inactive["List"][0]["GroupId"], app.first.spare_group_id);
    let left = list(&app, json!({})).await;
    assert_eq!((&left["Total"], &left["List"][0]["GroupId"]), (&json!(2), &json!(app.first.group_id)));
}

#[actix_web::test]
async fn a_list_that_is_not_complete_changes_nothing() {
    let app = TestApp::with_mirrors().await;
    listed(&app, "all groups are listed", json!({}), |data| data["Total"] == 3).await;
    let path = format!("/v23.0/{}/groups", app.first.phone_number_id);
    let fault = json!({"method": "GET", "path": path, "body": {"data": {}}, "http_status": 200, "count": 1000});
    app.sandbox.fail(fault).await;
    let space = app.store.space(app.first.cust_space_id);
    space.request_reconciliation(Some(app.first.phone_number_id), &actor()).await.unwrap();
    let failure = eventually("the list was asked for", async || {
        let failure = space.mirrors().await.unwrap().remove(0).failure;
        if failure.is_none() {
            space.request_reconciliation(None, &actor()).await.unwrap();
        }
        failure
    })
    .await;
    assert!(failure.contains("no groups"), "{failure}");
    assert_eq!(list(&app, json!({})).await["Total"], 3);
}

#[actix_web::test]
async fn two_replicas_compare_a_number_once() {
    let app = TestApp::with_mirrors().await;
    let (_client, running) = app.replica().await;
    listed(&app, "all groups are known", json!({}), |data| {
        data["Total"] == 3 && data["List"].as_array().unwrap().iter().all(is_known)
    })
    .await;
    assert_eq!(app.sandbox.count("GET", &format!("/{}/groups", app.first.phone_number_id)).await, 1);
    assert_eq!(app.sandbox.count("GET", &format!("/v23.0/{}", app.first.group_id)).await, 1);
    running.stop(Duration::from_secs(1)).await;
}

const MADE: i64 = 1_763_712_000;

/// An event of the group `G`, so many seconds after it was made.
fn event(field: &str, after: i64, of: Value) -> (String, Value) {
    let mut group = json!({"timestamp": (MADE + after).to_string(), "group_id": "G"});
    group.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    (field.to_owned(), group)
}

async fn send(app: &TestApp, (field, group): &(String, Value)) {
    let number = json!({"display_phone_number": "15550000001", "phone_number_id": app.first.phone_number_id});
    let value = json!({"messaging_product": "whatsapp", "metadata": number, "groups": [group]});
    let entry = json!({"id": app.first.waba_id, "changes": [{"field": field, "value": value}]});
    let body = json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string().into_bytes();
    assert_eq!(app.webhook(APP_SECRET, &body, &[]).await.status, 200);
}

/// Waits until all events are routed, and forgets the group and them, so that the next order begins anew.
async fn group_after(app: &TestApp, events: &[&(String, Value)]) -> GroupSummary {
    for event in events {
        send(app, event).await;
    }
    let mut database = superuser(&app.database).await;
    eventually("all events are routed", async || {
        let open: i64 = sqlx::query_scalar("select count(*) from events where state = 'received'")
            .fetch_one(&mut database)
            .await
            .unwrap();
        (open == 0).then_some(())
    })
    .await;
    let (ids, space) = ([app.first.phone_number_id.to_owned()], app.store.space(app.first.cust_space_id));
    let filter = GroupFilter { phone_number_ids: &ids, subject: None, status: None, offset: 0, limit: 10 };
    let inactive = GroupFilter { status: Some(GroupStatus::Inactive), ..filter };
    let mut groups = space.list_groups(&filter).await.unwrap().groups;
    groups.extend(space.list_groups(&inactive).await.unwrap().groups);
    for table in ["events", "event_fingerprints", "groups"] {
        let statement = sqlx::AssertSqlSafe(format!("delete from {table}"));
        sqlx::query(statement).execute(&mut database).await.unwrap();
    }
    assert_eq!(groups.len(), 1, "{groups:?}");
    groups.remove(0)
}

/// Every order of a few, and some of many.
fn orders<T>(items: &[T]) -> Vec<Vec<&T>> {
    let forward: Vec<&T> = items.iter().collect();
    let mut orders: Vec<Vec<&T>> =
        (0..items.len()).map(|start| forward.iter().cycle().skip(start).take(items.len()).copied().collect()).collect();
    let backward: Vec<Vec<&T>> = orders.iter().map(|order| order.iter().rev().copied().collect()).collect();
    orders.extend(backward);
    let doubled = forward.iter().flat_map(|item| [*item, *item]).collect();
    let again = forward.iter().chain(&forward).copied().collect();
    orders.extend([doubled, again]);
    orders
}

#[actix_web::test]
async fn webhooks_of_every_kind_in_any_order_and_twice_tell_the_same_of_a_group() {
    let app = TestApp::start().await;
    let error = json!({"code": 131_000, "message": "(#131000) Something went wrong", "title": "Something went wrong"});
    let user = json!({"wa_id": "16505551234", "user_id": "US.1"});
    let events = [
        event(
            "group_lifecycle_update",
            0,
            json!({"type": "group_create", "request_id": "R1", "subject": "First name",
            "description": "First", "invite_link": "https://chat.whatsapp.com/X", "join_approval_mode": "auto_approve"}),
        ),
        event(
            "group_settings_update",
            10,
            json!({"type": "group_settings_update", "request_id": "R2",
            "group_subject": {"text": "Second name", "update_successful": true},
            "group_description": {"text": "Never", "update_successful": false, "errors": [error]}, "errors": [error]}),
        ),
        event(
            "group_participants_update",
            20,
            json!({"type": "group_participants_add", "reason": "invite_link",
            "added_participants": [user, {"wa_id": "16505555678"}]}),
        ),
        event(
            "group_participants_update",
            25,
            json!({"type": "group_join_request_created", "join_request_id": "J",
            "wa_id": "16505550000"}),
        ),
        event(
            "group_participants_update",
            26,
            json!({"type": "group_join_request_revoked", "join_request_id": "J",
            "wa_id": "16505550000"}),
        ),
        event(
            "group_participants_update",
            30,
            json!({"type": "group_participants_remove", "request_id": "R3",
            "removed_participants": [{"input": "16505551234"}], "failed_participants": [{"input": "1", "errors": [error]}],
            "errors": [error], "initiated_by": "business"}),
        ),
        event("group_status_update", 40, json!({"type": "group_suspend"})),
        event("group_status_update", 50, json!({"type": "group_suspend_cleared"})),
        event("group_lifecycle_update", 60, json!({"type": "group_delete", "request_id": "R4", "errors": [error]})),
    ];
    for order in orders(&events) {
        let group = group_after(&app, &order).await;
        let kinds: Vec<&Value> = order.iter().map(|(_, group)| &group["type"]).collect();
        assert_eq!(group.subject.as_deref(), Some("Second name"), "{kinds:?}");
        assert_eq!(group.description.as_deref(), Some("First"), "{kinds:?}");
        assert_eq!(group.invite_link.as_deref(), Some("https://chat.whatsapp.com/X"), "{kinds:?}");
        assert_eq!(group.status, GroupStatus::Active, "{kinds:?}");
        assert_eq!(group.creation_timestamp.map(OffsetDateTime::unix_timestamp), Some(MADE), "{kinds:?}");
        // Where the count cannot be told from the order of the events, Meta is asked.
        assert!(matches!(group.total_participant_count, Some(1) | None), "{kinds:?}: {group:?}");
    }
}

#[actix_web::test]
async fn a_deleted_group_stays_deleted_whatever_comes_late() {
    let app = TestApp::start().await;
    let events = [
        event(
            "group_lifecycle_update",
            0,
            json!({"type": "group_create", "request_id": "R1", "subject": "S",
            "invite_link": "https://chat.whatsapp.com/X"}),
        ),
        event(
            "group_participants_update",
            0,
            json!({"type": "group_participants_add",
            "added_participants": [{"wa_id": "16505551234"}]}),
        ),
        // In the same second.
        event("group_lifecycle_update", 0, json!({"type": "group_delete", "request_id": "R2"})),
    ];
    for order in orders(&events) {
        assert_eq!(group_after(&app, &order).await.status, GroupStatus::Inactive, "{order:?}");
    }
}

#[actix_web::test]
async fn a_group_that_could_not_be_made_is_not_listed() {
    let app = TestApp::start().await;
    let error = json!({"code": 131_211, "message": "(#131211) Group create limit reached"});
    let failed = json!({"type": "group_create", "request_id": "R1", "subject": "S", "errors": [error]});
    send(&app, &event("group_lifecycle_update", 0, failed)).await;
    let known = event("group_status_update", 1, json!({"type": "group_suspend", "group_id": "H"}));
    let group = group_after(&app, &[&known]).await;
    assert_eq!((group.group_id.as_deref(), group.status), (Some("H"), GroupStatus::Suspended));
}
