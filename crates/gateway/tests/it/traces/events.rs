//! From a webhook, or the call that asked for a change, into deliveries.

use serde_json::{Value, json};
use tenant_store::NewEndpoint;

use super::{CLIENT, SAMPLED, SERVER, SPAN, TRACE, app, post};
use crate::support::{APP_SECRET, Delivery, Receiver, TestApp, Told, actor, eventually, suspended};

/// An endpoint of the first tenant's for events of this type.
async fn endpoint(app: &TestApp, receiver: &Receiver, of_type: &str) {
    let new = NewEndpoint { url: receiver.url("/"), types: vec![of_type.to_owned()], ..NewEndpoint::default() };
    app.store.space(app.first.cust_space_id).create_endpoint(&new, &actor()).await.unwrap();
}

/// So many deliveries, as soon as they are there.
async fn arrived(receiver: &Receiver, count: usize) -> Vec<Delivery> {
    eventually("it is delivered", async || Some(receiver.deliveries()).filter(|all| all.len() >= count)).await
}

/// Has Meta tell of a group that is suspended, under this trace.
async fn tell(app: &TestApp, group_id: &str, headers: &[(&str, &str)]) -> u16 {
    let body = suspended(app.first.phone_number_id, app.first.waba_id, &[group_id]);
    app.webhook(APP_SECRET, &body, headers).await.status
}

fn named<'a>(told: &'a [Told], name: &str) -> &'a Told {
    told.iter().find(|told| told.name == name).unwrap_or_else(|| panic!("{name} in {told:?}"))
}

#[actix_web::test]
async fn the_trace_of_a_webhook_goes_on_to_the_endpoint_with_each_try() {
    let (app, collector) = app("0", &[("GROUPGATE_DELIVERY_RETRIES", "1s,1s")]).await;
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let receiver =
        Receiver::recording(
            move |_| {
                if seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 { 500 } else { 204 }
            },
        );
    endpoint(&app, &receiver, "group.*").await;
    assert_eq!(tell(&app, "one", &[("traceparent", SAMPLED), ("tracestate", "a=1")]).await, 200);

    let deliveries = arrived(&receiver, 2).await;
    let told = collector.trace(TRACE, 3).await;
    let webhook = named(&told, "groupgate.ReceiveWebhook");
    assert_eq!((webhook.kind, webhook.parent.as_str(), webhook.attribute("groupgate.face")), (SERVER, SPAN, "webhook"));
    for (nth, status, is_failed) in [("1", "500", true), ("2", "204", false)] {
        let tried = told.iter().find(|told| told.attribute("groupgate.try") == nth).unwrap();
        assert_eq!((tried.name.as_str(), tried.kind), ("groupgate.Deliver", CLIENT));
        assert_eq!((tried.parent.as_str(), tried.is_failed), (webhook.span_id.as_str(), is_failed));
        assert_eq!(tried.attribute("http.response.status_code"), status);
        assert_eq!(tried.attribute("groupgate.cust_space_id"), app.first.cust_space_id);
        let sent = format!("00-{TRACE}-{}-01", tried.span_id);
        assert_eq!(deliveries.iter().filter(|delivery| delivery.header("traceparent") == sent).count(), 1, "{nth}");
    }
    assert!(deliveries.iter().all(|delivery| delivery.header("tracestate").is_empty()), "it is no concern of theirs");
}

#[actix_web::test]
async fn a_delivery_of_what_is_not_traced_carries_nothing() {
    let (app, _collector) = app("0", &[]).await;
    let receiver = Receiver::recording(|_| 204);
    endpoint(&app, &receiver, "group.*").await;
    assert_eq!(tell(&app, "one", &[]).await, 200);
    assert_eq!(arrived(&receiver, 1).await[0].header("traceparent"), "");
}

#[actix_web::test]
async fn the_trace_of_the_call_that_asked_for_a_change_goes_on_to_who_is_told_of_its_end() {
    let (app, collector) = app("0", &[]).await;
    let receiver = Receiver::recording(|_| 204);
    endpoint(&app, &receiver, "group.created").await;
    let group = json!({"Subject": "Traced", "WaitSeconds": 20});
    let answer = post(&app, &app.first.key, "AddChatGroup", &group, &[("traceparent", SAMPLED)]).await;
    answer.expect(200, "OK");
    let told = eventually("the delivery is told", async || {
        let told: Vec<Told> = collector.told().into_iter().filter(|told| told.trace_id == TRACE).collect();
        told.iter().any(|told| told.name == "groupgate.Deliver").then_some(told)
    });
    let told = told.await;
    let (call, delivery) = (named(&told, "groupgate.AddChatGroup"), named(&told, "groupgate.Deliver"));
    assert_eq!((delivery.parent.as_str(), delivery.links.len()), (call.span_id.as_str(), 0));
    assert_eq!(delivery.attribute("groupgate.event_type"), "group.created");
    let sent = arrived(&receiver, 1).await[0].header("traceparent").to_owned();
    assert_eq!(sent, format!("00-{TRACE}-{}-01", delivery.span_id));
}

#[actix_web::test]
async fn where_call_and_webhook_are_traced_the_delivery_names_both() {
    let (app, collector) = app("1", &[]).await;
    let receiver = Receiver::recording(|_| 204);
    endpoint(&app, &receiver, "group.created").await;
    let group = json!({"Subject": "Traced", "WaitSeconds": 20});
    post(&app, &app.first.key, "AddChatGroup", &group, &[]).await.expect(200, "OK");
    let told = eventually("the delivery is told", async || {
        let told = collector.told();
        let names = ["groupgate.Deliver", "groupgate.AddChatGroup", "groupgate.ReceiveWebhook"];
        names.iter().all(|name| told.iter().any(|told| told.name == *name)).then_some(told)
    });
    let told = told.await;
    let delivery = named(&told, "groupgate.Deliver");
    assert_eq!(delivery.parent, named(&told, "groupgate.AddChatGroup").span_id);
    let webhook = |told: &&Told| {
        told.name == "groupgate.ReceiveWebhook" && delivery.links == [(told.trace_id.clone(), told.span_id.clone())]
    };
    assert!(told.iter().any(|told| webhook(&told)), "{told:?}");
}

#[actix_web::test]
async fn a_webhook_that_is_not_metas_is_not_told_by_wishing_so() {
    let (app, collector) = app("0", &[]).await;
    let headers = [
        ("x-hub-signature-256", "sha256=0000000000000000000000000000000000000000000000000000000000000000"),
        ("traceparent", SAMPLED),
    ];
    assert_eq!(
        app.client.send("POST", "/webhooks/graph", &headers, Value::Null.to_string().into_bytes()).await.status,
        401
    );
    let other = SAMPLED.replace("4bf9", "4bfa");
    assert_eq!(tell(&app, "one", &[("traceparent", &other)]).await, 200);
    collector.trace(&TRACE.replace("4bf9", "4bfa"), 1).await;
    assert!(collector.told().iter().all(|told| told.trace_id != TRACE));
}
