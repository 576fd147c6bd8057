//! A tenant's last calls, to find the one that somebody asks about.

use actix_web::HttpResponse;
use askama::Template;
use cams_api::identifiers::CustSpaceId;

use super::error::ConsoleError;
use super::list::Shown;
use super::page::{Frame, Section, html};
use super::tenants::home_of;
use super::visit::Visit;
use crate::admin::calls::{self, CallQuery, CallView};
use crate::admin::tenants::{self, TenantView};

const OUTCOMES: [(&str, &str); 2] = [("", "All calls"), ("true", "Errors only")];

#[derive(Template)]
#[template(path = "console/calls.html")]
struct CallsPage {
    frame: Frame,
    tenant: TenantView,
    list: Shown<CallView>,
}

/// The list.
pub(super) async fn list(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let list = Shown::of(&visit, async |asked: CallQuery| calls::list(&visit.ctx, &visit.path, asked).await).await?;
    let frame = visit.frame(Section::Tenants, "Calls");
    Ok(html(list.response(), &CallsPage { frame, tenant, list }))
}

/// How the end of a call stands out: what the caller did wrong is no trouble of the gateway's.
fn kind(call: &CallView) -> &'static str {
    match call.status {
        200..400 => "good",
        424 | 500.. => "bad",
        _ => "warn",
    }
}
