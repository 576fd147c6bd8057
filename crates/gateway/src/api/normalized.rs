//! The normalized REST face: `POST /v1/{Operation}` with a JSON body.

use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::Method;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{Error, FromRequest as _, HttpRequest};
use cams_api::parameters::{self, ParameterError};
use cams_api::wait::WaitSeconds;
use cams_api::{Class, Operation};
use url::form_urlencoded;

use super::admission::{Admitted, admit};
use super::perform::{Asked, perform};
use super::render::{begin, not_allowed, render_once, request_id};
use super::{ApiError, Worker, body, headers};
use crate::operations::{Context, Fingerprint, Keyed, OperationError, OperationVisitor, Reply, each_operation};
use crate::telemetry::metrics::Called;

/// The path of every operation in the table.
pub fn routes(config: &mut ServiceConfig) {
    each_operation(&mut Routes { config, routed: 0 });
}

struct Routes<'a> {
    config: &'a mut ServiceConfig,
    /// How many operations have theirs.
    routed: usize,
}

impl OperationVisitor for Routes<'_> {
    fn visit<O: Operation>(
        &mut self,
        run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        let called = Called::rest(self.routed);
        self.routed += 1;
        // No scope, resource and route: each of them has a future and a list of its own for every call.
        let service = fn_service(move |request: ServiceRequest| async move {
            let (http, mut payload) = request.into_parts();
            let response = if http.method() == Method::POST {
                let worker = Data::<Worker>::extract(&http).await?;
                let payload = Payload::from_request(&http, &mut payload).await?;
                begin(&http, &worker, called, Some(O::NAME));
                let result = handle(&http, &worker, payload, run).await;
                render_once(&http, result)
            } else {
                not_allowed(&http, "POST")
            };
            Ok::<_, Error>(ServiceResponse::new(http, response))
        });
        self.config.service(web::service(format!("/v1/{}", O::NAME)).finish(service));
    }
}

async fn handle<O: Operation>(
    http: &HttpRequest,
    worker: &Worker,
    payload: Payload,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + 'static,
) -> Result<Reply<O::Answer>, ApiError> {
    let admitted = admit(http, worker, Some(Class::of(O::SCOPE))).await?;
    let answered = answer(http, worker, &admitted, payload, run).await;
    admitted.settled(http, answered).await
}

async fn answer<O: Operation>(
    http: &HttpRequest,
    worker: &Worker,
    admitted: &Admitted,
    payload: Payload,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + 'static,
) -> Result<Reply<O::Answer>, ApiError> {
    admitted.look_ahead::<O>(http, worker)?;
    expect_no_query(http)?;
    body::expect_type(http.headers(), "application/json")?;
    let body = body::read(http.headers(), payload, O::BODY_LIMIT).await?;
    let request: O = parameters::from_json(&body)?;
    let deadline = headers::deadline(http.headers())?;
    let keyed = keyed::<O>(http, &body)?;
    // Of several megabytes where it holds a picture: it is not kept for as long as the call waits.
    drop(body);

    let asked = Asked { request, keyed, deadline, default_wait: WaitSeconds::REST_DEFAULT, signed: None };
    perform(http, worker, admitted, asked, run).await
}

/// Whoever writes a parameter into the URL would believe that it counts.
fn expect_no_query(http: &HttpRequest) -> Result<(), ParameterError> {
    match form_urlencoded::parse(http.query_string().as_bytes()).next() {
        Some((name, _)) => Err(ParameterError::in_query(&name)),
        None => Ok(()),
    }
}

/// The caller's idempotency key; what only reads can be repeated without one.
fn keyed<O: Operation>(http: &HttpRequest, body: &[u8]) -> Result<Option<Keyed>, ParameterError> {
    let key = if O::IS_CHANGE { headers::idempotency_key(http.headers())? } else { None };
    let Some(key) = key else { return Ok(None) };
    // As it was written: a parameter that is `null` or empty text is one, too.
    let parameters =
        serde_json::from_slice(body).map_err(|error| ParameterError::Unreadable { why: error.to_string() })?;
    let fingerprint = Fingerprint::of(parameters);
    Ok(Some(Keyed { key, fingerprint, request_id: request_id(http) }))
}
