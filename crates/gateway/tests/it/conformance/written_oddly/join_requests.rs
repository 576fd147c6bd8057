//! Join requests: listed, and decided on in whole, in part and not at all.

use serde_json::{Value, json};

use super::{Oddity, are_understood, error};

#[actix_web::test]
async fn a_join_request_is_understood_of_a_user_without_a_number() {
    let listed = |body, told| Oddity::new("ListChatGroupJoinRequests", body, told);
    let of_both = json!({
        "data": [
            {"join_request_id": "A", "wa_id": "16505551234", "creation_timestamp": "1755548877"},
            {"join_request_id": "B", "user_id": "US.1", "username": "@mara", "creation_timestamp": 1_755_548_877},
        ],
        "paging": {"cursors": {"before": "b", "after": "a"}},
    });
    let told = vec![
        ("/Data/List/0/JoinRequestId", json!("A")),
        ("/Data/List/0/WaId", json!("16505551234")),
        ("/Data/List/0/CreationTimestamp", json!(1_755_548_877)),
        ("/Data/List/1/WaId", Value::Null),
        ("/Data/List/1/UserId", json!("US.1")),
        ("/Data/List/1/Username", json!("@mara")),
        ("/Data/After", json!("a")),
        ("/Data/Before", json!("b")),
    ];
    let none = vec![("/Data/List", json!([])), ("/Data/After", Value::Null), ("/Data/Before", Value::Null)];
    are_understood(vec![
        listed(of_both, told),
        listed(json!({"data": []}), none),
        listed(json!({"paging": {}}), vec![]).unreadable(),
    ])
    .await;
}

/// What Meta answers to a decision on `JR1` and `JR2`, under the name of this list, and what our answer calls it.
fn decisions(operation: &'static str, done: &str, told: [&'static str; 2]) -> Vec<Oddity> {
    let [all, first] = told;
    let failed = |id: &str, code: i64| json!([{"join_request_id": id, "errors": [error(code)]}]);
    let of = |body, told| Oddity::new(operation, body, told).asked(json!({"List": ["JR1", "JR2"]}));
    let in_part = json!({
        "messaging_product": "whatsapp", done: ["JR1"],
        "failed_join_requests": failed("JR2", 131_203), "errors": [error(131_201)],
    });
    let told_in_part = vec![
        (all, json!(["JR1"])),
        ("/Failed/0/JoinRequestId", json!("JR2")),
        ("/Failed/0/Code", json!(131_203)),
        ("/Failed/0/Message", json!("(#131203) Message")),
        ("/Failed/0/Details", json!("Details of 131203")),
        ("/Errors/0/Code", json!(131_201)),
    ];
    let not_at_all = json!({
        done: [], "errors": [error(131_213)],
        "failed_join_requests": [
            {"join_request_id": "JR1", "errors": [error(131_213)]},
            {"join_request_id": "JR2", "errors": [{"code": "131213", "title": "Only a title"}]},
        ],
    });
    let told_not_at_all = vec![
        ("/Failed/0/JoinRequestId", json!("JR1")),
        ("/Failed/1/Code", json!(131_213)),
        ("/Failed/1/Message", json!("Only a title")),
        ("/Upstream/Code", json!(131_213)),
    ];
    vec![
        of(json!({"messaging_product": "whatsapp", done: ["JR1", "JR2"]}), vec![(all, json!(["JR1", "JR2"]))]),
        of(json!({done: ["JR1", "JR2"], "failed_join_requests": [], "errors": []}), vec![("/Failed", json!([]))]),
        of(json!({"messaging_product": "whatsapp"}), vec![(first, json!("JR1"))]),
        of(in_part.clone(), told_in_part.clone()).in_part().with_status(206),
        of(in_part, told_in_part).in_part(),
        of(not_at_all.clone(), told_not_at_all.clone()).refused().with_status(206),
        of(not_at_all, told_not_at_all).refused(),
    ]
}

#[actix_web::test]
async fn a_decision_is_understood_in_whole_in_part_and_not_at_all() {
    let approved = ["/Approved", "/Approved/0"];
    are_understood(decisions("ApproveChatGroupJoinRequests", "approved_join_requests", approved)).await;
    let rejected = ["/Rejected", "/Rejected/0"];
    are_understood(decisions("RejectChatGroupJoinRequests", "rejected_join_requests", rejected)).await;
}
