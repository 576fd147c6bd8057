//! Migrations that run while gateways of the version before work.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};
use tenant_store::schema::migrate;

use crate::{
    helpers::World,
    upgrading::{MIGRATIONS, at},
};

const ROLE: &str = "groupgate_app";
/// The last migration that does not give way.
const BEFORE: i64 = 23;

#[test]
fn every_migration_gives_way_to_those_who_use_its_table() {
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > BEFORE) {
        let gives_way = migration.sql.as_str().contains("\nset local lock_timeout = '1s';\n");
        assert!(gives_way, "{} {}", migration.version, migration.description);
    }
}

#[tokio::test]
async fn webhooks_are_taken_by_the_version_before_until_the_rights_are_given_anew() {
    let world = World::new().await;
    let (owner_url, app_url) = at(&world, BEFORE).await;
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await.unwrap();
    sqlx::query("select grant_to_gateway($1::text::name)").bind(ROLE).execute(&mut owner).await.unwrap();
    MIGRATIONS.run_direct(None, &mut owner, false).await.unwrap();
    let mut gateway = PgConnection::connect(app_url.expose_secret()).await.unwrap();
    let receive = "select receive_events(array[decode(repeat('07', 32), 'hex')], array['f'], array['200000000000001'],
                                         array[null::text], array['{}'], array[null::timestamptz])";
    let new: i64 = sqlx::query_scalar(receive).fetch_one(&mut gateway).await.unwrap();
    assert_eq!(new, 1);
    let traces: Vec<Option<String>> =
        sqlx::query_scalar("select trace from events").fetch_all(&mut owner).await.unwrap();
    assert_eq!(traces, [None::<String>]);
}

#[tokio::test]
async fn a_table_that_is_in_use_is_tried_for_again_and_nobody_waits_behind_it_for_long() {
    let world = World::new().await;
    let (owner_url, _) = at(&world, BEFORE).await;
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await.unwrap();
    // As a dump does.
    let mut dump = owner.begin().await.unwrap();
    sqlx::query("lock table changes in access share mode").execute(&mut *dump).await.unwrap();
    let gives_way_and_gets_it = async {
        until_it_waits(&mut dump, true).await;
        until_it_waits(&mut dump, false).await;
        dump.rollback().await.unwrap();
    };
    let (migrated, ()) = tokio::join!(migrate(&owner_url, ROLE), gives_way_and_gets_it);
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max();
    assert_eq!(Some(migrated.unwrap().version), newest);
}

/// Until somebody waits for the table `changes`, or nobody does any more.
async fn until_it_waits(connection: &mut PgConnection, waits: bool) {
    let waiting = "select exists (select 1 from pg_locks l join pg_database d on d.oid = l.database
                                  where d.datname = current_database() and l.relation = 'changes'::regclass
                                    and not l.granted)";
    while sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut *connection).await.unwrap() != waits {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
