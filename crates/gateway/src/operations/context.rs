//! What an operation works with.

use std::sync::Arc;

use actix_web::rt;
use graph_client::{Call, GraphClient};
use tenant_store::{Space, Store};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::OperationError;
use crate::events::{LinkJournal, Waiters};
use crate::tenants::{KnownGroups, Number, Resolver};

/// What all calls of all workers share.
pub struct Services {
    /// The tenant store.
    pub store: Store,
    /// Tenants in memory.
    pub resolver: Resolver,
    /// Whose groups are whose, in memory.
    pub known_groups: KnownGroups,
    /// Calls that wait for Meta's confirmation.
    pub waiters: Waiters,
    /// Invite links on their way into the mirror.
    pub links: LinkJournal,
    /// Writes that have begun, whether or not their caller still waits.
    pub writes: TaskTracker,
    /// How long an upstream call may take, head and body together.
    pub upstream_timeout: std::time::Duration,
}

/// One call: the number that it is about, and until when.
#[derive(Clone)]
pub struct Context {
    /// What all calls share.
    pub services: Arc<Services>,
    /// This worker's client of the Graph API.
    pub graph: GraphClient,
    /// The number that the call is about.
    pub number: Arc<Number>,
    /// When the caller's time is over.
    pub deadline: Option<Instant>,
}

impl Context {
    /// The tenant's part of the store.
    pub fn space(&self) -> Space<'_> {
        self.services.store.space(self.number.cust_space_id.as_str())
    }

    /// A call to Meta with the tenant's token.
    ///
    /// # Errors
    /// [`OperationError::Unresolved`] where there is no usable token.
    pub fn call(&self) -> Result<Call<'_>, OperationError> {
        Ok(Call { token: self.number.token()?, deadline: self.deadline })
    }

    /// Runs a write in a task of its own, so that a caller who hangs up does not leave it half done.
    ///
    /// # Errors
    /// The write's own.
    pub async fn to_its_end<T: 'static>(
        &self,
        write: impl AsyncFnOnce(Self) -> Result<T, OperationError> + 'static,
    ) -> Result<T, OperationError> {
        let context = self.clone();
        rt::spawn(self.services.writes.track_future(async move { write(context).await }))
            .await
            .unwrap_or(Err(OperationError::Interrupted))
    }
}
