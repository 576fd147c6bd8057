//! Events of numbers that no tenant has.

use actix_web::HttpResponse;
use askama::Template;

use super::error::ConsoleError;
use super::page::{Frame, Section, html};
use super::visit::Visit;
use crate::admin::Paging;
use crate::admin::events::{self, UnroutedView};

#[derive(Template)]
#[template(path = "console/unrouted.html")]
struct UnroutedPage {
    frame: Frame,
    events: Vec<UnroutedView>,
    next: Option<String>,
    first: Option<String>,
}

/// The page.
pub(super) async fn show(visit: Visit) -> Result<HttpResponse, ConsoleError> {
    let listed = events::unrouted(&visit.ctx, visit.query::<Paging>()?).await?;
    let frame = visit.frame(Section::Unrouted, "Unrouted events");
    let (next, first) = (visit.next(listed.next.as_deref()), visit.first());
    Ok(html(HttpResponse::Ok(), &UnroutedPage { frame, events: listed.data, next, first }))
}
