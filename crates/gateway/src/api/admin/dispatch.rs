//! What is done around every call of the administrator's API.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::guard;
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, Route, Scope as Routed, rt};
use cams_api::identifiers::CustSpaceId;
use cams_api::{Class, Code, Scope};
use serde::de::DeserializeOwned;
use tenant_store::{Actor, Revision};
use utoipa::IntoParams;

use super::super::admission::admit_alone;
use super::super::render::{IDEMPOTENCY_REPLAYED, learn, request_id};
use super::super::{ApiError, Worker, body};
use super::call::{self, Body, Call, LARGEST_BODY};
use super::idempotency::{self, Keyed, Reply};
use super::page::Page;
use super::place::Place;
use super::problem::{Refused, refused};
use super::said::Said;
use super::table::AdminVisitor;
use super::witness::Witness;
use super::{export, preconditions, query};
use crate::admin::{AdminContext, AdminError, Answer};
use crate::auth::Caller;
use crate::limits::Taken;
use crate::operations::{OperationError, Services};

/// All tenants, as a grant names them.
const EVERYBODY: &str = "*";

/// The routes, by their paths, each with the methods that it takes.
#[derive(Default)]
pub(super) struct Routes(BTreeMap<&'static str, Vec<(String, Route)>>);

impl AdminVisitor for Routes {
    fn visit<P: Place, Q: DeserializeOwned + IntoParams + 'static, B: Body, A: Answer>(
        &mut self,
        page: Page,
        run: impl AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError> + Copy + 'static,
    ) {
        let (method, path) = (page.method.clone(), page.path);
        let page = Rc::new(page);
        let handler = move |http: HttpRequest, worker: Data<Worker>, payload: Payload| {
            let page = page.clone();
            async move {
                let mut witness = Witness::default();
                let answered = answer(&http, &worker, payload, &page, run, &mut witness).await;
                witness.tell(&worker.services.audit, &http, answered.as_ref().err().map(Refused::code));
                answered.unwrap_or_else(|error| refused(&http, &error))
            }
        };
        let (methods, route) = routed(method);
        self.0.entry(path).or_default().push((methods, route.to(handler)));
    }
}

/// A route of this method. What answers GET answers HEAD
/// ([RFC 9110, section 9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)).
fn routed(method: Method) -> (String, Route) {
    if method == Method::GET {
        ("GET, HEAD".to_owned(), web::route().guard(guard::Any(guard::Get()).or(guard::Head())))
    } else {
        (method.to_string(), web::method(method))
    }
}

impl Routes {
    pub(super) fn into_scope(self, scope: Routed) -> Routed {
        let scope = self.0.into_iter().fold(scope, |scope, (path, routes)| {
            let allowed = routes.iter().map(|(methods, _)| methods.as_str()).collect::<Vec<_>>().join(", ");
            let resource = routes.into_iter().fold(web::resource(path), |resource, (_, route)| resource.route(route));
            scope.service(resource.default_service(web::to(move |http: HttpRequest, worker: Data<Worker>| {
                let allowed = allowed.clone();
                async move { not_allowed(&http, &worker, &allowed).await }
            })))
        });
        scope.default_service(web::to(|http: HttpRequest, worker: Data<Worker>| async move {
            let told = no_call(&http, &worker, nothing_here()).await;
            refused(&http, &told)
        }))
    }
}

async fn not_allowed(http: &HttpRequest, worker: &Worker, allowed: &str) -> HttpResponse {
    let error = ApiError::Http { code: Code::MethodNotAllowed, message: format!("This path takes {allowed}.").into() };
    let told = no_call(http, worker, error).await;
    let mut response = refused(http, &told);
    if let (405, Ok(allowed)) = (told.code().1, HeaderValue::from_str(allowed)) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// Why a request is no call of this API, for administrators; for everybody else, that it is for administrators.
async fn no_call(http: &HttpRequest, worker: &Worker, why: ApiError) -> Refused {
    let caller = match admit_alone(http, worker, Class::Read).await {
        Ok((caller, _)) => caller,
        Err(error) => return error.into(),
    };
    let witness = Witness { actor: Some(actor(http, worker, &caller)), tenant: None };
    let is_one = [Scope::AdminRead, Scope::AdminWrite].into_iter().any(|scope| caller.is_administrator(scope));
    let told: Refused = if is_one { why } else { ApiError::NoAdministrator(Scope::AdminRead) }.into();
    witness.tell(&worker.services.audit, http, Some(told.code()));
    told
}

/// The path names nothing.
pub(super) fn nothing_here() -> ApiError {
    ApiError::Http {
        code: Code::NotFound,
        message: "There is nothing at this path; /docs/ lists what there is.".into(),
    }
}

async fn answer<P: Place, Q: DeserializeOwned + IntoParams + 'static, B: Body, A: Answer>(
    http: &HttpRequest,
    worker: &Worker,
    payload: Payload,
    page: &Page,
    run: impl AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError> + Copy + 'static,
    witness: &mut Witness,
) -> Result<HttpResponse, Refused> {
    learn(http, |learned| learned.operation = Some(page.id));
    let (caller, taken) = admit_alone(http, worker, Class::of(page.door().scope)).await?;
    let actor = actor(http, worker, &caller);
    witness.actor = Some(actor.clone());
    let path: P = let_in(http, &caller, &page.door())?.ok_or_else(nothing_here)?;
    witness.tenant = path.tenant().cloned();
    learn(http, |learned| learned.cust_space_id = path.tenant().cloned());

    let expected = if page.is_change { preconditions::seen(http.headers())?.expected() } else { None };
    let query = query::read(http.query_string())?;
    let bytes = body_of(http, payload).await?;
    let keyed = if page.is_keyed() { Keyed::read(http, &caller.key().access_key_id, &bytes)? } else { None };
    let call = Call { path, query, body: B::read(&bytes)? };
    let ctx = context(worker, caller, taken, actor, expected);
    let answered = if A::IS_LIST && http.method() == Method::GET && export::is_wanted(http.headers()) {
        export::export(http, worker, page.door(), ctx, run).await?
    } else if page.method == Method::GET {
        Said::of(&run(&ctx, call).await?)?.into_response()
    } else {
        let services = ctx.services.clone();
        replied(http, to_its_end(&services, keyed, async move { run(&ctx, call).await }).await?)
    };
    learn(http, |learned| learned.code = Some(Code::Ok));
    Ok(answered)
}

/// Who is let in, to what the path names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Door {
    /// What it takes.
    pub scope: Scope,
    /// What it leads to, by name.
    pub id: &'static str,
    /// Whether it is open to whoever administers some tenants, where the path names none.
    pub is_for_some: bool,
}

/// What the path names, where the caller administers it; `None` for what can name nothing. Who administers nothing learns
/// nothing of paths either.
///
/// # Errors
/// [`Refused`] for everybody else.
pub(crate) fn let_in<P: Place>(http: &HttpRequest, caller: &Caller, door: &Door) -> Result<Option<P>, Refused> {
    let Door { scope, id, is_for_some } = *door;
    if !caller.is_administrator(scope) {
        return Err(ApiError::NoAdministrator(scope).into());
    }
    // The tenant by itself: what else the path names may be malformed, and that is told only to who administers it.
    match call::place::<CustSpaceId>(http) {
        Some(tenant) => {
            let denied = |denied| ApiError::from(OperationError::from(denied));
            caller.authorize(scope, id, tenant.as_str()).map_err(denied)?;
        }
        None if is_for_some => {}
        None => caller.authorize(scope, id, EVERYBODY).map_err(|_| not_of_all(scope))?,
    }
    Ok(call::place(http))
}

fn not_of_all(scope: Scope) -> ApiError {
    let message = format!("This is no single tenant's: it takes `{scope}` on all tenants, by a grant on `*`.").into();
    ApiError::Http { code: Code::ForbiddenTenant, message }
}

async fn body_of(http: &HttpRequest, payload: Payload) -> Result<Bytes, ApiError> {
    let bytes = body::read(http.headers(), payload, LARGEST_BODY).await?;
    if !bytes.is_empty() {
        body::expect_type(http.headers(), "application/json")?;
    }
    Ok(bytes)
}

/// Makes a change, once for all calls with the same key, in a task of its own, so that a caller who hangs up leaves nothing
/// half done.
///
/// # Errors
/// [`Refused`] where it was not made.
pub(crate) async fn to_its_end<A: Answer>(
    services: &Arc<Services>,
    keyed: Option<Keyed>,
    change: impl Future<Output = Result<A, AdminError>> + 'static,
) -> Result<Reply, Refused> {
    let of_task = services.clone();
    let change = async move {
        match keyed {
            Some(keyed) => idempotency::once(&of_task.store, &keyed, change).await,
            None => Ok(Reply::Done(Said::of(&change.await?)?)),
        }
    };
    let ended = rt::spawn(services.writes.track_future(change)).await;
    ended.unwrap_or_else(|error| Err(ApiError::from(OperationError::broken_off(&error)).into()))
}

fn replied(http: &HttpRequest, reply: Reply) -> HttpResponse {
    match reply {
        Reply::Done(said) => said.into_response(),
        Reply::Replayed(said, first) => {
            learn(http, |learned| learned.replayed = Some(first));
            let mut response = said.into_response();
            response.headers_mut().insert(IDEMPOTENCY_REPLAYED.clone(), HeaderValue::from_static("true"));
            response
        }
    }
}

/// Who calls, for the audit log.
pub(crate) fn actor(http: &HttpRequest, worker: &Worker, caller: &Caller) -> Actor {
    let address = http.peer_addr().map(|peer| worker.authenticator.proxies.client(peer.ip(), http.headers()));
    Actor { name: caller.key().access_key_id.clone(), address, request_id: Some(request_id(http)) }
}

/// What an administrator's call works with.
pub(crate) fn context(
    worker: &Worker,
    caller: Caller,
    taken: Taken,
    actor: Actor,
    expected: Option<Revision>,
) -> AdminContext {
    AdminContext {
        services: worker.services.clone(),
        graph: worker.graph.clone(),
        egress: worker.egress.clone(),
        caller,
        actor,
        expected,
        taken: Rc::new(taken),
    }
}
