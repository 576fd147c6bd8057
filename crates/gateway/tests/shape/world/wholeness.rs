//! What has to be true when all is well again: nothing was lost, and nothing is half done.

use std::collections::HashMap;

use serde_json::Value;

use super::{Outcome, Record, World};
use crate::support::eventually;

/// Changes whose outcome is still to come.
const UNSETTLED: &str = "select count(*) from changes where status in ('SENDING', 'PENDING')";
/// Events that have not been made sense of.
const UNROUTED: &str = "select count(*) from unrouted_events";

/// As if every open change had been begun so long ago that it is looked up at Meta.
const AGE: &str = "update changes set created_at = created_at - interval '11 minutes', claimed_until = null
                   where status in ('SENDING', 'PENDING')";

impl World {
    /// Changes that are open are looked up at Meta now, as they are after ten minutes.
    pub(crate) async fn open_changes_grow_old(&self) {
        self.postgres.run(AGE).await;
    }

    /// Fails where a caller was told of a group what is not so at Meta. Everything has to be settled.
    #[track_caller]
    pub(crate) fn tells_the_truth(record: &Record, at_meta: &HashMap<String, usize>) {
        let is_wrong = |outcome: &&Outcome| {
            let made = |subject| at_meta.get(subject).copied().unwrap_or_default();
            outcome.subject.as_ref().is_some_and(|subject| !is_true(outcome, made(subject)))
        };
        let wrong: Vec<_> = record.0.iter().filter(is_wrong).collect();
        assert!(wrong.is_empty(), "{} callers were told wrongly, such as {:?}", wrong.len(), wrong[0]);
    }

    /// How many groups of each subject Meta has made.
    pub(crate) async fn subjects_at_meta(&self) -> HashMap<String, usize> {
        let mut subjects = HashMap::new();
        for subject in self.shown_groups().await.iter().filter_map(|group| group["subject"].as_str()) {
            *subjects.entry(subject.to_owned()).or_default() += 1;
        }
        subjects
    }

    async fn shown_groups(&self) -> Vec<Value> {
        let mut state = self.meta.control.control("GET", "state").await;
        std::mem::take(state["groups"].as_array_mut().unwrap())
    }

    /// Waits until every change is settled, every event is routed, and the gateway's list has the groups that Meta has.
    pub(crate) async fn is_whole(&self) {
        eventually("every change is settled", async || (self.postgres.count(UNSETTLED).await == 0).then_some(())).await;
        eventually("every event is routed", async || (self.postgres.count(UNROUTED).await == 0).then_some(())).await;
        eventually("the list has what Meta has", async || {
            (self.listed_groups().await == self.groups_at_meta().await).then_some(())
        })
        .await;
    }

    /// The IDs of all groups that the gateway knows, in order.
    async fn listed_groups(&self) -> Vec<String> {
        let listed = sqlx::query_scalar("select group_id from groups order by group_id collate \"C\"");
        listed.fetch_all(&mut self.postgres.superuser().await).await.unwrap()
    }

    /// The IDs of all groups that Meta has made, in order.
    async fn groups_at_meta(&self) -> Vec<String> {
        let groups = self.shown_groups().await;
        let mut ids: Vec<_> = groups.iter().filter_map(|group| group["group_id"].as_str()).map(str::to_owned).collect();
        ids.sort();
        ids
    }
}

/// Whether what a caller was told of a group fits how often Meta has made it.
fn is_true(outcome: &Outcome, made: usize) -> bool {
    let may_be_repeated = match outcome.code.as_str() {
        "ServiceUnavailable" => outcome.retry_safe != Some(false),
        _ => outcome.retry_safe == Some(true),
    };
    match outcome.status {
        200 => made == 1,
        _ if may_be_repeated => made == 0,
        _ => made <= 1,
    }
}
