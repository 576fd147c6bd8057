//! Names that lead where their owner wants, and somewhere else a moment later.

use std::time::Instant;

use gateway::egress::{EgressError, NameServers};

use super::{egress, get, get_within, soon};
use crate::support::{NameServer, PATIENCE, Reply, WebServer};

const FIRST: &str = "127.0.0.1";
const SECOND: &str = "127.0.0.2";

async fn servers() -> [WebServer; 2] {
    let reply = Reply::file("text/plain", b"reached");
    WebServer::pair([FIRST.parse().unwrap(), SECOND.parse().unwrap()], reply).await
}

fn url(server: &WebServer) -> String {
    format!("http://rebinding.example:{}/picture.jpg", server.addr.port())
}

#[actix_web::test]
async fn the_address_that_was_checked_is_the_one_that_is_called() {
    let [allowed, forbidden] = servers().await;
    let dns = NameServer::telling(&[&[FIRST], &[SECOND]]).await;
    let egress = egress(&["127.0.0.1/32"], NameServers::At(dns.addr));

    assert_eq!(get(&egress, &url(&allowed)).await.unwrap().body, "reached");
    assert_eq!((dns.asked(), allowed.connections(), forbidden.connections()), (1, 1, 0));
    // By now the name leads to the other one.
    assert_eq!(get(&egress, &url(&allowed)).await.unwrap_err(), EgressError::NotHttps);
    assert_eq!((dns.asked(), allowed.connections(), forbidden.connections()), (2, 1, 0));
}

#[actix_web::test]
async fn a_name_is_followed_to_its_new_address_and_no_connection_to_the_old_one_is_kept() {
    let [old, new] = servers().await;
    let dns = NameServer::telling(&[&[FIRST], &[SECOND]]).await;
    let egress = egress(&["127.0.0.0/8"], NameServers::At(dns.addr));

    for _ in 0..3 {
        get(&egress, &url(&old)).await.unwrap();
    }
    assert_eq!((old.connections(), new.connections()), (1, 2));
    let host = format!("host: rebinding.example:{}", old.addr.port());
    for request in old.requests().iter().chain(&new.requests()) {
        assert!(request.to_ascii_lowercase().contains(&host), "{request}");
    }
}

#[actix_web::test]
async fn a_name_is_not_called_at_all_where_one_of_its_addresses_is_forbidden() {
    let [first, _] = servers().await;
    for inside in ["169.254.169.254", "10.0.0.1", "::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe"] {
        let dns = NameServer::telling(&[&[FIRST, inside]]).await;
        let egress = egress(&["127.0.0.0/8"], NameServers::At(dns.addr));
        assert_eq!(get(&egress, &url(&first)).await.unwrap_err(), EgressError::NotHttps, "{inside}");
        let by_https = url(&first).replace("http:", "https:");
        assert_eq!(get(&egress, &by_https).await.unwrap_err(), EgressError::ForbiddenAddress, "{inside}");
    }
    assert_eq!(first.connections(), 0);
}

#[actix_web::test]
async fn an_address_that_takes_no_connection_is_passed_over() {
    let [listening, _] = servers().await;
    let dns = NameServer::telling(&[&["127.0.0.3", FIRST]]).await;
    let egress = egress(&["127.0.0.0/8"], NameServers::At(dns.addr));
    assert_eq!(get(&egress, &url(&listening)).await.unwrap().status, 200);
}

#[actix_web::test]
async fn a_name_without_an_address_is_told_as_one_that_leads_inside() {
    let nowhere = NameServer::telling(&[&[]]).await;
    let inside = NameServer::telling(&[&["10.0.0.1"]]).await;
    let https = "https://pictures.example/";
    let unknown = get(&egress(&[], NameServers::At(nowhere.addr)), https).await.unwrap_err();
    let forbidden = get(&egress(&[], NameServers::At(inside.addr)), https).await.unwrap_err();
    assert_eq!((unknown, forbidden), (EgressError::Unresolvable, EgressError::ForbiddenAddress));
    assert_eq!(unknown.to_string(), forbidden.to_string());
    assert!(!forbidden.to_string().contains("10.0"), "{forbidden}");
}

#[actix_web::test]
async fn a_name_server_that_says_nothing_costs_the_calls_own_time_and_no_more() {
    let (mute, _socket) = NameServer::mute().await;
    let egress = egress(&[], NameServers::At(mute.addr));
    let begun = Instant::now();
    let error = get_within(&egress, "https://pictures.example/", soon()).await.unwrap_err();
    assert_eq!(error, EgressError::Timeout);
    assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn localhost_is_this_machine_and_so_it_is_forbidden() {
    let [first, _] = servers().await;
    let port = first.addr.port();
    let nothing_allowed = egress(&[], NameServers::System);
    for host in ["localhost", "localhost.", "LOCALHOST", "inside.localhost"] {
        let error = get(&nothing_allowed, &format!("https://{host}:{port}/")).await.unwrap_err();
        assert_eq!(error.to_string(), EgressError::ForbiddenAddress.to_string(), "{host}");
    }
    assert_eq!(first.connections(), 0);
    let loopback = egress(&["127.0.0.0/8", "::1/128"], NameServers::System);
    assert_eq!(get(&loopback, &format!("http://localhost:{port}/")).await.unwrap().status, 200);
}
