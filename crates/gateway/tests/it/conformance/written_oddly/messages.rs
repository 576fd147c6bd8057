//! Messages and their templates.

use serde_json::{Value, json};

use super::{Oddity, are_understood};

#[actix_web::test]
async fn a_message_is_understood_by_its_id_alone() {
    let whole = json!({
        "messaging_product": "whatsapp", "contacts": [{"input": "G", "wa_id": "G"}],
        "messages": [{"id": "wamid.X", "message_status": "accepted", "group_id": "G"}],
    });
    let of_hidden = json!({"contacts": [{"input": "US.1", "user_id": "US.1"}], "messages": [{"id": "wamid.X"}]});
    let bare = json!({"messages": [{"id": "wamid.X"}]});
    let mut all = Vec::new();
    for body in [whole, of_hidden, bare] {
        all.push(Oddity::new("SendChatappMessage", body.clone(), vec![("/MessageId", json!("wamid.X"))]));
        all.push(Oddity::new("SendChatGroupInvite", body, vec![("/List/0/MessageId", json!("wamid.X"))]));
    }
    for body in [json!({"messages": []}), json!({"messages": [{}]}), json!({"contacts": []}), json!("")] {
        let unknown = vec![("/RetrySafe", json!(false))];
        all.push(Oddity::new("SendChatappMessage", body.clone(), unknown.clone()).unreadable());
        all.push(Oddity::new("SendChatGroupInvite", body, unknown).unreadable());
    }
    are_understood(all).await;
}

#[actix_web::test]
async fn templates_are_understood_with_what_meta_tells_of_them() {
    let listed = |body, told| Oddity::new("ListChatGroupInviteTemplates", body, told);
    let copied = |body, told| Oddity::new("AddChatGroupInviteTemplate", body, told);
    // The library and the account answer alike here.
    let of_library = json!({"data": [
        {"name": "a", "language": "en", "category": "UTILITY", "topic": "GROUP_INVITE_LINK", "usecase": "U",
         "industry": [], "body": "Open {{1}}", "body_params": ["L"], "body_param_types": ["GROUP_ID"], "id": 7},
        {"language": "en"},
    ]});
    let told = vec![
        ("/Data/Library/0/LibraryTemplateName", json!("a")),
        ("/Data/Library/0/Body", json!("Open {{1}}")),
        ("/Data/Library/0/BodyParamTypes", json!(["GROUP_ID"])),
        ("/Data/Library/1", Value::Null),
    ];
    let none = vec![("/Data/Library", json!([])), ("/Data/Own", json!([]))];
    are_understood(vec![
        listed(of_library, told),
        listed(json!({"data": []}), none),
        copied(
            json!({"id": "594425479261596", "status": "PENDING", "category": "UTILITY"}),
            vec![("/TemplateId", json!("594425479261596")), ("/Status", json!("PENDING"))],
        ),
        copied(
            json!({"id": "7", "status": "IN_LIMBO"}),
            vec![("/TemplateId", json!("7")), ("/Status", json!("IN_LIMBO"))],
        ),
    ])
    .await;
}
