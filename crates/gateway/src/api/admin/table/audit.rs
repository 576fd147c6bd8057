//! The audit log.

use super::{AdminVisitor, Read};
use crate::admin::{AdminContext, audit};
use crate::api::admin::page::Page;

const AUDIT: &str = "Audit log";

pub(super) fn of_audit(visitor: &mut impl AdminVisitor) {
    visitor.visit(
        Page::get("/audit", "ListAudit", AUDIT, "List the audit log").told(
            "Newest first: every change, and what administrators read or were refused. Secrets are masked. Entries \
             are never changed, and outlive the tenant that they tell of.",
        ),
        async |ctx: &AdminContext, call: Read<(), audit::ListAudit>| audit::list(ctx, call.query).await,
    );
}
