//! Groups, their settings and links.

use serde_json::{Value, json};

use super::{Oddity, are_understood};

#[actix_web::test]
async fn a_group_is_understood_in_strings_without_members_and_with_hidden_numbers() {
    let one_call = json!({"IncludeInviteLink": false});
    let in_strings = json!({
        "messaging_product": "whatsapp", "id": "G", "subject": "S", "creation_timestamp": "683731200",
        "suspended": "false", "description": "D", "total_participant_count": "2",
        "participants": [{"wa_id": "2228675309"}], "join_approval_mode": "auto_approve",
    });
    let hidden = json!({
        "id": "G", "suspended": "true", "total_participant_count": 3, "creation_timestamp": 683_731_200,
        "participants": [
            {"user_id": "US.13491208655302741918", "username": "@mara", "country_code": "US"},
            {"wa_id": "", "user_id": "US.2", "parent_user_id": "US.ENT.3"},
            {"wa_id": 16_505_551_234_u64},
        ],
        "join_approval_mode": "by_a_committee",
    });
    let bare = json!({"id": "G", "messaging_product": "whatsapp"});
    let told_in_strings = vec![
        ("/Data/CreationTimestamp", json!(683_731_200)),
        ("/Data/Suspended", json!(false)),
        ("/Data/GroupStatus", json!("ACTIVE")),
        ("/Data/TotalParticipantCount", json!(2)),
        ("/Data/Participants/0/ParticipantNumber", json!("2228675309")),
        ("/Data/Participants/0/UserId", Value::Null),
    ];
    let told_hidden = vec![
        ("/Data/GroupStatus", json!("SUSPENDED")),
        ("/Data/JoinApprovalMode", Value::Null),
        ("/Data/Participants/0/ParticipantNumber", json!("US.13491208655302741918")),
        ("/Data/Participants/0/WaId", Value::Null),
        ("/Data/Participants/0/Username", json!("@mara")),
        ("/Data/Participants/1/ParticipantNumber", json!("US.2")),
        ("/Data/Participants/1/ParentUserId", json!("US.ENT.3")),
        ("/Data/Participants/2/WaId", json!("16505551234")),
    ];
    let told_bare = vec![
        ("/Data/Subject", Value::Null),
        ("/Data/TotalParticipantCount", Value::Null),
        ("/Data/Participants", json!([])),
        ("/Data/Suspended", json!(false)),
    ];
    let group = |body, told| Oddity::new("GetChatGroup", body, told).asked(one_call.clone());
    are_understood(vec![group(in_strings, told_in_strings), group(hidden, told_hidden), group(bare, told_bare)]).await;
}

#[actix_web::test]
async fn that_a_change_was_accepted_is_understood_from_any_success() {
    let accepted = |operation, told: &[(&'static str, Value)]| {
        let bodies = [
            json!({"messaging_product": "whatsapp", "request_id": "784D93D0C468593037EA0B1ECA245D9C"}),
            json!({"request_id": 106_540_352_242_922_u64}),
            json!({"success": true}),
            json!({"success": "true"}),
            json!({"messaging_product": "whatsapp", "request_id": "R", "status": "success"}),
            json!({}),
            json!(""),
        ];
        let oddities = bodies.into_iter().map(|body| Oddity::new(operation, body, told.to_vec()));
        oddities
            .flat_map(|oddity| [200, 202].map(|status| (status, oddity.body.clone(), oddity.told.clone())))
            .map(move |(status, body, told)| Oddity::new(operation, body, told).with_status(status))
            .collect::<Vec<_>>()
    };
    let mut all = accepted("AddChatGroup", &[("/GroupId", Value::Null)]);
    all.extend(accepted("DeleteChatGroup", &[("/Result", json!(1)), ("/GroupStatus", Value::Null)]));
    all.extend(accepted("UpdateChatGroup", &[("/Result", json!(1)), ("/Fields", Value::Null)]));
    all.extend(accepted("DeleteChatGroupParticipants", &[("/Result", json!(1)), ("/Failed", Value::Null)]));
    all.extend(accepted("AddChatGroupParticipants", &[("/Result", json!(1)), ("/Failed", Value::Null)]));
    are_understood(all).await;
}

#[actix_web::test]
async fn a_link_is_understood_with_and_without_what_stands_around_it() {
    let link = "https://chat.whatsapp.com/AbC";
    let removed = |body, result: u8| Oddity::new("DeleteChatGroupInviteLink", body, vec![("/Result", json!(result))]);
    let now = |body, link: Value| Oddity::new("GetChatGroupInviteLink", body, vec![("/InviteLink", link)]);
    let new = |body, link: Value| Oddity::new("AddChatGroupInviteLink", body, vec![("/InviteLink", link)]);
    are_understood(vec![
        removed(json!({"messaging_product": "whatsapp", "success": "true"}), 1),
        removed(json!({"success": true}), 1),
        removed(json!({"success": "false"}), 0),
        removed(json!({"messaging_product": "whatsapp"}), 1),
        removed(json!(""), 1),
        now(json!({"messaging_product": "whatsapp", "invite_link": link}), json!(link)),
        now(json!({"invite_link": link}), json!(link)),
        now(json!({"messaging_product": "whatsapp"}), Value::Null),
        now(json!({"messaging_product": "whatsapp", "invite_link": null}), Value::Null),
        now(json!({}), Value::Null).unreadable(),
        new(json!({"invite_link": link, "x": 1}), json!(link)),
        new(json!({"messaging_product": "whatsapp"}), Value::Null).unreadable(),
    ])
    .await;
}
