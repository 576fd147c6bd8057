//! Events at their endpoints, over real HTTP: what arrives, how it is signed, what is tried again, and what ends.

mod arriving;
mod ending;
mod hostile;
mod outages;
mod retrying;
mod signing;
mod stopping;

use gateway::deliveries::Retries;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tenant_store::{CreatedEndpoint, Delivery, DeliveryFilter, DeliveryState, EndpointId, NewEndpoint, Space};

use crate::support::{APP_SECRET, TestApp, actor, eventually};

/// One whose deliveries reach this machine, and are tried again after these pauses.
async fn app(retries: &str) -> TestApp {
    assert!(retries.parse::<Retries>().is_ok(), "{retries}");
    TestApp::with(&[("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8"), ("GROUPGATE_DELIVERY_RETRIES", retries)]).await
}

/// The first tenant's part of the store.
fn first(app: &TestApp) -> Space<'_> {
    app.store.space(app.first.cust_space_id)
}

/// A new endpoint for events of these types; for all where there are none.
async fn endpoint(space: &Space<'_>, url: &str, types: &[&str]) -> CreatedEndpoint {
    let types = types.iter().map(|one| (*one).to_owned()).collect();
    let new = NewEndpoint { url: url.to_owned(), types, ..NewEndpoint::default() };
    space.create_endpoint(&new, &actor()).await.unwrap()
}

/// The text of an endpoint's secret.
fn secret(created: &CreatedEndpoint) -> String {
    created.secret.expose().expose_secret().to_owned()
}

/// Tells by one webhook that these groups of the first tenant have been created, in this order; each is named once more
/// by its `ordinal`, so that no two events are the same.
pub(crate) async fn tell(app: &TestApp, groups: &[(&str, usize)]) {
    let groups: Vec<Value> = groups.iter().map(|(group_id, ordinal)| created(group_id, *ordinal)).collect();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": app.first.waba_id, "changes": [{
        "field": "group_lifecycle_update",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000001", "phone_number_id": app.first.phone_number_id},
            "groups": groups,
        },
    }]}]});
    let body = body.to_string().into_bytes();
    assert_eq!(app.webhook(APP_SECRET, &body, &[("content-type", "application/json")]).await.status, 200);
}

fn created(group_id: &str, ordinal: usize) -> Value {
    json!({"timestamp": "1763712000", "group_id": group_id, "type": "group_create", "request_id": format!("R{ordinal}"),
           "subject": ordinal.to_string(), "invite_link": "https://chat.whatsapp.com/X",
           "join_approval_mode": "auto_approve"})
}

/// The one delivery of an endpoint, as soon as it stands there.
async fn delivery_when(space: &Space<'_>, endpoint: EndpointId, state: DeliveryState) -> Delivery {
    eventually("the delivery stands as expected", async || {
        let listed = space.deliveries(endpoint, &DeliveryFilter::default(), None, 10).await.unwrap();
        assert!(listed.len() < 2, "one event, one delivery");
        listed.into_iter().find(|delivery| delivery.state == state)
    })
    .await
}

/// The statuses that its tries got.
fn statuses(delivery: &Delivery) -> Vec<Option<u16>> {
    delivery.tries.iter().map(|tried| tried.status).collect()
}
