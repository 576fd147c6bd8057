//! What is told of a tenant: its name, its notes, its labels.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;
use serde_json::{Value, json};

use super::super::error::ConsoleError;
use super::super::fields::{Fields, read};
use super::super::notice;
use super::super::page::{Frame, Section, html};
use super::super::sent::Sent;
use super::super::visit::Visit;
use super::{home_of, revision};
use crate::admin::tenants::{self, TenantView};

#[derive(Template)]
#[template(path = "console/tenant_edit.html")]
struct EditPage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    revision: i64,
    /// Whether somebody else has changed it since the form was opened.
    is_stale: bool,
}

/// The form.
pub(super) async fn show(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let fields = Fields::of([
        ("name", tenant.name.clone()),
        ("notes", tenant.notes.clone().unwrap_or_default()),
        ("labels", lines(&tenant.labels)),
    ]);
    Ok(page(&visit, tenant, StatusCode::OK, fields))
}

/// Changes it.
pub(super) async fn save(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let asked = json!({
        // Blank is a mistake here, where `null` would leave it as it is.
        "name": sent.fields.value("name"),
        "notes": sent.fields.given("notes").map(|notes| notes.replace("\r\n", "\n")),
        "labels": labels(sent.fields.value("labels")),
    });
    let done = sent.done(async move |ctx| tenants::change(ctx, &tenant, read(&asked)?).await).await;
    let done = done.map(|done| done.leads_to(&home_of(sent.visit.path.as_str()), &notice::SAVED));
    let again = async |status, fields: Fields| {
        let tenant = tenants::get(&sent.visit.ctx, &sent.visit.path).await?;
        Ok(page(&sent.visit, tenant, status, fields.gathered("labels")))
    };
    sent.or_again(done, again).await
}

fn page(visit: &Visit<CustSpaceId>, tenant: TenantView, status: StatusCode, fields: Fields) -> HttpResponse {
    let page = EditPage {
        frame: visit.frame(Section::Tenants, format!("Change {}", tenant.name)),
        fields,
        home: home_of(&tenant.cust_space_id),
        revision: revision(&tenant),
        is_stale: status == StatusCode::PRECONDITION_FAILED,
        tenant,
    };
    html(HttpResponseBuilder::new(status), &page)
}

/// Labels as they are typed: `name=value`, a line each.
fn labels(text: &str) -> Value {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pairs = lines.map(|line| line.split_once('=').unwrap_or((line, "")));
    pairs
        .map(|(name, value)| (name.trim().to_owned(), Value::from(value.trim())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn lines(labels: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_as_they_are_shown() {
        let typed = " customer = 4711\r\n\r\nplan=gold=2\r\nvip";
        let read = labels(typed);
        assert_eq!(read, json!({"customer": "4711", "plan": "gold=2", "vip": ""}));
        let stored: BTreeMap<String, String> = serde_json::from_value(read.clone()).unwrap();
        assert_eq!(labels(&lines(&stored)), read);
    }
}
