//! A database that was dumped and restored elsewhere: whoever has its master key goes on, and whoever has another is told so.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tenant_store::private_server::{TestDatabase, installed_program};

use super::NEW_KEY;
use crate::{
    program::run,
    support::{MASTER_KEY, Tenant, TestApp, superuser, with_tenant},
};

/// The database of a URL.
fn name_of(url: &SecretString) -> String {
    let url: url::Url = url.expose_secret().parse().unwrap();
    url.path().trim_start_matches('/').to_owned()
}

/// The same URL with another database.
fn renamed(url: &SecretString, database: &str) -> SecretString {
    let mut url: url::Url = url.expose_secret().parse().unwrap();
    url.set_path(database);
    SecretString::from(String::from(url))
}

/// Runs a client program of PostgreSQL.
fn postgres(program: &str, arguments: &[&str]) {
    let program = installed_program(program).expect("PostgreSQL is installed with its client programs");
    let done = std::process::Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Dumps a database as its owner, and restores it under another name, as `docs/backup.md` says; the gateway's URL of it.
async fn dumped_and_restored(database: &TestDatabase) -> SecretString {
    let directory = tempfile::tempdir().unwrap();
    let dump = directory.path().join("groupgate.dump");
    let dump = Path::to_str(&dump).unwrap();
    postgres("pg_dump", &["--format=custom", "--file", dump, database.owner_url.expose_secret()]);
    let name = format!("{}_restored", name_of(&database.app_url));
    let statement = format!("create database {name} owner groupgate_owner");
    superuser(database).await.execute(AssertSqlSafe(statement)).await.unwrap();
    let owner_url = renamed(&database.owner_url, &name);
    postgres("pg_restore", &["--exit-on-error", "--single-transaction", "--dbname", owner_url.expose_secret(), dump]);
    let app_url = renamed(&database.app_url, &name);
    let environment = [("GROUPGATE_MIGRATE_URL", owner_url.expose_secret()), ("DATABASE_URL", app_url.expose_secret())];
    let migrated = run(&["migrate"], &environment, "");
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    app_url
}

#[actix_web::test]
async fn a_restored_database_serves_calls_with_the_same_master_key_and_is_refused_with_another() {
    let app = TestApp::start().await;
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let app_url = dumped_and_restored(&app.database).await;
    let (client, _restored) = app.gateway_on(&app_url, &[]).await;
    let group = json!({"GroupId": app.first.group_id});
    client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let parameters = with_tenant(&app.first, group);
    client.call_with_token(&token, "GetChatGroupInviteLink", parameters).await.expect(200, "OK");
    let of_its_key = |key| [("DATABASE_URL", app_url.expose_secret()), ("GROUPGATE_MASTER_KEY", key)];
    let verified = run(&["secrets", "verify"], &of_its_key(MASTER_KEY), "");
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let foreign = run(&["serve", "--bind", "127.0.0.1:0"], &of_its_key(NEW_KEY), "");
    assert_eq!(foreign.code, Some(1), "{foreign:?}");
    assert!(
        foreign.stderr.contains("(master key k1)") && foreign.stderr.contains("GROUPGATE_MASTER_KEY"),
        "{foreign:?}"
    );
    let unverified = run(&["secrets", "verify", "--json"], &of_its_key(NEW_KEY), "");
    assert_eq!((unverified.code, &unverified.json()["opened"]), (Some(1), &json!(0)), "{unverified:?}");
}

#[actix_web::test]
async fn a_tenant_whose_data_key_is_lost_is_refused_and_the_others_are_served() {
    let app = TestApp::start().await;
    let app_url = dumped_and_restored(&app.database).await;
    let superuser_url = renamed(&app.database.superuser_url, &name_of(&app_url));
    let mut restored = PgConnection::connect(superuser_url.expose_secret()).await.unwrap();
    let lose = "update data_keys set wrapped_key = '\\x00' where cust_space_id = 'cams-demo2'";
    restored.execute(lose).await.unwrap();
    let (client, _restored) = app.gateway_on(&app_url, &[]).await;
    let link = async |tenant: &Tenant| {
        client.call("GetChatGroupInviteLink", tenant, json!({"GroupId": tenant.group_id})).await
    };
    link(&app.first).await.expect(200, "OK");
    let refused = link(&app.second).await;
    assert!(refused.status >= 400 && refused.code().starts_with("Credential."), "{refused:?}");
}
