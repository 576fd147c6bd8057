//! A fault at each call to Meta of each operation.

use serde_json::{Value, json};

use super::cases::Case;
use super::rehearsal::rehearsed;
use super::stage::Stage;
use crate::support::Answered;

/// Lets the fault happen at each call of each case, at the first calls of all at once and at later ones one by one, and
/// shows what was answered, with the method of the call that failed.
pub(super) async fn at_each_call(stage: &Stage, fault: &Value, check: impl Fn(&Case, &str, &Answered)) {
    let rehearsed = rehearsed().await;
    let cases = rehearsed.ways();
    stage.fail(fault.clone()).await;
    for (case, answer) in stage.call_all(&cases).await {
        check(case, &rehearsed.calls(case)[0].method, &answer);
    }
    stage.recover().await;
    for case in &cases {
        for later in rehearsed.calls(case).iter().skip(1) {
            let mut fault = fault.clone();
            fault["method"] = json!(later.method);
            fault["path"] = json!(later.path_as_a_pattern());
            stage.fail(fault).await;
            check(case, &later.method, &stage.call(case).await);
            stage.recover().await;
        }
    }
}
