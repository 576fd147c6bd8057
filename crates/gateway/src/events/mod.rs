//! What Meta tells: received, committed, routed to changes and the mirror of groups; and the calls that wait for it.

mod inbox;
mod links;
mod look_up;
mod meaning;
mod router;
mod settler;
mod waiters;

pub use inbox::{Inbox, Refused};
pub use links::{LinkJournal, LinkWriter};
pub use router::{Nudge, Router};
pub use settler::Settler;
pub use waiters::{Waiter, Waiters};

pub(crate) use meaning::told_outcome;
