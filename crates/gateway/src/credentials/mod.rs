//! The health of tenants' tokens: what Meta says of each, once a day and whenever it refused one.

mod advice;
mod checking;
mod keeper;
mod suspicions;

pub(crate) use advice::advice;
pub(crate) use checking::{Checked, Unchecked, check};
pub(crate) use keeper::{CredentialKeeper, opened};
pub(crate) use suspicions::{Suspected, Suspicions};
