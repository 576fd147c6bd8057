//! The normalized REST face: `POST /v1/{Operation}` with a JSON body.

use actix_web::HttpRequest;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use cams_api::{Operation, parameters};

use super::render::{learn, render};
use super::{ApiError, Worker, body, headers, method_not_allowed};
use crate::operations::{Context, OperationError, OperationVisitor, each_operation};

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
            render(&http, result)
        };
        let resource = web::resource(O::NAME).route(web::post().to(handler));
        self.0.service(resource.default_service(web::to(method_not_allowed("POST"))));
    }
}

async fn handle<O: Operation>(
    http: &HttpRequest,
    worker: &Worker,
    payload: Payload,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError>,
) -> Result<O::Answer, ApiError> {
    learn(http, |learned| learned.operation = Some(O::NAME));
    let caller = worker.authenticator.authenticate(http.headers()).await?;
    learn(http, |learned| learned.access_key_id = Some(caller.access_key_id().to_owned()));

    body::expect_type(http.headers(), "application/json")?;
    let body = body::read(http.headers(), payload, body::OPERATION).await?;
    let request: O = parameters::from_json(&body)?;
    let deadline = headers::deadline(http.headers())?;

    let tenant = request.cust_space_id();
    caller.authorize(O::SCOPE, O::NAME, tenant.as_str()).map_err(OperationError::from)?;
    learn(http, |learned| learned.cust_space_id = Some(tenant.as_str().to_owned()));

    let number = worker.services.resolver.resolve(tenant, request.business_number()).await;
    let number = number.map_err(OperationError::from)?;
    let context = Context { services: worker.services.clone(), graph: worker.graph.clone(), number, deadline };
    Ok(run(&context, request).await?)
}
