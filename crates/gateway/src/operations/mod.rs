//! What the product does, one module a noun. No HTTP types of actix in here: a request goes in, an answer or an
//! [`OperationError`] comes out, for every face alike.

mod context;
mod error;
mod group_list;
mod group_settings;
mod groups;
mod idempotency;
mod invite_links;
mod invites;
mod join_requests;
mod messages;
mod numbers;
pub(crate) mod outcomes;
mod ownership;
mod participants;
mod passing;
mod recording;
mod table;
mod templates;

mod changes;

pub use context::{Context, Services};
pub use error::OperationError;
pub(crate) use error::{kind_code, store_message};
pub use idempotency::{Attempt, Fingerprint, KeyRefusal, Keyed, Reply, once};
pub use passing::{GraphCall, Media, Passed, Passing, media_content, pass};
pub use table::{OperationVisitor, each_operation, operation_names};
