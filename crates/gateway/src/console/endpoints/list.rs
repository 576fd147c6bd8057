//! The endpoints of a tenant, or of the ISV itself.

use actix_web::HttpResponse;
use askama::Template;

use super::Whose;
use crate::admin::Paging;
use crate::admin::deliveries::{self, Progress};
use crate::admin::endpoints::{self, EndpointView};
use crate::api::admin::Place;
use crate::console::badge::Badge;
use crate::console::error::ConsoleError;
use crate::console::page::{Frame, html};
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "console/endpoints.html")]
struct ListPage {
    frame: Frame,
    whose: Whose,
    rows: Vec<(EndpointView, Progress)>,
    next: Option<String>,
    first: Option<String>,
}

/// The page.
pub(super) async fn show<O: Place>(visit: Visit<O>) -> Result<HttpResponse, ConsoleError> {
    let whose = Whose::of(&visit.path);
    let listed = endpoints::list(&visit.ctx, whose.tenant.as_ref(), visit.query::<Paging>()?).await?;
    let mut progress = deliveries::progress(&visit.ctx, whose.tenant.as_ref(), None).await?;
    let rows = listed.data.into_iter().map(|endpoint| {
        let progress = progress.remove(&endpoint.endpoint_id).unwrap_or_default();
        (endpoint, progress)
    });
    let frame = visit.frame(whose.section(), title(&whose));
    let (next, first) = (visit.next(listed.next.as_deref()), visit.first());
    Ok(html(HttpResponse::Ok(), &ListPage { frame, rows: rows.collect(), next, first, whose }))
}

fn title(whose: &Whose) -> String {
    whose.tenant.as_ref().map_or_else(|| "Your own endpoints".to_owned(), |tenant| format!("Endpoints of {tenant}"))
}
