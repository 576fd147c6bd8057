//! `groupgate limits`.

use serde_json::json;

use super::Console;

#[actix_web::test]
async fn what_is_not_named_stays_and_default_gives_the_gateways_setting_back() {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    let none = json!({
        "cust_space_id": "cams-a1",
        "per_tenant": null, "per_tenant_read": null, "per_tenant_write": null, "per_tenant_message": null,
        "per_number": null, "per_number_read": null, "per_number_write": null, "per_number_message": null,
        "in_flight": null,
    });
    assert_eq!(console.done("limits show --tenant cams-a1 --json").json(), none);
    console.done("limits set --tenant cams-a1 --per-tenant 20/s;burst=40 --in-flight 8");
    let set = console.done("limits set --tenant cams-a1 --per-number off --json").json();
    assert_eq!(set["per_tenant"], "20/s;burst=40");
    assert_eq!((&set["per_number"], &set["in_flight"]), (&json!("off"), &json!(8)));
    assert_eq!(console.done("limits show --tenant cams-a1 --json").json(), set);
    let by_class = console.done("limits set --tenant cams-a1 --per-tenant-write 5/s;in-flight=4 --json").json();
    assert_eq!((&by_class["per_tenant_write"], &by_class["in_flight"]), (&json!("5/s;in-flight=4"), &json!(8)));
    let text = console.done("limits set --tenant cams-a1 --per-tenant-write default").stdout;
    assert!(text.contains("per tenant 20/s;burst=40, per number off, in flight 8"), "{text}");
    let text = console.done("limits set --tenant cams-a1 --per-tenant default --in-flight default").stdout;
    assert!(text.contains("per tenant default, per number off, in flight default"), "{text}");
}

#[actix_web::test]
async fn a_limit_that_is_none_is_refused_with_what_would_be_one() {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    for wrong in
        ["--per-tenant fast", "--per-number 0/s", "--in-flight 0", "--in-flight off", "--per-number-read in-flight=8"]
    {
        let refused = console.run(&format!("limits set --tenant cams-a1 {wrong}"));
        assert_eq!(refused.code, Some(2), "{wrong}: {refused:?}");
        assert!(refused.stderr.contains("default"), "{wrong}: {refused:?}");
    }
    assert_eq!(console.run("limits set --tenant cams-a1").code, Some(2), "nothing to set");
}
