//! From (`CustSpaceId`, `BusinessNumber`) to everything that a call to Meta takes, made once and remembered.

mod groups;
mod owners;
mod resolver;
mod templates;

pub use groups::KnownGroups;
pub use owners::Owners;
pub use resolver::{Number, Resolver, Tenant, Unresolved};
pub use templates::KnownTemplates;
