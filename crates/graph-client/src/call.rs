//! One call: with whose token, past which guard, and until when.

use std::{fmt, time::Duration};

use tokio::time::Instant;

use crate::{
    guard::{Guard, Unguarded, Urgency},
    token::Token,
};

/// With whose token a call is made, past which guard, and until when.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The tenant's token.
    pub token: &'a Token,
    /// What stands between the call and Meta.
    pub guard: &'a dyn Guard,
    /// Who waits for it.
    pub urgency: Urgency,
    /// When the call's time is over. The settings' timeout holds in any case.
    pub deadline: Option<Instant>,
    /// From when on it is not sent again, whatever happens to it: its caller waits no longer. It matters where the call
    /// itself goes on beyond that.
    pub repeat_until: Option<Instant>,
}

impl<'a> Call<'a> {
    /// A call that has all the time that the settings give.
    pub fn new(token: &'a Token, guard: &'a dyn Guard, urgency: Urgency) -> Self {
        Self { token, guard, urgency, deadline: None, repeat_until: None }
    }

    /// A call of a program that makes a few and ends: past no guard, with all the time that the settings give.
    pub fn unguarded(token: &'a Token) -> Self {
        Self::new(token, &Unguarded, Urgency::Caller)
    }
}

/// When a call that began then, and may take as long as `timeout`, is over at the latest.
pub(crate) fn latest(deadline: Option<Instant>, begun: Instant, timeout: Duration) -> Instant {
    let latest = begun + timeout;
    deadline.map_or(latest, |deadline| deadline.min(latest))
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, guard: _, urgency, deadline, repeat_until } = self;
        let mut shown = f.debug_struct("Call");
        shown.field("token", token).field("urgency", urgency).field("deadline", deadline);
        shown.field("repeat_until", repeat_until).finish_non_exhaustive()
    }
}
