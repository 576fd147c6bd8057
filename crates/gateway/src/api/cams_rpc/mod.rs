//! The CAMS RPC face: `POST` or `GET` `/`, signed, as the SDKs of Alibaba Cloud call.
//!
//! The operation is named by `x-acs-action`, or by the parameter `Action` of the older signature; its parameters stand
//! in the query, in a form, or in both.

mod answers;
mod dispatch;
mod signed;

use std::rc::Rc;

use actix_web::http::header::LOCATION;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use cams_api::Code;
use cams_api::parameters::Pairs;
use cams_api::signatures::SignedCall;

use self::answers::Answers;
use self::dispatch::{Dispatch, Signed};
use super::admission::Admitted;
use super::render::{begin, not_allowed};
use super::{ApiError, Worker, body};
use crate::openapi::UI_PATH;
use crate::telemetry::metrics::Called;

/// The version of CAMS's API that is spoken here.
const VERSION: &str = "2020-06-06";
/// The largest body of a request, in bytes. SDKs send everything in the query.
const BODY_LIMIT: usize = 256 * 1024;
const METHODS: &str = "GET, POST";

/// Where it is.
pub(super) const PATH: &str = "/";

/// The one path of the face. `public_url` is the gateway's own address, without a slash at its end.
pub fn routes(config: &mut ServiceConfig, public_url: &str) {
    let answers = Rc::new(Answers::new(public_url));
    let dispatch = Rc::new(Dispatch::new(&answers));
    let handler = move |http: HttpRequest, worker: Data<Worker>, payload: Payload| {
        let (answers, dispatch) = (answers.clone(), dispatch.clone());
        async move {
            match *http.method() {
                Method::GET | Method::HEAD if !signed::is_meant(&http) => to_docs(),
                Method::GET | Method::POST => {
                    begin(&http, &worker, Called::RPC, None);
                    match receive(&http, &worker, payload).await {
                        Ok(call) => dispatch.call(http, worker, call).await,
                        Err(error) => answers.refused(&http, &error),
                    }
                }
                _ => not_allowed(&http, METHODS),
            }
        }
    };
    config.service(web::resource(PATH).route(web::to(handler)));
}

/// Somebody with a browser.
fn to_docs() -> HttpResponse {
    HttpResponse::build(StatusCode::FOUND).insert_header((LOCATION, UI_PATH)).finish()
}

/// The call, once it is known who signed it.
async fn receive(http: &HttpRequest, worker: &Worker, payload: Payload) -> Result<Signed, ApiError> {
    let body = body::read(http.headers(), payload, BODY_LIMIT).await?;
    let (caller, call) = signed::verify(http, &body, &worker.authenticator).await?;
    let admitted = Admitted::new(http, worker, caller, None)?;
    let parameters = admitted.settled(http, parameters(http, &call, &body)).await?;
    Ok(Signed { admitted, call, parameters })
}

/// The parameters of a call to this version.
fn parameters(http: &HttpRequest, call: &SignedCall, body: &[u8]) -> Result<Pairs, ApiError> {
    if call.version != VERSION {
        let message = format!("The API's version here is `{VERSION}`.").into();
        return Err(ApiError::Http { code: Code::InvalidVersion, message });
    }
    signed::parameters(http, body)
}
