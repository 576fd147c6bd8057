//! One deadline holds for everything, and tells whether the request had left.

use std::time::Duration;

use graph_client::{Acted, Call, GraphClient, GraphError, GraphSettings};
use tokio::{net::TcpListener, time::Instant};

use crate::support::{Graph, Reply, call, group, response, token};

/// Long enough for a request to leave, also where the machine stalls.
const SHORT: Duration = Duration::from_secs(2);
/// Long enough for a slow machine, and far from the settings' 30 s.
const BOUND: Duration = Duration::from_secs(15);

fn soon(token: &graph_client::Token) -> Call<'_> {
    Call { deadline: Some(Instant::now() + SHORT), ..Call::unguarded(token) }
}

/// A port that takes connections and never says a word, so that TLS never stands.
async fn mute_tls() -> (TcpListener, GraphSettings) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    (listener, GraphSettings::new(url.parse().unwrap()))
}

#[actix_rt::test]
async fn silence_after_a_change_was_sent_leaves_it_open() {
    let graph = Graph::with(vec![Reply::Silence]).await;
    let started = Instant::now();
    let error = graph.client().reset_invite_link(soon(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Timeout { sent: true, .. }), "{error:?}");
    assert_eq!(error.acted(), Acted::Unknown);
    assert!(started.elapsed() < BOUND);
}

#[actix_rt::test]
async fn a_change_without_a_body_is_known_to_have_left_too() {
    let graph = Graph::with(vec![Reply::Silence]).await;
    let error = graph.client().delete_group(soon(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Timeout { sent: true, .. }), "{error:?}");
}

#[actix_rt::test]
async fn a_byte_now_and_then_does_not_stretch_the_deadline() {
    let bytes = response(200, &[], &format!(r#"{{"invite_link":"{}"}}"#, "L".repeat(1000)));
    for split in [0, bytes.len() - 1000] {
        let (head, rest) = bytes.split_at(split);
        let graph = Graph::with(vec![Reply::Drip(head.to_vec(), rest.to_vec())]).await;
        let started = Instant::now();
        let error = graph.client().reset_invite_link(soon(&token()), &group()).await.unwrap_err();
        assert!(matches!(error, GraphError::Timeout { sent: true, .. }), "{error:?}");
        assert!(started.elapsed() < BOUND);
    }
}

#[actix_rt::test]
async fn the_settings_timeout_holds_where_the_caller_has_more_time() {
    let graph = Graph::with(vec![Reply::Silence]).await;
    let settings = GraphSettings { timeout: SHORT, ..graph.settings() };
    let client = GraphClient::new(&settings).unwrap();
    let token = token();
    let patient = Call { deadline: Some(Instant::now() + Duration::from_hours(1)), ..Call::unguarded(&token) };
    let started = Instant::now();
    let error = client.invite_link(patient, &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Timeout { .. }), "{error:?}");
    assert_eq!(error.acted(), Acted::No);
    assert!(started.elapsed() < BOUND);
}

#[actix_rt::test]
async fn a_deadline_that_has_passed_sends_nothing() {
    let graph = Graph::answering(200, "{}").await;
    let token = token();
    let late = Call { deadline: Some(Instant::now()), ..Call::unguarded(&token) };
    let error = graph.client().delete_group(late, &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Timeout { sent: false, .. }), "{error:?}");
    assert!(graph.requests().is_empty());
}

#[actix_rt::test]
async fn a_change_that_was_still_connecting_did_not_happen() {
    let (_listener, settings) = mute_tls().await;
    let client = GraphClient::new(&GraphSettings { connect_timeout: 2 * BOUND, ..settings }).unwrap();
    for error in [
        client.reset_invite_link(soon(&token()), &group()).await.unwrap_err(),
        client.delete_group(soon(&token()), &group()).await.unwrap_err(),
    ] {
        assert!(matches!(error, GraphError::Timeout { sent: false, .. }), "{error:?}");
        assert_eq!(error.acted(), Acted::No);
    }
}

#[actix_rt::test]
async fn connecting_has_a_timeout_of_its_own() {
    let (_listener, settings) = mute_tls().await;
    let client = GraphClient::new(&GraphSettings { connect_timeout: SHORT, ..settings }).unwrap();
    let started = Instant::now();
    let error = client.reset_invite_link(call(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Connect { .. }), "{error:?}");
    assert!(started.elapsed() < BOUND);
}

#[actix_rt::test]
async fn a_connection_whose_answer_came_too_late_is_not_used_again() {
    let body = format!(r#"{{"invite_link":"{}"}}"#, "old".repeat(300));
    let late = Reply::Drip(Vec::new(), response(200, &[], &body));
    let graph = Graph::with(vec![late, Reply::Whole(response(200, &[], r#"{"invite_link":"new"}"#))]).await;
    let client = graph.client();
    client.invite_link(soon(&token()), &group()).await.unwrap_err();
    let answer = client.invite_link(call(&token()), &group()).await.unwrap();
    assert_eq!(answer.body.invite_link.as_deref(), Some("new"));
}
