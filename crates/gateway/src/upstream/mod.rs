//! The way to Meta, as all calls of this replica share it: what is left of Meta's quotas, and whether the host and the
//! number answer at all. Every call of the Graph API passes a [`Guard`] of this module; files, which lie on a host of
//! Meta's own for them, pass none.

mod breaker;
mod budget;
mod lane;
mod retries;
mod signs;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::refused;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use cams_api::identifiers::CustSpaceId;
use graph_client::{Call, Ended, GraphError, Guard, Held, PhoneNumberId, Token, Try, Urgency};
use tokio::time::Instant;

pub use budget::{Account, Budget, Figures, QuotaStanding, Reason, Survey};
pub use lane::Lane;

use crate::telemetry::metrics::{Metrics, UpstreamEnd, UpstreamMetrics};
use breaker::{Breaker, Parties, Turned};
use budget::Waba;
use retries::{Own, Retries};
use signs::{Sign, Signs};

/// Whose calls go down a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneOwner {
    /// The tenant.
    pub cust_space_id: CustSpaceId,
    /// The account that owns the number.
    pub waba_id: String,
    /// Meta's ID of the number.
    pub phone_number_id: PhoneNumberId,
}

/// What is chosen of the way to Meta.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamSettings {
    /// How long nothing is sent after refusals for a quota's sake that name no time.
    pub pause: Duration,
    /// Whether calls are refused at once while the last ones have failed.
    pub has_breakers: bool,
}

/// The host and the app, which all calls share, and the lanes of the numbers that are in memory.
pub struct Upstream {
    budget: Arc<Budget>,
    /// Of the host.
    breaker: Breaker,
    has_breakers: bool,
    retries: Retries,
    /// What the calls that are about no number have of the repetitions.
    own: Own,
    metrics: UpstreamMetrics,
    lanes: Mutex<HashMap<PhoneNumberId, Weak<Lane>>>,
}

/// The way of calls with a tenant's token about one account that are for no number in memory.
pub struct About<'u> {
    upstream: &'u Upstream,
    waba: Waba,
}

impl About<'_> {
    /// Such a call, with all the time that the settings give.
    pub fn call<'a>(&'a self, token: &'a Token, urgency: Urgency) -> Call<'a> {
        Call::new(token, self, urgency)
    }
}

impl Upstream {
    /// A way that nobody has gone yet.
    pub fn new(settings: UpstreamSettings, metrics: &Metrics) -> Self {
        let budget = Arc::new(Budget::new(settings.pause));
        metrics.show_budget(&budget);
        Self {
            budget,
            breaker: if settings.has_breakers { Breaker::by_half() } else { Breaker::never() },
            has_breakers: settings.has_breakers,
            retries: Retries::default(),
            own: Own::default(),
            metrics: metrics.upstream().clone(),
            lanes: Mutex::default(),
        }
    }

    /// A call that is about no account or number that is known, with all the time that the settings give.
    pub fn call<'a>(&'a self, token: &'a Token, urgency: Urgency) -> Call<'a> {
        Call::new(token, self, urgency)
    }

    /// The way of calls about an account of this tenant's that are for no number in memory.
    pub fn about(&self, cust_space_id: &CustSpaceId, waba_id: &str) -> About<'_> {
        About { upstream: self, waba: self.budget.waba(cust_space_id, waba_id) }
    }

    /// Meta's quotas.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// The lane of a number; the one that there is already, as long as somebody holds it and its owner is the same.
    pub fn lane(self: &Arc<Self>, owner: LaneOwner) -> Arc<Lane> {
        // Nothing panics while it is locked.
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lanes.get(&owner.phone_number_id).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| *known.owner() == owner) {
            return known;
        }
        if lanes.len() == lanes.capacity() {
            lanes.retain(|_, lane| lane.strong_count() > 0);
            // Room for as many again, so that not every new one looks at all of them.
            let kept = lanes.len();
            lanes.reserve(kept);
        }
        let phone_number_id = owner.phone_number_id.clone();
        let lane = Arc::new(Lane::new(self.clone(), owner));
        lanes.insert(phone_number_id, Arc::downgrade(&lane));
        lane
    }
}

impl Upstream {
    /// Whether a try may be made that Meta's quotas allow: by the host's breaker and by the number's, where it is for one.
    /// A breaker that lets a trial through expects to be told of its end, so that nothing refuses a try after it.
    fn pass(&self, number: Option<&Breaker>, this: &Try) -> Result<(), Held> {
        let admitted = self.breaker.admit(this).and_then(|()| {
            let admitted = number.map_or(Ok(()), |number| number.admit(this));
            admitted.inspect_err(|_| _ = self.breaker.ended(this, Sign::None, Parties::NOBODY, this.at))
        });
        admitted.inspect_err(|_| self.metrics.tried(UpstreamEnd::Held))
    }

    /// Counts what became of the wish to make a try: its call, its repetition, or the one that was granted in vain.
    fn count(&self, this: &Try, admitted: Result<(), Held>) -> Result<(), Held> {
        match (admitted, this.nth) {
            (Ok(()), 1) => self.retries.called(),
            (Ok(()), _) => self.metrics.repeated(),
            (Err(_), 1) => {}
            (Err(_), _) => self.retries.give_back(),
        }
        admitted
    }

    /// Counts how a try ended, for this number where it was for one, and tells of a failure that is nobody's who called: they
    /// learn less of it.
    fn tell(&self, this: &Try, how: Ended<'_>, signs: Signs, phone_number_id: Option<&str>, now: Instant) {
        self.metrics.ended(this, how, now);
        // The caller of one that Meta refused gets Meta's own words.
        if let Ended::Failed(error) = how
            && !matches!(error, GraphError::Refused(_))
            && (signs.host.is_ill() || signs.number.is_ill())
        {
            tracing::warn!(phone_number_id, nth = this.nth, %error, "a try at Meta got no answer that can be read");
        }
    }

    /// Takes what the end of a try of this party says of the host.
    fn learn(&self, this: &Try, sign: Sign, party: Parties, now: Instant) {
        match self.breaker.ended(this, sign, party, now) {
            Some(Turned::Open) => {
                self.metrics.host_opened();
                tracing::warn!("calls to Meta fail, and are refused at once until one goes through");
            }
            Some(Turned::Closed) => {
                self.metrics.host_closed();
                tracing::info!("calls to Meta go through again");
            }
            None => {}
        }
    }
}

/// For calls that are for no number that is in memory, and about an account where there is one. To the host they are one
/// party's.
impl Upstream {
    fn admit_about(&self, waba: Option<&Waba>, this: Try) -> Result<(), Held> {
        let admitted = self.budget.check(waba, this).and_then(|()| self.pass(None, &this));
        self.count(&this, admitted)?;
        self.budget.enter(waba, this);
        Ok(())
    }

    fn ended_about(&self, waba: Option<&Waba>, this: Try, how: Ended<'_>) {
        let (signs, now) = (Signs::of(how), Instant::now());
        self.tell(&this, how, signs, None, now);
        self.learn(&this, signs.host, Parties::of(""), now);
        self.budget.ended(waba, this, how, now);
    }
}

/// The host's and the app's part.
impl Guard for Upstream {
    fn admit(&self, this: Try) -> Result<(), Held> {
        self.admit_about(None, this)
    }

    fn ended(&self, this: Try, how: Ended<'_>) {
        self.ended_about(None, this, how);
    }

    fn may_repeat(&self) -> bool {
        self.retries.take(&self.own)
    }
}

/// The host's, the app's, the account's and its tenant's part.
impl Guard for About<'_> {
    fn admit(&self, this: Try) -> Result<(), Held> {
        self.upstream.admit_about(Some(&self.waba), this)
    }

    fn ended(&self, this: Try, how: Ended<'_>) {
        self.upstream.ended_about(Some(&self.waba), this, how);
    }

    fn may_repeat(&self) -> bool {
        self.upstream.may_repeat()
    }
}
