//! Whoever signs reaches the tenants of its key, and no other, whatever mix of IDs it sends.

use serde_json::json;

use crate::matrix::rows;
use crate::support::{TestApp, with_tenant};

#[actix_web::test]
async fn no_operation_reaches_another_tenant_its_number_or_its_group() {
    let app = TestApp::start().await;
    let (first, second) = (&app.first, &app.second);
    for row in rows() {
        let foreign = app.client.rpc(&first.key, row.operation, &row.about(second)).await;
        assert_eq!(foreign.code(), "Forbidden.Tenant", "{}", row.operation);
        let mut number = row.about(first);
        let named = if number.get("From").is_some() { "From" } else { "BusinessNumber" };
        number[named] = json!(second.business_number);
        let answer = app.client.rpc(&first.key, row.operation, &number).await;
        assert_eq!(answer.code(), "BusinessNumber.NotFound", "{}: {}", row.operation, answer.text);
        if row.about(first).get("GroupId").is_some() {
            let mut group = row.about(first);
            group["GroupId"] = json!(second.group_id);
            let answer = app.client.rpc(&first.key, row.operation, &group).await;
            assert_eq!(answer.code(), "Group.NotFound", "{}: {}", row.operation, answer.text);
        }
    }
    assert_eq!(app.sandbox.count("POST", second.group_id).await, 0);
    assert_eq!(app.sandbox.count("DELETE", second.group_id).await, 0);
}

#[actix_web::test]
async fn a_key_without_the_scope_is_told_which_one_it_lacks() {
    let app = TestApp::start().await;
    let key = app.key("a-reader", &[(app.first.cust_space_id, &["groups.read"])]).await;
    for row in rows() {
        let answer = app.client.rpc(&key, row.operation, &row.about(&app.first)).await;
        if row.is_change {
            assert!(!answer.expect(403, "Forbidden.Scope")["AccessDeniedDetail"].as_str().unwrap().is_empty());
        } else {
            assert_ne!(answer.status, 403, "{}", row.operation);
        }
    }
}

#[actix_web::test]
async fn another_tenants_unique_code_and_client_token_are_nobodys() {
    let app = TestApp::start().await;
    let create = |tenant| with_tenant(tenant, json!({"Subject": "S", "ClientToken": "the same"}));
    let [mine, theirs] = [&app.first, &app.second].map(|tenant| (tenant, create(tenant)));
    let made = app.client.rpc(&mine.0.key, "AddChatGroup", &mine.1).await.expect(200, "OK");
    let others = app.client.rpc(&theirs.0.key, "AddChatGroup", &theirs.1).await;
    assert_eq!(others.header("idempotency-replayed"), None);
    assert_ne!(others.expect(200, "OK")["UniqueCode"], made["UniqueCode"]);
    let asked = with_tenant(&app.second, json!({"UniqueCode": made["UniqueCode"]}));
    app.client.rpc(&app.second.key, "QueryChatGroupRequest", &asked).await.expect(404, "UniqueCode.NotFound");
}
