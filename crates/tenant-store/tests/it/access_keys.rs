//! Access keys.

use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tenant_store::{
    AccessKeyChange, AccessKeyFilter, Grant, KeyStanding, KeyState, NewAccessKey, Notification, StoreError,
};
use time::{Duration, OffsetDateTime};

use crate::helpers::{KEY_B, World, actor, connect, secret};

fn grant() -> Grant {
    Grant { cust_space_ids: vec!["cams-alpha".to_owned()], scopes: vec!["groups.read".to_owned()] }
}

#[tokio::test]
async fn a_made_key_comes_back_with_its_secret_and_grants() {
    let world = World::with_tenants().await;
    let expires_at = OffsetDateTime::from_unix_timestamp(2_000_000_000).unwrap();
    let new = NewAccessKey {
        name: "backend".to_owned(),
        grants: vec![grant()],
        expires_at: Some(expires_at),
        ..NewAccessKey::default()
    };
    let created = world.store.create_access_key(&new, &actor()).await.unwrap();
    assert!(created.secret.expose_secret().len() >= 30);
    let key = world.store.access_key(&created.access_key_id).await.unwrap().unwrap();
    assert_eq!(key.secret.expose_secret(), created.secret.expose_secret());
    assert_eq!((key.name.as_str(), key.grants, key.state), ("backend", vec![grant()], KeyState::Active));
    assert_eq!(key.expires_at.unwrap() - expires_at, Duration::ZERO);
    assert!(!format!("{created:?}").contains(created.secret.expose_secret()));
}

#[tokio::test]
async fn a_given_id_and_secret_are_kept_and_taken_once() {
    let world = World::new().await;
    let new = NewAccessKey {
        access_key_id: Some("LTAI5tDemo1AccessKeyId01".to_owned()),
        secret: Some(secret("a-secret-of-the-demo")),
        ..NewAccessKey::default()
    };
    world.store.create_access_key(&new, &actor()).await.unwrap();
    let key = world.store.access_key("LTAI5tDemo1AccessKeyId01").await.unwrap().unwrap();
    assert_eq!(key.secret.expose_secret(), "a-secret-of-the-demo");
    let error = world.store.create_access_key(&new, &actor()).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { what: "AccessKeyId" }), "{error}");
}

#[tokio::test]
async fn a_revoked_key_says_so() {
    let world = World::new().await;
    let created = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    world.store.revoke_access_key(&created.access_key_id, None, &actor()).await.unwrap();
    let key = world.store.access_key(&created.access_key_id).await.unwrap().unwrap();
    assert_eq!(key.state, KeyState::Revoked);
    assert_eq!(world.store.list_access_keys().await.unwrap()[0].state, KeyState::Revoked);
}

#[tokio::test]
async fn an_unknown_key_is_none_and_cannot_be_revoked() {
    let world = World::new().await;
    for unknown in ["LTAIunknown", "", "nul\0", "' or true --"] {
        assert!(world.store.access_key(unknown).await.unwrap().is_none());
        let error = world.store.revoke_access_key(unknown, None, &actor()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "access key" }), "{error}");
    }
}

#[tokio::test]
async fn a_secret_copied_to_another_key_does_not_open() {
    let world = World::new().await;
    let one = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    let two = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    sqlx::query("update access_keys set sealed_secret = (select sealed_secret from access_keys where access_key_id = $1) where access_key_id = $2")
        .bind(&one.access_key_id).bind(&two.access_key_id).execute(&world.owner().await).await.unwrap();
    let error = world.store.access_key(&two.access_key_id).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
    assert!(world.store.access_key(&one.access_key_id).await.unwrap().is_some());
}

#[tokio::test]
async fn making_and_revoking_are_in_the_audit_log_without_the_secret() {
    let world = World::with_tenants().await;
    let allowed_networks = vec!["192.0.2.0/24".parse().unwrap()];
    let new = NewAccessKey { grants: vec![grant()], allowed_networks, ..NewAccessKey::default() };
    let created = world.store.create_access_key(&new, &actor()).await.unwrap();
    world.store.revoke_access_key(&created.access_key_id, None, &actor()).await.unwrap();
    let entries = world.store.space("_system").audit(10).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["key.revoke", "key.create"]);
    assert_eq!(entries[1].after.as_ref().unwrap()["allowed_networks"][0], "192.0.2.0/24");
    assert!(entries.iter().all(|entry| entry.object == format!("access key {}", created.access_key_id)));
    assert_eq!(entries[1].after.as_ref().unwrap()["grants"][0]["scopes"][0], "groups.read");
    assert!(!format!("{entries:?}").contains(created.secret.expose_secret()));
}

#[tokio::test]
async fn a_key_sealed_under_a_master_key_that_is_gone_says_which_one_is_missing() {
    let world = World::new().await;
    let created = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    let elsewhere = connect(&world.database, KEY_B).await;
    let error = elsewhere.access_key(&created.access_key_id).await.unwrap_err();
    assert!(error.to_string().contains("data_keys version 1 of _system (master key a)"), "{error}");
}

#[tokio::test]
async fn a_key_is_changed_and_removed_on_the_revision_that_was_seen_alone() {
    let world = World::with_tenants().await;
    let network = "192.0.2.7/24".parse().unwrap();
    let new = NewAccessKey { name: "till".to_owned(), allowed_networks: vec![network], ..NewAccessKey::default() };
    let id = world.store.create_access_key(&new, &actor()).await.unwrap().access_key_id;
    let made = world.store.listed_access_key(&id).await.unwrap().unwrap();
    assert_eq!(made.allowed_networks, ["192.0.2.0/24".parse().unwrap()]);
    assert_eq!(world.store.access_key(&id).await.unwrap().unwrap().allowed_networks, made.allowed_networks);

    let change = AccessKeyChange { grants: Some(vec![grant()]), ..AccessKeyChange::default() };
    let seen = Some(made.revision);
    let changed = world.store.change_access_key(&id, &change, seen, &actor()).await.unwrap();
    assert_ne!(changed.revision, made.revision);
    assert_eq!((changed.name.as_str(), changed.grants), ("till", vec![grant()]), "what is not named stays");
    for stale in [
        world.store.change_access_key(&id, &change, seen, &actor()).await.map(drop),
        world.store.rotate_access_key(&id, std::time::Duration::ZERO, seen, &actor()).await.map(drop),
        world.store.revoke_access_key(&id, seen, &actor()).await.map(drop),
        world.store.remove_access_key(&id, seen, &actor()).await,
    ] {
        assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    }
    let anywhere = AccessKeyChange { allowed_networks: Some(Vec::new()), ..AccessKeyChange::default() };
    let changed = world.store.change_access_key(&id, &anywhere, Some(changed.revision), &actor()).await.unwrap();
    assert!(changed.allowed_networks.is_empty());
    world.store.remove_access_key(&id, Some(changed.revision), &actor()).await.unwrap();
    assert!(world.store.access_key(&id).await.unwrap().is_none());
    let error = world.store.remove_access_key(&id, None, &actor()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "access key" }), "{error}");
}

#[tokio::test]
async fn a_use_is_noted_without_a_new_revision_and_without_telling_anybody() {
    let world = World::new().await;
    let id = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap().access_key_id;
    let before = world.store.listed_access_key(&id).await.unwrap().unwrap();
    assert_eq!(before.last_used_at, None);
    let mut told = world.store.listen().await.unwrap();
    world.store.note_key_uses(&[id.clone(), "nobody".to_owned()]).await.unwrap();
    let after = world.store.listed_access_key(&id).await.unwrap().unwrap();
    assert!(after.last_used_at.is_some());
    assert_eq!(after.revision, before.revision);
    world.store.revoke_access_key(&id, None, &actor()).await.unwrap();
    let first = tokio::time::timeout(std::time::Duration::from_mins(1), told.next()).await.unwrap();
    let (told, untold) = (Notification::AccessKeys(id), told.next());
    assert_eq!(first, told);
    let more = tokio::time::timeout(std::time::Duration::ZERO, untold).await;
    assert!(more.is_err(), "the revocation alone is told: {more:?}");
}

#[tokio::test]
async fn a_tenant_that_goes_while_a_grant_on_it_is_written_leaves_no_grant() {
    let world = World::with_tenants().await;
    let wide = Grant { cust_space_ids: vec!["*".to_owned()], ..grant() };
    let new = NewAccessKey { grants: vec![wide.clone()], ..NewAccessKey::default() };
    let id = world.store.create_access_key(&new, &actor()).await.unwrap().access_key_id;
    let owner = world.owner().await;
    let mut erasing = owner.begin().await.unwrap();
    sqlx::query("delete from tenants where cust_space_id = 'cams-alpha'").execute(&mut *erasing).await.unwrap();

    let (new, by) = (NewAccessKey { grants: vec![wide.clone(), grant()], ..NewAccessKey::default() }, actor());
    let change = AccessKeyChange { grants: Some(vec![grant()]), ..AccessKeyChange::default() };
    let written = async {
        tokio::join!(world.store.create_access_key(&new, &by), world.store.change_access_key(&id, &change, None, &by),)
    };
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    let gone = async {
        let waits =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&superuser).await.unwrap() < 2 {}
        erasing.commit().await.unwrap();
    };
    let both = async { tokio::join!(written, gone) };
    let ((made, changed), ()) = tokio::time::timeout(std::time::Duration::from_mins(1), both).await.unwrap();
    assert!(matches!(made, Err(StoreError::NotFound { what: "tenant" })), "{made:?}");
    assert!(matches!(changed, Err(StoreError::NotFound { what: "tenant" })), "{changed:?}");
    let keys = world.store.list_access_keys().await.unwrap();
    assert_eq!(keys.into_iter().map(|key| key.grants).collect::<Vec<_>>(), [[wide]]);
}

#[tokio::test]
async fn keys_are_found_by_how_they_stand_by_their_name_and_by_whom_they_may_act_for() {
    let world = World::with_tenants().await;
    let past = OffsetDateTime::from_unix_timestamp(1_000_000_000).unwrap();
    let everybody = Grant { cust_space_ids: vec!["*".to_owned()], ..grant() };
    for (id, name, grants, expires_at) in [
        ("a", "Till at the bakery", vec![grant()], None),
        ("b", "administrator", vec![everybody], None),
        ("c", "till of yesterday", vec![grant()], Some(past)),
        ("d", "100 % till_", vec![], None),
    ] {
        let access_key_id = Some(id.to_owned());
        let new = NewAccessKey { name: name.to_owned(), grants, expires_at, access_key_id, ..NewAccessKey::default() };
        world.store.create_access_key(&new, &actor()).await.unwrap();
    }
    world.store.revoke_access_key("d", None, &actor()).await.unwrap();

    let all = AccessKeyFilter::default;
    let named = |name: &str| AccessKeyFilter { name: Some(name.to_owned()), ..all() };
    let standing = |standing| AccessKeyFilter { standing: Some(standing), ..all() };
    let may_act_for = |id: &str| AccessKeyFilter { cust_space_id: Some(id.to_owned()), ..all() };
    for (filter, expected) in [
        (all(), "abcd"),
        (standing(KeyStanding::Active), "ab"),
        (standing(KeyStanding::Expired), "c"),
        (standing(KeyStanding::Revoked), "d"),
        (named("TILL"), "acd"),
        (named("%"), "d"),
        (may_act_for("cams-alpha"), "abc"),
        (may_act_for("cams-beta"), "b"),
        (AccessKeyFilter { standing: Some(KeyStanding::Active), ..may_act_for("cams-alpha") }, "ab"),
    ] {
        let found = world.store.find_access_keys(&filter, "", 10).await.unwrap();
        let ids: String = found.iter().map(|key| key.access_key_id.as_str()).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
}
