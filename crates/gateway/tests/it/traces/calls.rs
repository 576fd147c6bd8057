//! From the caller through a call to Meta.

use secrecy::ExposeSecret as _;
use serde_json::json;
use tenant_store::NewEndpoint;

use super::{CLIENT, SAMPLED, SERVER, SPAN, TRACE, app, ask, at_meta, post};
use crate::support::{Collector, Receiver, RpcRequest, TestApp, Told, actor, eventually, with_tenant};

const STATE: (&str, &str) = ("tracestate", "vendor=abc,other@tenant=1");

/// The call's own span and that of its one try at Meta.
async fn call_and_try(collector: &Collector, trace_id: &str) -> (Told, Told) {
    let mut told = collector.trace(trace_id, 2).await;
    told.sort_by_key(|told| told.kind);
    let [call, tried] = <[Told; 2]>::try_from(told).unwrap();
    assert_eq!((call.kind, tried.kind), (SERVER, CLIENT));
    assert_eq!((call.trace_id.as_str(), tried.trace_id.as_str()), (trace_id, trace_id));
    assert_eq!(tried.parent, call.span_id);
    (call, tried)
}

#[actix_web::test]
async fn a_callers_trace_goes_on_through_the_call_to_meta() {
    let (app, collector) = app("0", &[]).await;
    let answer = ask(&app, &[("traceparent", SAMPLED), STATE]).await;
    let request_id = answer.header("x-request-id").unwrap().to_owned();
    answer.expect(200, "OK");

    let (call, tried) = call_and_try(&collector, TRACE).await;
    assert_eq!((call.name.as_str(), call.parent.as_str()), ("groupgate.GetChatGroupInviteLink", SPAN));
    for (name, value) in [
        ("groupgate.face", "rest"),
        ("groupgate.operation", "GetChatGroupInviteLink"),
        ("groupgate.code", "OK"),
        ("groupgate.cust_space_id", app.first.cust_space_id),
        ("groupgate.request_id", &request_id),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(call.attribute(name), value, "{name}");
    }
    assert_eq!(call.resource["service.name"], "groupgate");
    assert_eq!(call.resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(call.resource["service.instance.id"].len(), 36);
    assert_eq!(tried.name, "groupgate.Upstream");
    for (name, value) in [("groupgate.effect", "read"), ("groupgate.try", "1"), ("groupgate.outcome", "answered")] {
        assert_eq!(tried.attribute(name), value, "{name}");
    }
    assert!(!call.is_failed && !tried.is_failed);
    assert_eq!((call.state.as_str(), tried.state.as_str()), (STATE.1, STATE.1));
    assert_eq!(at_meta(&app, "/invite_link", "traceparent").await, format!("00-{TRACE}-{}-01", tried.span_id));
    assert_eq!(at_meta(&app, "/invite_link", "tracestate").await, STATE.1);
}

#[actix_web::test]
async fn the_other_faces_carry_it_too() {
    let (app, collector) = app("0", &[]).await;
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    let request = RpcRequest::new("GetChatGroupInviteLink", &parameters).header("traceparent", SAMPLED);
    let answer = request.sign(&app.client, &app.first.key).send(&app.client).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (call, _) = call_and_try(&collector, TRACE).await;
    assert_eq!((call.attribute("groupgate.face"), call.parent.as_str()), ("rpc", SPAN));

    let other = SAMPLED.replace("4bf9", "4bfa");
    let authorization = app.first.key.bearer();
    let headers = [("authorization", authorization.as_str()), ("traceparent", &other)];
    let path = format!("/graph/v23.0/{}/invite_link", app.first.group_id);
    let answer = app.client.send("GET", &path, &headers, Vec::new()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (call, tried) = call_and_try(&collector, &TRACE.replace("4bf9", "4bfa")).await;
    assert_eq!((call.attribute("groupgate.face"), call.parent.as_str()), ("graph", SPAN));
    assert!(at_meta(&app, "/invite_link", "traceparent").await.contains(&tried.span_id));
}

#[actix_web::test]
async fn each_try_is_told_with_how_it_ended_and_is_a_span_of_its_own_at_meta() {
    let (app, collector) = app("0", &[]).await;
    app.sandbox.fail(json!({"path": "*/invite_link", "http_status": 503, "body": "away"})).await;
    ask(&app, &[("traceparent", SAMPLED)]).await.expect(200, "OK");
    let told = collector.trace(TRACE, 3).await;
    let tried = |nth: &str| told.iter().find(|told| told.attribute("groupgate.try") == nth).unwrap();
    let (first, second) = (tried("1"), tried("2"));
    assert_eq!((first.attribute("groupgate.outcome"), first.is_failed), ("failed", true));
    assert_eq!(first.attribute("http.response.status_code"), "503");
    assert_eq!((second.attribute("groupgate.outcome"), second.is_failed), ("answered", false));
    let sent: Vec<String> =
        app.sandbox.requests().await.iter().map(|asked| asked["headers"]["traceparent"].to_string()).collect();
    for tried in [first, second] {
        assert_eq!(sent.iter().filter(|sent| sent.contains(&tried.span_id)).count(), 1, "{sent:?}");
    }
}

#[actix_web::test]
async fn what_meta_refuses_is_told_by_its_codes() {
    let (app, collector) = app("0", &[]).await;
    app.sandbox.fail(json!({"path": "*/invite_link", "code": 131_009})).await;
    let answer = ask(&app, &[("traceparent", SAMPLED)]).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let (call, tried) = call_and_try(&collector, TRACE).await;
    assert_eq!((call.attribute("groupgate.code"), call.is_failed), (answer.code().as_str(), false));
    assert_eq!(call.attribute("groupgate.upstream_code"), "131009");
    assert_eq!(
        (tried.attribute("groupgate.outcome"), tried.attribute("groupgate.upstream_code")),
        ("refused", "131009")
    );
    assert!(tried.is_failed);
}

#[actix_web::test]
async fn meta_is_told_nothing_where_that_is_switched_off() {
    let (app, collector) = app("1", &[("GROUPGATE_TRACE_UPSTREAM", "false")]).await;
    ask(&app, &[("traceparent", SAMPLED), STATE]).await.expect(200, "OK");
    call_and_try(&collector, TRACE).await;
    for header in ["traceparent", "tracestate"] {
        assert_eq!(at_meta(&app, "/invite_link", header).await, "", "{header}");
    }
}

#[actix_web::test]
async fn without_a_collector_no_header_is_looked_at() {
    let app = TestApp::start().await;
    ask(&app, &[("traceparent", SAMPLED), STATE]).await.expect(200, "OK");
    assert_eq!(at_meta(&app, "/invite_link", "traceparent").await, "");
}

#[actix_web::test]
async fn no_number_no_link_no_address_and_no_secret_is_told() {
    let (app, collector) = app("1", &[("GROUPGATE_DELIVERY_RETRIES", "1s")]).await;
    let key = &app.first.key;
    let receiver = Receiver::recording(|_| 500);
    let hook = NewEndpoint {
        url: receiver.url("/hook/only-we-know-this"),
        types: vec!["group.created".to_owned()],
        ..NewEndpoint::default()
    };
    let hook = app.store.space(app.first.cust_space_id).create_endpoint(&hook, &actor()).await.unwrap();
    let made = json!({"Subject": "The knees of Mr Roe", "WaitSeconds": 20});
    let group = post(&app, key, "AddChatGroup", &made, &[]).await.expect(200, "OK");
    let link = group["InviteLink"].as_str().unwrap().to_owned();
    app.sandbox.join("16505559999", &link).await;
    let message = json!({
        "CustSpaceId": app.first.cust_space_id, "From": app.first.business_number, "To": group["GroupId"],
        "RecipientType": "group", "Type": "message", "MessageType": "text",
        "Content": json!({"text": "does my knee get better"}).to_string(),
    });
    app.client.call_as(key, "SendChatappMessage", message).await;
    let removed = json!({"GroupId": group["GroupId"], "List": [{"ParticipantNumber": "16505559999"}]});
    post(&app, key, "DeleteChatGroupParticipants", &removed, &[]).await;
    let marked = [("traceparent", SAMPLED)];
    ask(&app, &marked).await.expect(200, "OK");
    collector.trace(TRACE, 2).await;
    eventually("both tries to deliver are told", async || {
        let told = collector.told();
        (told.iter().filter(|told| told.name == "groupgate.Deliver" && told.is_failed).count() == 2).then_some(())
    })
    .await;

    let told = collector.bodies().concat();
    let (authorization, signing) = (key.basic(), hook.secret.expose());
    let secrets = [
        app.first.graph_token,
        crate::support::APP_SECRET,
        &key.secret,
        authorization.trim_start_matches("Basic "),
        signing.expose_secret().trim_start_matches("whsec_"),
    ];
    let host = receiver.url("");
    let personal = [
        app.first.business_number,
        "16505559999",
        "chat.whatsapp.com",
        link.rsplit('/').next().unwrap(),
        "knee",
        "Roe",
        host.trim_start_matches("http://"),
        "only-we-know-this",
    ];
    for private in secrets.into_iter().chain(personal) {
        assert!(!told.contains(private), "{private} stands in {told}");
    }
    assert!(told.contains("groupgate.AddChatGroup"), "{told}");
}
