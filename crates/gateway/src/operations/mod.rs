//! What the product does, one module a noun. No HTTP types of actix in here: a request goes in, an answer or an
//! [`OperationError`] comes out, for every face alike.

mod context;
mod error;
mod group_list;
mod groups;
mod invite_links;
mod numbers;
mod ownership;
mod table;

mod changes;

pub use context::{Context, Services};
pub use error::OperationError;
pub(crate) use error::store_message;
pub use table::{OperationVisitor, each_operation};
