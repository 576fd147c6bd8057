//! Tenants: what is told of them, suspending, erasing.

use actix_web::http::Method;
use cams_api::identifiers::CustSpaceId;

use super::{AdminVisitor, Read, Sent};
use crate::admin::{AdminContext, tenants};
use crate::api::admin::page::Page;

const TENANTS: &str = "Tenants";

pub(super) fn of_tenants(visitor: &mut impl AdminVisitor) {
    const ALL: &str = "/tenants";
    const ONE: &str = "/tenants/{cust_space_id}";
    visitor.visit(
        Page::get(ALL, "ListTenants", TENANTS, "List tenants").for_some(),
        async |ctx: &AdminContext, call: Read<(), tenants::ListTenants>| tenants::list(ctx, call.query).await,
    );
    visitor.visit(
        Page::post(ALL, "AddTenant", TENANTS, "Add a tenant")
            .told("It is `pending` until it has a number and a token, and `active` from then on."),
        async |ctx: &AdminContext, call: Sent<(), tenants::AddTenant>| tenants::add(ctx, call.body).await,
    );
    visitor.visit(
        Page::get(ONE, "GetTenant", TENANTS, "See a tenant"),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| tenants::get(ctx, &call.path).await,
    );
    visitor.visit(
        Page::change(Method::PATCH, ONE, "ChangeTenant", TENANTS, "Change what is told of a tenant"),
        async |ctx: &AdminContext, call: Sent<CustSpaceId, tenants::ChangeTenant>| {
            tenants::change(ctx, &call.path, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::DELETE, ONE, "EraseTenant", TENANTS, "Erase a tenant").told(
            "With everything that is its own: numbers, token, groups, changes, events, deliveries. It cannot be undone. \
             Access keys lose their grants on it; the audit log stays; at Meta nothing changes.",
        ),
        async |ctx: &AdminContext, call: Read<CustSpaceId, tenants::Confirm>| {
            tenants::erase(ctx, &call.path, call.query).await
        },
    );
    visitor.visit(
        Page::change(Method::POST, "/tenants/{cust_space_id}/suspend", "SuspendTenant", TENANTS, "Suspend a tenant")
            .told("Every call in its name is refused with `Tenant.Suspended`, on every replica within a second."),
        async |ctx: &AdminContext, call: Sent<CustSpaceId, tenants::SuspendTenant>| {
            tenants::suspend(ctx, &call.path, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::POST, "/tenants/{cust_space_id}/resume", "ResumeTenant", TENANTS, "End a suspension"),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| tenants::resume(ctx, &call.path).await,
    );
}
