//! How the gateways are.

use super::{AdminVisitor, Read};
use crate::admin::{AdminContext, status};
use crate::api::admin::page::Page;

const STATUS: &str = "Status";

pub(super) fn of_status(visitor: &mut impl AdminVisitor) {
    visitor.visit(
        Page::get("/status", "GetStatus", STATUS, "See how the gateways are")
            .told("Which run, what waits, what is left of the budgets, and which master keys are in use."),
        async |ctx: &AdminContext, _call: Read<()>| status::get(ctx).await,
    );
}
