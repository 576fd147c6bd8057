//! Participants: listed, and removed in whole, in part and not at all where the answer says so already.

use serde_json::{Value, json};

use super::{Oddity, are_understood, error};

#[actix_web::test]
async fn participants_are_understood_with_and_without_their_count_and_numbers() {
    let listed = |body, told| Oddity::new("ListChatGroupParticipants", body, told);
    let counted = json!({"id": "G", "total_participant_count": "2", "participants": [
        {"wa_id": "16505551234"}, {"user_id": "US.1", "username": "@mara"},
    ]});
    let told = vec![
        ("/Data/Total", json!(2)),
        ("/Data/List/0/ParticipantNumber", json!("16505551234")),
        ("/Data/List/1/ParticipantNumber", json!("US.1")),
        ("/Data/List/1/WaId", Value::Null),
        ("/Data/List/1/Username", json!("@mara")),
    ];
    are_understood(vec![
        listed(counted, told),
        listed(json!({"id": "G", "participants": [{"wa_id": "1"}]}), vec![("/Data/Total", json!(1))]),
        listed(json!({"id": "G", "messaging_product": "whatsapp"}), vec![("/Data/List", json!([]))]),
    ])
    .await;
}

#[actix_web::test]
async fn what_became_of_a_removal_is_understood_from_its_answer_as_from_its_webhook() {
    let removal = |body, told| {
        let list = json!([{"ParticipantNumber": "+1 650 555 1234"}, {"ParticipantNumber": "US.1"}]);
        Oddity::new("DeleteChatGroupParticipants", body, told).asked(json!({ "List": list }))
    };
    let failed = json!([{"input": "US.1", "errors": [error(131_212)]}]);
    let in_part = json!({
        "messaging_product": "whatsapp", "request_id": "R", "removed_participants": [{"input": "+16505551234"}],
        "failed_participants": failed, "errors": [error(131_201)],
    });
    let told_in_part = vec![
        ("/Result", json!(1)),
        ("/Failed/0/ParticipantNumber", json!("US.1")),
        ("/Failed/0/Code", json!(131_212)),
        ("/Failed/0/Message", json!("(#131212) Message")),
    ];
    let not_at_all = json!({
        "failed_participants": [{"input": "16505551234"}, {"input": "US.1"}], "errors": [error(131_212)],
    });
    let told_not_at_all = vec![
        ("/Failed/0/ParticipantNumber", json!("16505551234")),
        ("/Failed/1/ParticipantNumber", json!("US.1")),
        ("/Failed/1/Code", json!(131_212)),
        ("/Upstream/Code", json!(131_212)),
    ];
    are_understood(vec![
        removal(in_part.clone(), told_in_part.clone()).in_part().with_status(206),
        removal(in_part, told_in_part).in_part(),
        removal(not_at_all, told_not_at_all).refused().with_status(206),
        removal(
            json!({"removed_participants": [{"input": "+16505551234"}, {"input": "US.1"}]}),
            vec![("/Result", json!(2)), ("/Failed", json!([]))],
        ),
    ])
    .await;
}
