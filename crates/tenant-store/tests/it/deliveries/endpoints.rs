//! Endpoints as administrators make, change and remove them; their secrets.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use tenant_store::{EndpointChange, EndpointId, EndpointSecret, EndpointState, NewEndpoint, StoreError};
use uuid::Uuid;

use super::{Post, endpoint, sequences};
use crate::helpers::{ALPHA, BETA, actor};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn an_endpoint_is_made_changed_listed_and_removed_and_the_log_says_so() {
    let post = Post::new().await;
    let space = post.alpha();
    let new = NewEndpoint {
        url: "https://a.example/hook?key=hidden".to_owned(),
        types: vec!["group.*".to_owned()],
        description: Some("CRM".to_owned()),
        secret: None,
    };
    let made = space.create_endpoint(&new, &actor()).await.unwrap();
    let id = made.endpoint.endpoint_id;
    assert_eq!((made.endpoint.state, made.endpoint.cust_space_id.as_deref()), (EndpointState::Enabled, Some(ALPHA)));
    assert_eq!(space.endpoints().await.unwrap()[1], made.endpoint);
    let change = EndpointChange { url: Some("https://b.example/".to_owned()), ..EndpointChange::default() };
    let changed = space.update_endpoint(id, &change, &actor()).await.unwrap();
    assert_eq!(
        (changed.url.as_str(), &changed.types, changed.description.as_deref()),
        ("https://b.example/", &new.types, Some("CRM"))
    );
    let change = EndpointChange { types: Some(Vec::new()), description: Some(None), ..EndpointChange::default() };
    let changed = space.update_endpoint(id, &change, &actor()).await.unwrap();
    assert_eq!((changed.types, changed.description), (Vec::<String>::new(), None));
    space.remove_endpoint(id, &actor()).await.unwrap();
    assert_eq!(space.endpoint(id).await.unwrap(), None);
    let log = space.audit(10).await.unwrap();
    let actions: Vec<_> = log.iter().map(|entry| entry.action.as_str()).take(4).collect();
    assert_eq!(actions, ["endpoint.remove", "endpoint.update", "endpoint.update", "endpoint.create"]);
    let shown = format!("{:?}", log.iter().map(|entry| (&entry.before, &entry.after)).collect::<Vec<_>>());
    assert!(!shown.contains("hidden") && !shown.contains("whsec_"), "{shown}");
    assert_eq!(log[3].object, format!("endpoint {id}"));
}

#[tokio::test]
async fn an_endpoint_is_changed_on_the_revision_that_was_seen_alone() {
    let post = Post::new().await;
    let id = post.endpoint;
    let seen = post.alpha().endpoint(id).await.unwrap().unwrap().revision;
    let change = EndpointChange { description: Some(Some("CRM".to_owned())), ..EndpointChange::default() };
    let space = post.alpha().expecting(Some(seen));
    let now = space.update_endpoint(id, &change, &actor()).await.unwrap().revision;
    for stale in [
        space.update_endpoint(id, &change, &actor()).await.map(drop),
        space.rotate_endpoint_secret(id, DAY, None, &actor()).await.map(drop),
        space.disable_endpoint(id, "moves", &actor()).await.map(drop),
        space.enable_endpoint(id, &actor()).await.map(drop),
        space.remove_endpoint(id, &actor()).await.map(drop),
    ] {
        assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    }
    let space = post.alpha().expecting(Some(now));
    let rotated = space.rotate_endpoint_secret(id, DAY, None, &actor()).await.unwrap();
    assert!(post.alpha().endpoint_has_secret(id, &rotated.secret).await.unwrap());
    assert!(!post.alpha().endpoint_has_secret(id, &EndpointSecret::generate().unwrap()).await.unwrap());
    // What the gateway itself keeps up to date is no change of an administrator's.
    let seen = post.alpha().endpoint(id).await.unwrap().unwrap().revision;
    post.publish(&["G1"]).await;
    let claimed = post.claim().await;
    post.end(&claimed, tenant_store::AfterTry::Again { after: DAY }).await;
    let after = post.alpha().endpoint(id).await.unwrap().unwrap();
    assert_eq!((after.failures, after.revision), (1, seen));
    post.alpha().expecting(Some(seen)).remove_endpoint(id, &actor()).await.unwrap();
}

#[tokio::test]
async fn a_removed_endpoint_gets_nothing_any_more_and_its_late_ends_are_lost() {
    let post = Post::new().await;
    post.publish(&["G1", "G1"]).await;
    let claimed = post.claim().await;
    post.alpha().remove_endpoint(post.endpoint, &actor()).await.unwrap();
    assert_eq!(post.end(&claimed, tenant_store::AfterTry::Done).await.lost, 1);
    post.publish(&["G1"]).await;
    assert_eq!(post.store().delivery_backlog().await.unwrap().open, 0);
}

#[tokio::test]
async fn what_is_another_spaces_endpoint_is_no_endpoint() {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &[]).await;
    let strangers =
        [(post.store().space(BETA), post.endpoint), (post.alpha(), isv), (post.alpha(), EndpointId(Uuid::nil()))];
    for (space, id) in strangers {
        assert_eq!(space.endpoint(id).await.unwrap(), None);
        let change = EndpointChange::default();
        let errors = [
            space.update_endpoint(id, &change, &actor()).await.unwrap_err(),
            space.remove_endpoint(id, &actor()).await.unwrap_err(),
            space.rotate_endpoint_secret(id, DAY, None, &actor()).await.unwrap_err(),
            space.enable_endpoint(id, &actor()).await.unwrap_err(),
            space.disable_endpoint(id, "x", &actor()).await.unwrap_err(),
            space.test_endpoint(id, &actor()).await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, StoreError::NotFound { what: "endpoint" }), "{error}");
        }
    }
    assert_eq!(post.store().isv().endpoint(isv).await.unwrap().unwrap().cust_space_id, None);
    let nobody = post.store().space("cams-gamma").create_endpoint(&NewEndpoint::default(), &actor()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound { what: "tenant" })));
}

/// The secrets that the next claim signs with, by their texts.
async fn signing(post: &Post) -> Vec<String> {
    post.publish(&[""]).await;
    let claimed = post.claim().await;
    assert_eq!(claimed.len(), 1);
    post.end(&claimed, tenant_store::AfterTry::Done).await;
    claimed[0].endpoint.secrets.iter().map(|secret| secret.expose().expose_secret().to_owned()).collect()
}

fn text(secret: &EndpointSecret) -> String {
    secret.expose().expose_secret().to_owned()
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_one_before_until_the_overlap_is_over() {
    let post = Post::new().await;
    let space = post.alpha();
    let [first] = &signing(&post).await[..] else { panic!("one secret at first") };
    let second = space.rotate_endpoint_secret(post.endpoint, DAY, None, &actor()).await.unwrap();
    let left = second.previous_until.unwrap() - time::OffsetDateTime::now_utc();
    assert!((Duration::from_hours(23)..=DAY).contains(&left.unsigned_abs()), "{left}");
    assert_eq!(signing(&post).await, [text(&second.secret), first.clone()]);
    let given: EndpointSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX".parse().unwrap();
    let third = space.rotate_endpoint_secret(post.endpoint, DAY, Some(given.clone()), &actor()).await.unwrap();
    assert_eq!(third.secret, given);
    assert_eq!(signing(&post).await, [text(&given), text(&second.secret)], "the one before alone");
    post.as_owner("update endpoints set previous_until = now() where endpoint_id = $1").await;
    assert_eq!(signing(&post).await, [text(&given)]);
    assert_eq!(space.endpoint(post.endpoint).await.unwrap().unwrap().previous_until, None);
    let last = space.rotate_endpoint_secret(post.endpoint, Duration::ZERO, None, &actor()).await.unwrap();
    assert_eq!((last.previous_until, signing(&post).await), (None, vec![text(&last.secret)]));
    let log = space.audit(1).await.unwrap();
    assert_eq!(log[0].action, "endpoint.rotate_secret");
}

#[tokio::test]
async fn a_secret_that_does_not_open_can_be_replaced_where_the_one_before_is_to_end_at_once() {
    let post = Post::new().await;
    post.as_owner("update endpoints set sealed_secret = sealed_secret || '\\x00' where endpoint_id = $1").await;
    let refused = post.alpha().rotate_endpoint_secret(post.endpoint, DAY, None, &actor()).await.unwrap_err();
    assert!(matches!(refused, tenant_store::StoreError::Unreadable { .. }), "{refused}");
    let new = post.alpha().rotate_endpoint_secret(post.endpoint, Duration::ZERO, None, &actor()).await.unwrap();
    assert_eq!(signing(&post).await, [text(&new.secret)]);
}

#[tokio::test]
async fn a_given_secret_is_kept_and_a_sealed_one_opens_for_its_own_endpoint_alone() {
    let post = Post::new().await;
    let given: EndpointSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX".parse().unwrap();
    let new = NewEndpoint { secret: Some(given.clone()), ..NewEndpoint::default() };
    let made = post.alpha().create_endpoint(&new, &actor()).await.unwrap();
    assert_eq!(made.secret, given);
    let steal = "update endpoints n set sealed_secret = o.sealed_secret, key_version = o.key_version
                 from endpoints o where n.endpoint_id = $1 and o.endpoint_id <> $1";
    post.as_owner(steal).await;
    post.publish(&["G1"]).await;
    let claimed = post.claim().await;
    assert_eq!((sequences(&claimed), claimed[0].endpoint.id), (vec![1], made.endpoint.endpoint_id));
}

#[tokio::test]
async fn a_tenant_has_a_hundred_endpoints_at_the_most_and_so_has_the_isv() {
    let post = Post::new().await;
    for space in [post.alpha(), post.store().isv()] {
        let new = NewEndpoint { url: "https://receiver.example/".to_owned(), ..Default::default() };
        let made = space.endpoints().await.unwrap().len();
        for _ in made..100 {
            space.create_endpoint(&new, &actor()).await.unwrap();
        }
        let error = space.create_endpoint(&new, &actor()).await.unwrap_err();
        assert!(matches!(error, StoreError::TooMany { what: "endpoints", most: 100 }), "{error}");
        let one = space.endpoints().await.unwrap().pop().unwrap().endpoint_id;
        space.remove_endpoint(one, &actor()).await.unwrap();
        space.create_endpoint(&new, &actor()).await.unwrap();
    }
}
