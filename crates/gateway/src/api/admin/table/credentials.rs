//! A tenant's Graph token.

use actix_web::http::Method;
use cams_api::identifiers::CustSpaceId;

use super::{AdminVisitor, Read, Sent};
use crate::admin::{AdminContext, credentials};
use crate::api::admin::page::Page;

const CREDENTIALS: &str = "Credentials";

pub(super) fn of_credentials(visitor: &mut impl AdminVisitor) {
    const ONE: &str = "/tenants/{cust_space_id}/credential";
    visitor.visit(
        Page::get(ONE, "GetCredential", CREDENTIALS, "See what is known of a tenant's Graph token").told(
            "Never the token itself. Meta is asked about it once a day, once an hour while it is dead, and when it refuses \
             it in a call; what that changes is no new revision.",
        ),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| credentials::get(ctx, &call.path).await,
    );
    visitor.visit(
        Page::change(Method::PUT, ONE, "SetCredential", CREDENTIALS, "Store a tenant's Graph token").told(
            "In place of the one before; every replica uses it within a second. Meta is asked about it first: one that \
             Meta does not take is refused, and the one before stays. While Meta is away it is stored, and asked about \
             later. Where there is none yet, its `ETag` is `\"0\"`.",
        ),
        async |ctx: &AdminContext, call: Sent<CustSpaceId, credentials::SetCredential>| {
            credentials::set(ctx, &call.path, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::DELETE, ONE, "RemoveCredential", CREDENTIALS, "Remove a tenant's Graph token")
            .told("An active tenant is `pending` from then on. At Meta nothing changes."),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| credentials::remove(ctx, &call.path).await,
    );
    visitor.visit(
        Page::post(
            "/tenants/{cust_space_id}/credential/check",
            "CheckCredential",
            CREDENTIALS,
            "Ask Meta about a tenant's Graph token now",
        ),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| credentials::check(ctx, &call.path).await,
    );
}
