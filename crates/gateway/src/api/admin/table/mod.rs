//! The table of the administrator's API: every call, with the function that does it; a file a noun. What stands here is
//! served and documented; the document has the tags in the order of their first calls.

mod audit;
mod calls;
mod credentials;
mod endpoints;
mod events;
mod issuers;
mod keys;
mod limits;
mod numbers;
mod onboarding;
mod status;
mod tenants;

use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::call::{Body, Call, NoBody, NoQuery};
use super::page::Page;
use super::place::Place;
use crate::admin::{AdminContext, AdminError, Answer};

/// Something that is done with every call: routing it, documenting it, trying it.
pub(crate) trait AdminVisitor {
    /// Called once for each call.
    fn visit<P: Place, Q: DeserializeOwned + IntoParams + 'static, B: Body, A: Answer>(
        &mut self,
        page: Page,
        run: impl AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError> + Copy + 'static,
    );
}

/// A call without a body.
type Read<P, Q = NoQuery> = Call<P, Q, NoBody>;
/// A call with one.
type Sent<P, B> = Call<P, NoQuery, B>;

/// Shows every call to `visitor`.
pub(crate) fn each_call(visitor: &mut impl AdminVisitor) {
    tenants::of_tenants(visitor);
    numbers::of_numbers(visitor);
    credentials::of_credentials(visitor);
    onboarding::of_onboarding(visitor);
    limits::of_limits(visitor);
    endpoints::of_endpoints(visitor);
    events::of_events(visitor);
    events::of_groups(visitor);
    calls::of_calls(visitor);
    keys::of_keys(visitor);
    issuers::of_issuers(visitor);
    audit::of_audit(visitor);
    status::of_status(visitor);
}
