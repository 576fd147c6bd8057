//! What Meta tells: received, committed, routed to changes and the mirror of groups; and the calls that wait for it.

mod feeds;
#[doc(hidden)]
pub mod fuzzing;
mod inbox;
mod links;
mod look_up;
mod meaning;
mod rendering;
mod results;
mod router;
mod settler;
mod translate;
mod waiters;

pub use feeds::{FeedError, FeedEvent, Feeds, Follower, Page};
pub use inbox::{Inbox, Refused};
pub use links::LinkJournal;
pub(crate) use links::LinkWriter;
pub use rendering::{RenderError, render};
pub use router::{Nudge, Router};
pub use settler::Settler;
pub use waiters::{Waiter, Waiters};

pub(crate) use meaning::{meaning, told_outcome};
