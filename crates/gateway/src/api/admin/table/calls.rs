//! What was called, and how much.

use cams_api::identifiers::CustSpaceId;

use super::{AdminVisitor, Read};
use crate::admin::{AdminContext, calls, usage};
use crate::api::admin::page::Page;

const TAG: &str = "Calls and usage";

pub(super) fn of_calls(visitor: &mut impl AdminVisitor) {
    visitor.visit(
        Page::get("/tenants/{cust_space_id}/calls", "ListCalls", TAG, "List a tenant's last calls").told(
            "Those of the last seven days, newest first, by whichever key. One is listed within a second of its answer. \
             Calls of administrators are in the audit log.",
        ),
        async |ctx: &AdminContext, call: Read<CustSpaceId, calls::CallQuery>| {
            calls::list(ctx, &call.path, call.query).await
        },
    );
    visitor.visit(
        Page::get("/tenants/{cust_space_id}/usage", "ListUsage", TAG, "See what a tenant has used").told(
            "By the day, in UTC: how many calls there were, by operation and code, and how many times a message reached \
             somebody in a group. What is counted is kept as long as the tenant.",
        ),
        async |ctx: &AdminContext, call: Read<CustSpaceId, usage::UsageQuery>| {
            usage::list(ctx, &call.path, call.query).await
        },
    );
}
