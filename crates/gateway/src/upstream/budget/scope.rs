//! What calls count against together: the app, an account, a token, a number.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use graph_client::{AppUsage, BusinessUsage};
use tokio::time::Instant;

use super::heard::Word;
use super::hold::Hold;
use super::level::Levels;
use super::notices::{Kind, Notices, QuotaName};
use super::shares::{Count, Window};

/// One of them. Its lock is held for a few comparisons, never across an await; two are never held together. That of the
/// notices is taken under it.
#[derive(Debug, Default)]
pub(super) struct Scope {
    state: Mutex<State>,
    /// How other replicas are told of its hold; `None` where nobody is.
    voice: Option<Voice>,
    /// Whether the hold is set: while it is not, as nearly always, nobody takes the lock for its sake.
    has_hold: AtomicBool,
    /// How many tries have set out and not come back, where somebody asks for that.
    under_way: AtomicU32,
}

#[derive(Debug)]
struct Voice {
    quota: QuotaName,
    notices: Arc<Notices>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Only where there is something to hold for: nearly always there is not, and there are four scopes for each tenant.
    hold: Option<Box<Hold>>,
    pub(super) levels: Levels,
    window: Window,
}

impl Scope {
    /// One that is told of there.
    pub(super) fn new(quota: QuotaName, notices: Arc<Notices>) -> Self {
        Self { voice: Some(Voice { quota, notices }), ..Self::default() }
    }

    /// Nothing panics while it is locked.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when its hold lets nothing through.
    pub(super) fn held_until(&self, now: Instant) -> Option<Instant> {
        if !self.has_hold.load(Ordering::Acquire) {
            return None;
        }
        self.lock().held_until(now)
    }

    /// A try that began then has ended, and said this. After refusals without a time nothing is sent for `pause`.
    pub(super) fn ended(&self, began: Instant, word: Word, pause: Duration, now: Instant) {
        let may_change = self.has_hold.load(Ordering::Acquire) || matches!(word, Word::Refused(_));
        if may_change {
            self.change_hold(&mut self.lock(), now, |hold| hold.ended(began, word, pause, now));
        }
    }

    /// Another replica was told to wait so long.
    pub(super) fn heard_of(&self, wait: Duration, now: Instant) {
        self.change_hold(&mut self.lock(), now, |hold| hold.heard_of(wait, now));
    }

    fn change_hold(&self, state: &mut State, now: Instant, change: impl FnOnce(&mut Hold)) {
        let hold = state.hold.get_or_insert_default();
        change(hold);
        if let Some(Voice { quota, notices }) = &self.voice
            && let Some(until) = hold.news(now)
        {
            notices.leave(quota, until);
        }
        state.hold.take_if(|hold| !hold.is_set());
        self.has_hold.store(state.hold.is_some(), Ordering::Release);
    }

    /// A try goes; true where it is the scope's first of a minute.
    pub(super) fn enter(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.enter(now);
        state.window.add(now)
    }

    /// A try goes of one who shares this scope, `is_first` where it is that one's first of a minute.
    pub(super) fn enter_of(&self, is_first: bool, now: Instant) {
        let mut state = self.lock();
        state.enter(now);
        state.window.add_of(is_first, now);
    }

    /// A try goes, of which nobody asks later how many there were.
    pub(super) fn enter_uncounted(&self, now: Instant) {
        if self.has_hold.load(Ordering::Acquire) {
            self.lock().enter(now);
        }
    }

    /// What was let through in the last minute.
    pub(super) fn count(&self, now: Instant) -> Count {
        self.lock().count(now)
    }

    /// How many tries have set out and not come back.
    pub(super) fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// A try sets out.
    pub(super) fn sets_out(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// One has come back, or was given up.
    pub(super) fn comes_back(&self) {
        let _ = self.under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
    }

    /// Hears of the app's quota.
    pub(super) fn hear_app(&self, usage: &AppUsage, now: Instant) {
        self.lock().levels.hear_app(usage, now);
    }

    /// Hears of an account's quota, and until when Meta takes nothing.
    pub(super) fn hear_account(&self, usage: &BusinessUsage, now: Instant) {
        let mut state = self.lock();
        state.levels.hear_account(usage, now);
        if let Some(wait) = usage.regained_after() {
            self.change_hold(&mut state, now, |hold| hold.named(wait, now));
        }
    }
}

impl State {
    /// What was let through in the last minute.
    pub(super) fn count(&mut self, now: Instant) -> Count {
        self.window.count(now)
    }

    /// Until when its hold lets nothing through.
    pub(super) fn held_until(&self, now: Instant) -> Option<Instant> {
        self.hold.as_ref()?.until(now)
    }

    /// Until when Meta, or our own time, lets nothing through.
    pub(super) fn not_before(&self, now: Instant) -> Option<Instant> {
        self.hold.as_ref()?.not_before(now)
    }

    fn enter(&mut self, began: Instant) {
        if let Some(hold) = &mut self.hold {
            hold.enter(began);
        }
    }

    fn is_idle(&mut self, now: Instant) -> bool {
        self.held_until(now).is_none() && self.levels.greatest(now) == 0 && self.window.count(now).calls == 0
    }
}

/// The scopes of one kind, by Meta's ID or ours. One that nobody holds is forgotten when it has nothing to say any more.
#[derive(Debug)]
pub(super) struct Scopes {
    kind: Kind,
    notices: Arc<Notices>,
    by_id: Mutex<HashMap<Arc<str>, Arc<Scope>>>,
}

impl Scopes {
    /// None yet, of this kind, which are told of there.
    pub(super) fn new(kind: Kind, notices: &Arc<Notices>) -> Self {
        Self { kind, notices: notices.clone(), by_id: Mutex::default() }
    }

    /// The scope of an ID; a new one where there is none.
    pub(super) fn of(&self, id: impl AsRef<str> + Into<Arc<str>>, now: Instant) -> Arc<Scope> {
        let mut scopes = self.lock();
        if let Some(known) = scopes.get(id.as_ref()) {
            return known.clone();
        }
        if scopes.len() == scopes.capacity() {
            scopes.retain(|_, scope| Arc::strong_count(scope) > 1 || !scope.lock().is_idle(now));
            // Room for as many again, so that not every new one looks at all of them.
            let kept = scopes.len();
            scopes.reserve(kept);
        }
        let id: Arc<str> = id.into();
        let scope = Arc::new(Scope::new(QuotaName { kind: self.kind, id: id.clone() }, self.notices.clone()));
        scopes.insert(id, scope.clone());
        scope
    }

    /// The greatest level of all of them, in percent, and how many are held.
    pub(super) fn survey(&self, now: Instant) -> Survey {
        let scopes = self.lock();
        scopes.values().fold(Survey::default(), |survey, scope| survey.with(scope, now))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Scope>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How scopes are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Survey {
    /// The greatest part used, in percent.
    pub level: u8,
    /// How many get nothing through, by Meta's time or ours.
    pub held: u32,
}

impl Survey {
    /// One more.
    pub(super) fn with(self, scope: &Scope, now: Instant) -> Self {
        let state = scope.lock();
        let held = u32::from(state.not_before(now).is_some());
        Self { level: self.level.max(state.levels.greatest(now)), held: self.held.saturating_add(held) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_nobody_holds_is_forgotten_when_it_has_nothing_to_say() {
        let (scopes, start) = (Scopes::new(Kind::Number, &Arc::default()), Instant::now());
        let held = scopes.of("held by somebody", start);
        scopes.of("refused", start).ended(start, Word::Refused(Some(Duration::from_hours(1))), Duration::ZERO, start);
        for at in 0..100_000 {
            scopes.of(at.to_string(), start);
        }
        assert!(scopes.lock().len() < 1_000, "{}", scopes.lock().len());
        assert!(Arc::ptr_eq(&held, &scopes.of("held by somebody", start)));
        assert!(scopes.of("refused", start).lock().held_until(start).is_some());
        assert_eq!(scopes.survey(start).held, 1);
    }
}
