//! Events and the mirror of groups.

use cams_api::events::EventId;
use cams_api::identifiers::{CustSpaceId, GroupId};

use super::{AdminVisitor, Read};
use crate::admin::{AdminContext, Paging, events, group_members, groups};
use crate::api::admin::page::Page;

const EVENTS: &str = "Events";
const GROUPS: &str = "Groups";

pub(super) fn of_events(visitor: &mut impl AdminVisitor) {
    visitor.visit(
        Page::get("/tenants/{cust_space_id}/events", "ListEvents", EVENTS, "List a tenant's events").told(
            "In the order of their sequence, from the oldest that is kept, or the newest. `after` is a sequence.",
        ),
        async |ctx: &AdminContext, call: Read<CustSpaceId, events::ListEvents>| {
            events::list(ctx, &call.path, call.query).await
        },
    );
    visitor.visit(
        Page::get("/tenants/{cust_space_id}/events/{event_id}", "GetEvent", EVENTS, "Look at an event of a tenant"),
        async |ctx: &AdminContext, call: Read<(CustSpaceId, EventId)>| {
            events::get(ctx, &call.path.0, call.path.1).await
        },
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
    of_one_group(visitor);
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

fn of_one_group(visitor: &mut impl AdminVisitor) {
    visitor.visit(
        Page::get("/tenants/{cust_space_id}/groups/{group_id}", "GetGroup", GROUPS, "Look at a group in the mirror"),
        async |ctx: &AdminContext, call: Read<(CustSpaceId, GroupId)>| {
            groups::get(ctx, &call.path.0, &call.path.1).await
        },
    );
    visitor.visit(
        Page::get(
            "/tenants/{cust_space_id}/groups/{group_id}/members",
            "ListGroupMembers",
            GROUPS,
            "Ask Meta who is in a group, and who asks to be",
        )
        .told("Nothing of it is kept: each call asks Meta, and counts against the number's limit.")
        .asking_meta(),
        async |ctx: &AdminContext, call: Read<(CustSpaceId, GroupId)>| {
            group_members::list(ctx, &call.path.0, &call.path.1).await
        },
    );
    visitor.visit(
        Page::get(
            "/tenants/{cust_space_id}/groups/{group_id}/invite_link",
            "GetGroupInviteLink",
            GROUPS,
            "Ask Meta for a group's invite link",
        )
        .told(
            "Whoever holds the link may enter, so it stands in no list, and who asked for it is in the audit log. Each call \
             asks Meta, and counts against the number's limit.",
        )
        .asking_meta(),
        async |ctx: &AdminContext, call: Read<(CustSpaceId, GroupId)>| {
            group_members::invite_link(ctx, &call.path.0, &call.path.1).await
        },
    );
}
