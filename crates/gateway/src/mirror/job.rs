//! One number's turn: what is due of it is asked of Meta, a call a second, and recorded.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use graph_client::{Call, GraphClient, GraphError, GroupField, GroupId, ListPage, RefusalKind, Urgency};
use tenant_store::{ListedGroup, MirrorClaim, MirrorWork, Space, StoreError};
use time::OffsetDateTime;

use super::answers;
use super::pace::{Pace, STEP};
use crate::limits::{Taken, Throttled};
use crate::operations::Services;
use crate::tenants::{Number, Unresolved};

/// How often everything is compared, more or less: the numbers are spread over the hour.
const PERIOD: Duration = Duration::from_hours(1);
/// After a failure.
const PAUSE: Duration = Duration::from_mins(1);
/// When a list that was not complete is asked for again.
const INCOMPLETE: Duration = Duration::from_mins(5);
/// How many calls a number's turn has; then others may have theirs.
const CALLS: usize = 60;
/// The largest page that Meta's list has.
const PAGE: u16 = 1024;
/// Meta's limit is 10,000 groups a number; a list that goes on beyond this is not believed.
const MOST_PAGES: usize = 16;

/// A claimed number's turn.
pub(super) struct Job {
    services: Arc<Services>,
    graph: GraphClient,
    claim: MirrorClaim,
    pace: Pace,
}

/// Why a turn ended before its work did.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the number cannot be called with: {0}")]
    Unresolved(#[from] Unresolved),
    #[error("{0}")]
    Graph(#[from] GraphError),
    #[error("its callers leave no room: {0}")]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the claim is another replica's by now")]
    Lost,
}

impl Trouble {
    /// When it is worth trying again.
    fn pause(&self) -> Duration {
        match self {
            Self::Throttled(throttled) => throttled.retry_after().clamp(STEP, PERIOD),
            Self::Graph(GraphError::Held(held)) => held.wait().clamp(STEP, PERIOD),
            Self::Graph(error) => error.retry_after().unwrap_or(PAUSE).clamp(PAUSE, PERIOD),
            _ => PAUSE,
        }
    }

    /// Whether nothing was found wrong with the number: it was not called.
    fn is_waiting(&self) -> bool {
        matches!(self, Self::Graph(GraphError::Held(_)))
    }
}

impl Job {
    pub(super) fn new(services: Arc<Services>, graph: GraphClient, claim: MirrorClaim) -> Self {
        Self { services, graph, claim, pace: Pace::new() }
    }

    /// Does what is due, and gives the number back.
    pub(super) async fn run(mut self) {
        let (pause, failure) = match self.work().await {
            Ok(()) => (STEP, None),
            Err(trouble) if trouble.is_waiting() => {
                tracing::debug!(phone_number_id = self.claim.phone_number_id, why = %trouble, "a mirror is compared later");
                (trouble.pause(), None)
            }
            Err(trouble) => {
                let (cust_space_id, phone_number_id) = (&self.claim.cust_space_id, &self.claim.phone_number_id);
                tracing::info!(cust_space_id, phone_number_id, why = %trouble, "a mirror could not be compared; trying again");
                (trouble.pause(), Some(trouble.to_string()))
            }
        };
        if let Err(error) = self.space().release_mirror(&self.claim, pause, failure.as_deref()).await {
            tracing::warn!(%error, "a mirror could not be given back; its lease ends by itself");
        }
    }

    async fn work(&mut self) -> Result<(), Trouble> {
        for _ in 0..CALLS {
            let Some(work) = self.space().next_mirror_work(&self.claim).await? else { return Ok(()) };
            let number = self.number().await?;
            match work {
                MirrorWork::Number => self.compare_number(&number).await?,
                MirrorWork::List => self.compare_list(&number).await?,
                MirrorWork::Group(group_id) => self.look_up_group(&number, &group_id).await?,
            }
        }
        Ok(())
    }

    async fn compare_number(&mut self, number: &Number) -> Result<(), Trouble> {
        let _in_flight = self.pace.turn(&self.services.limits, number).await?;
        let info = self.graph.number_info(call(number)?, &number.phone_number_id).await?.body;
        let record = answers::number(info);
        Ok(self.space().record_number(&self.claim.phone_number_id, &record, spread(PERIOD)).await?)
    }

    async fn compare_list(&mut self, number: &Number) -> Result<(), Trouble> {
        let in_flight = self.pace.turn(&self.services.limits, number).await?;
        let asked_at = OffsetDateTime::now_utc();
        let phone_number_id = self.claim.phone_number_id.clone();
        match self.whole_list(number, in_flight).await? {
            Ok(groups) => {
                let space = self.space();
                space.record_complete_list(&phone_number_id, asked_at, &groups, spread(PERIOD)).await?;
                tracing::debug!(
                    phone_number_id,
                    count = groups.len(),
                    "a number's groups were compared with Meta's list"
                );
            }
            Err(why) => {
                tracing::warn!(
                    phone_number_id,
                    why,
                    "Meta's list of a number's groups is not complete; nothing follows from it"
                );
                self.space().postpone_list(&phone_number_id, INCOMPLETE, why).await?;
            }
        }
        Ok(())
    }

    /// All pages of the list, or why they are not the whole. The first page's turn has come.
    async fn whole_list(
        &mut self,
        number: &Number,
        mut in_flight: Taken,
    ) -> Result<Result<Vec<ListedGroup>, &'static str>, Trouble> {
        let mut page = ListPage { limit: Some(PAGE), after: None };
        let (mut groups, mut cursors) = (Vec::new(), HashSet::new());
        loop {
            let answer = self.graph.list_groups(call(number)?, &number.phone_number_id, &page).await?.body;
            let Some(listed) = answer.groups else { return Ok(Err("a page has no groups in it that can be read")) };
            groups.extend(listed.into_iter().map(answers::listed_group));
            let Some(after) = answer.after else { return Ok(Ok(groups)) };
            if cursors.len() + 1 == MOST_PAGES || !cursors.insert(after.clone()) {
                return Ok(Err("it does not end"));
            }
            page.after = Some(after);
            drop(in_flight);
            in_flight = self.pace.turn(&self.services.limits, number).await?;
            if !self.space().renew_mirror_claim(&self.claim).await? {
                return Err(Trouble::Lost);
            }
        }
    }

    async fn look_up_group(&mut self, number: &Number, group_id: &str) -> Result<(), Trouble> {
        let _in_flight = self.pace.turn(&self.services.limits, number).await?;
        let asked_at = OffsetDateTime::now_utc();
        let details = match GroupId::try_from(group_id) {
            Ok(id) => match self.graph.group_info(call(number)?, &id, &GroupField::ALL).await {
                Ok(answer) => Some(answers::details(group_id, answer.body)),
                // About this group alone; that it is gone is for the list to say.
                Err(GraphError::Refused(refusal)) if is_about_the_group(refusal.kind()) => None,
                Err(error) => return Err(error.into()),
            },
            Err(_) => None,
        };
        Ok(self.space().record_group_details(&self.claim.phone_number_id, group_id, asked_at, details).await?)
    }

    async fn number(&self) -> Result<Arc<Number>, Trouble> {
        let tenant = self.claim.cust_space_id.parse();
        let tenant = tenant.map_err(|_| Unresolved::NoTenant(self.claim.cust_space_id.clone()))?;
        let tenant = self.services.resolver.tenant(&tenant).await?;
        let is_claimed = |number: &&Arc<Number>| number.phone_number_id.as_str() == self.claim.phone_number_id;
        Ok(tenant.numbers.iter().find(is_claimed).ok_or(Unresolved::NoNumber)?.clone())
    }

    fn space(&self) -> Space<'_> {
        self.services.store.space(&self.claim.cust_space_id)
    }
}

fn call(number: &Number) -> Result<Call<'_>, Trouble> {
    Ok(number.call(Urgency::Background)?)
}

fn is_about_the_group(kind: RefusalKind) -> bool {
    matches!(kind, RefusalKind::NotFound | RefusalKind::GroupSuspended | RefusalKind::Rejected)
}

/// Up to a tenth more or less, so that numbers that were added together are not compared together for ever.
fn spread(period: Duration) -> Duration {
    // Each hasher state has keys of its own, at random.
    let parts_of_1024 = u32::try_from(RandomState::new().hash_one(()) % 205).unwrap_or_default();
    period * (922 + parts_of_1024) / 1024
}

#[cfg(test)]
mod tests {
    use super::{PERIOD, spread};

    #[test]
    fn comparisons_are_spread_by_a_tenth() {
        for _ in 0..1000 {
            let spread = spread(PERIOD);
            assert!(spread >= PERIOD * 9 / 10 && spread <= PERIOD * 11 / 10 + PERIOD / 100, "{spread:?}");
        }
    }
}
