//! The settler: looks up at Meta what became of changes whose webhook never came.

use std::sync::Arc;
use std::time::Duration;

use cams_api::Operation;
use cams_api::operations::{
    AddChatGroup, AddChatGroupParticipants, DeleteChatGroup, DeleteChatGroupParticipants, UpdateChatGroup,
};
use graph_client::{
    Call, GraphClient, GraphError, GroupField, GroupId, GroupInfo, ListPage, RefusalKind, Unreadable, Urgency,
};
use tenant_store::{Change, ChangeStatus, Outcome, StaleChange, StoreError};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::look_up;
use crate::limits::{Taken, Throttled};
use crate::operations::Services;
use crate::telemetry::metrics::Pulse;
use crate::tenants::{Number, Unresolved};

/// How long a change may be open before it is looked up.
pub(super) const PATIENCE: Duration = Duration::from_mins(10);
/// How often the settler looks.
const ROUND: Duration = Duration::from_secs(5);
/// How many changes a round takes.
const BATCH: i64 = 20;
/// Clocks differ: a group may look a little older than the change that made it.
const CLOCKS: Duration = Duration::from_mins(1);
const PAGE: u16 = 1024;
/// Meta's limit is 10,000 groups a number; a list that goes on beyond this is not believed.
const MOST_PAGES: usize = 16;
/// A change of this age that cannot be looked up (its token is dead, its tenant suspended) is given up.
const GIVE_UP: Duration = Duration::from_hours(1);
/// How long a change is put off whose look-up failed for what passes by itself.
const PAUSE: Duration = Duration::from_mins(1);
/// The shortest wait for callers to leave a call room.
const STEP: Duration = Duration::from_secs(1);
/// How long a look-up that has begun waits for callers to leave it room, all its pages together.
const MOST_PATIENCE: Duration = Duration::from_secs(20);
/// The longest that a change is put off at once: what holds it may be over sooner.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Why a change cannot be looked up now.
#[derive(Debug, thiserror::Error)]
enum Unsettled {
    /// Meta was not asked, or could not be, or the store: nothing is wrong with the change or its number.
    #[error("{why}")]
    Waiting {
        /// What it waits for.
        why: String,
        /// How long, as far as is known.
        pause: Duration,
    },
    /// Something is wrong.
    #[error("{0}")]
    Failed(String),
}

/// What follows where a change could not be looked up.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It is looked up later, after this time.
    PutOff(Duration),
    /// It is looked up again when its claim has ended.
    TryAgain,
    /// What became of it stays unknown.
    GiveUp,
}

impl Unsettled {
    /// What follows for a change of this age. While it waits it is not given up, however long: whoever is told that nobody
    /// knows may make it once more.
    fn next(&self, age: Duration) -> Next {
        match self {
            Self::Waiting { pause, .. } => Next::PutOff((*pause).clamp(ROUND, LONGEST_PAUSE)),
            Self::Failed(_) if age > GIVE_UP => Next::GiveUp,
            Self::Failed(_) => Next::TryAgain,
        }
    }
}

impl From<&str> for Unsettled {
    fn from(why: &str) -> Self {
        Self::Failed(why.to_owned())
    }
}

impl From<Throttled> for Unsettled {
    fn from(throttled: Throttled) -> Self {
        Self::Waiting { why: throttled.to_string(), pause: throttled.retry_after() }
    }
}

impl From<GraphError> for Unsettled {
    fn from(error: GraphError) -> Self {
        let why = error.to_string();
        if !passes(&error) {
            return Self::Failed(why);
        }
        Self::Waiting { why, pause: error.retry_after().unwrap_or(PAUSE) }
    }
}

impl From<StoreError> for Unsettled {
    fn from(error: StoreError) -> Self {
        Self::Waiting { why: error.to_string(), pause: PAUSE }
    }
}

impl From<Unresolved> for Unsettled {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Store(error) => error.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Whether the same call may well succeed later, without anybody's doing.
fn passes(error: &GraphError) -> bool {
    match error {
        GraphError::Held(_)
        | GraphError::Connect { .. }
        | GraphError::Timeout { .. }
        | GraphError::Disconnected { .. } => true,
        GraphError::Refused(refusal) => refusal.passes(),
        GraphError::Unreadable { status, why, .. } => *status >= 500 || *status == 429 || *why == Unreadable::CutOff,
        GraphError::NotDone { .. } | GraphError::Unsendable { .. } => false,
    }
}

/// The loop that settles what was left open.
pub struct Settler {
    services: Arc<Services>,
    graph: GraphClient,
}

impl Settler {
    /// A settler with a client of its own.
    pub fn new(services: Arc<Services>, graph: GraphClient) -> Self {
        Self { services, graph }
    }

    /// Settles, for ever.
    pub(crate) async fn run(&self, pulse: &Pulse) {
        loop {
            tokio::time::sleep(ROUND).await;
            self.settle_all(pulse).await;
        }
    }

    /// Looks up changes that are open for too long, once each.
    async fn settle_all(&self, pulse: &Pulse) {
        match self.services.store.stale_changes(PATIENCE, BATCH).await {
            Ok(stale) => {
                pulse.succeeded();
                for change in stale {
                    self.settle(change).await;
                    pulse.succeeded();
                }
            }
            Err(error) => tracing::warn!(%error, "open changes could not be looked at"),
        }
    }

    async fn settle(&self, stale: StaleChange) {
        let StaleChange { cust_space_id, change } = stale;
        let outcome = match self.look_up(&cust_space_id, &change).await {
            Ok(outcome) => outcome,
            Err(why) => match why.next(age_of(&change)) {
                Next::GiveUp => {
                    tracing::warn!(unique_code = %change.unique_code, %why, "an open change could not be looked up; giving up");
                    Outcome::of(ChangeStatus::Unknown)
                }
                Next::PutOff(pause) => {
                    tracing::debug!(unique_code = %change.unique_code, %why, "an open change is looked up later");
                    return self.put_off(&cust_space_id, &change, pause).await;
                }
                Next::TryAgain => {
                    tracing::info!(unique_code = %change.unique_code, %why, "an open change could not be looked up; trying again");
                    return;
                }
            },
        };
        match self.services.store.space(&cust_space_id).settle_change(change.unique_code, &outcome).await {
            Ok(settled) => {
                tracing::info!(unique_code = %change.unique_code, status = ?settled.status, "an open change was looked up at Meta");
                self.services.waiters.wake();
            }
            Err(error) => tracing::warn!(%error, "a change could not be settled"),
        }
    }

    async fn put_off(&self, cust_space_id: &str, change: &Change, pause: Duration) {
        if let Err(error) = self.services.store.space(cust_space_id).put_off_change(change.unique_code, pause).await {
            tracing::warn!(%error, "a change could not be put off; its claim ends by itself");
        }
    }

    /// How the change ended, as far as Meta still shows; `Err` where that cannot be told now.
    async fn look_up(&self, cust_space_id: &str, change: &Change) -> Result<Outcome, Unsettled> {
        let tenant = cust_space_id.parse().map_err(|_| "its tenant's ID is malformed")?;
        let number = change.business_number.parse().map_err(|_| "its number is malformed")?;
        let number = self.services.resolver.resolve(&tenant, &number).await?;
        match change.operation.as_str() {
            AddChatGroup::NAME => self.look_for_new_group(&number, change).await,
            DeleteChatGroup::NAME => self.look_at_group(&number, change, look_up::deletion).await,
            DeleteChatGroupParticipants::NAME => self.look_at_group(&number, change, look_up::removal).await,
            AddChatGroupParticipants::NAME => self.look_at_group(&number, change, look_up::addition).await,
            UpdateChatGroup::NAME => self.look_at_group(&number, change, look_up::settings).await,
            _ => Ok(Outcome::of(ChangeStatus::Unknown)),
        }
    }

    /// How the group that the change is about looks now. Of a group that is gone only its deletion can be told.
    async fn look_at_group(
        &self,
        number: &Number,
        change: &Change,
        read: fn(&Change, &GroupInfo) -> Outcome,
    ) -> Result<Outcome, Unsettled> {
        let Some(group_id) = group_of(change) else { return Ok(Outcome::of(ChangeStatus::Unknown)) };
        let fields = [GroupField::Subject, GroupField::Description, GroupField::Participants];
        let (call, _in_flight) = call(&self.services, number).await?;
        match self.graph.group_info(call, &group_id, &fields).await {
            Ok(info) => Ok(read(change, &info.body)),
            Err(GraphError::Refused(refusal)) if refusal.kind() == RefusalKind::NotFound => {
                let is_deletion = change.operation == DeleteChatGroup::NAME;
                Ok(Outcome::of(if is_deletion { ChangeStatus::Succeeded } else { ChangeStatus::Unknown }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A group of the same subject, made since, that is no other change's.
    async fn look_for_new_group(&self, number: &Number, change: &Change) -> Result<Outcome, Unsettled> {
        let since = (change.created_at - CLOCKS).unix_timestamp();
        let mut page = ListPage { limit: Some(PAGE), after: None };
        let mut listed = Vec::new();
        let latest = Instant::now() + MOST_PATIENCE;
        for asked in 0.. {
            if asked == MOST_PAGES {
                return Err("Meta's list goes on beyond its limit".into());
            }
            // What was asked for before would be asked for anew.
            let latest = if asked == 0 { Instant::now() } else { latest };
            let (call, _in_flight) = call_until(latest, &self.services, number).await?;
            let answer = self.graph.list_groups(call, &number.phone_number_id, &page).await;
            let answer = answer?.body;
            let groups = answer.groups.ok_or("Meta's list has no groups in it")?;
            let is_last = groups.is_empty();
            listed.extend(groups);
            match answer.after {
                Some(after) if !is_last => page.after = Some(after),
                _ => break,
            }
        }
        let matching = listed.into_iter().filter(|group| {
            group.subject == change.subject && group.created_at.is_some_and(|created_at| created_at >= since)
        });
        for group in matching {
            if self.is_claimed(number, group.id.as_str()).await? {
                continue;
            }
            let (call, _in_flight) = call_until(latest, &self.services, number).await?;
            let link = self.graph.invite_link(call, &group.id).await.ok().and_then(|answer| answer.body.invite_link);
            return Ok(Outcome {
                group_id: Some(group.id.to_string()),
                invite_link: link,
                ..Outcome::of(ChangeStatus::Succeeded)
            });
        }
        Ok(Outcome::of(ChangeStatus::Unknown))
    }

    /// Whether another change is known to have made the group.
    async fn is_claimed(&self, number: &Number, group_id: &str) -> Result<bool, StoreError> {
        let space = self.services.store.space(number.cust_space_id.as_str());
        space.has_created(number.phone_number_id.as_str(), group_id).await
    }
}

fn age_of(change: &Change) -> Duration {
    Duration::try_from(OffsetDateTime::now_utc() - change.created_at).unwrap_or_default()
}

fn group_of(change: &Change) -> Option<GroupId> {
    change.group_id.as_deref().and_then(|id| GroupId::try_from(id).ok())
}

/// One call to Meta that no caller waits for, so that it yields to those that do. It is in flight until the second is
/// dropped.
async fn call<'a>(services: &Services, number: &'a Number) -> Result<(Call<'a>, Taken), Unsettled> {
    call_until(Instant::now(), services, number).await
}

/// The same, for which it waits until then where callers are soon to leave it room.
async fn call_until<'a>(
    latest: Instant,
    services: &Services,
    number: &'a Number,
) -> Result<(Call<'a>, Taken), Unsettled> {
    let call = number.call(Urgency::Overdue)?;
    loop {
        let throttled = match number.take_background_call(&services.limits).await {
            Ok(taken) => return Ok((call, taken)),
            Err(throttled) => throttled,
        };
        let wait = throttled.retry_after().max(STEP);
        if wait > ROUND || Instant::now() + wait > latest {
            return Err(throttled.into());
        }
        sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use graph_client::{Effect, Held};

    use super::*;
    use crate::upstream::refused;

    const OLD: Duration = Duration::from_hours(72);

    #[test]
    fn what_passes_by_itself_is_put_off_however_old_it_is_and_what_lasts_is_given_up() {
        let until = Instant::now() + Duration::from_hours(1);
        for held in [Held::Quota { until }, Held::Crowded { until }, Held::Broken { until }] {
            let why = Unsettled::from(GraphError::from(held));
            assert_eq!(why.next(OLD), Next::PutOff(LONGEST_PAUSE), "{why}");
        }
        let why = Unsettled::from(Throttled::Address(Duration::from_secs(40)));
        assert_eq!(why.next(OLD), Next::PutOff(Duration::from_secs(40)), "{why}");
        let (effect, why) = (Effect::Read, String::new);
        let passing = [
            GraphError::Connect { why: why() },
            GraphError::Timeout { sent: true, effect },
            GraphError::Disconnected { sent: true, effect, why: why() },
            GraphError::Unreadable { status: 503, why: Unreadable::Shape(why()), effect, usage: Box::default() },
            GraphError::unreadable(Unreadable::CutOff),
            refused(2, None),
            refused(130_429, None),
        ];
        for why in passing.map(Unsettled::from) {
            assert_eq!(why.next(OLD), Next::PutOff(PAUSE), "{why}");
        }
        let away = StoreError::Unavailable(why());
        assert_eq!(Unsettled::from(Unresolved::from(away)).next(OLD), Next::PutOff(PAUSE));
        let lasting = [refused(190, None), refused(100, None), GraphError::unreadable(Unreadable::Shape(why()))];
        for why in lasting.map(Unsettled::from).into_iter().chain([Unresolved::Suspended.into()]) {
            assert_eq!((why.next(GIVE_UP), why.next(OLD)), (Next::TryAgain, Next::GiveUp), "{why}");
        }
        let over = Unsettled::from(GraphError::from(Held::Quota { until: Instant::now() }));
        assert_eq!(over.next(OLD), Next::PutOff(ROUND), "not at once again");
    }
}
