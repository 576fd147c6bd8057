//! Meta's error object as it comes over the wire.

use graph_client::{Acted, GraphError, Refusal, RefusalKind};

use crate::support::{Graph, Reply, call, group, response, token};

fn error_object(code: i64) -> String {
    format!(r#"{{"error":{{"message":"(#{code}) m","type":"OAuthException","code":{code},"fbtrace_id":"T"}}}}"#)
}

async fn refusal_of_a_change(status: u16, body: &str) -> Refusal {
    let graph = Graph::answering(status, body).await;
    match graph.client().reset_invite_link(call(&token()), &group()).await {
        Err(GraphError::Refused(refusal)) => *refusal,
        other => panic!("{other:?}"),
    }
}

#[actix_rt::test]
async fn the_code_decides_and_not_the_status() {
    for (status, code, kind) in [
        (400, 131_041, RefusalKind::NotFound),
        (404, 803, RefusalKind::NotFound),
        (401, 190, RefusalKind::TokenInvalid),
        (400, 190, RefusalKind::TokenInvalid),
        (500, 3, RefusalKind::TokenForbidden),
        (403, 131_207, RefusalKind::GroupSuspended),
        (400, 131_215, RefusalKind::NumberNotEligible),
        (400, 130_429, RefusalKind::Throttled),
        (429, 131_208, RefusalKind::Throttled),
        (503, 2, RefusalKind::Transient),
        (200, 131_201, RefusalKind::PartialSuccess),
        (500, 100, RefusalKind::Rejected),
    ] {
        let refusal = refusal_of_a_change(status, &error_object(code)).await;
        assert_eq!((refusal.kind(), refusal.status), (kind, status), "{code}");
        assert_eq!(refusal.fbtrace_id.as_deref(), Some("T"));
    }
}

#[actix_rt::test]
async fn only_trouble_on_metas_side_leaves_a_change_open() {
    for (code, acted) in [
        (1, Acted::Unknown),
        (2, Acted::Unknown),
        (131_000, Acted::Unknown),
        (131_016, Acted::Unknown),
        (131_057, Acted::Unknown),
        (133_004, Acted::Unknown),
        (131_208, Acted::No),
        (190, Acted::No),
        (100, Acted::No),
    ] {
        let refusal = refusal_of_a_change(500, &error_object(code)).await;
        assert_eq!(refusal.acted(), acted, "{code}");
    }
}

#[actix_rt::test]
async fn a_refused_read_has_changed_nothing() {
    let graph = Graph::answering(500, &error_object(1)).await;
    let error = graph.client().invite_link(call(&token()), &group()).await.unwrap_err();
    assert_eq!(error.acted(), Acted::No);
}

#[actix_rt::test]
async fn a_refusal_carries_usage_and_how_long_to_wait() {
    let usage = r#"{"1":[{"type":"x","call_count":100,"estimated_time_to_regain_access":2}]}"#;
    let bytes = response(400, &[("X-Business-Use-Case-Usage", usage)], &error_object(80_007));
    let graph = Graph::with(vec![Reply::Whole(bytes)]).await;
    let error = graph.client().invite_link(call(&token()), &group()).await.unwrap_err();
    let GraphError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.usage.retry_after().unwrap().as_secs(), 120);
}

#[actix_rt::test]
async fn what_meta_repeats_of_the_token_is_taken_out() {
    let body = r#"{"error":{"message":"Malformed access token EAAGabcdefghijklmnop","code":190}}"#;
    let refusal = refusal_of_a_change(401, body).await;
    assert_eq!(refusal.message, "Malformed access token ***");
}
