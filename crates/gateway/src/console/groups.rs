//! A tenant's groups: the mirror's list, one group, and what Meta says of it now.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use cams_api::identifiers::{CustSpaceId, GroupId};

use super::error::ConsoleError;
use super::fields::Fields;
use super::legible::legible;
use super::list::Shown;
use super::notice;
use super::page::{Frame, Section, html};
use super::routes::Routes;
use super::sent::Sent;
use super::tenants::home_of;
use super::visit::Visit;
use crate::admin::AdminError;
use crate::admin::group_members::{self, InviteLinkView, MemberView, MembersView};
use crate::admin::groups::{self, GroupView, ListGroups, MirrorView, Status};
use crate::admin::tenants::{self, TenantView};

const STATUSES: [(&str, &str); 7] = [
    ("", "All but inactive"),
    ("active", "active"),
    ("creating", "creating"),
    ("updating", "updating"),
    ("deleting", "deleting"),
    ("suspended", "suspended"),
    ("inactive", "inactive"),
];

type OneGroup = (CustSpaceId, GroupId);

/// The pages and the form.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page("/tenants/{cust_space_id}/groups", list)
        .form("/tenants/{cust_space_id}/groups/reconcile", reconcile)
        .page("/tenants/{cust_space_id}/groups/{group_id}", show)
        .page("/tenants/{cust_space_id}/groups/{group_id}/members", members)
        .page("/tenants/{cust_space_id}/groups/{group_id}/invite-link", invite_link)
}

#[derive(Template)]
#[template(path = "console/groups.html")]
struct GroupsPage {
    frame: Frame,
    tenant: TenantView,
    list: Shown<GroupView>,
    mirrors: Vec<MirrorView>,
    /// Why the lists are not compared.
    refused: Fields,
}

/// A group, with what Meta was asked about it.
#[derive(Template)]
#[template(path = "console/group.html")]
struct GroupPage {
    frame: Frame,
    tenant: TenantView,
    group: GroupView,
    group_id: String,
    asked: Asked,
}

/// What Meta is asked about a group: each by a deliberate look, which costs a call and is written down.
enum Asked {
    Nothing,
    Members(MembersView),
    Link(InviteLinkView),
    /// Meta did not say, or could not be asked.
    Unanswered(String),
}

impl Asked {
    fn members(&self) -> Option<&MembersView> {
        if let Self::Members(members) = self { Some(members) } else { None }
    }

    fn link(&self) -> Option<&InviteLinkView> {
        if let Self::Link(link) = self { Some(link) } else { None }
    }

    fn why_not(&self) -> Option<&str> {
        if let Self::Unanswered(why) = self { Some(why) } else { None }
    }
}

/// The list.
async fn list(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    listed(&visit, None).await
}

/// Asks for the mirror to be compared with Meta's lists.
async fn reconcile(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let place = format!("{}/groups", home_of(tenant.as_str()));
    let done = sent.done(async move |ctx| groups::reconcile(ctx, &tenant).await).await;
    let done = done.map(|done| done.leads_to(&place, &notice::COMPARING));
    sent.or_again(done, async |status, fields| listed(&sent.visit, Some((status, fields))).await).await
}

async fn listed(
    visit: &Visit<CustSpaceId>,
    refused: Option<(StatusCode, Fields)>,
) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let list = Shown::of(visit, async |asked: ListGroups| groups::list(&visit.ctx, &visit.path, asked).await).await?;
    let mirrors = groups::mirrors(&visit.ctx, &visit.path).await?;
    let mut response = list.response();
    let refused = refused.map(|(status, refused)| {
        response.status(status);
        refused
    });
    let frame = visit.frame(Section::Tenants, "Groups");
    Ok(html(response, &GroupsPage { frame, tenant, list, mirrors, refused: refused.unwrap_or_default() }))
}

/// One group, as the mirror has it.
async fn show(visit: Visit<OneGroup>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, Asked::Nothing).await
}

/// The same with its people.
async fn members(visit: Visit<OneGroup>) -> Result<HttpResponse, ConsoleError> {
    let (tenant, group) = &visit.path;
    let asked = group_members::list(&visit.ctx, tenant, group).await.map(Asked::Members);
    page(&visit, answered(&visit, asked)?).await
}

/// The same with its invite link.
async fn invite_link(visit: Visit<OneGroup>) -> Result<HttpResponse, ConsoleError> {
    let (tenant, group) = &visit.path;
    let asked = group_members::invite_link(&visit.ctx, tenant, group).await.map(Asked::Link);
    page(&visit, answered(&visit, asked)?).await
}

/// That Meta does not say is told beside what the mirror has.
fn answered(visit: &Visit<OneGroup>, asked: Result<Asked, AdminError>) -> Result<Asked, ConsoleError> {
    asked.or_else(|error| {
        let told = ConsoleError::from(error).into_mendable()?;
        visit.tell_refused(&told);
        Ok(Asked::Unanswered(told.to_string()))
    })
}

async fn page(visit: &Visit<OneGroup>, asked: Asked) -> Result<HttpResponse, ConsoleError> {
    let (tenant, group_id) = &visit.path;
    let group = groups::get(&visit.ctx, tenant, group_id).await?;
    let tenant = tenants::get(&visit.ctx, tenant).await?;
    let frame = visit.frame(Section::Tenants, title(&group));
    let response = if asked.why_not().is_some() { HttpResponse::UnprocessableEntity() } else { HttpResponse::Ok() };
    Ok(html(response, &GroupPage { frame, tenant, group, group_id: group_id.to_string(), asked }))
}

/// What a group is called.
fn title(group: &GroupView) -> String {
    let subject = group.subject.as_deref().filter(|subject| !subject.trim().is_empty());
    subject.map_or_else(|| "A group without a subject".to_owned(), legible)
}

/// How a group's state stands out.
fn kind(status: Status) -> &'static str {
    match status {
        Status::Active => "good",
        Status::Creating | Status::Updating | Status::Deleting => "warn",
        Status::Suspended => "bad",
        Status::Inactive => "neutral",
    }
}

/// What a user is shown as.
fn name(user: &MemberView) -> String {
    let known = user.wa_id.as_deref().or(user.username.as_deref()).or(user.user_id.as_deref());
    known.map_or_else(|| "somebody whom Meta does not name".to_owned(), legible)
}
