//! Files that are applied while somebody else changes the same things.

use tenant_store::{EndpointChange, Limits, NewNumber, NewTenant};

use super::super::Console;
use super::{Declaration, THIRD};
use crate::support::actor;

#[actix_web::test]
async fn what_somebody_else_changes_while_the_plan_is_read_is_left_as_it_is() {
    let (console, file) = (Console::new().await, Declaration::new(THIRD));
    file.applied(&console, "");
    let store = console.store().await;
    let (space, actor) = (store.space("cams-third"), actor());
    let endpoint = space.endpoints().await.unwrap().remove(0);
    let changed = [
        ("[group.*]", "[message.*]", "endpoint"),
        ("from_env: THIRD_TOKEN", "from_env: OTHER_TOKEN", "credential"),
        ("20/s;burst=40", "30/s", "limits"),
    ];
    for (before, after, what) in changed {
        file.write(&THIRD.replace(before, after));
        let asking = file.asking(&console);
        match after {
            "30/s" => space.set_limits(&Limits::default(), &actor).await.map(drop).unwrap(),
            "[message.*]" => {
                let change = EndpointChange { description: Some(Some("ours".to_owned())), ..EndpointChange::default() };
                space.update_endpoint(endpoint.endpoint_id, &change, &actor).await.map(drop).unwrap();
            }
            _ => space.set_credential(&"EAAof-somebody-else".to_owned().into(), &actor).await.map(drop).unwrap(),
        }
        let ended = asking.answer("yes");
        assert_eq!(ended.code, Some(4), "{after}: {ended:?}");
        let (done, not_done) = ended.stdout.split_once("Not done:\n~ cams-third  ").unwrap();
        assert!(!done.contains('~') && not_done.starts_with(what), "{after}: {ended:?}");
    }
    assert_eq!(space.endpoints().await.unwrap()[0].types, ["group.*"]);
    assert_eq!(space.credential().await.unwrap().unwrap().last4, "else");
}

#[actix_web::test]
async fn what_was_done_and_what_was_not_is_told_where_a_step_fails_and_the_next_apply_goes_on() {
    let (console, file) = (Console::new().await, Declaration::new(THIRD));
    let store = console.store().await;
    let asking = file.asking(&console);
    let other = NewTenant { cust_space_id: "cams-quicker".to_owned(), ..NewTenant::default() };
    store.add_tenant(&other, &actor()).await.unwrap();
    let number = NewNumber {
        business_number: "15550000009".to_owned(),
        phone_number_id: "100000000000009".to_owned(),
        waba_id: "200000000000009".to_owned(),
    };
    store.space("cams-quicker").add_number(&number, &actor()).await.unwrap();
    let ended = asking.answer("y");
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.stderr.contains("cams-third, number 15550000009"), "{ended:?}");
    let (done, not_done) = ended.stdout.split_once("Not done:").unwrap();
    assert!(done.contains("Applied in part: 2 of 7 steps.") && done.contains("+ cams-third  limits"), "{ended:?}");
    assert!(not_done.contains("number 15550000009") && not_done.contains("key till"), "{ended:?}");

    store.space("cams-quicker").remove_number("15550000009", &actor()).await.unwrap();
    let rest = file.applied(&console, "");
    assert_eq!(rest["steps"].as_array().unwrap().len(), 5, "{rest}");
    assert!(rest["steps"].as_array().unwrap().iter().all(|step| step["done"] == true), "{rest}");
}
