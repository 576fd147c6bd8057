//! A whole list as [JSON lines](https://jsonlines.org/), for `Accept: application/jsonl`: page after page, each read when
//! the one before was taken, so that a list of any length takes the room of one page.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::IntoParams;

use super::call::{Body, Call};
use super::dispatch::{Door, let_in, nothing_here};
use super::place::Place;
use super::problem::Refused;
use super::query;
use crate::admin::{AdminContext, AdminError, Answer, Rows};
use crate::api::render::request_id;
use crate::api::{ApiError, Worker};
use crate::auth::Authenticator;

/// The media type of JSON lines.
pub(crate) const JSON_LINES: &str = "application/jsonl";
/// How many rows are read at once.
const PAGE: &str = "1000";

/// Whether the caller wants the whole list.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).filter_map(|accepted| accepted.to_str().ok());
    let mut types = accepted.flat_map(|accepted| accepted.split(','));
    types.any(|accepted| accepted.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON_LINES))
}

/// What the pages of one list have in common.
struct List<R> {
    http: HttpRequest,
    authenticator: Arc<Authenticator>,
    door: Door,
    /// The caller's query without the place in the list.
    filters: Vec<(String, String)>,
    run: R,
}

/// The whole list as a response. Before each page the caller is let in anew, since a long list takes a while. A page that
/// fails later breaks the connection, so that nobody takes a part for all.
///
/// # Errors
/// Those of the first page.
pub(crate) async fn export<P: Place, Q: DeserializeOwned + IntoParams + 'static, B: Body, A: Answer>(
    http: &HttpRequest,
    worker: &Worker,
    door: Door,
    ctx: AdminContext,
    run: impl AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError> + Copy + 'static,
) -> Result<HttpResponse, Refused> {
    let (filters, authenticator) = (filters(http.query_string()), worker.authenticator.clone());
    let list = Rc::new(List { http: http.clone(), authenticator, door, filters, run });
    let first = list.read(&ctx, None).await?;
    let pages = stream::try_unfold(Some((ctx, first)), move |page: Option<(AdminContext, Rows)>| {
        let list = list.clone();
        async move {
            let Some((ctx, rows)) = page else { return Ok(None) };
            let lines = written(&rows.lines);
            let next = match rows.next {
                Some(after) => Some(list.next(ctx, after).await.inspect_err(|error| list.tell(error))?),
                None => None,
            };
            Ok::<_, Refused>(Some((lines, next)))
        }
    });
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, JSON_LINES)).insert_header((CACHE_CONTROL, "no-store"));
    Ok(response.streaming(pages))
}

impl<R> List<R> {
    /// The page behind `after`, for the caller as it is now.
    async fn next<P: Place, Q: DeserializeOwned + IntoParams, B: Body, A: Answer>(
        &self,
        ctx: AdminContext,
        after: String,
    ) -> Result<(AdminContext, Rows), Refused>
    where
        R: AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError>,
    {
        let caller = self.authenticator.again(&ctx.caller, ctx.actor.address).await.map_err(ApiError::from)?;
        let ctx = AdminContext { caller, ..ctx };
        let rows = self.read(&ctx, Some(after)).await?;
        Ok((ctx, rows))
    }

    async fn read<P: Place, Q: DeserializeOwned + IntoParams, B: Body, A: Answer>(
        &self,
        ctx: &AdminContext,
        after: Option<String>,
    ) -> Result<Rows, Refused>
    where
        R: AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError>,
    {
        let path = let_in(&self.http, &ctx.caller, &self.door)?.ok_or_else(nothing_here)?;
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(&self.filters).append_pair("limit", PAGE);
        if let Some(after) = &after {
            text.append_pair("after", after);
        }
        let call = Call { path, query: query::read(&text.finish())?, body: B::read(b"")? };
        let answer = (self.run)(ctx, call).await?;
        Ok(answer.rows().unwrap_or(Rows { lines: Vec::new(), next: None }))
    }

    fn tell(&self, error: &Refused) {
        tracing::warn!(request_id = %request_id(&self.http), %error, "a list broke off in the middle of its export");
    }
}

fn filters(query: &str) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    pairs.filter(|(name, _)| name != "limit" && name != "after").collect()
}

fn written(lines: &[String]) -> Bytes {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"]).flatten().copied().collect::<Vec<u8>>().into()
}
