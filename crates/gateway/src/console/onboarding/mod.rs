//! Onboarding: from a token, or a code of Embedded Signup, to a tenant that can call, and the call that shows it.

mod curl;
mod first_key;
mod new;
mod progress;
mod steps;

use super::fields::Fields;
use super::routes::Routes;
use serde_json::Value;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page("/onboarding/new", new::show)
        .form("/onboarding/new", new::begin)
        .form("/onboarding/key", first_key::make)
        .page("/tenants/{cust_space_id}/onboarding", progress::show)
        .form("/tenants/{cust_space_id}/onboarding", progress::begin)
        .form("/tenants/{cust_space_id}/onboarding/{step}", progress::repeat)
}

/// The body that begins an onboarding with what was typed.
fn beginning(fields: &Fields) -> Value {
    fields.filled(&["access_token", "code", "waba_id"]).into()
}
