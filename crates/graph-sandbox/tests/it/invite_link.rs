//! A group's invite link: read, reset, taken away.

use actix_web::http::Method;
use graph_sandbox::DEMO_GROUP_ID_1;
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSandbox, code, whatsapp};

async fn link(sandbox: &TestSandbox, method: Method) -> Reply {
    let body = if method == Method::GET { Value::Null } else { whatsapp(json!({})) };
    sandbox.graph(method, &format!("{DEMO_GROUP_ID_1}/invite_link"), body).await
}

#[actix_web::test]
async fn a_link_stays_until_it_is_reset() {
    let sandbox = TestSandbox::start().await;
    let first = sandbox.link(DEMO_GROUP_ID_1).await;
    assert_eq!(sandbox.link(DEMO_GROUP_ID_1).await, first);
    let (status, reset) = link(&sandbox, Method::POST).await;
    assert_eq!((status, &reset["messaging_product"]), (200, &json!("whatsapp")));
    assert_ne!(reset["invite_link"], json!(first));
    assert_eq!(reset["invite_link"], json!(sandbox.link(DEMO_GROUP_ID_1).await));
}

#[actix_web::test]
async fn a_link_that_was_reset_no_longer_admits_anyone() {
    let sandbox = TestSandbox::start().await;
    let old = sandbox.link(DEMO_GROUP_ID_1).await;
    link(&sandbox, Method::POST).await;
    let (status, refused) = sandbox.join("16505550001", &old).await;
    assert_eq!((status, &refused["error"]["reason"]), (409, &json!("link_reset")));
    let new = sandbox.link(DEMO_GROUP_ID_1).await;
    assert_eq!(sandbox.join("16505550001", &new).await.0, 200);
}

#[actix_web::test]
async fn a_deleted_link_leaves_the_group_without_one_until_a_new_one_is_made() {
    let sandbox = TestSandbox::start().await;
    let old = sandbox.link(DEMO_GROUP_ID_1).await;
    let (status, deleted) = link(&sandbox, Method::DELETE).await;
    let expected = json!({ "messaging_product": "whatsapp", "success": "true" });
    assert_eq!((status, deleted), (200, expected));
    let bare = json!({ "messaging_product": "whatsapp" });
    assert_eq!(link(&sandbox, Method::GET).await, (200, bare));
    assert_eq!(link(&sandbox, Method::DELETE).await.1["success"], "false");
    assert_eq!(sandbox.join("16505550001", &old).await.0, 409);
    link(&sandbox, Method::POST).await;
    assert_ne!(sandbox.link(DEMO_GROUP_ID_1).await, old);
}

#[actix_web::test]
async fn changes_of_a_link_need_the_messaging_product() {
    let sandbox = TestSandbox::start().await;
    let path = format!("{DEMO_GROUP_ID_1}/invite_link");
    for method in [Method::POST, Method::DELETE] {
        assert_eq!(code(&sandbox.graph(method, &path, Value::Null).await), (400, 100));
    }
}
