//! What the product does, one module a noun. No HTTP types of actix in here: a request goes in, an answer or an
//! [`OperationError`] comes out, for every face alike.

mod context;
mod error;
mod groups;
mod invite_links;
mod ownership;
mod table;

mod changes;

pub use context::{Context, Services};
pub use error::OperationError;
pub use table::{OperationVisitor, each_operation};
