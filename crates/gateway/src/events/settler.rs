//! The settler: looks up at Meta what became of changes whose webhook never came.

use std::sync::Arc;
use std::time::Duration;

use cams_api::Operation;
use cams_api::operations::{
    AddChatGroup, AddChatGroupParticipants, DeleteChatGroup, DeleteChatGroupParticipants, UpdateChatGroup,
};
use graph_client::{Call, GraphClient, GraphError, GroupField, GroupId, GroupInfo, ListPage, RefusalKind};
use tenant_store::{Change, ChangeStatus, Outcome, StaleChange};
use time::OffsetDateTime;

use super::look_up;
use crate::operations::Services;
use crate::tenants::Number;

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
/// A change that could not be looked up for so long (its token is dead, its tenant suspended) is given up.
const GIVE_UP: Duration = Duration::from_hours(1);

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
    pub async fn run(&self) {
        loop {
            tokio::time::sleep(ROUND).await;
            self.settle_all().await;
        }
    }

    /// Looks up every change that is open for too long, once.
    pub async fn settle_all(&self) {
        match self.services.store.stale_changes(PATIENCE, BATCH).await {
            Ok(stale) => {
                for change in stale {
                    self.settle(change).await;
                }
            }
            Err(error) => tracing::warn!(%error, "open changes could not be looked at"),
        }
    }

    async fn settle(&self, stale: StaleChange) {
        let StaleChange { cust_space_id, change } = stale;
        let outcome = match self.look_up(&cust_space_id, &change).await {
            Ok(outcome) => outcome,
            Err(why) if OffsetDateTime::now_utc() - change.created_at > GIVE_UP => {
                tracing::warn!(unique_code = %change.unique_code, %why, "an open change could not be looked up; giving up");
                Outcome::of(ChangeStatus::Unknown)
            }
            Err(why) => {
                tracing::info!(unique_code = %change.unique_code, %why, "an open change could not be looked up; trying again");
                return;
            }
        };
        match self.services.store.space(&cust_space_id).settle_change(change.unique_code, &outcome).await {
            Ok(settled) => {
                tracing::info!(unique_code = %change.unique_code, status = ?settled.status, "an open change was looked up at Meta");
                self.services.waiters.wake();
            }
            Err(error) => tracing::warn!(%error, "a change could not be settled"),
        }
    }

    /// How the change ended, as far as Meta still shows; `Err` where that cannot be told now.
    async fn look_up(&self, cust_space_id: &str, change: &Change) -> Result<Outcome, String> {
        let tenant = cust_space_id.parse().map_err(|_| "its tenant's ID is malformed")?;
        let number = change.business_number.parse().map_err(|_| "its number is malformed")?;
        let number = match self.services.resolver.resolve(&tenant, &number).await {
            Ok(number) => number,
            Err(error) => return Err(error.to_string()),
        };
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
    ) -> Result<Outcome, String> {
        let Some(group_id) = group_of(change) else { return Ok(Outcome::of(ChangeStatus::Unknown)) };
        let fields = [GroupField::Subject, GroupField::Description, GroupField::Participants];
        match self.graph.group_info(call(number)?, &group_id, &fields).await {
            Ok(info) => Ok(read(change, &info.body)),
            Err(GraphError::Refused(refusal)) if refusal.kind() == RefusalKind::NotFound => {
                let is_deletion = change.operation == DeleteChatGroup::NAME;
                Ok(Outcome::of(if is_deletion { ChangeStatus::Succeeded } else { ChangeStatus::Unknown }))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// A group of the same subject, made since, that is no other change's.
    async fn look_for_new_group(&self, number: &Number, change: &Change) -> Result<Outcome, String> {
        let since = (change.created_at - CLOCKS).unix_timestamp();
        let mut page = ListPage { limit: Some(PAGE), after: None };
        let mut listed = Vec::new();
        for asked in 0.. {
            if asked == MOST_PAGES {
                return Err("Meta's list goes on beyond its limit".to_owned());
            }
            let call = call(number)?;
            let answer = self.graph.list_groups(call, &number.phone_number_id, &page).await;
            let answer = answer.map_err(|error| error.to_string())?.body;
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
            let call = call(number)?;
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
    async fn is_claimed(&self, number: &Number, group_id: &str) -> Result<bool, String> {
        let space = self.services.store.space(number.cust_space_id.as_str());
        let created = space.has_created(number.phone_number_id.as_str(), group_id).await;
        created.map_err(|error| error.to_string())
    }
}

fn group_of(change: &Change) -> Option<GroupId> {
    change.group_id.as_deref().and_then(|id| GroupId::try_from(id).ok())
}

/// One call to Meta that no caller waits for, so that it yields to those that do.
fn call(number: &Number) -> Result<Call<'_>, String> {
    let token = number.token().map_err(|error| error.to_string())?;
    number.take_background_call().map_err(|throttled| throttled.to_string())?;
    Ok(Call { token, deadline: None })
}
