//! Files that are applied with the ISV's Meta app.

use serde_json::json;

use super::super::Console;
use super::{Declaration, META_APP, THIRD, TOKEN, steps};
use crate::support::{Credentials, TestApp};

#[actix_web::test]
async fn beside_a_gateway_that_runs_a_file_takes_a_tenant_to_its_first_invite_link() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let numbers = json!([{"phone_number_id": "100000000000009", "display_phone_number": "+1 555-000-0009"}]);
    let waba = json!({"waba_id": "200000000000009", "numbers": numbers, "token": TOKEN, "subscribed": false});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);
    // Without endpoints, which nobody would answer at.
    let (before, endpoints) = THIRD.split_once("    endpoints:").unwrap();
    let (_, keys) = endpoints.split_once("    keys:").unwrap();
    let file = Declaration::new(&format!("{before}    keys:{keys}"));
    let applied = file.apply_with(&console, "--yes --json", "", &META_APP);
    assert_eq!(applied.code, Some(0), "{applied:?}");
    let applied = applied.json();
    assert!(steps(&applied).contains(&"add webhooks of WABA 200000000000009, to the app".to_owned()), "{applied}");
    let key = applied["made"].as_array().unwrap().iter().find(|made| made["made"] == "key").unwrap();
    let text = |name: &str| key[name].as_str().unwrap();
    let key = Credentials::new(text("access_key_id"), text("access_key_secret"));
    let new =
        json!({"CustSpaceId": "cams-third", "BusinessNumber": "15550000009", "Subject": "First", "WaitSeconds": 20});
    let made = app.client.call_as(&key, "AddChatGroup", new).await.expect(200, "OK");
    assert!(made["InviteLink"].as_str().unwrap().starts_with("https://chat.whatsapp.com/"), "{made}");
}

#[actix_web::test]
async fn a_token_that_meta_does_not_take_is_not_stored() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let one = "apiVersion: groupgate/v1
tenants: [{cust_space_id: cams-third, credential: {from_env: THIRD_TOKEN}}]
";
    let file = Declaration::new(one);
    let refused = file.apply_with(&console, "--yes", "", &META_APP);
    assert_eq!(refused.code, Some(6), "{refused:?}");
    assert!(refused.stderr.contains("cams-third: ") && !format!("{refused:?}").contains(TOKEN), "{refused:?}");
    assert!(app.store.tenant("cams-third").await.unwrap().is_none(), "nothing was done");

    let waba = json!({"waba_id": "200000000000009", "numbers": [], "token": TOKEN});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);
    let applied = file.apply_with(&console, "--yes", "", &META_APP);
    assert_eq!(applied.code, Some(0), "{applied:?}");
    let credential = app.store.space("cams-third").credential().await.unwrap().unwrap();
    assert!(credential.checked_at.is_some() && !credential.scopes.is_empty(), "{credential:?}");

    // Where Meta is away a token is stored all the same.
    file.write(&one.replace("THIRD_TOKEN", "OTHER_TOKEN"));
    let away = [META_APP[0], META_APP[1], ("GROUPGATE_GRAPH_URL", "http://127.0.0.1:9")];
    let stored = file.apply_with(&console, "--yes", "", &away);
    assert_eq!(stored.code, Some(0), "{stored:?}");
    assert!(stored.stderr.contains("warning: ") && stored.stderr.contains("cams-third"), "{stored:?}");
}
