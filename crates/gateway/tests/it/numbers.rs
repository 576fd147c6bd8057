//! `ListBusinessNumbers`.

use serde_json::json;

use crate::support::{TestApp, eventually};

#[actix_web::test]
async fn a_number_is_listed_with_what_meta_says_of_it() {
    let app = TestApp::with_mirrors().await;
    let listed = eventually("Meta was asked", async || {
        let listed = app.client.call("ListBusinessNumbers", &app.first, json!({})).await.expect(200, "OK");
        listed["Data"]["List"][0]["VerifiedName"].is_string().then_some(listed)
    })
    .await;
    assert_eq!(
        listed["Data"]["List"],
        json!([{
            "BusinessNumber": app.first.business_number,
            "PhoneNumberId": app.first.phone_number_id,
            "WabaId": app.first.waba_id,
            "VerifiedName": format!("Business {}", app.first.phone_number_id),
            "QualityRating": "GREEN",
            "Status": "LINKED",
            "GroupsEligible": true,
            "GroupsIneligibleReason": null,
        }])
    );
}

#[actix_web::test]
async fn a_number_that_may_not_have_groups_is_told_why() {
    let app = TestApp::with_mirrors().await;
    let not_official = json!({"id": app.first.phone_number_id, "is_official_business_account": false});
    let path = format!("/v23.0/{}", app.first.phone_number_id);
    let asked = json!({"method": "GET", "path": path, "body": not_official, "http_status": 200, "count": 1000});
    app.sandbox.fail(asked).await;
    let mut database = crate::support::superuser(&app.database).await;
    // As if an hour had gone by.
    sqlx::query("update mirrors set record_due = now(), claimed_until = null").execute(&mut database).await.unwrap();
    let listed = eventually("Meta was asked again", async || {
        let listed = app.client.call("ListBusinessNumbers", &app.first, json!({})).await.expect(200, "OK");
        (listed["Data"]["List"][0]["GroupsEligible"] == false).then_some(listed)
    })
    .await;
    let reason = listed["Data"]["List"][0]["GroupsIneligibleReason"].as_str().unwrap();
    assert!(reason.contains("Official Business Account"), "{reason}");
}

#[actix_web::test]
async fn what_is_not_known_yet_is_null_and_meta_away_fails_no_call() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"count": 1000, "close": "before"})).await;
    let listed = app.client.call("ListBusinessNumbers", &app.first, json!({})).await.expect(200, "OK");
    let number = &listed["Data"]["List"][0];
    assert_eq!(number["BusinessNumber"], app.first.business_number);
    for unknown in ["VerifiedName", "QualityRating", "Status", "GroupsEligible", "GroupsIneligibleReason"] {
        assert!(number[unknown].is_null(), "{unknown}: {number}");
    }
}

#[actix_web::test]
async fn one_number_or_all_of_the_tenants_are_listed() {
    let app = TestApp::start().await;
    let number = tenant_store::NewNumber {
        business_number: "15550000009".to_owned(),
        phone_number_id: "100000000000009".to_owned(),
        waba_id: app.first.waba_id.to_owned(),
    };
    app.store.space(app.first.cust_space_id).add_number(&number, &crate::support::actor()).await.unwrap();
    let numbers = async |parameters| {
        let listed = app.client.call_as(&app.first.key, "ListBusinessNumbers", parameters).await.expect(200, "OK");
        let list = listed["Data"]["List"].as_array().unwrap().clone();
        list.iter().map(|number| number["BusinessNumber"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let tenant = app.first.cust_space_id;
    let all = eventually("the new number is known", async || {
        let all = numbers(json!({"CustSpaceId": tenant})).await;
        (all.len() == 2).then_some(all)
    })
    .await;
    assert_eq!(all, [app.first.business_number, "15550000009"]);
    let one = numbers(json!({"CustSpaceId": tenant, "BusinessNumber": "+1 555-000-0009"})).await;
    assert_eq!(one, ["15550000009"]);
}
