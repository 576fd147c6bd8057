//! Whether a group is the number's, decided before anything is sent about it.

use cams_api::identifiers::GroupId;
use graph_client::ListPage;
use tenant_store::{ListedGroup, StoreError};
use time::OffsetDateTime;

use super::{Context, OperationError};

/// The largest page that Meta's list has.
const PAGE: u16 = 1024;
/// Meta's limit is 10,000 groups a number; a list that goes on beyond this is not believed.
const MOST_PAGES: usize = 16;

impl Context {
    /// The group, as the Graph client names it, where it is this number's: by our record, or by the number's own list
    /// at Meta, which is asked once for an ID that nobody knows.
    ///
    /// # Errors
    /// [`OperationError::GroupNotFound`] where it is not.
    pub async fn own_group(&self, group_id: &GroupId) -> Result<graph_client::GroupId, OperationError> {
        let id = group_id.as_str();
        if !self.services.known_groups.contains(&self.number, id) && !self.find_group(id).await? {
            return Err(OperationError::GroupNotFound { group_id: id.to_owned() });
        }
        graph_client::GroupId::try_from(id).map_err(|_| OperationError::GroupNotFound { group_id: id.to_owned() })
    }

    async fn find_group(&self, group_id: &str) -> Result<bool, OperationError> {
        let known = &self.services.known_groups;
        let _search = known.search(&self.number).await;
        if known.contains(&self.number, group_id) {
            return Ok(true);
        }
        let found = self.is_recorded(group_id).await?
            || !known.is_unknown(&self.number, group_id) && self.is_listed_upstream(group_id).await?;
        if found {
            known.insert(&self.number, group_id);
        } else {
            known.insert_unknown(&self.number, group_id);
        }
        Ok(found)
    }

    /// While PostgreSQL is away the number's list is proof enough.
    async fn is_recorded(&self, group_id: &str) -> Result<bool, OperationError> {
        match self.space().knows_group(self.number.phone_number_id.as_str(), group_id).await {
            Err(StoreError::Unavailable(_)) => Ok(false),
            recorded => Ok(recorded?),
        }
    }

    async fn is_listed_upstream(&self, group_id: &str) -> Result<bool, OperationError> {
        let mut page = ListPage { limit: Some(PAGE), after: None };
        for _ in 0..MOST_PAGES {
            let asked_at = OffsetDateTime::now_utc();
            let listed = self.graph.list_groups(self.call()?, &self.number.phone_number_id, &page).await?.body;
            let groups: Vec<ListedGroup> = listed.groups.into_iter().flatten().map(learned).collect();
            let is_here = groups.iter().any(|group| group.group_id == group_id);
            self.record(asked_at, &groups).await;
            if is_here {
                return Ok(true);
            }
            match listed.after {
                Some(after) if !groups.is_empty() => page.after = Some(after),
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    /// What a list showed is worth keeping, and not worth failing a call for.
    async fn record(&self, as_of: OffsetDateTime, groups: &[ListedGroup]) {
        let recorded = self.space().record_listed_groups(self.number.phone_number_id.as_str(), as_of, groups).await;
        if let Err(error) = recorded {
            tracing::warn!(%error, "groups that Meta listed could not be recorded");
        }
    }
}

fn learned(group: graph_client::ListedGroup) -> ListedGroup {
    let created_at = group.created_at.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    ListedGroup { group_id: group.id.to_string(), subject: group.subject, created_at }
}
