//! How a connection is: what is being waited for, since when, and whether that is too long.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::{Connections, LastAnswers, Patience};
use crate::telemetry::metrics::ConnectionCut;

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has come yet.
    New,
    /// The head of its first request comes, which `actix-http` waits for so long and then answers 408.
    FirstHead,
    /// It rests since then: nothing of another request has come.
    Resting(Instant),
    /// The head of another request comes since then; or what follows a body that nobody wanted.
    Head(Instant),
    /// A request is being answered.
    Answering,
}

/// How one connection is. It is written by what reads and writes it, and looked at by its worker's [`Ward`].
pub(super) struct Vitals {
    stage: Cell<Stage>,
    /// Since when the client has taken no byte of what is being written.
    blocked: Cell<Option<Instant>>,
    is_cut: Cell<bool>,
    /// Whether everybody is behind it.
    is_of_proxy: bool,
    /// Whether it has rested for as long as it may, so that it is closed unless something comes.
    has_rested: Cell<bool>,
    /// The same where its place is wanted for others.
    is_to_make_room: Cell<bool>,
    has_given_last_answer: Cell<bool>,
    /// Wakes whoever reads and writes.
    waker: RefCell<Option<Waker>>,
    last_answers: LastAnswers,
}

impl Vitals {
    /// Whether the connection was given up.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Bytes have come.
    pub(super) fn came(&self) {
        match self.stage.get() {
            Stage::New => self.stage.set(Stage::FirstHead),
            Stage::Resting(_) => self.stage.set(Stage::Head(Instant::now())),
            Stage::FirstHead | Stage::Head(_) | Stage::Answering => {}
        }
        self.has_rested.set(false);
        self.is_to_make_room.set(false);
    }

    /// Bytes were taken by the client. It rests from when it has taken the last that it was waited for with.
    pub(super) fn went(&self) {
        if self.blocked.take().is_some() && matches!(self.stage.get(), Stage::Resting(_)) {
            self.stage.set(Stage::Resting(Instant::now()));
        }
    }

    /// The client takes nothing for now.
    pub(super) fn is_blocked(&self) {
        if self.blocked.get().is_none() {
            self.blocked.set(Some(Instant::now()));
        }
    }

    /// Nothing happens until this is woken.
    pub(super) fn sleeps(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    /// Whether nothing of a request has come.
    pub(super) fn is_resting(&self) -> bool {
        matches!(self.stage.get(), Stage::New | Stage::Resting(_))
    }

    /// Whether it is to be closed since nothing has come for so long.
    pub(super) fn has_rested(&self) -> bool {
        self.has_rested.get()
    }

    /// Whether it is to be closed for want of room.
    pub(super) fn is_to_make_room(&self) -> bool {
        self.is_to_make_room.get()
    }

    /// Whether a request is being answered.
    pub(super) fn is_answering(&self) -> bool {
        self.stage.get() == Stage::Answering
    }

    /// A request's head has come.
    pub(super) fn begins_to_answer(&self) {
        self.stage.set(Stage::Answering);
    }

    /// Its answer is written, or given up.
    pub(super) fn has_answered(&self) {
        self.stage.set(Stage::Resting(Instant::now()));
        // Who waits for a next request is to see that there may be none.
        if self.last_answers.are_given() {
            self.wake();
        }
    }

    /// Whether the server stops, so that the next answer is the connection's last.
    pub(super) fn gives_last_answers(&self) -> bool {
        self.last_answers.are_given()
    }

    /// An answer says that it is the connection's last.
    pub(super) fn gave_last_answer(&self) {
        self.has_given_last_answer.set(true);
    }

    /// Whether a client was told that nothing more of this connection is answered.
    pub(super) fn has_given_last_answer(&self) -> bool {
        self.has_given_last_answer.get()
    }

    /// Whether it rests for longer than this. It does not while its client takes an answer.
    fn rests_longer(&self, now: Instant, most: Duration) -> bool {
        let is_over = |since: Instant| now.saturating_duration_since(since) > most;
        matches!(self.stage.get(), Stage::Resting(since) if is_over(since)) && self.blocked.get().is_none()
    }

    /// Whether it has rested for so long that its place goes to others.
    fn can_make_room(&self, now: Instant, most: Duration) -> bool {
        !self.is_of_proxy && self.rests_longer(now, most)
    }

    /// Why it is to be given up now.
    fn overdue(&self, now: Instant, patience: &Patience) -> Option<ConnectionCut> {
        let is_over = |since: Instant, most| now.saturating_duration_since(since) > most;
        match (self.stage.get(), self.blocked.get()) {
            (_, Some(since)) if is_over(since, patience.reader) => Some(ConnectionCut::SlowReader),
            (Stage::Head(since), _) if is_over(since, patience.head) => Some(ConnectionCut::SlowHead),
            _ => None,
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

/// The connections of one worker.
pub(super) struct Ward {
    connections: Arc<Connections>,
    patience: Patience,
    last_answers: LastAnswers,
    next: Cell<u64>,
    all: RefCell<HashMap<u64, Rc<Vitals>>>,
    is_closing: Cell<bool>,
}

impl Ward {
    /// No connection yet.
    pub(super) fn new(connections: Arc<Connections>, patience: Patience, last_answers: LastAnswers) -> Self {
        let (next, all, is_closing) = (Cell::new(0), RefCell::default(), Cell::new(false));
        Self { connections, patience, last_answers, next, all, is_closing }
    }

    /// A connection comes, of a trusted proxy or not, and gets a name of its own.
    pub(super) fn enter(&self, is_of_proxy: bool) -> (u64, Rc<Vitals>) {
        let name = self.next.replace(self.next.get() + 1);
        let vitals = Rc::new(Vitals {
            stage: Cell::new(Stage::New),
            blocked: Cell::default(),
            is_cut: Cell::default(),
            is_of_proxy,
            has_rested: Cell::default(),
            is_to_make_room: Cell::default(),
            has_given_last_answer: Cell::default(),
            waker: RefCell::default(),
            last_answers: self.last_answers.clone(),
        });
        self.all.borrow_mut().insert(name, vitals.clone());
        (name, vitals)
    }

    /// A connection has ended.
    pub(super) fn leave(&self, name: u64) {
        self.all.borrow_mut().remove(&name);
    }

    /// One was closed for want of room.
    pub(super) fn made_room(&self) {
        self.connections.cut(ConnectionCut::Crowded);
    }

    /// The first head of one did not come in time.
    pub(super) fn was_too_slow(&self) {
        self.connections.cut(ConnectionCut::SlowHead);
    }

    /// Whether connections that rest are to be closed.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    /// From here on connections that rest are closed.
    pub(super) fn close_resting(&self) {
        self.is_closing.set(true);
        self.all.borrow().values().for_each(|vitals| vitals.wake());
    }

    /// Gives up those that have taken too long, and closes those that have rested for long enough, which is sooner where
    /// there is little room.
    pub(super) fn look(&self) {
        let (now, is_crowded) = (Instant::now(), self.connections.are_crowded());
        for vitals in self.all.borrow().values().filter(|vitals| !vitals.is_cut()) {
            if let Some(why) = vitals.overdue(now, &self.patience) {
                vitals.is_cut.set(true);
                self.connections.cut(why);
                vitals.wake();
            } else if vitals.rests_longer(now, self.patience.keep_alive) {
                vitals.has_rested.set(true);
                vitals.wake();
            } else if is_crowded && vitals.can_make_room(now, self.patience.crowded) {
                vitals.is_to_make_room.set(true);
                vitals.wake();
            }
        }
    }
}
