//! A tenant's own limits.

use actix_web::http::Method;
use cams_api::identifiers::CustSpaceId;

use super::{AdminVisitor, Read, Sent};
use crate::admin::{AdminContext, limits};
use crate::api::admin::page::Page;

const LIMITS: &str = "Limits";

pub(super) fn of_limits(visitor: &mut impl AdminVisitor) {
    const ONE: &str = "/tenants/{cust_space_id}/limits";
    visitor.visit(
        Page::get(ONE, "GetLimits", LIMITS, "See a tenant's own limits"),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| limits::get(ctx, &call.path).await,
    );
    visitor.visit(
        Page::change(Method::PUT, ONE, "SetLimits", LIMITS, "Set a tenant's own limits")
            .told("`null` is the gateway's own setting. Running gateways obey within a second."),
        async |ctx: &AdminContext, call: Sent<CustSpaceId, limits::SetLimits>| {
            limits::set(ctx, &call.path, call.body).await
        },
    );
}
