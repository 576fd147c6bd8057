//! Business numbers.

use actix_web::http::Method;
use cams_api::identifiers::{BusinessNumber, CustSpaceId};

use super::{AdminVisitor, Read, Sent};
use crate::admin::{AdminContext, Paging, numbers};
use crate::api::admin::page::Page;

const NUMBERS: &str = "Numbers";

pub(super) fn of_numbers(visitor: &mut impl AdminVisitor) {
    const ALL: &str = "/tenants/{cust_space_id}/numbers";
    const ONE: &str = "/tenants/{cust_space_id}/numbers/{business_number}";
    type OfNumber = (CustSpaceId, BusinessNumber);
    visitor.visit(
        Page::get(ALL, "ListNumbers", NUMBERS, "List a tenant's numbers"),
        async |ctx: &AdminContext, call: Read<CustSpaceId, Paging>| numbers::list(ctx, &call.path, call.query).await,
    );
    visitor.visit(
        Page::post(ALL, "AddNumber", NUMBERS, "Add a number to a tenant").told(
            "A phone number ID belongs to one tenant: one that another has is refused with 409. Events that came for it \
             before are the tenant's from now on.",
        ),
        async |ctx: &AdminContext, call: Sent<CustSpaceId, numbers::AddNumber>| {
            numbers::add(ctx, &call.path, call.body).await
        },
    );
    visitor.visit(
        Page::get(ONE, "GetNumber", NUMBERS, "See a number"),
        async |ctx: &AdminContext, call: Read<OfNumber>| numbers::get(ctx, &call.path.0, &call.path.1).await,
    );
    visitor.visit(
        Page::change(Method::PATCH, ONE, "ChangeNumber", NUMBERS, "Change what we know of a number"),
        async |ctx: &AdminContext, call: Sent<OfNumber, numbers::ChangeNumber>| {
            numbers::change(ctx, &call.path.0, &call.path.1, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::DELETE, ONE, "RemoveNumber", NUMBERS, "Remove a number")
            .told("With its groups in the mirror. Its events and changes stay with the tenant."),
        async |ctx: &AdminContext, call: Read<OfNumber>| numbers::remove(ctx, &call.path.0, &call.path.1).await,
    );
}
