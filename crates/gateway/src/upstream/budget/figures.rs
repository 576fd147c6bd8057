//! What was held, counted by the reason.

use graph_client::{Effect, Try, Urgency};
use prometheus_client::metrics::counter::Counter;

/// Why a try was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Meta has said not to call before a time, or has just refused.
    NotBefore,
    /// It was the gateway's own, and half of a quota is used, or nine tenths where it is to tell what became of a change.
    Background,
    /// It was a write, near the end of a quota.
    Write,
    /// It was a read, and nothing is left of a quota.
    Read,
    /// As many of its tenant's were under way as may be.
    Crowded,
}

impl Reason {
    /// Their names, in their order.
    pub const ALL: [&'static str; 5] = ["not_before", "background", "write", "read", "crowded"];

    /// Why this is held near the end of a quota.
    pub(super) fn near_the_end(this: Try) -> Self {
        match (this.urgency, this.effect) {
            (Urgency::Background | Urgency::Overdue, _) => Self::Background,
            (Urgency::Caller, Effect::Change) => Self::Write,
            (Urgency::Caller, Effect::Read) => Self::Read,
        }
    }
}

/// How many tries were held, by [`Reason`].
#[derive(Debug, Clone, Default)]
pub struct Figures([Counter; Reason::ALL.len()]);

impl Figures {
    /// One was.
    pub(super) fn held(&self, reason: Reason) {
        self.0[reason as usize].inc();
    }

    /// The counters, in the order of [`Reason::ALL`].
    pub fn counters(&self) -> &[Counter; Reason::ALL.len()] {
        &self.0
    }
}
