//! What an operation works with.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use cams_api::Class;
use cams_api::identifiers::{CustSpaceId, GroupId};
use cams_api::parameters::ParameterError;
use cams_api::wait::WaitSeconds;
use graph_client::{Acted, App, Call, GraphClient, Token, Urgency};
use tenant_store::{Space, Store};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use super::{Attempt, KeyRefusal, OperationError};
use crate::admin::AuditJournal;
use crate::calls::CallJournal;
use crate::egress::Egress;
use crate::events::{Feeds, LinkJournal, Waiters};
use crate::limits::{Limits, SharedLimits, Taken};
use crate::telemetry::metrics::{CacheFigures, Metrics, QueueFigures};
use crate::tenants::{KnownGroups, KnownTemplates, Number, Owners, Resolver, Tenant, Unresolved};
use crate::traces::{CallTrace, TracedTries, Tracer};
use crate::upstream::Upstream;

/// What all calls of all workers share.
pub struct Services {
    /// The tenant store.
    pub store: Store,
    /// Tenants in memory.
    pub resolver: Resolver,
    /// Whose groups are whose, in memory.
    pub known_groups: KnownGroups,
    /// Whose objects of Meta's are, in memory.
    pub owners: Owners,
    /// The ISV's Meta app, which may ask about tokens; `None` where it is not configured.
    pub app: Option<App>,
    /// What templates are called, in memory.
    pub known_templates: KnownTemplates,
    /// Calls that wait for Meta's confirmation.
    pub waiters: Waiters,
    /// Calls that wait for a tenant's events.
    pub feeds: Arc<Feeds>,
    /// Invite links on their way into the mirror.
    pub links: LinkJournal,
    /// Calls on their way into the list of the last ones.
    pub(crate) calls: CallJournal,
    /// What administrators read and were refused, on its way into the audit log.
    pub audit: AuditJournal,
    /// Writes that have begun, whether or not their caller still waits.
    pub writes: TaskTracker,
    /// How long an upstream call may take, head and body together.
    pub upstream_timeout: Duration,
    /// The way to Meta.
    pub upstream: Arc<Upstream>,
    /// Where calls are counted against their limits.
    pub limits: Arc<Limits>,
    /// Limits that all replicas count together.
    pub(crate) shared_limits: Arc<SharedLimits>,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// Begins traces; `None` where nothing is traced.
    pub(crate) tracer: Option<Arc<Tracer>>,
}

impl Services {
    /// How the caches stand now.
    pub(crate) fn caches(&self) -> Vec<CacheFigures> {
        let own = [self.resolver.figures(), self.owners.figures()];
        own.into_iter().chain(self.known_groups.caches()).chain(self.known_templates.caches()).collect()
    }

    /// The active tenant of a call about this group, or about none. Where the tenant had to be looked up, the group is known
    /// as well then.
    ///
    /// # Errors
    /// As [`Resolver::tenant`].
    pub(crate) async fn tenant(
        &self,
        tenant: &CustSpaceId,
        group_id: Option<&GroupId>,
    ) -> Result<Arc<Tenant>, Unresolved> {
        let (tenant, numbers_of_group) = self.resolver.tenant_of_call(tenant, group_id).await?;
        if let Some(group_id) = group_id {
            let owns = |number: &&Arc<Number>| numbers_of_group.iter().any(|id| id == number.phone_number_id.as_str());
            for number in tenant.numbers.iter().filter(owns) {
                self.known_groups.insert(number, group_id.as_str());
            }
        }
        Ok(tenant)
    }

    /// How full the queues are.
    pub(crate) fn queues(&self) -> Vec<QueueFigures> {
        vec![self.calls.queue(), self.audit.queue(), self.links.queue(), self.resolver.queue()]
    }
}

/// One call: the tenant and the number that it is about, and until when.
#[derive(Clone)]
pub struct Context {
    /// What all calls share.
    pub services: Arc<Services>,
    /// This worker's client of the Graph API.
    pub graph: GraphClient,
    /// This worker's door to addresses that the caller chose.
    pub egress: Egress,
    /// The tenant that the call is about.
    pub tenant: Arc<Tenant>,
    /// The number that the call names.
    pub number: Option<Arc<Number>>,
    /// When the caller's time is over.
    pub deadline: Option<Instant>,
    /// The same, also for a write that goes on beyond it: from then on nothing is sent to Meta again.
    pub repeat_until: Option<Instant>,
    /// Of which class the call is.
    pub class: Class,
    /// How long a caller who does not say waits for Meta's confirmation: each face has its own default.
    pub default_wait: WaitSeconds,
    /// Where the call stands among those of its idempotency key; `None` without one.
    pub attempt: Option<Attempt>,
    /// Counts the call as in flight for as long as anything is done for it, also when its caller has gone.
    pub taken: Rc<Taken>,
    /// The call's trace, where it has one.
    pub(crate) trace: Option<Rc<CallTrace>>,
}

/// A call to Meta that was counted against the number's limits. It is in flight until this is dropped.
pub struct Outgoing<'a> {
    call: Call<'a>,
    /// Tells of its tries, where the call has a trace.
    traced: Option<TracedTries<'a>>,
    taken: Taken,
}

impl Outgoing<'_> {
    /// The call, for as long as it is in flight.
    pub fn call(&self) -> Call<'_> {
        match &self.traced {
            Some(traced) => Call { guard: traced, ..self.call },
            None => self.call,
        }
    }

    /// What keeps it in flight, for an answer that comes for longer than the call takes.
    pub fn into_taken(self) -> Taken {
        self.taken
    }
}

impl Context {
    /// The tenant's part of the store.
    pub fn space(&self) -> Space<'_> {
        self.services.store.space(self.tenant.cust_space_id.as_str())
    }

    /// The number that the call is about.
    ///
    /// # Errors
    /// [`OperationError::Parameter`] where none is named: operations that need one ask for it in their request.
    pub fn number(&self) -> Result<&Arc<Number>, OperationError> {
        let missing = || ParameterError::Missing { parameter: "BusinessNumber".to_owned() };
        self.number.as_ref().ok_or_else(|| missing().into())
    }

    /// The tenant's token.
    ///
    /// # Errors
    /// [`OperationError::Unresolved`] where there is no usable one.
    pub fn token(&self) -> Result<&Token, OperationError> {
        Ok(self.number()?.token()?)
    }

    /// One call to Meta with the tenant's token, counted against the number's limits.
    ///
    /// # Errors
    /// [`OperationError::Unresolved`] where there is no usable token, [`OperationError::Throttled`] where the number has
    /// no call left.
    pub async fn call(&self) -> Result<Outgoing<'_>, OperationError> {
        let number = self.number()?;
        let call = number.call(Urgency::Caller)?;
        let taken = number.take_call(&self.services.limits, self.class).await?;
        let call = Call { deadline: self.deadline, repeat_until: self.repeat_until, ..call };
        let traced = self.trace.as_ref().map(|trace| trace.tries(call.guard));
        Ok(Outgoing { call, traced, taken })
    }

    /// How long this caller waits for Meta's confirmation.
    pub fn wait(&self, asked: Option<WaitSeconds>) -> Duration {
        asked.unwrap_or(self.default_wait).duration()
    }

    /// The attempt, where a call before this one may have done something under the same idempotency key.
    pub(super) fn resumed(&self) -> Option<Attempt> {
        self.attempt.filter(|attempt| attempt.is_resumed)
    }

    /// A change that Meta makes at once, and that leaves no record: an invite link, a message.
    ///
    /// # Errors
    /// As [`Context::to_its_end`]; [`KeyRefusal::OutcomeUnknown`] where it may have been sent under this key already, for
    /// which there is no record to tell.
    pub async fn write<T: 'static>(
        &self,
        write: impl AsyncFnOnce(Self) -> Result<T, OperationError> + 'static,
    ) -> Result<T, OperationError> {
        if self.resumed().is_some() {
            return Err(KeyRefusal::OutcomeUnknown { unique_code: None }.into());
        }
        self.to_its_end(write).await
    }

    /// Runs a write in a task of its own, so that a caller who hangs up, or whose time is over, does not leave it half
    /// done. With an idempotency key the whole call is such a write, and this part of it is waited for whatever the time:
    /// how it ended is to be written to the key.
    ///
    /// # Errors
    /// The write's own; [`OperationError::Late`] where the caller's time is over first. The write then goes on.
    pub(super) async fn to_its_end<T: 'static>(
        &self,
        write: impl AsyncFnOnce(Self) -> Result<T, OperationError> + 'static,
    ) -> Result<T, OperationError> {
        let context = Self { deadline: None, ..self.clone() };
        let running = rt::spawn(self.services.writes.track_future(async move { write(context).await }));
        let ended = match self.deadline.filter(|_| self.attempt.is_none()) {
            Some(deadline) => timeout_at(deadline, running).await.map_err(|_| OperationError::late(Acted::Unknown))?,
            None => running.await,
        };
        ended.unwrap_or_else(|error| Err(OperationError::broken_off(&error)))
    }
}
