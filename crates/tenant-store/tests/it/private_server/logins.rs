//! Nobody gets in without the password, and the password is nobody else's.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};
use tenant_store::private_server::test_database;

use super::{Place, start, text};

#[tokio::test]
async fn no_login_goes_without_a_password() {
    let database = test_database().await;
    let methods = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules";
    assert_eq!(text(&database.superuser_url, methods).await, "scram-sha-256");

    for password in ["", ":wrong"] {
        let url = format!("postgres://postgres{password}@127.0.0.1:{}/postgres", database.port);
        assert!(PgConnection::connect(&url).await.is_err(), "{url}");
    }
}

#[tokio::test]
async fn the_server_listens_on_loopback_only_and_has_no_socket_file() {
    let database = test_database().await;
    assert_eq!(text(&database.superuser_url, "show listen_addresses").await, "127.0.0.1");
    assert_eq!(text(&database.superuser_url, "show unix_socket_directories").await, "");
}

#[tokio::test]
async fn the_password_is_random_and_its_file_is_for_its_owner_only() {
    let database = test_database().await;
    let cluster = text(&database.superuser_url, "show data_directory").await;
    let file = Path::new(&cluster).with_file_name("superuser.password");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let password = std::fs::read_to_string(&file).unwrap();
    assert_eq!(password.trim().len(), 64);
    assert!(database.superuser_url.expose_secret().contains(password.trim()));
}

#[tokio::test]
async fn two_servers_have_two_passwords_and_show_neither() {
    let (one, other) = (Place::new(), Place::new());
    let servers = [start(&one.data_dir()).await.unwrap(), start(&other.data_dir()).await.unwrap()];
    let [first, second] = servers.each_ref().map(|server| server.superuser_url("postgres"));
    let [first, second] = [&first, &second].map(|url| url.expose_secret().split([':', '@']).nth(2).unwrap().to_owned());
    assert_ne!(first, second);
    assert!(!format!("{servers:?}").contains(&first));
    for server in servers {
        server.stop().await.unwrap();
    }
}
