//! `RetrySafe` and what has happened at Meta: it is never true where something has, or may yet.

use serde_json::json;
use tenant_store::ListedGroup;
use time::OffsetDateTime;

use super::cases::{Case, cases};
use super::rehearsal::{refused, rehearsed};
use super::stage::{Stage, in_envelope};
use crate::support::{ClosedPort, eventually, overtaken};

#[track_caller]
fn unavailable(answer: &crate::support::Answered, case: &Case, retry_safe: bool) {
    let about = format!("{}, {}", case.operation, case.name);
    let body = in_envelope(answer, &about);
    assert_eq!(body["Code"], "Upstream.Unavailable", "{about}: {body}");
    assert_eq!(body["RetrySafe"], retry_safe, "{about}: {body}");
}

#[actix_web::test]
async fn a_write_whose_answer_was_lost_has_happened_and_is_not_called_safe() {
    for case in rehearsed().await.ways().into_iter().filter(|case| case.writes) {
        let stage = Stage::set().await;
        let before = stage.meta().await;
        for method in ["POST", "DELETE"] {
            stage.fail(json!({"method": method, "close": "after"})).await;
        }
        unavailable(&stage.call(&case).await, &case, false);
        if refused(&case).is_none() {
            let about = format!("{}, {} is done", case.operation, case.name);
            eventually(&about, async || (stage.meta().await != before).then_some(())).await;
        }
    }
}

#[actix_web::test]
async fn a_write_that_outlives_its_callers_time_happens_and_is_not_called_safe() {
    let (cases, stage) = (rehearsed().await.ways(), Stage::set().await);
    for case in cases.into_iter().filter(|case| case.writes) {
        let about = format!("{}, {}", case.operation, case.name);
        let before = stage.meta().await;
        // Until Meta recovers.
        stage.fail(json!({"delay_ms": 60_000})).await;
        let asked = async || stage.app.sandbox.requests().await.len();
        let late = overtaken(asked, async |time| stage.call_within(&case, time).await).await;
        let body = in_envelope(&late, &about);
        assert_eq!((&body["Code"], &body["RetrySafe"]), (&json!("Upstream.Timeout"), &json!(false)), "{about}: {body}");
        stage.recover().await;
        if refused(&case).is_none() {
            eventually(&format!("{about} is done"), async || (stage.meta().await != before).then_some(())).await;
        }
    }
}

#[actix_web::test]
async fn a_read_whose_answer_was_lost_can_be_sent_again() {
    let stage = Stage::set().await;
    stage.fail(json!({"close": "after"})).await;
    let reads: Vec<Case> = cases().into_iter().filter(|case| !case.writes).collect();
    for (case, answer) in stage.call_all(&reads).await {
        unavailable(&answer, case, true);
    }
}

#[actix_web::test]
async fn what_could_not_be_sent_can_be_sent_again() {
    // Nobody listens where Meta is said to be.
    let nobody = ClosedPort::hold();
    let stage = Stage::new(&[("GROUPGATE_GRAPH_URL", &nobody.url(""))]).await;
    let first = &stage.app.first;
    let group = |id: &str| ListedGroup { group_id: id.to_owned(), subject: None, created_at: None };
    let groups = [group(first.group_id), group(first.spare_group_id)];
    let space = stage.app.store.space(first.cust_space_id);
    space.record_listed_groups(first.phone_number_id, OffsetDateTime::now_utc(), &groups).await.unwrap();
    let cases = cases();
    for (case, answer) in stage.call_all(&cases).await {
        unavailable(&answer, case, true);
    }
    assert!(stage.app.sandbox.requests().await.is_empty());
}
