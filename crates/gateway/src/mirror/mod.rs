//! The mirror of groups, compared with Meta's word: each number's list of groups, what is recorded of the number, and
//! the details of groups that are not known yet.
//!
//! Webhooks keep the mirror from hour to hour; what they missed is found here. The calls that this takes are the
//! gateway's own: at most one a second a number, and only where callers leave half of the number's budget.

mod answers;
mod job;
mod keeper;
mod pace;

pub(crate) use answers::{listed_group, number as number_record};
pub(crate) use keeper::Keeper;
