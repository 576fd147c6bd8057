//! `/openapi.json` and Swagger UI at `/docs/`.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse};
use cams_api::{Code, Scope};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use super::admission::admit;
use super::render::refused;
use super::{ApiError, Worker};
use crate::auth::AuthError;
use crate::config::Docs;

/// Swagger UI needs styles of its own making and small pictures in `data:`, and nothing from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

const DOCUMENT: &str = "/openapi.json";

/// The document and the page that shows it, to whom `docs` allows.
pub fn routes(config: &mut ServiceConfig, docs: Docs, document: OpenApi) {
    if docs == Docs::Off {
        return;
    }
    let ui = SwaggerUi::new("/docs/{_:.*}").url(Url::new("groupgate", DOCUMENT), document).config(ui());
    config.route("/docs", web::get().to(to_docs)).service(
        web::scope("")
            .guard(actix_web::guard::fn_guard(|ctx| is_documentation(ctx.head().uri.path())))
            .wrap(from_fn(harden))
            .wrap(Condition::new(docs == Docs::Admin, from_fn(administrators_only)))
            .service(ui),
    );
}

fn is_documentation(path: &str) -> bool {
    path == DOCUMENT || path.starts_with("/docs/")
}

fn ui() -> Config<'static> {
    Config::default()
        .try_it_out_enabled(true)
        .persist_authorization(false)
        .display_request_duration(true)
        .display_operation_id(true)
        .doc_expansion("list")
        .default_models_expand_depth(0)
        .validator_url("none")
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", "/docs/")).finish()
}

async fn harden(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

async fn administrators_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match administrator(request.request()).await {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(error) => {
            let response = refused(request.request(), &error);
            Ok(request.into_response(response).map_into_right_body())
        }
    }
}

async fn administrator(http: &HttpRequest) -> Result<(), ApiError> {
    let worker = http.app_data::<Data<Worker>>().ok_or(AuthError::Absent)?;
    let caller = admit(http, worker).await?;
    if caller.is_administrator(Scope::AdminRead) {
        return Ok(());
    }
    Err(ApiError::Http {
        code: Code::ForbiddenScope,
        message: "The documentation of this gateway is for administrators: it takes a key with `admin.read`.".into(),
    })
}
