//! How far a tenant's onboarding is, and how it goes on.

use std::time::Duration;

use actix_web::http::header::REFRESH;
use actix_web::rt::time::timeout;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::Code;
use cams_api::identifiers::CustSpaceId;
use serde_json::Value;
use tenant_store::OnboardingStep;

use super::beginning;
use super::steps::{self, StepRow};
use crate::admin::numbers::{self, NumberView};
use crate::admin::onboarding::{self, OnboardingView};
use crate::admin::tenants::{self, TenantView};
use crate::admin::{AdminContext, AdminError, Answer, Paging};
use crate::console::badge::Badge;
use crate::console::error::ConsoleError;
use crate::console::fields::{self, Fields};
use crate::console::page::{Frame, Section, html, see_other};
use crate::console::sent::Sent;
use crate::console::tenant::revision;
use crate::console::visit::Visit;

/// Most onboardings have ended by then, and their page is complete when it is first seen.
const A_MOMENT: Duration = Duration::from_secs(3);
/// How often a page of one that runs looks again, in seconds.
const EACH_LOOK: &str = "4";
/// The word of an address whose page does not look again by itself.
const BY_HAND: &str = "by_hand";

#[derive(Template)]
#[template(path = "console/onboarding/progress.html")]
struct ProgressPage {
    frame: Frame,
    tenant: TenantView,
    onboarding: Option<OnboardingView>,
    steps: Vec<StepRow>,
    revision: i64,
    is_running: bool,
    is_broken_off: bool,
    looks_again: bool,
    numbers: Vec<NumberView>,
    forms: Forms,
}

/// The forms of the page, with what was typed.
#[derive(Default)]
pub(super) struct Forms {
    /// A token, or a code.
    pub(super) begin: Fields,
    /// A key for the tenant.
    pub(super) key: Fields,
}

/// The page.
pub(in crate::console) async fn show(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = visit.path.clone();
    page(&visit, &tenant, HttpResponse::Ok(), Forms::default()).await
}

/// Begins it anew, with another token or code.
pub(in crate::console) async fn begin(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let (tenant, beginning) = (sent.visit.path.clone(), beginning(&sent.fields));
    let begun = set_off(&mut sent, &tenant, beginning).await;
    again(&sent, &tenant, begun).await
}

/// Repeats a step, and those behind it that are not done.
pub(in crate::console) async fn repeat(
    mut sent: Sent<(CustSpaceId, OnboardingStep)>,
) -> Result<HttpResponse, ConsoleError> {
    let (tenant, step) = sent.visit.path.clone();
    let of = tenant.clone();
    let repeated = going_on(&mut sent, &tenant, async move |ctx| onboarding::repeat(ctx, &of, step).await).await;
    again(&sent, &tenant, repeated).await
}

/// Begins the tenant's onboarding with what was typed, and shows how far it is.
///
/// # Errors
/// [`ConsoleError`]
pub(super) async fn set_off<P>(
    sent: &mut Sent<P>,
    tenant: &CustSpaceId,
    beginning: Value,
) -> Result<HttpResponse, ConsoleError> {
    let of = tenant.clone();
    going_on(sent, tenant, async move |ctx| onboarding::begin(ctx, &of, fields::read(&beginning)?).await).await
}

/// The answer that leads to the page.
pub(super) fn shown(tenant: &CustSpaceId) -> HttpResponse {
    see_other(&format!("/console/tenants/{tenant}/onboarding"), None)
}

/// Waits a moment for it to end, and then lets the page tell: it runs on where nobody waits.
async fn going_on<P, A: Answer>(
    sent: &mut Sent<P>,
    tenant: &CustSpaceId,
    run: impl AsyncFnOnce(&AdminContext) -> Result<A, AdminError> + 'static,
) -> Result<HttpResponse, ConsoleError> {
    match timeout(A_MOMENT, sent.done(run)).await {
        // The same form was sent twice, and the first one runs.
        Ok(Err(error)) if error.code().0 == Code::IdempotentProcessing.as_str() => Ok(shown(tenant)),
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Ok(shown(tenant)),
    }
}

/// The page again, for what can be mended.
async fn again<P>(
    sent: &Sent<P>,
    tenant: &CustSpaceId,
    answered: Result<HttpResponse, ConsoleError>,
) -> Result<HttpResponse, ConsoleError> {
    let again = async |status, begin| {
        page(&sent.visit, tenant, HttpResponse::build(status), Forms { begin, ..Forms::default() }).await
    };
    sent.or_again(answered, again).await
}

/// The page of this tenant's onboarding, for whoever may look at it.
///
/// # Errors
/// [`ConsoleError`]
pub(super) async fn page<P>(
    visit: &Visit<P>,
    tenant: &CustSpaceId,
    mut response: HttpResponseBuilder,
    mut forms: Forms,
) -> Result<HttpResponse, ConsoleError> {
    let tenant = (tenants::get(&visit.ctx, tenant).await?, tenant);
    let onboarding = known(&visit.ctx, tenant.1).await?;
    let is_done = onboarding.as_ref().is_some_and(|onboarding| onboarding.is_done);
    let numbers = if is_done { numbers::list(&visit.ctx, tenant.1, Paging::default()).await?.data } else { Vec::new() };
    let is_broken_off = onboarding.as_ref().is_some_and(OnboardingView::is_broken_off);
    let is_running = !is_broken_off && onboarding.as_ref().is_some_and(OnboardingView::is_under_way);
    let looks_again = is_running && visit.filters().given(BY_HAND).is_none();
    if looks_again {
        response.insert_header((REFRESH, format!("{EACH_LOOK}; url=/console/tenants/{}/onboarding", tenant.1)));
    }
    prefill(&mut forms, &tenant.0, onboarding.as_ref());
    let page = ProgressPage {
        frame: visit.frame(Section::Tenants, format!("Onboarding of {}", tenant.0.name)),
        steps: onboarding.as_ref().map(steps::rows).unwrap_or_default(),
        revision: onboarding.as_ref().map_or(0, revision),
        tenant: tenant.0,
        onboarding,
        is_running,
        is_broken_off,
        looks_again,
        numbers,
        forms,
    };
    Ok(html(response, &page))
}

async fn known(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<Option<OnboardingView>, AdminError> {
    match onboarding::get(ctx, tenant).await {
        Ok(onboarding) => Ok(Some(onboarding)),
        Err(AdminError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What forms hold that nobody has typed into.
fn prefill(forms: &mut Forms, tenant: &TenantView, onboarding: Option<&OnboardingView>) {
    if forms.begin.is_empty() {
        let waba_id = onboarding.and_then(|onboarding| onboarding.waba_id.clone());
        forms.begin = Fields::of(waba_id.map(|id| ("waba_id", id)));
    }
    if forms.key.is_empty() {
        forms.key = Fields::of([("name", tenant.name.clone())]);
    }
}
