//! The audit log: who did what, and what was different afterwards.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::differences::{Difference, differences};
use super::error::ConsoleError;
use super::list::{Shown, download};
use super::page::{Frame, Section, html};
use super::routes::Routes;
use super::visit::Visit;
use crate::admin::audit::{self, AuditView, ListAudit};
use crate::api::admin::{Call, NoBody};

const AT: &str = "/console/audit";

/// The page and the download.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.page("/audit", list).page("/audit/export", export)
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    frame: Frame,
    list: Shown<Row>,
    whole: String,
}

/// An entry, with what it tells of field by field.
struct Row {
    entry: AuditView,
    differences: Vec<Difference>,
}

impl From<AuditView> for Row {
    fn from(entry: AuditView) -> Self {
        Self { differences: differences(entry.before.as_ref(), entry.after.as_ref()), entry }
    }
}

/// The list.
async fn list(visit: Visit) -> Result<HttpResponse, ConsoleError> {
    let list = Shown::of(&visit, async |asked: ListAudit| audit::list(&visit.ctx, asked).await).await?;
    let list = list.filter_map(|entry| Some(Row::from(entry)));
    let frame = visit.frame(Section::Audit, "Audit log");
    Ok(html(list.response(), &AuditPage { frame, list, whole: visit.whole() }))
}

/// The same as JSON lines, all of it.
async fn export(http: HttpRequest, visit: Visit) -> Result<HttpResponse, ConsoleError> {
    let entries = async |ctx: &_, call: Call<(), ListAudit, NoBody>| audit::list(ctx, call.query).await;
    download(&http, visit, "audit.jsonl", entries).await
}
