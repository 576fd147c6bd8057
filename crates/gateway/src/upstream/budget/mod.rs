//! Meta's quotas: what is left of them, and who may still use it.
//!
//! Meta tells in the headers `X-App-Usage` and `X-Business-Use-Case-Usage` how much of the app's and of an account's
//! (WABA's) rolling hour is used, and refuses with a code of its own when a quota is used up
//! ([Meta: rate limits](https://developers.facebook.com/docs/graph-api/overview/rate-limiting)). Each try passes here:
//!
//! - while Meta has said not to call before a time, or has refused twice without a time, nothing is sent ([`hold`]);
//! - near the end of a quota tries are held by their urgency, effect, and whose they are ([`policy`]).
//!
//! How much is used, each replica learns by its own calls: every answer of Meta's carries what all replicas together have
//! used. A time before which Meta takes no calls it tells the others ([`notices`]): Meta names it to whom it refuses.

mod account;
mod figures;
mod heard;
mod hold;
mod level;
mod notices;
mod policy;
mod scope;
mod shares;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use cams_api::identifiers::CustSpaceId;
use graph_client::{Ended, Held, ThrottleScope, Try, Usage};
use tokio::time::Instant;

use self::heard::Heard;
use self::notices::{Kind, Notices, QuotaName};
use self::policy::{LEAST, held_from};
use self::scope::{Scope, Scopes};
use self::shares::Shares;
use super::LaneOwner;

pub use self::account::{Account, QuotaStanding};
pub use self::figures::{Figures, Reason};
pub use self::scope::Survey;

/// The longest that somebody is told to wait for a level to wear off. It may be lower sooner, by what others' calls hear.
const LOOK_AGAIN: Duration = Duration::from_mins(5);

/// The app's quota, which all calls share, and those of accounts, tokens and numbers.
#[derive(Debug)]
pub struct Budget {
    /// How long nothing is sent after refusals that name no time.
    pause: Duration,
    notices: Arc<Notices>,
    app: Scope,
    accounts: Scopes,
    tenants: Scopes,
    numbers: Scopes,
    sending: Scopes,
    figures: Figures,
}

/// An account's quota, and that of its tenant's token.
#[derive(Debug)]
pub(super) struct Waba {
    waba: Arc<Scope>,
    tenant: Arc<Scope>,
}

/// Why a try is held, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    until: Instant,
    reason: Reason,
}

impl Budget {
    /// One of which Meta has said nothing yet. After two refusals that name no time nothing is sent for `pause`, and
    /// longer after each further one.
    pub(super) fn new(pause: Duration) -> Self {
        let notices = Arc::default();
        let scopes = |kind| Scopes::new(kind, &notices);
        Self {
            pause,
            accounts: scopes(Kind::Waba),
            tenants: scopes(Kind::Token),
            numbers: scopes(Kind::Number),
            sending: scopes(Kind::Sending),
            app: Scope::new(QuotaName { kind: Kind::App, id: "".into() }, notices.clone()),
            notices,
            figures: Figures::default(),
        }
    }

    /// What the calls of a number count against.
    pub(super) fn account(self: &Arc<Self>, owner: &LaneOwner) -> Account {
        Account::new(self.clone(), owner, Instant::now())
    }

    /// The quotas of an account of this tenant's, for calls about it that are for no number in memory.
    pub(super) fn waba(&self, cust_space_id: &CustSpaceId, waba_id: &str) -> Waba {
        let now = Instant::now();
        Waba { waba: self.accounts.of(waba_id, now), tenant: self.tenants.of(cust_space_id.clone(), now) }
    }

    /// What the other replicas are to be told.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Meta told another replica that it takes no calls that count against this quota, for so long. Of a kind that only
    /// another version knows, nothing is held.
    pub fn heard_of(&self, kind: &str, id: &str, wait: Duration) {
        self.heard_of_at(kind, id, wait, Instant::now());
    }

    fn heard_of_at(&self, kind: &str, id: &str, wait: Duration, now: Instant) {
        let scopes = match Kind::named(kind) {
            Some(Kind::App) => return self.app.heard_of(wait, now),
            Some(Kind::Waba) => &self.accounts,
            Some(Kind::Token) => &self.tenants,
            Some(Kind::Number) => &self.numbers,
            Some(Kind::Sending) => &self.sending,
            None => return,
        };
        scopes.of(id, now).heard_of(wait, now);
    }

    /// Whether a try may be made that is for no number in memory: by the app's quota, and the account's and its tenant's
    /// where it is about one. That changes nothing: one that is made enters.
    ///
    /// # Errors
    /// [`Held::Quota`]
    pub(super) fn check(&self, waba: Option<&Waba>, this: Try) -> Result<(), Held> {
        let tenant = waba.map(|about| &*about.tenant);
        let of_waba = waba.and_then(|about| wait(&about.waba, this, None));
        let of_tenant = tenant.and_then(|tenant| held(tenant, this.at));
        self.let_through(wait(&self.app, this, tenant).max(of_waba).max(of_tenant))
    }

    /// Such a try is made, and counts.
    pub(super) fn enter(&self, waba: Option<&Waba>, this: Try) {
        let Some(Waba { waba, tenant }) = waba else {
            self.app.enter(this.at);
            return;
        };
        self.app.enter_of(tenant.enter(this.at), this.at);
        waba.enter(this.at);
    }

    /// How such a try ended.
    pub(super) fn ended(&self, waba: Option<&Waba>, this: Try, how: Ended<'_>, now: Instant) {
        let heard = Heard::of(how);
        self.app.ended(this.at, heard.word_on(ThrottleScope::App), self.pause, now);
        if let Some(Waba { waba, tenant }) = waba {
            tenant.ended(this.at, heard.word_on(ThrottleScope::Token), self.pause, now);
            waba.ended(this.at, heard.word_on(ThrottleScope::Waba), self.pause, now);
        }
        if let Some(usage) = heard.usage {
            self.hear(usage, now);
        }
    }

    /// How the app's quota is.
    pub fn app(&self) -> QuotaStanding {
        QuotaStanding::of(&[&self.app], Instant::now())
    }

    /// How the app's, the accounts' and the numbers' are, for metrics.
    pub fn surveys(&self) -> [(&'static str, Survey); 4] {
        let now = Instant::now();
        let (numbers, sending) = (self.numbers.survey(now), self.sending.survey(now));
        let numbers = Survey { held: numbers.held.saturating_add(sending.held), ..numbers };
        [
            ("app", Survey::default().with(&self.app, now)),
            ("waba", self.accounts.survey(now)),
            ("token", self.tenants.survey(now)),
            ("number", numbers),
        ]
    }

    /// What was held.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    fn let_through(&self, wait: Option<Wait>) -> Result<(), Held> {
        let Some(Wait { until, reason }) = wait else { return Ok(()) };
        self.figures.held(reason);
        Err(if reason == Reason::Crowded { Held::Crowded { until } } else { Held::Quota { until } })
    }

    /// Takes in what an answer's headers say. An ID that is no account's in memory may become one's: it is kept while it
    /// says something.
    fn hear(&self, usage: &Usage, now: Instant) {
        if let Some(app) = &usage.app {
            self.app.hear_app(app, now);
        }
        for account in usage.business.iter().flatten() {
            self.accounts.of(account.id.as_str(), now).hear_account(account, now);
        }
    }
}

/// How long a scope that others share holds a try of `party`.
fn wait(scope: &Scope, this: Try, party: Option<&Scope>) -> Option<Wait> {
    let now = this.at;
    let whole = {
        let mut state = scope.lock();
        if let Some(until) = state.held_until(now) {
            return Some(Wait { until, reason: Reason::NotBefore });
        }
        // As nearly always: nobody's share matters then.
        if state.levels.greatest(now) < LEAST {
            return None;
        }
        state.count(now)
    };
    let own = party.map(|party| party.count(now));
    let from = held_from(this, Shares::of(own.unwrap_or_default(), whole));
    let until = scope.lock().levels.are_below_at(from, now)?;
    Some(Wait { until: until.min(now + LOOK_AGAIN), reason: Reason::near_the_end(this) })
}

/// How long a scope is held that is nobody else's, and of which Meta tells no level.
fn held(scope: &Scope, now: Instant) -> Option<Wait> {
    let until = scope.held_until(now)?;
    Some(Wait { until, reason: Reason::NotBefore })
}
