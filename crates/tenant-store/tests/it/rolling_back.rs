//! An upgrade that is taken back: there is no migration backwards, so the dump from before it is restored.

use std::{path::Path, process::Command, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, PgPool};
use tenant_store::{MasterKeys, SchemaState, Store, StoreSettings, private_server::installed_program, schema::migrate};

use crate::{
    helpers::{ALPHA, KEY_A, World, interpret},
    upgrading::{assert_all_opens, older},
};

fn postgres(program: &str, arguments: &[&str]) {
    let program = installed_program(program).expect("PostgreSQL is installed with its client programs");
    let done = Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

async fn connect(app_url: SecretString) -> Store {
    let settings = StoreSettings { url: app_url, connections: 2, acquire_timeout: Duration::from_secs(30) };
    Store::connect(&settings, MasterKeys::parse(KEY_A).unwrap()).await.unwrap()
}

/// The URL of the database beside this one that the dump is restored into.
fn restored(url: &SecretString) -> SecretString {
    let mut url: url::Url = url.expose_secret().parse().unwrap();
    let path = format!("{}_restored", url.path());
    url.set_path(&path);
    SecretString::from(String::from(url))
}

/// Makes a database with what the dump holds.
async fn restore(world: &World, owner_url: &SecretString, dump: &str) {
    let owner_url = restored(owner_url);
    let url: url::Url = owner_url.expose_secret().parse().unwrap();
    let name = url.path().trim_start_matches('/');
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    let statement = format!("create database {name} owner groupgate_owner");
    sqlx::query(AssertSqlSafe(statement)).execute(&superuser).await.unwrap();
    postgres("pg_restore", &["--exit-on-error", "--single-transaction", "--dbname", owner_url.expose_secret(), dump]);
}

#[tokio::test]
async fn a_dump_from_before_an_upgrade_is_the_older_versions_database_again_and_can_be_upgraded_again() {
    let world = World::new().await;
    let (owner_url, app_url) = older(&world).await;
    let directory = tempfile::tempdir().unwrap();
    let dump = directory.path().join("before.dump");
    let dump = Path::to_str(&dump).unwrap();
    postgres("pg_dump", &["--format=custom", "--file", dump, owner_url.expose_secret()]);
    let upgraded_to = migrate(&owner_url, "groupgate_app").await.unwrap().version;
    let upgraded = connect(app_url.clone()).await;
    assert_eq!(upgraded.schema_state().await.unwrap(), SchemaState::Current);
    assert_all_opens(&upgraded).await;

    restore(&world, &owner_url, dump).await;
    let (owner_url, app_url) = (restored(&owner_url), restored(&app_url));
    let as_owner = connect(owner_url.clone()).await;
    let SchemaState::Older { found, expected } = as_owner.schema_state().await.unwrap() else {
        panic!("the dump is of the older version")
    };
    assert!(found < expected && expected == upgraded_to, "{found} < {expected}");
    as_owner.close().await;

    assert_eq!(migrate(&owner_url, "groupgate_app").await.unwrap().version, upgraded_to);
    let store = connect(app_url).await;
    assert_all_opens(&store).await;
    while store.route_events(100, interpret).await.unwrap().found_any() {}
    assert_eq!(store.space(ALPHA).events_after(None, 100).await.unwrap().events.len(), 4);
}
