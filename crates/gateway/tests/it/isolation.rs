//! A tenant's key never reaches another tenant, whatever mix of IDs it sends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Measured, TestApp, actor, eventually, one_is_within};

const ON_A_GROUP: [&str; 4] =
    ["GetChatGroupInviteLink", "AddChatGroupInviteLink", "DeleteChatGroupInviteLink", "GetChatGroup"];

fn mix(tenant: &str, number: &str, group: &str) -> Value {
    json!({"CustSpaceId": tenant, "BusinessNumber": number, "GroupId": group})
}

#[actix_web::test]
async fn another_tenants_group_is_as_unknown_as_one_that_does_not_exist() {
    let app = TestApp::start().await;
    let (first, second) = (&app.first, &app.second);
    for operation in ON_A_GROUP {
        // The second tenant's token sees the first tenant's WABA at Meta; that is no proof.
        for (tenant, group) in [(first, second.group_id), (second, first.group_id)] {
            let foreign = mix(tenant.cust_space_id, tenant.business_number, group);
            app.client.call_as(&tenant.key, operation, foreign).await.expect(404, "Group.NotFound");
        }
    }
    assert_eq!(app.sandbox.count("GET", first.group_id).await, 0, "nothing is asked about a foreign group");
    assert_eq!(app.sandbox.count("POST", first.group_id).await, 0);
    assert_eq!(app.sandbox.count("DELETE", first.group_id).await, 0);
}

#[actix_web::test]
async fn another_tenants_number_is_as_unknown_as_one_that_does_not_exist() {
    let app = TestApp::start().await;
    for operation in ON_A_GROUP {
        let foreign = mix(app.first.cust_space_id, app.second.business_number, app.second.group_id);
        app.client.call_as(&app.first.key, operation, foreign).await.expect(404, "BusinessNumber.NotFound");
    }
}

#[actix_web::test]
async fn another_tenant_is_as_forbidden_as_one_that_does_not_exist() {
    let app = TestApp::start().await;
    for operation in ON_A_GROUP {
        let foreign = mix(app.second.cust_space_id, app.second.business_number, app.second.group_id);
        let refused = app.client.call_as(&app.first.key, operation, foreign).await.expect(403, "Forbidden.Tenant");
        let nobody = mix("cams-nobody", app.second.business_number, app.second.group_id);
        let unknown = app.client.call_as(&app.first.key, operation, nobody).await.expect(403, "Forbidden.Tenant");
        assert_eq!(refused["Message"], unknown["Message"]);
    }
}

#[actix_web::test]
async fn a_key_for_all_tenants_is_told_no_more_about_one_that_does_not_exist() {
    let app = TestApp::start().await;
    let key = app.key("key-for-all", &[("*", &["groups.read", "groups.write"])]).await;
    let seen = mix(app.second.cust_space_id, app.second.business_number, app.second.group_id);
    app.client.call_as(&key, "GetChatGroup", seen).await.expect(200, "OK");
    let nobody = mix("cams-nobody", "15550000009", app.second.group_id);
    let refused = app.client.call_as(&key, "GetChatGroup", nobody.clone()).await.expect(403, "Forbidden.Tenant");
    assert_eq!(refused["AccessDeniedDetail"], "cust_space:cams-nobody");
    let without_grant =
        app.client.call_as(&app.first.key, "GetChatGroup", nobody).await.expect(403, "Forbidden.Tenant");
    assert_eq!(without_grant["AccessDeniedDetail"], refused["AccessDeniedDetail"]);
    assert_eq!(without_grant["Message"], refused["Message"]);
}

#[actix_web::test]
async fn a_scope_on_one_tenant_is_none_on_another() {
    let app = TestApp::start().await;
    let (first, second) = (app.first.cust_space_id, app.second.cust_space_id);
    let key = app.key("key-of-two-grants", &[(first, &["groups.read"]), (second, &["groups.write"])]).await;
    let read = mix(first, app.first.business_number, app.first.group_id);
    app.client.call_as(&key, "GetChatGroupInviteLink", read.clone()).await.expect(200, "OK");
    let refused = app.client.call_as(&key, "AddChatGroupInviteLink", read).await.expect(403, "Forbidden.Scope");
    assert_eq!(refused["AccessDeniedDetail"], "groups.write");
    let other = mix(second, app.second.business_number, app.second.group_id);
    app.client.call_as(&key, "GetChatGroupInviteLink", other.clone()).await.expect(403, "Forbidden.Scope");
    app.client.call_as(&key, "AddChatGroupInviteLink", other).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_suspended_tenant_is_refused_within_a_second() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    let space = app.store.space(app.first.cust_space_id);
    one_is_within(Duration::from_secs(1), async || {
        space.resume(&actor()).await.unwrap();
        let look = async || app.client.call("GetChatGroup", &app.first, group.clone()).await;
        eventually("the tenant is let in", async || (look().await.status == 200).then_some(())).await;
        space.suspend("a test", &actor()).await.unwrap();
        let begun = Instant::now();
        eventually("the tenant is refused", async || {
            let answer = look().await;
            (answer.code() == "Tenant.Suspended" && answer.status == 403).then_some(())
        })
        .await;
        let time = begun.elapsed();
        let begun = Instant::now();
        look().await;
        Measured { time, plain: begun.elapsed() * 10 }
    })
    .await;
    app.client.call("GetChatGroup", &app.second, json!({"GroupId": app.second.group_id})).await.expect(200, "OK");
}
