//! What administrators do: one module a noun, one function an action.
//!
//! The administrator's API (`api/admin`) and the console are faces of these functions; none of them has logic of its own.
//! A function takes an [`AdminContext`] and what its path, query and body say, and answers a view: what may be told, in
//! the words of the API. Whether the caller may do it was decided before (`api/admin/dispatch.rs`).

pub mod attention;
pub mod audit;
pub mod calls;
mod context;
pub mod credentials;
pub mod deliveries;
pub mod endpoints;
mod error;
pub mod events;
mod filters;
pub mod grants;
pub mod group_members;
pub mod groups;
pub mod issuers;
mod journal;
pub mod keys;
pub mod limits;
pub mod numbers;
pub mod onboarding;
pub mod replays;
pub mod status;
mod tenant_list;
pub mod tenants;
pub mod traffic;
pub mod usage;
mod view;

pub use context::AdminContext;
pub use error::{AdminError, FieldError};
pub use journal::AuditJournal;
pub(crate) use journal::AuditWriter;
pub use view::{Answer, Listed, NoContent, Paging, Rows, View};
