//! `groupgate listen`: a tenant's events at a developer's hook.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{reader, receive, texts};
use crate::program::{Ended, Running, groupgate, run};
use crate::support::{ChaosProxy, Receiver, TestApp};

#[actix_web::test]
async fn a_hook_gets_what_an_endpoint_gets_and_goes_on_after_the_gateway_was_away() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let (other, gateway) = app.replica().await;
    let hook = Receiver::recording(|delivery| if delivery.event()["Sequence"] == 2 { 500 } else { 204 });
    let environment = [
        ("GROUPGATE_URL", other.url.as_str()),
        ("GROUPGATE_CUST_SPACE_ID", app.first.cust_space_id),
        ("GROUPGATE_ACCESS_KEY_ID", &key.id),
        ("GROUPGATE_ACCESS_KEY_SECRET", &key.secret),
    ];
    let url = hook.url("/hook?token=hidden");
    let arguments = ["listen", "--forward", &url, "--types", "message.*", "--after", "0"];
    let listening = Running::spawn(groupgate(&arguments, &environment));
    let (listening, began) = until(listening, "Listening").await;
    let secret = &began[began.find("whsec_").unwrap()..].lines().next().unwrap()[..50];
    assert!(!began.contains("hidden"), "{began}");

    receive(&app.client, &app.first, &texts("message", 2)).await;
    let (listening, lines) = until(listening, "#2").await;
    assert!(lines.contains("#1  message.received  evt_") && lines.contains("  204 in "), "{lines}");
    assert!(lines.contains("#2") && lines.contains("  500 in "), "a post is made once: {lines}");

    gateway.stop(Duration::ZERO).await;
    let (listening, _) = until(listening, "The gateway is away").await;
    listening.signal(Signal::SIGINT);
    assert!(listening.ended().0.success());

    let deliveries = hook.deliveries();
    assert_eq!(deliveries.len(), 2);
    for delivery in &deliveries {
        assert!(delivery.is_signed_with(secret), "{delivery:?}");
        assert_eq!(delivery.header("webhook-id"), delivery.event()["Id"]);
        assert_eq!(delivery.header("content-type"), "application/json");
        assert!(delivery.header("user-agent").starts_with("groupgate/"));
    }
}

#[actix_web::test]
async fn events_follow_after_a_lost_stream_and_a_given_secret_signs() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{secret}\n")).unwrap();
    let (_, port) = app.client.url.rsplit_once(':').unwrap();
    let proxy = ChaosProxy::start(port.parse().unwrap()).await;
    let url = format!("http://127.0.0.1:{}", proxy.port);
    let hook = Receiver::recording(|_| 200);
    let environment = [("GROUPGATE_ACCESS_KEY_ID", key.id.as_str()), ("GROUPGATE_ACCESS_KEY_SECRET", &key.secret)];
    let forward = hook.url("/hook");
    let path = file.path().to_str().unwrap();
    let arguments = [
        "listen",
        "--forward",
        &forward,
        "--url",
        &url,
        "--cust-space-id",
        app.first.cust_space_id,
        "--secret-file",
        path,
    ];
    let listening = Running::spawn(groupgate(&arguments, &environment));
    let (listening, began) = until(listening, "Listening").await;
    assert!(!began.contains("whsec_"), "{began}");
    proxy.cut();
    let (listening, _) = until(listening, "trying again").await;
    receive(&app.client, &app.first, &texts("meanwhile", 3)).await;
    proxy.restore();
    let (listening, _) = until(listening, "#3").await;
    let sequences: Vec<_> = hook.deliveries().iter().map(|delivery| delivery.event()["Sequence"].clone()).collect();
    assert_eq!(sequences, [1, 2, 3], "also those that came before the first was seen");
    assert!(hook.deliveries().iter().all(|delivery| delivery.is_signed_with(secret)));
    listening.signal(Signal::SIGTERM);
    assert!(listening.ended().0.success());
}

#[actix_web::test]
async fn what_the_gateway_refuses_ends_it_with_the_gateways_words() {
    let app = TestApp::start().await;
    let url = app.client.url.clone();
    let environment = [
        ("GROUPGATE_URL", url.as_str()),
        ("GROUPGATE_CUST_SPACE_ID", app.first.cust_space_id),
        ("GROUPGATE_ACCESS_KEY_ID", &app.first.key.id),
        ("GROUPGATE_ACCESS_KEY_SECRET", &app.first.key.secret),
    ];
    let refused = listen(&environment).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("Forbidden.Scope") && refused.stderr.contains("`events.read`"), "{refused:?}");
    let unset = listen(&environment[..2]).await;
    assert_eq!(unset.code, Some(2));
    assert!(unset.stderr.contains("GROUPGATE_ACCESS_KEY_ID is not set"), "{unset:?}");
}

/// What it prints up to the line that holds `last`. The proxy and the sandbox live in the test's own thread, so that
/// nobody may wait there.
async fn until(mut listening: Running, last: &'static str) -> (Running, String) {
    let waited = tokio::task::spawn_blocking(move || {
        let lines = listening.lines_until(last).join("\n");
        (listening, lines)
    });
    waited.await.unwrap()
}

async fn listen(environment: &[(&str, &str)]) -> Ended {
    let owned: Vec<_> = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let ended = tokio::task::spawn_blocking(move || {
        let environment: Vec<_> = owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(&["listen", "--forward", "http://127.0.0.1:9/hook"], &environment, "")
    });
    ended.await.unwrap()
}
