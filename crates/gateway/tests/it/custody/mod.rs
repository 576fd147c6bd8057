//! The custody of what is sealed: the master key replaced while calls go through, databases that are dumped and restored
//! elsewhere, and what is left in memory.

mod memory;
mod restoring;
mod rotating;

use crate::support::MASTER_KEY;

/// The master key that is to replace [`MASTER_KEY`].
const NEW_KEY: &str = "k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// Both, the new one first.
fn both_keys() -> String {
    format!("{NEW_KEY},{MASTER_KEY}")
}
