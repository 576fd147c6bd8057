//! The control API's document and Swagger UI.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpResponse};
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use crate::openapi;

const DOCUMENT: &str = "/_sandbox/openapi.json";
const PAGE: &str = "/_sandbox/docs/";

/// Swagger UI needs styles of its own making and small pictures in `data:`, and nothing from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The document, and the page that shows it and tries its calls.
pub(crate) fn routes(app: &mut ServiceConfig) {
    let document = Url::new("sandbox", DOCUMENT);
    let page = SwaggerUi::new(format!("{PAGE}{{_:.*}}")).url(document, openapi::document()).config(config());
    let is_ours = |path: &str| path == DOCUMENT || path.starts_with(PAGE);
    app.route("/_sandbox/docs", web::get().to(to_page)).service(
        web::scope("")
            .guard(actix_web::guard::fn_guard(move |call| is_ours(call.head().uri.path())))
            .wrap(from_fn(harden))
            .service(page),
    );
}

fn config() -> Config<'static> {
    Config::default()
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .doc_expansion("list")
        .default_models_expand_depth(0)
        .validator_url("none")
}

async fn to_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", PAGE)).finish()
}

async fn harden(
    call: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(call).await?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
