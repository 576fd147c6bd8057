//! Sealing of secrets at rest: a space's data key seals its values, the master key wraps the data keys.

mod data_keys;
mod master_keys;
mod rotating;
mod sealed;
mod unreadable;
mod verifying;

pub(crate) use data_keys::{DataKeys, WrappedKey};
pub use master_keys::{MasterKeys, MasterKeysError};
pub use rotating::{DataKeyPlace, MasterKeyUse, Rewrapped};
pub(crate) use sealed::{Place, Sealed};
pub use unreadable::{UnreadableSecret, WhyUnreadable};
pub use verifying::VerifiedSecrets;
