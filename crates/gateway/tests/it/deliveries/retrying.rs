//! What is tried again, and when.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tenant_store::{Delivery, DeliveryState, EndpointId, Space};

use super::{app, delivery_when, endpoint, first, statuses, tell};
use crate::support::{ClosedPort, Receiver, Reply, WebServer, eventually};

/// The endpoint's delivery, when a try of it has failed.
async fn tried_once(space: &Space<'_>, endpoint: EndpointId) -> Delivery {
    eventually("a try has failed", async || {
        let delivery = delivery_when(space, endpoint, DeliveryState::Waiting).await;
        (!delivery.tries.is_empty()).then_some(delivery)
    })
    .await
}

#[actix_web::test]
async fn what_failed_is_tried_again_with_pauses_and_stays_the_same() {
    let app = app("200ms,400ms,5s").await;
    let times = Mutex::new(Vec::new());
    let receiver = Receiver::recording(move |_| {
        let mut times = times.lock().unwrap();
        times.push(Instant::now());
        let pause = |nth: usize| times.get(nth).zip(times.get(nth - 1)).map(|(later, before)| *later - *before);
        let is_too_soon = pause(1).is_some_and(|pause| pause < Duration::from_millis(150))
            || pause(2).is_some_and(|pause| pause < Duration::from_millis(300));
        match times.len() {
            _ if is_too_soon => 418,
            1 => 500,
            2 => 401,
            _ => 202,
        }
    });
    let created = endpoint(&first(&app), &receiver.url("/"), &[]).await;
    tell(&app, &[("group-1", 1)]).await;
    let delivery = delivery_when(&first(&app), created.endpoint.endpoint_id, DeliveryState::Done).await;
    assert_eq!(statuses(&delivery), [Some(500), Some(401), Some(202)]);
    let requests = receiver.deliveries();
    assert_eq!(requests.len(), 3);
    for again in &requests[1..] {
        assert_eq!(again.header("webhook-id"), requests[0].header("webhook-id"));
        assert_eq!(again.body, requests[0].body);
    }
}

#[actix_web::test]
async fn whoever_is_busy_is_left_alone_for_as_long_as_it_asks() {
    let app = app("100ms").await;
    let busy = WebServer::start(Reply::with(429, &[("Retry-After", "600")], b"come back later")).await;
    let created = endpoint(&first(&app), &busy.url("/"), &[]).await;
    tell(&app, &[("group-1", 1)]).await;
    let delivery = tried_once(&first(&app), created.endpoint.endpoint_id).await;
    let tried = &delivery.tries[0];
    assert_eq!((tried.status, tried.answer.as_str(), &tried.error), (Some(429), "come back later", &None));
    let pause = delivery.due_at.unwrap() - tried.at;
    assert!((590.0..660.0).contains(&pause.as_seconds_f64()), "{pause}");
    assert_eq!(busy.requests().len(), 1);
}

#[actix_web::test]
async fn a_redirect_is_a_failure_and_leads_nowhere() {
    let app = app("100ms").await;
    let elsewhere = WebServer::start(Reply::with(200, &[], b"")).await;
    let redirect = Reply::with(307, &[("Location", &elsewhere.url("/"))], b"");
    let redirecting = WebServer::start(redirect).await;
    let created = endpoint(&first(&app), &redirecting.url("/"), &[]).await;
    tell(&app, &[("group-1", 1)]).await;
    let delivery = delivery_when(&first(&app), created.endpoint.endpoint_id, DeliveryState::Dead).await;
    assert_eq!(statuses(&delivery), [Some(307), Some(307)]);
    assert_eq!(elsewhere.connections(), 0);
}

#[actix_web::test]
async fn an_endpoint_that_is_down_says_why_and_gets_its_events_when_it_is_up() {
    // More tries than fit into the time until it is up.
    let app = app(&["1s"; 30].join(",")).await;
    let down = ClosedPort::hold();
    let created = endpoint(&first(&app), &down.url("/"), &[]).await;
    tell(&app, &[("group-1", 1)]).await;
    let space = first(&app);
    let error = tried_once(&space, created.endpoint.endpoint_id).await.tries[0].error.clone().unwrap();
    assert!(error.contains("takes no connection") && !error.contains("127.0.0.1"), "{error}");
    let up = down.open(Reply::with(200, &[], b""));
    let delivery = delivery_when(&space, created.endpoint.endpoint_id, DeliveryState::Done).await;
    assert_eq!(statuses(&delivery).last(), Some(&Some(200)));
    assert_eq!(up.requests().len(), 1);
}
