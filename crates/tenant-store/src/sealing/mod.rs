//! Sealing of secrets at rest: a space's data key seals its values, the master key wraps the data keys.

mod data_keys;
mod master_keys;
mod sealed;

pub(crate) use data_keys::{DataKeys, WrappedKey};
pub use master_keys::{MasterKeys, MasterKeysError};
pub(crate) use sealed::{Place, Sealed};
