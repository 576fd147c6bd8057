//! The administrator's API: plain REST under `/admin/v1`, over the functions of [`crate::admin`].
//!
//! `table/` lists every call; routes and the OpenAPI document are made from it. What is the same for all of them stands
//! in `dispatch.rs`: who calls, whether it may, `If-Match`, `Idempotency-Key`, the body, and afterwards `ETag`, problem
//! details, and a word in the audit log.

mod call;
mod dispatch;
pub(crate) mod export;
mod idempotency;
mod page;
mod place;
mod preconditions;
pub(crate) mod problem;
mod query;
mod said;
mod shape;
mod table;
mod witness;

use actix_web::web::{self, ServiceConfig};

pub(crate) use call::{Body, Call, NoBody};
pub(crate) use dispatch::{Door, actor, context, let_in, to_its_end};
pub(crate) use idempotency::{Keyed, Reply};
pub(crate) use page::Page;
pub(crate) use place::Place;
pub(crate) use query::read as read_query;
pub(crate) use table::{AdminVisitor, each_call};
pub(crate) use witness::Witness;

/// Where the API stands.
pub(crate) const ROOT: &str = "/admin/v1";

/// The routes of every call in the table.
pub fn routes(config: &mut ServiceConfig) {
    let mut routes = dispatch::Routes::default();
    each_call(&mut routes);
    config.service(routes.into_scope(web::scope(ROOT)));
}
