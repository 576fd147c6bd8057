//! What the other replicas are to be told: until when Meta takes no calls.
//!
//! Who learns a time leaves a notice here and goes on. A loop sends what lies here; of a quota only the last notice counts.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// How many quotas' notices may lie here. Further ones are dropped: the others find out by calls of their own.
const MOST: usize = 1_000;
/// A longer ID is none of Meta's, and PostgreSQL's notifications have a bound.
const LONGEST_ID: usize = 200;

/// What a quota is of, as replicas name it to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The app.
    App,
    /// An account.
    Waba,
    /// A tenant's token.
    Token,
    /// A number.
    Number,
    /// What a number sends.
    Sending,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::App, Self::Waba, Self::Token, Self::Number, Self::Sending];

    /// Its name. Replicas of other versions know it by that.
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Waba => "waba",
            Self::Token => "token",
            Self::Number => "number",
            Self::Sending => "sending",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One quota.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaName {
    /// What it is of.
    pub kind: Kind,
    /// Meta's ID or ours; empty for the app.
    pub id: Arc<str>,
}

/// The notices.
#[derive(Debug, Default)]
pub struct Notices {
    waiting: Mutex<HashMap<QuotaName, Instant>>,
    arrived: Notify,
}

impl Notices {
    /// Until then Meta takes no calls that count against this quota.
    pub(super) fn leave(&self, quota: &QuotaName, until: Instant) {
        if quota.id.len() > LONGEST_ID {
            return;
        }
        let mut waiting = self.lock();
        if waiting.len() < MOST || waiting.contains_key(quota) {
            waiting.insert(quota.clone(), until);
            self.arrived.notify_one();
        }
    }

    /// All that lie here, at least one, which then do no longer.
    pub async fn next(&self) -> HashMap<QuotaName, Instant> {
        loop {
            let waiting = self.take();
            if !waiting.is_empty() {
                return waiting;
            }
            self.arrived.notified().await;
        }
    }

    pub(super) fn take(&self) -> HashMap<QuotaName, Instant> {
        mem::take(&mut *self.lock())
    }

    /// Nothing panics while it is locked, and no other lock is taken.
    fn lock(&self) -> MutexGuard<'_, HashMap<QuotaName, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_number(id: &str) -> QuotaName {
        QuotaName { kind: Kind::Number, id: id.into() }
    }

    #[test]
    fn of_a_quota_the_last_notice_counts_and_their_number_is_bounded() {
        let (notices, now) = (Notices::default(), Instant::now());
        let later = now + std::time::Duration::from_secs(1);
        for until in [now, later] {
            (0..2 * MOST).for_each(|id| notices.leave(&of_number(&id.to_string()), until));
        }
        notices.leave(&of_number(&"1".repeat(LONGEST_ID + 1)), later);
        let taken = notices.take();
        assert_eq!(taken.len(), MOST);
        assert!(taken.values().all(|until| *until == later));
        assert!(notices.take().is_empty());
    }

    #[actix_web::test]
    async fn whoever_waits_gets_what_comes_and_what_had_come() {
        let (notices, now) = (Arc::new(Notices::default()), Instant::now());
        notices.leave(&of_number("1"), now);
        assert_eq!(notices.next().await, HashMap::from([(of_number("1"), now)]));
        let waits = tokio::spawn({
            let notices = notices.clone();
            async move { notices.next().await }
        });
        notices.leave(&of_number("2"), now);
        assert_eq!(waits.await.unwrap(), HashMap::from([(of_number("2"), now)]));
    }

    #[test]
    fn each_kind_is_known_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        assert_eq!(Kind::named("page"), None);
    }
}
