//! What deliveries are signed with while a secret rotates.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use tenant_store::{EndpointId, RotatedSecret, Space};

use super::{app, endpoint, first, secret};
use crate::support::{Delivery, Receiver, actor, eventually};

/// A test that arrived, the `nth` of its receiver.
async fn sent(space: &Space<'_>, endpoint: EndpointId, receiver: &Receiver, nth: usize) -> Delivery {
    space.test_endpoint(endpoint, &actor()).await.unwrap();
    eventually("the test arrives", async || receiver.deliveries().get(nth).cloned()).await
}

async fn rotate(space: &Space<'_>, endpoint: EndpointId, overlap: Duration) -> String {
    let RotatedSecret { secret, .. } = space.rotate_endpoint_secret(endpoint, overlap, None, &actor()).await.unwrap();
    secret.expose().expose_secret().to_owned()
}

#[actix_web::test]
async fn while_a_secret_rotates_deliveries_are_signed_with_both_and_then_with_the_new_one() {
    let app = app("5s").await;
    let receiver = Receiver::recording(|_| 200);
    let created = endpoint(&first(&app), &receiver.url("/"), &[]).await;
    let (space, id, old) = (first(&app), created.endpoint.endpoint_id, secret(&created));
    let before = sent(&space, id, &receiver, 0).await;
    assert!(before.is_signed_with(&old) && !before.header("webhook-signature").contains(' '));

    let new = rotate(&space, id, Duration::from_hours(24)).await;
    let during = sent(&space, id, &receiver, 1).await;
    assert!(during.is_signed_with(&old) && during.is_signed_with(&new));
    assert_eq!(during.header("webhook-signature").split(' ').count(), 2);

    let newest = rotate(&space, id, Duration::ZERO).await;
    let after = sent(&space, id, &receiver, 2).await;
    assert!(after.is_signed_with(&newest) && !after.is_signed_with(&new) && !after.is_signed_with(&old));
}
