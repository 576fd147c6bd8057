//! Lists of groups, page by page.

use actix_web::http::Method;
use graph_sandbox::SeedGroup;
use serde_json::{Value, json};

use crate::helpers::{Reply, TOKEN_1, TOKEN_2, TestSandbox, client, code, sent, settings, whatsapp};

const GROUPS: &str = "100000000000001/groups";

/// Two more groups than the three seeded ones.
async fn with_five_groups() -> TestSandbox {
    let sandbox = TestSandbox::start().await;
    for n in 4..=5 {
        sandbox.create_group(json!({ "subject": format!("Group {n}") })).await;
    }
    sandbox
}

fn subjects(reply: &Reply) -> Vec<String> {
    let groups = reply.1["data"]["groups"].as_array().unwrap().iter();
    groups.map(|group| group["subject"].as_str().unwrap().to_owned()).collect()
}

/// Follows one of the answer's links.
async fn follow(page: &Reply, side: &str) -> Reply {
    let url = page.1["paging"][side].as_str().unwrap();
    sent(client().get(url).bearer_auth(TOKEN_1), Value::Null).await.unwrap()
}

#[actix_web::test]
async fn links_lead_through_all_pages_and_back() {
    let sandbox = with_five_groups().await;
    let first = sandbox.get(&format!("{GROUPS}?limit=2")).await;
    assert_eq!(subjects(&first), ["Watch enthusiasts", "Spare group"]);
    assert!(first.1["paging"].get("previous").is_none());
    let listed = &first.1["data"]["groups"][0];
    assert!(listed["created_at"].as_str().unwrap().parse::<i64>().is_ok());
    let second = follow(&first, "next").await;
    assert_eq!(subjects(&second), ["By approval", "Group 4"]);
    let third = follow(&second, "next").await;
    assert_eq!(subjects(&third), ["Group 5"]);
    assert!(third.1["paging"].get("next").is_none());
    assert_eq!(follow(&third, "previous").await.1["data"], second.1["data"]);
    assert_eq!(subjects(&sandbox.get(GROUPS).await).len(), 5, "25 by default");
}

#[actix_web::test]
async fn a_wrong_cursor_is_131059_and_a_wrong_limit_100() {
    let sandbox = with_five_groups().await;
    let (_, first) = sandbox.get(&format!("{GROUPS}?limit=1")).await;
    let foreign = first["paging"]["cursors"]["after"].as_str().unwrap();
    let path = format!("100000000000002/groups?after={foreign}");
    let of_another_list = sandbox.graph_as(TOKEN_2, Method::GET, &path, Value::Null).await;
    assert_eq!(code(&of_another_list), (400, 131_059));
    assert_eq!(code(&sandbox.get(&format!("{GROUPS}?after=nonsense")).await), (400, 131_059));
    for limit in ["0", "1025", "-1", "many"] {
        let reply = sandbox.get(&format!("{GROUPS}?limit={limit}")).await;
        assert_eq!(code(&reply), (400, 100), "{limit}");
    }
    assert_eq!(sandbox.get(&format!("{GROUPS}?limit=1024")).await.0, 200);
}

#[actix_web::test]
async fn a_deleted_group_on_the_edge_of_a_page_does_not_break_the_next() {
    let sandbox = with_five_groups().await;
    let first = sandbox.get(&format!("{GROUPS}?limit=2")).await;
    let edge = first.1["data"]["groups"][1]["id"].as_str().unwrap();
    sandbox.graph(Method::DELETE, edge, Value::Null).await;
    sandbox.receiver.group_event(|event| event["type"] == "group_delete").await;
    assert_eq!(subjects(&follow(&first, "next").await), ["By approval", "Group 4"]);
}

#[actix_web::test]
async fn the_ten_thousandth_group_is_made_and_one_more_is_131211() {
    let mut settings = settings();
    let groups = &mut settings.seed.wabas[0].numbers[0].groups;
    groups.extend((4..10_000).map(|n| SeedGroup {
        group_id: format!("group{n}"),
        subject: format!("Group {n}"),
        description: None,
        participants: Vec::new(),
        needs_approval: false,
        join_requests: Vec::new(),
    }));
    assert_eq!(groups.len(), 9_999);
    let sandbox = TestSandbox::start_with(settings).await;
    let create = || sandbox.graph(Method::POST, GROUPS, whatsapp(json!({ "subject": "Last" })));
    assert_eq!(create().await.0, 200);
    assert_eq!(code(&create().await), (400, 131_211), "those under way count");
}
