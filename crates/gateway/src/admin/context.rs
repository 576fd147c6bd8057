//! What an administrator's call works with.

use std::rc::Rc;
use std::sync::Arc;

use cams_api::identifiers::CustSpaceId;
use graph_client::GraphClient;
use tenant_store::{Actor, Revision, Space, Store};

use super::AdminError;
use crate::auth::Caller;
use crate::egress::Egress;
use crate::limits::Taken;
use crate::operations::Services;

/// One call of an administrator.
pub struct AdminContext {
    /// What all calls share.
    pub services: Arc<Services>,
    /// This worker's client of the Graph API.
    pub graph: GraphClient,
    /// This worker's door to addresses that callers choose.
    pub egress: Egress,
    /// Who calls.
    pub caller: Caller,
    /// The same, as the audit log names it.
    pub actor: Actor,
    /// Which revision of the resource the caller has seen, by `If-Match`; what was changed since is not changed again.
    pub expected: Option<Revision>,
    /// Counts the call as in flight for as long as anything is done for it: also a change whose caller has gone, and a list
    /// that is being exported.
    pub taken: Rc<Taken>,
}

impl AdminContext {
    /// The tenant store.
    pub fn store(&self) -> &Store {
        &self.services.store
    }

    /// A tenant's part of the store, where changes are made to the revision that the caller has seen alone.
    pub fn space<'a>(&'a self, tenant: &'a CustSpaceId) -> Space<'a> {
        self.store().space(tenant.as_str()).expecting(self.expected)
    }

    /// The ISV's own part of the store, in the same way.
    pub fn isv(&self) -> Space<'_> {
        self.store().isv().expecting(self.expected)
    }

    /// The revision that a change decides on, and so the only one that it may change: also where the caller takes whichever
    /// there is, since somebody may have changed it since it was read.
    ///
    /// # Errors
    /// [`AdminError::Stale`] where the caller has seen another.
    pub fn deciding_on(&self, found: Revision) -> Result<Revision, AdminError> {
        if self.expected.is_some_and(|expected| expected != found) { Err(AdminError::Stale) } else { Ok(found) }
    }
}
