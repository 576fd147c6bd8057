//! Whether a group is the number's, decided before anything is sent about it.

use cams_api::identifiers::GroupId;
use graph_client::{GraphError, ListPage, Unreadable};
use tenant_store::{ListedGroup, StoreError};
use time::OffsetDateTime;

use super::{Context, OperationError};
use crate::mirror::listed_group;
use crate::tenants::Number;

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
        let is_known = self.services.known_groups.contains(self.number()?, id);
        // Boxed, so that calls about known groups are none the larger for it.
        if !is_known && !Box::pin(self.find_group(id)).await? {
            return Err(OperationError::GroupNotFound { group_id: id.to_owned() });
        }
        graph_client::GroupId::try_from(id).map_err(|_| OperationError::GroupNotFound { group_id: id.to_owned() })
    }

    async fn find_group(&self, group_id: &str) -> Result<bool, OperationError> {
        let (known, number) = (&self.services.known_groups, self.number()?);
        let found = self.is_recorded(group_id).await? || self.is_listed(number, group_id).await?;
        if found {
            known.insert(number, group_id);
        } else {
            known.insert_unknown(number, group_id);
        }
        Ok(found)
    }

    /// One caller at a time asks for a number's list, and records what it shows for the others.
    async fn is_listed(&self, number: &Number, group_id: &str) -> Result<bool, OperationError> {
        let known = &self.services.known_groups;
        let _search = known.search(number).await;
        if known.contains(number, group_id) || known.is_unknown(number, group_id) {
            return Ok(known.contains(number, group_id));
        }
        self.is_listed_upstream(group_id).await
    }

    /// While PostgreSQL is away the number's list is proof enough.
    async fn is_recorded(&self, group_id: &str) -> Result<bool, OperationError> {
        match self.space().knows_group(self.number()?.phone_number_id.as_str(), group_id).await {
            Err(StoreError::Unavailable(_)) => Ok(false),
            recorded => Ok(recorded?),
        }
    }

    async fn is_listed_upstream(&self, group_id: &str) -> Result<bool, OperationError> {
        let number = self.number()?;
        let mut page = ListPage { limit: Some(PAGE), after: None };
        for _ in 0..MOST_PAGES {
            let asked_at = OffsetDateTime::now_utc();
            let listed = self.graph.list_groups(self.call().await?.call(), &number.phone_number_id, &page).await?.body;
            // A list that cannot be read proves nothing, neither that the group is here nor that it is not.
            let groups = listed.groups.ok_or_else(unreadable_list)?;
            let groups: Vec<ListedGroup> = groups.into_iter().map(listed_group).collect();
            let is_here = groups.iter().any(|group| group.group_id == group_id);
            self.record(number, asked_at, &groups).await;
            if is_here {
                return Ok(true);
            }
            match listed.after {
                Some(after) if !groups.is_empty() => page.after = Some(after),
                _ => return Ok(false),
            }
        }
        Err(unreadable_list())
    }

    /// What a list showed is worth keeping, and not worth failing a call for.
    async fn record(&self, number: &Number, as_of: OffsetDateTime, groups: &[ListedGroup]) {
        let recorded = self.space().record_listed_groups(number.phone_number_id.as_str(), as_of, groups).await;
        if let Err(error) = recorded {
            tracing::warn!(%error, "groups that Meta listed could not be recorded");
        }
    }
}

fn unreadable_list() -> OperationError {
    let why = Unreadable::Shape("the list of groups is not whole".to_owned());
    GraphError::unreadable(why).into()
}
