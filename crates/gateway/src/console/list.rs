//! A list and what it is filtered by, as a page shows them.

use std::rc::Rc;

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use cams_api::Scope;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::error::{ConsoleError, no_page};
use super::fields::Fields;
use super::visit::{CONSOLE, Visit, worker};
use crate::admin::{AdminContext, AdminError, Answer, Listed};
use crate::api::admin::{Body, Call, Door, Place, export};

/// One page of a list.
pub(super) struct Shown<T> {
    /// What stands on it.
    pub(super) rows: Vec<T>,
    /// What was asked for, with what is wrong with it.
    pub(super) filters: Fields,
    /// Where the next page is.
    pub(super) next: Option<String>,
    /// Where the first page is, from a later one.
    pub(super) first: Option<String>,
}

/// A list of nothing, that nobody asked for.
impl<T> Default for Shown<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), filters: Fields::default(), next: None, first: None }
    }
}

impl<T> Shown<T> {
    /// What the address of `visit` asks for. Where that is wrong nothing is listed, and the filters say what.
    ///
    /// # Errors
    /// [`ConsoleError`] for all that another filter would not mend.
    pub(super) async fn of<P, Q: DeserializeOwned + IntoParams>(
        visit: &Visit<P>,
        list: impl AsyncFnOnce(Q) -> Result<Listed<T>, AdminError>,
    ) -> Result<Self, ConsoleError> {
        let filters = visit.filters();
        let listed = match visit.query::<Q>() {
            Ok(asked) => list(asked).await,
            Err(error) => Err(error),
        };
        match listed {
            Ok(Listed { data, next }) => {
                Ok(Self { rows: data, filters, next: visit.next(next.as_deref()), first: visit.first() })
            }
            Err(error @ AdminError::Invalid(_)) => {
                visit.tell_refused(&error);
                Ok(Self { filters: filters.refused(&error), ..Self::default() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same with each row in another form; without those that have none.
    pub(super) fn filter_map<U>(self, row: impl FnMut(T) -> Option<U>) -> Shown<U> {
        let Self { rows, filters, next, first } = self;
        Shown { rows: rows.into_iter().filter_map(row).collect(), filters, next, first }
    }

    /// Whether anything was asked for.
    pub(super) fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    /// The answer that the page goes into.
    pub(super) fn response(&self) -> HttpResponseBuilder {
        if self.filters.trouble().is_some() { HttpResponse::BadRequest() } else { HttpResponse::Ok() }
    }
}

/// All that the address of `visit` asks for, as JSON lines in a file of this name.
///
/// # Errors
/// [`ConsoleError`]
pub(super) async fn download<P: Place, Q: DeserializeOwned + IntoParams + 'static, B: Body, A: Answer>(
    http: &HttpRequest,
    visit: Visit<P>,
    file: &str,
    list: impl AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError> + Copy + 'static,
) -> Result<HttpResponse, ConsoleError> {
    let door = Door { scope: Scope::AdminRead, id: CONSOLE, is_for_some: false };
    let ctx = Rc::into_inner(visit.ctx).ok_or_else(no_page)?;
    let mut response = export::export(http, worker(http)?, door, ctx, list).await?;
    if let Ok(named) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, named);
    }
    Ok(response)
}
