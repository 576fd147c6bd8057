//! Events and the mirror of groups.

use cams_api::identifiers::CustSpaceId;

use super::{AdminVisitor, Read};
use crate::admin::{AdminContext, Paging, events, groups};
use crate::api::admin::page::Page;

const EVENTS: &str = "Events";
const GROUPS: &str = "Groups";

pub(super) fn of_events(visitor: &mut impl AdminVisitor) {
    visitor.visit(
        Page::get("/tenants/{cust_space_id}/events", "ListEvents", EVENTS, "List a tenant's events")
            .told("In the order of their sequence, from the oldest that is kept. `after` is a sequence."),
        async |ctx: &AdminContext, call: Read<CustSpaceId, Paging>| events::list(ctx, &call.path, call.query).await,
    );
    visitor.visit(
        Page::get("/events/unrouted", "ListUnroutedEvents", EVENTS, "List events of numbers that no tenant has")
            .told("They are kept, oldest first here, and become a tenant's when it gets the number."),
        async |ctx: &AdminContext, call: Read<(), Paging>| events::unrouted(ctx, call.query).await,
    );
}

pub(super) fn of_groups(visitor: &mut impl AdminVisitor) {
    visitor.visit(
        Page::get("/tenants/{cust_space_id}/groups", "ListGroups", GROUPS, "List a tenant's groups in the mirror"),
        async |ctx: &AdminContext, call: Read<CustSpaceId, groups::ListGroups>| {
            groups::list(ctx, &call.path, call.query).await
        },
    );
    visitor.visit(
        Page::post(
            "/tenants/{cust_space_id}/groups/reconcile",
            "ReconcileGroups",
            GROUPS,
            "Compare the mirror with Meta's lists",
        )
        .told("It begins within a second; `listed_at` says when each number was last compared."),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| groups::reconcile(ctx, &call.path).await,
    );
}
