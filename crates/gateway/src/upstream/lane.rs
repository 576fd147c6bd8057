//! The way to Meta of one number.

use std::fmt;
use std::sync::Arc;

use graph_client::{Ended, Guard, Held, Try};

use tokio::time::Instant;

use super::breaker::{Breaker, Parties, Turned};
use super::budget::Account;
use super::retries::Own;
use super::signs::Signs;
use super::{LaneOwner, Upstream};

/// What stands between a number's calls and Meta.
pub struct Lane {
    upstream: Arc<Upstream>,
    owner: LaneOwner,
    account: Account,
    breaker: Breaker,
    /// The tenant, as the host's breaker knows it.
    party: Parties,
    own: Own,
}

impl Lane {
    pub(super) fn new(upstream: Arc<Upstream>, owner: LaneOwner) -> Self {
        let account = upstream.budget().account(&owner);
        let breaker = if upstream.has_breakers { Breaker::by_streak() } else { Breaker::never() };
        let party = Parties::of(owner.cust_space_id.as_str());
        Self { upstream, owner, account, breaker, party, own: Own::default() }
    }

    /// The quotas of its calls.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whose it is.
    pub fn owner(&self) -> &LaneOwner {
        &self.owner
    }

    fn learn(&self, turned: Option<Turned>) {
        let phone_number_id = self.owner.phone_number_id.as_str();
        match turned {
            Some(Turned::Open) => {
                self.upstream.metrics.number_opened();
                tracing::warn!(
                    phone_number_id,
                    "a number's calls to Meta fail, and are refused at once until one goes through"
                );
            }
            Some(Turned::Closed) => {
                self.upstream.metrics.number_closed();
                tracing::info!(phone_number_id, "a number's calls to Meta go through again");
            }
            None => {}
        }
    }
}

impl Guard for Lane {
    fn admit(&self, this: Try) -> Result<(), Held> {
        let admitted = self.account.check(this).and_then(|()| self.upstream.pass(Some(&self.breaker), &this));
        self.upstream.count(&this, admitted)?;
        self.account.enter(this);
        Ok(())
    }

    fn ended(&self, this: Try, how: Ended<'_>) {
        let (signs, now) = (Signs::of(how), Instant::now());
        self.upstream.tell(&this, how, signs, Some(self.owner.phone_number_id.as_str()), now);
        self.upstream.learn(&this, signs.host, self.party, now);
        self.learn(self.breaker.ended(&this, signs.number, self.party, now));
        self.account.ended_at(this, how, now);
    }

    fn may_repeat(&self) -> bool {
        self.upstream.retries.take(&self.own)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if self.breaker.is_open() {
            self.upstream.metrics.number_closed();
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}
