//! Events on their way to the endpoints of tenants and of the ISV: signed, tried again, and given up in the end.
//!
//! What is to be delivered stands in PostgreSQL, and any number of replicas take it from there. A claim is committed
//! before its call is made, and no connection and no row is held during the call; a replica that dies only delays what
//! it had claimed.
//!
//! - `claiming.rs` takes what is due, as much as there is room for, and starts a try for each;
//! - `sending.rs` makes one try, `signing.rs` what it is signed with, `after_try.rs` says what follows from it;
//! - `recording.rs` commits the ends of tries, many at once;
//! - `held.rs` knows what this replica has claimed, `running.rs` starts and stops all of it, on a thread of its own.

mod after_try;
mod claiming;
mod held;
mod recording;
mod retries;
mod retry_after;
mod running;
mod sending;
pub mod signing;

pub use retries::{InvalidRetries, Retries};

pub(crate) use running::{Deliveries, RunningDeliveries};
