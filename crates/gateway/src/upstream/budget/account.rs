//! What the calls of one number count against.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use graph_client::{Effect, Ended, Held, MOST_CALLS, ThrottleScope, Try, Usage};
use tokio::time::Instant;

use super::heard::{Heard, Word};
use super::scope::Scope;
use super::{Budget, LaneOwner, Reason, Wait, held, wait};

/// How many of a tenant's tries may be under way on this replica. All of them may go over one client, where calls of
/// others would wait in vain for those that Meta leaves without an answer.
const MOST_UNDER_WAY: usize = MOST_CALLS / 4;
/// How long until it is worth looking whether one has ended.
const A_MOMENT: Duration = Duration::from_secs(1);

/// The quotas of one number's calls: the app's, the account's, the token's, its own.
///
/// Those who share the app are the tenants; those who share an account are its numbers.
pub struct Account {
    budget: Arc<Budget>,
    waba_id: String,
    waba: Arc<Scope>,
    /// The tenant's, who has one token.
    pub(super) tenant: Arc<Scope>,
    number: Arc<Scope>,
    /// The number's limits on what it sends, which say nothing about reads.
    sending: Arc<Scope>,
}

impl Account {
    pub(super) fn new(budget: Arc<Budget>, owner: &LaneOwner, now: Instant) -> Self {
        Self {
            waba_id: owner.waba_id.clone(),
            waba: budget.accounts.of(owner.waba_id.as_str(), now),
            tenant: budget.tenants.of(owner.cust_space_id.clone(), now),
            number: budget.numbers.of(owner.phone_number_id.clone(), now),
            sending: budget.sending.of(owner.phone_number_id.clone(), now),
            budget,
        }
    }

    /// Whether a try may be made. That changes nothing: one that is made enters.
    ///
    /// # Errors
    /// [`Held::Quota`], until the last of the quotas lets it through; [`Held::Crowded`] where they would.
    pub(in crate::upstream) fn check(&self, this: Try) -> Result<(), Held> {
        let now = this.at;
        let waits = [
            wait(&self.budget.app, this, Some(&self.tenant)),
            wait(&self.waba, this, Some(&self.number)),
            held(&self.tenant, now),
            held(&self.number, now),
            held(&self.sending, now).filter(|_| this.effect == Effect::Change),
        ];
        let crowded = self.tenant.under_way() as usize >= MOST_UNDER_WAY;
        let crowded = crowded.then(|| Wait { until: now + A_MOMENT, reason: Reason::Crowded });
        self.budget.let_through(waits.into_iter().flatten().max().or(crowded))
    }

    /// A try is made, and counts.
    pub(in crate::upstream) fn enter(&self, this: Try) {
        let now = this.at;
        self.tenant.sets_out();
        self.budget.app.enter_of(self.tenant.enter(now), now);
        self.waba.enter_of(self.number.enter(now), now);
        if this.effect == Effect::Change {
            self.sending.enter_uncounted(now);
        }
    }

    /// How the account's quota is: the part used, and until when nothing goes through.
    pub fn waba(&self) -> QuotaStanding {
        QuotaStanding::of(&[&self.waba], Instant::now())
    }

    /// Until when nothing goes through, or nothing is sent, by the number's own limits or its token's.
    pub fn number(&self) -> QuotaStanding {
        QuotaStanding::of(&[&self.tenant, &self.number, &self.sending], Instant::now())
    }

    /// How a try ended.
    pub(in crate::upstream) fn ended_at(&self, this: Try, how: Ended<'_>, now: Instant) {
        self.tenant.comes_back();
        let heard = Heard::of(how);
        for (quota, scope) in self.quotas() {
            scope.ended(this.at, heard.word_on(quota), self.budget.pause, now);
        }
        let sending = heard.word_on(ThrottleScope::Sending);
        // A read sends nothing, so that of what may be sent only its refusal says something.
        if this.effect == Effect::Change || matches!(sending, Word::Refused(_)) {
            self.sending.ended(this.at, sending, self.budget.pause, now);
        }
        if let Some(usage) = heard.usage {
            self.hear(usage, now);
        }
    }

    /// What every try counts against. What the number may send to one recipient is not among it: who that is does not pass
    /// here, and the number's others are not concerned.
    fn quotas(&self) -> [(ThrottleScope, &Scope); 4] {
        [
            (ThrottleScope::App, &self.budget.app),
            (ThrottleScope::Token, &self.tenant),
            (ThrottleScope::Waba, &self.waba),
            (ThrottleScope::Number, &self.number),
        ]
    }

    /// As [`Budget::hear`], without looking for the account that is nearly always meant.
    fn hear(&self, usage: &Usage, now: Instant) {
        if let Some(app) = &usage.app {
            self.budget.app.hear_app(app, now);
        }
        for account in usage.business.iter().flatten() {
            if account.id == self.waba_id {
                self.waba.hear_account(account, now);
            } else {
                self.budget.accounts.of(account.id.as_str(), now).hear_account(account, now);
            }
        }
    }
}

/// How a quota is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaStanding {
    /// The part of it that is used, in percent, by Meta's last word.
    pub level: u8,
    /// How long nothing goes through; `None` where calls do.
    pub held_for: Option<Duration>,
}

impl QuotaStanding {
    /// The worst of these.
    pub(super) fn of(scopes: &[&Scope], now: Instant) -> Self {
        let standings = scopes.iter().map(|scope| {
            let state = scope.lock();
            (state.levels.greatest(now), state.not_before(now))
        });
        let (level, not_before) =
            standings.fold((0, None), |(level, until), (other, others)| (level.max(other), until.max(others)));
        Self { level, held_for: not_before.map(|until| until.saturating_duration_since(now)) }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("waba_id", &self.waba_id).finish_non_exhaustive()
    }
}
