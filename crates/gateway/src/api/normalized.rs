//! The normalized REST face: `POST /v1/{Operation}` with a JSON body.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use cams_api::Operation;
use cams_api::parameters::{self, ParameterError};
use cams_api::wait::WaitSeconds;
use graph_client::Acted;
use tokio::time::{Instant, timeout_at};

use super::admission::{admit, count_tenant};
use super::render::{learn, render_once, request_id};
use super::{ApiError, Worker, body, headers, method_not_allowed};
use crate::operations::{Context, Fingerprint, Keyed, OperationError, OperationVisitor, Reply, each_operation, once};

/// The route of every operation in the table.
pub fn routes(config: &mut ServiceConfig) {
    each_operation(&mut Routes(config));
}

struct Routes<'a>(&'a mut ServiceConfig);

impl OperationVisitor for Routes<'_> {
    fn visit<O: Operation>(
        &mut self,
        run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        let handler = move |http: HttpRequest, worker: Data<Worker>, payload: Payload| async move {
            let result = handle(&http, &worker, payload, run).await;
            render_once(&http, result)
        };
        let resource = web::resource(O::NAME).route(web::post().to(handler));
        self.0.service(resource.default_service(web::to(method_not_allowed("POST"))));
    }
}

async fn handle<O: Operation>(
    http: &HttpRequest,
    worker: &Worker,
    payload: Payload,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + 'static,
) -> Result<Reply<O::Answer>, ApiError> {
    learn(http, |learned| learned.operation = Some(O::NAME));
    let caller = admit(http, worker).await?;

    body::expect_type(http.headers(), "application/json")?;
    let body = body::read(http.headers(), payload, O::BODY_LIMIT).await?;
    let request: O = parameters::from_json(&body)?;
    let deadline = headers::deadline(http.headers())?;
    let keyed = keyed::<O>(http, &body)?;
    // Of several megabytes where it holds a picture: it is not kept for as long as the call waits.
    drop(body);

    let tenant = request.cust_space_id();
    caller.authorize(O::SCOPE, O::NAME, tenant.as_str()).map_err(OperationError::from)?;
    learn(http, |learned| learned.cust_space_id = Some(tenant.as_str().to_owned()));

    let tenant = worker.services.resolver.tenant(tenant).await.map_err(OperationError::from)?;
    let _seat = count_tenant(http, &tenant)?;
    let number = request.business_number().map(|number| tenant.number(number)).transpose();
    let number = number.map_err(OperationError::from)?.cloned();
    learn(http, |learned| learned.counted.number = number.as_ref().and_then(|number| number.limiter.clone()));
    let context = Context {
        services: worker.services.clone(),
        graph: worker.graph.clone(),
        egress: worker.egress.clone(),
        tenant,
        number,
        deadline,
        default_wait: WaitSeconds::REST_DEFAULT,
        attempt: None,
    };
    Ok(in_time(deadline, O::IS_CHANGE, once(&context, keyed, request, run)).await?)
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

/// The operation, or that the caller's time is over. A little grace lets the operation itself say so, which knows more.
async fn in_time<T>(
    deadline: Option<Instant>,
    is_change: bool,
    operation: impl Future<Output = Result<T, OperationError>>,
) -> Result<T, OperationError> {
    const GRACE: Duration = Duration::from_millis(50);
    let Some(deadline) = deadline else { return operation.await };
    let acted = if is_change { Acted::Unknown } else { Acted::No };
    timeout_at(deadline + GRACE, operation).await.unwrap_or(Err(OperationError::Late { acted }))
}
