//! The schema's state, and the migrations.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgPool;
use tenant_store::{
    SchemaState, StoreError,
    schema::{MigrateError, Migrated, migrate},
};

use crate::helpers::{KEY_A, World, connect};

const ROLE: &str = "groupgate_app";
/// The newest migration, of which there is one a version.
const NEWEST: i64 = 29;

#[tokio::test]
async fn a_migrated_database_is_current_and_migrating_again_changes_nothing() {
    let world = World::new().await;
    assert_eq!(world.store.schema_state().await.unwrap(), SchemaState::Current);
    let Migrated { applied, version } = migrate(&world.database.owner_url, ROLE).await.unwrap();
    assert_eq!((applied, version), (0, NEWEST));
}

#[tokio::test]
async fn an_older_and_a_newer_schema_are_told_apart() {
    let world = World::new().await;
    let owner = world.owner().await;
    let renumbered = sqlx::query("update _sqlx_migrations set version = 77 where version = $1").bind(NEWEST);
    renumbered.execute(&owner).await.unwrap();
    assert_eq!(world.store.schema_state().await.unwrap(), SchemaState::Newer { found: 77, expected: NEWEST });
    let error = migrate(&world.database.owner_url, ROLE).await.unwrap_err();
    assert!(matches!(error, MigrateError::Foreign(_)), "{error}");
    sqlx::query("delete from _sqlx_migrations where version = 77").execute(&owner).await.unwrap();
    assert_eq!(world.store.schema_state().await.unwrap(), SchemaState::Older { found: NEWEST - 1, expected: NEWEST });
    sqlx::query("drop table _sqlx_migrations").execute(&owner).await.unwrap();
    assert_eq!(world.store.schema_state().await.unwrap(), SchemaState::Absent);
}

#[tokio::test]
async fn a_missing_role_is_answered_with_the_statement_that_makes_it() {
    let world = World::new().await;
    let error = migrate(&world.database.owner_url, "no\"such role").await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, MigrateError::RoleMissing { .. }), "{text}");
    assert!(text.contains(r#"CREATE ROLE "no""such role" LOGIN NOSUPERUSER NOBYPASSRLS"#), "{text}");
}

#[tokio::test]
async fn a_role_that_row_level_security_does_not_bind_is_refused() {
    let world = World::new().await;
    let error = migrate(&world.database.owner_url, "groupgate_owner").await.unwrap_err();
    assert!(matches!(error, MigrateError::RoleTooPowerful { .. }), "{error}");
    let superuser: String = sqlx::query_scalar("select rolname::text from pg_roles where rolsuper limit 1")
        .fetch_one(&world.owner().await)
        .await
        .unwrap();
    let error = migrate(&world.database.owner_url, &superuser).await.unwrap_err();
    assert!(matches!(error, MigrateError::RoleTooPowerful { .. }), "{error}");
}

#[tokio::test]
async fn a_wrong_url_or_password_is_told_without_quoting_it() {
    let world = World::new().await;
    let wrong = world.database.owner_url.expose_secret().replacen("groupgate_owner:", "groupgate_owner:hidden-word", 1);
    for url in [wrong.as_str(), "not a url with hidden-word", "postgres://u:hidden-word@127.0.0.1:1/x"] {
        let error = migrate(&SecretString::from(url), ROLE).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hidden-word"), "{error}");
        assert!(matches!(error, MigrateError::Store(StoreError::Unavailable(_) | StoreError::Internal(_))), "{error}");
    }
    let again = connect(&world.database, KEY_A).await;
    again.ping().await.unwrap();
}

#[tokio::test]
async fn an_empty_database_is_migrated_from_nothing_for_a_role_of_any_name() {
    let world = World::new().await;
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    let odd_role = r#"odd "role"; drop table tenants"#;
    for statement in [
        r#"create role "odd ""role""; drop table tenants" login nobypassrls"#,
        "create database empty_one owner groupgate_owner",
    ] {
        sqlx::query(statement).execute(&superuser).await.unwrap();
    }
    let owner_url = renamed(&world.database.owner_url, "empty_one");
    let migrated = migrate(&owner_url, odd_role).await.unwrap();
    assert_eq!(migrated, Migrated { version: NEWEST, applied: NEWEST.unsigned_abs() });
    let owner = PgPool::connect(owner_url.expose_secret()).await.unwrap();
    let may_read: bool = sqlx::query_scalar("select has_table_privilege($1::name, 'tenants', 'select')")
        .bind(odd_role)
        .fetch_one(&owner)
        .await
        .unwrap();
    assert!(may_read);
    let may_delete: bool = sqlx::query_scalar("select has_table_privilege($1::name, 'audit_log', 'delete')")
        .bind(odd_role)
        .fetch_one(&owner)
        .await
        .unwrap();
    assert!(!may_delete);
}

/// The same URL with another database.
fn renamed(url: &SecretString, database: &str) -> SecretString {
    let mut url: url::Url = url.expose_secret().parse().unwrap();
    url.set_path(database);
    SecretString::from(String::from(url))
}
