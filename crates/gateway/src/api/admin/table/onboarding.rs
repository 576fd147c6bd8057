//! Onboarding a tenant.

use actix_web::http::Method;
use cams_api::identifiers::CustSpaceId;
use tenant_store::OnboardingStep;

use super::{AdminVisitor, Read, Sent};
use crate::admin::{AdminContext, onboarding};
use crate::api::admin::page::Page;

const ONBOARDING: &str = "Onboarding";

pub(super) fn of_onboarding(visitor: &mut impl AdminVisitor) {
    const ONE: &str = "/tenants/{cust_space_id}/onboarding";
    visitor.visit(
        Page::get(ONE, "GetOnboarding", ONBOARDING, "See how far a tenant's onboarding is"),
        async |ctx: &AdminContext, call: Read<CustSpaceId>| onboarding::get(ctx, &call.path).await,
    );
    visitor.visit(
        Page::post(ONE, "BeginOnboarding", ONBOARDING, "Take a tenant from a token to its first call").told(
            "With a token, or a code of Embedded Signup, which is exchanged for one. The answer comes when all steps are \
             done, or one failed: `token` (whose it is, until when), `permissions` (what it may, on which account), \
             `numbers` (the account's become the tenant's, all of them or none), `subscription` (its webhooks come to the \
             app), `eligibility` (whether numbers may have groups). A step that failed says what to do, and can be repeated. Nothing half-done \
             is active: the token is the tenant's, in place of one before, when all but `eligibility` is done.",
        ),
        async |ctx: &AdminContext, call: Sent<CustSpaceId, onboarding::BeginOnboarding>| {
            onboarding::begin(ctx, &call.path, call.body).await
        },
    );
    visitor.visit(
        Page::change(
            Method::POST,
            "/tenants/{cust_space_id}/onboarding/{step}",
            "RepeatOnboardingStep",
            ONBOARDING,
            "Repeat a step of a tenant's onboarding",
        )
        .told(
            "Those after it that are not done follow. 409 where one before it is not done, or where somebody begins the \
             onboarding anew meanwhile.",
        ),
        async |ctx: &AdminContext, call: Read<(CustSpaceId, OnboardingStep)>| {
            onboarding::repeat(ctx, &call.path.0, call.path.1).await
        },
    );
}
