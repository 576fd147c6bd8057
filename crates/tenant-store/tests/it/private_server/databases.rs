//! Roles and databases on a private server, and the databases of tests.

use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};
use tenant_store::private_server::{DatabaseNames, test_database};

use super::{Place, connect, execute, start, text};

fn names() -> DatabaseNames {
    DatabaseNames {
        database: "groupgate".to_owned(),
        owner_role: "groupgate_owner".to_owned(),
        owner_password: "owner's password".into(),
        app_role: "groupgate_app".to_owned(),
        app_password: "gateway's password".into(),
    }
}

#[tokio::test]
async fn the_owner_owns_the_schema_and_the_gateways_role_owns_nothing() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    let urls = server.ensure_roles_and_database(&names()).await.unwrap();
    execute(&urls.owner_url, "create table made_by_owner (id int)").await;
    let mut app = connect(&urls.app_url).await;
    let refused = sqlx::raw_sql("create table made_by_app (id int)").execute(&mut app).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied for schema public"), "{refused}");
    let attributes = "select (rolcanlogin and not rolsuper and not rolcreatedb and not rolcreaterole \
                      and not rolreplication and not rolbypassrls)::text from pg_roles where rolname = current_user";
    assert_eq!(text(&urls.app_url, attributes).await, "true");
    assert_eq!(text(&urls.owner_url, attributes).await, "true");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn ensuring_twice_keeps_the_data_and_takes_the_new_passwords() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    let first = server.ensure_roles_and_database(&names()).await.unwrap();
    execute(&first.owner_url, "create table kept (id int)").await;
    let changed = DatabaseNames { app_password: "another".into(), ..names() };
    let second = server.ensure_roles_and_database(&changed).await.unwrap();
    assert_eq!(text(&second.app_url, "select to_regclass('kept')::text").await, "kept");
    assert!(PgConnection::connect(first.app_url.expose_secret()).await.is_err());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn names_and_passwords_may_hold_anything() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    let nasty = DatabaseNames {
        database: "data\"base; drop".to_owned(),
        owner_role: "own'er\\ %I".to_owned(),
        owner_password: "it's \\ a \"pass\" %L /?#@:".into(),
        app_role: "app role; --".to_owned(),
        app_password: "';drop role postgres;--".into(),
    };
    let urls = server.ensure_roles_and_database(&nasty).await.unwrap();
    assert_eq!(text(&urls.owner_url, "select current_user::text").await, nasty.owner_role);
    assert_eq!(text(&urls.app_url, "select current_database()::text").await, nasty.database);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_failed_statement_leaves_no_password_in_the_servers_log() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    let impossible = DatabaseNames { app_role: "pg_reserved".to_owned(), ..names() };
    server.ensure_roles_and_database(&impossible).await.unwrap_err();
    let log = std::fs::read_to_string(place.data_dir().join("server.log")).unwrap();
    assert!(log.contains("pg_reserved") && !log.contains("password"), "{log}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_without_the_right_does_not_connect() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    let urls = server.ensure_roles_and_database(&names()).await.unwrap();
    execute(&server.superuser_url("postgres"), "create role stranger login password 'stranger'").await;
    let url = urls.app_url.expose_secret().replace("groupgate_app:gateway's%20password", "stranger:stranger");
    let url = url.replace("groupgate_app:gateway%27s%20password", "stranger:stranger");
    let refused = PgConnection::connect(&url).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied for database"), "{refused}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (one, other) = (test_database().await, test_database().await);
    assert_eq!(one.port, other.port);
    execute(&one.owner_url, "create table only_here (id int)").await;
    let elsewhere = text(&other.owner_url, "select coalesce(to_regclass('only_here')::text, 'not here')").await;
    assert_eq!(elsewhere, "not here");
}

#[test]
fn a_test_database_is_to_be_had_from_many_runtimes_at_once() {
    let tests = (0..8).map(|_| {
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let database = test_database().await;
                text(&database.app_url, "select current_database()::text").await
            })
        })
    });
    let tests: Vec<_> = tests.collect();
    let mut names: Vec<_> = tests.into_iter().map(|test| test.join().unwrap()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 8);
}

#[tokio::test]
async fn a_test_database_is_closed_to_all_but_its_roles() {
    let database = test_database().await;
    let mut superuser = connect(&database.superuser_url).await;
    let public: bool = sqlx::query_scalar("select has_database_privilege('pg_monitor', current_database(), 'connect')")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert!(!public);
    connect(&database.app_url).await.close().await.unwrap();
}
