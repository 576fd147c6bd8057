//! A gateway that starts before PostgreSQL or the schema is there waits for it, and says so.

use std::net::{Ipv4Addr, SocketAddr};

use nix::sys::signal::Signal;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::{Console, MASTER_KEY};
use crate::program::{Running, free_port, groupgate, http, run, try_http, wait_until};

/// What a path answers.
fn look(address: SocketAddr, path: &str) -> (u16, Value) {
    let (status, body) = http(address, &[&format!("GET {path} HTTP/1.1")], "");
    (status, serde_json::from_str(&body).unwrap())
}

/// Starts a gateway that cannot serve, and gives what it says of that and what it has logged when it is told to stop.
fn wait_in_vain(database_url: &str) -> (Value, String) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let environment = [("DATABASE_URL", database_url), ("GROUPGATE_MASTER_KEY", MASTER_KEY)];
    let serve = Running::spawn(groupgate(&["serve", "--bind", &address.to_string()], &environment));
    let live = ["GET /health/live HTTP/1.1"];
    wait_until("it lives", || try_http(address, &live, "").is_ok_and(|(status, _)| status == 200));
    let (status, report) = look(address, "/health/ready");
    assert_eq!((status, &report["status"]), (503, &json!("unavailable")), "{report}");
    let (status, refused) = look(address, "/v1/whoami");
    assert_eq!((status, &refused["Code"]), (503, &json!("ServiceUnavailable")), "{refused}");
    assert_ne!(refused["RequestId"], json!("00000000-0000-0000-0000-000000000000"), "{refused}");
    serve.signal(Signal::SIGTERM);
    let (status, log) = serve.ended();
    assert!(status.success(), "{status}: {log}");
    (report["missing"].clone(), log)
}

#[test]
fn without_postgresql_serve_lives_and_waits_and_shows_no_password() {
    let url = format!("postgres://groupgate_app:hunter2@127.0.0.1:{}/groupgate", free_port());
    let (missing, log) = wait_in_vain(&url);
    assert_eq!(missing, json!(["PostgreSQL"]));
    assert!(log.contains("waits for PostgreSQL") && !log.contains("hunter2"), "{log}");
}

#[actix_web::test]
async fn without_the_schema_serve_waits_and_says_what_to_run() {
    let console = Console::new().await;
    let (missing, log) = wait_in_vain(&console.url_of_a_bare_database());
    assert!(missing.to_string().contains("schema"), "{missing}");
    assert!(log.contains("groupgate migrate"), "{log}");
}

#[actix_web::test]
async fn with_the_schema_of_a_newer_version_serve_ends() {
    let console = Console::new().await;
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (999999, 'of a newer version', true, '', 0)";
    let superuser_url = console.database.as_ref().unwrap().superuser_url.expose_secret();
    let mut superuser = PgConnection::connect(superuser_url).await.unwrap();
    sqlx::query(newer).execute(&mut superuser).await.unwrap();
    let ended = run(&["serve"], &console.environment(), "");
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.stderr.contains("newer groupgate"), "{}", ended.stderr);
}
