//! What does not open, and why: for the person who has to find out which key is missing.

use super::{Place, WrappedKey};
use crate::store::SYSTEM;

/// Why a sealed value or a data key does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum WhyUnreadable {
    /// The master key that wraps the data key is not configured.
    #[error("its master key is not in GROUPGATE_MASTER_KEY")]
    MasterKeyMissing,
    /// The data key does not open under the configured master key of that ID.
    #[error(
        "the configured master key of this ID is another one, or the data key was altered or copied from elsewhere"
    )]
    DataKey,
    /// The data key opens, and the value does not open under it.
    #[error("the value was altered, or copied from another place")]
    Value,
}

/// A sealed value or a data key that does not open. It names the place, and nothing of the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableSecret {
    /// Whose it is; `None` for what belongs to no single tenant.
    pub cust_space_id: Option<String>,
    /// The table where it lies.
    pub table: String,
    /// The column.
    pub column: String,
    /// The row's primary key; of a data key its version.
    pub row: String,
    /// The master key that wraps its data key.
    pub master_key_id: String,
    /// Why it does not open.
    pub why: WhyUnreadable,
}

impl UnreadableSecret {
    pub(super) fn new(place: Place<'_>, key: &WrappedKey, why: WhyUnreadable) -> Self {
        Self {
            cust_space_id: (place.space != SYSTEM).then(|| place.space.to_owned()),
            table: place.table.to_owned(),
            column: place.column.to_owned(),
            row: place.row.to_owned(),
            master_key_id: key.master_key_id.clone(),
            why,
        }
    }

    /// A data key itself.
    pub(super) fn data_key(space: &str, key: &WrappedKey, why: WhyUnreadable) -> Self {
        let row = key.version.to_string();
        Self::new(Place { space, table: "data_keys", column: "wrapped_key", row: &row }, key, why)
    }
}
