//! External issuers of JWTs.

use tenant_store::{ClaimRule, IssuerChange, NewIssuer, Notification, Revision, StoreError};

use crate::helpers::{ALPHA, BETA, World, actor};

fn rule(tenants: &[&str]) -> ClaimRule {
    ClaimRule {
        claim: "roles".to_owned(),
        value: "support".to_owned(),
        cust_space_ids: tenants.iter().map(|id| (*id).to_owned()).collect(),
        cust_space_ids_claim: None,
        scopes: vec!["groups.read".to_owned()],
    }
}

fn new(issuer: &str, claims: Vec<ClaimRule>) -> NewIssuer {
    NewIssuer {
        issuer: issuer.to_owned(),
        audience: "groupgate".to_owned(),
        jwks_url: "https://login.example/keys?secret=s3cr3t".to_owned(),
        algorithms: vec!["RS256".to_owned()],
        claims,
    }
}

#[tokio::test]
async fn an_issuer_is_kept_as_it_was_given_and_each_iss_once() {
    let world = World::with_tenants().await;
    let by_claim = ClaimRule { cust_space_ids_claim: Some("tenants".to_owned()), ..rule(&[]) };
    let one =
        world.store.add_issuer(&new("https://one", vec![rule(&["*"]), by_claim.clone()]), &actor()).await.unwrap();
    let two = world.store.add_issuer(&new("https://two", Vec::new()), &actor()).await.unwrap();
    assert_eq!(one.claims, [rule(&["*"]), by_claim]);
    assert_eq!(world.store.issuers().await.unwrap(), [one.clone(), two]);
    assert_eq!(world.store.issuer(one.issuer_id).await.unwrap(), Some(one));
    let again = world.store.add_issuer(&new("https://one", Vec::new()), &actor()).await.unwrap_err();
    assert!(matches!(again, StoreError::Conflict { what: "issuer" }), "{again}");
}

#[tokio::test]
async fn an_issuer_is_changed_as_it_was_seen_alone() {
    let world = World::new().await;
    let (store, isv) = (&world.store, world.store.isv());
    let added = store.add_issuer(&new("https://one", Vec::new()), &actor()).await.unwrap();
    let change = IssuerChange { audience: Some("another".to_owned()), ..IssuerChange::default() };
    let seen = isv.expecting(Some(added.revision));
    let changed = seen.change_issuer(added.issuer_id, &change, &actor()).await.unwrap();
    assert_eq!((changed.audience.as_str(), &changed.jwks_url), ("another", &added.jwks_url));
    assert_ne!(changed.revision, added.revision);
    for stale in [added.revision, Revision(0)] {
        let seen = isv.expecting(Some(stale));
        let refused = seen.change_issuer(added.issuer_id, &change, &actor()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Stale), "{refused}");
        assert!(matches!(seen.remove_issuer(added.issuer_id, &actor()).await, Err(StoreError::Stale)));
    }
    isv.expecting(Some(changed.revision)).remove_issuer(added.issuer_id, &actor()).await.unwrap();
    let gone = isv.remove_issuer(added.issuer_id, &actor()).await;
    assert!(matches!(gone, Err(StoreError::NotFound { what: "issuer" })));
}

#[tokio::test]
async fn a_tenant_that_is_erased_is_taken_out_of_every_rule() {
    let world = World::with_tenants().await;
    let rules = vec![rule(&[ALPHA]), rule(&[ALPHA, BETA]), rule(&["*"])];
    let one = world.store.add_issuer(&new("https://one", rules), &actor()).await.unwrap();
    let other = world.store.add_issuer(&new("https://two", vec![rule(&[BETA])]), &actor()).await.unwrap();
    world.store.space(ALPHA).erase(&actor()).await.unwrap();
    let left = world.store.issuers().await.unwrap();
    assert_eq!(left[0].claims, [rule(&[BETA]), rule(&["*"])]);
    assert_ne!(left[0].revision, one.revision, "tokens that were let in are looked at anew");
    assert_eq!(left[1], other);
}

#[tokio::test]
async fn every_change_is_told_to_all_and_written_into_the_log_without_the_addresss_secrets() {
    let world = World::new().await;
    let mut told = world.store.listen().await.unwrap();
    let added = world.store.add_issuer(&new("https://one", Vec::new()), &actor()).await.unwrap();
    assert_eq!(told.next().await, Notification::Issuers);
    let isv = world.store.isv();
    isv.change_issuer(added.issuer_id, &IssuerChange::default(), &actor()).await.unwrap();
    assert_eq!(told.next().await, Notification::Issuers);
    isv.remove_issuer(added.issuer_id, &actor()).await.unwrap();
    assert_eq!(told.next().await, Notification::Issuers);
    let log = isv.audit(10).await.unwrap();
    let actions: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["issuer.remove", "issuer.change", "issuer.add"]);
    for entry in &log {
        assert!(!format!("{:?} {:?}", entry.before, entry.after).contains("s3cr3t"));
        assert_eq!(entry.object, format!("issuer {}", added.issuer_id));
    }
}
