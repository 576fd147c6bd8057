//! `/openapi.json`, Swagger UI at `/docs/`, the same as Markdown, and `/llms.txt`.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, Handler, HttpRequest, HttpResponse};
use cams_api::{Class, Scope};
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use super::admission::admit_alone;
use super::reading::only_reading;
use super::render::refused;
use super::{ApiError, Worker};
use crate::auth::AuthError;
use crate::config::Docs;
use crate::openapi::admin::ADMIN_OPENAPI_PATH;
use crate::openapi::graph_face::GRAPH_OPENAPI_PATH;
use crate::openapi::{Document, Documents, LLMS_PATH, MARKDOWN_PATH, OPENAPI_PATH, UI_PATH};

/// Swagger UI needs styles of its own making and small pictures in `data:`, and nothing from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The documents and the page that shows them, to whom `docs` allows.
pub fn routes(config: &mut ServiceConfig, docs: Docs, documents: &Documents) {
    if docs == Docs::Off {
        return;
    }
    let page = |document| web::get().to(page(documents, document));
    config.service(web::resource("/docs").wrap(from_fn(only_reading)).route(web::get().to(to_docs))).service(
        web::scope("")
            .guard(actix_web::guard::fn_guard(|ctx| is_documentation(ctx.head().uri.path())))
            .wrap(from_fn(harden))
            .wrap(Condition::new(docs == Docs::Admin, from_fn(administrators_only)))
            .wrap(from_fn(only_reading))
            .route(OPENAPI_PATH, page(Document::OpenApi))
            .route(GRAPH_OPENAPI_PATH, page(Document::Graph))
            .route(ADMIN_OPENAPI_PATH, page(Document::Admin))
            .route(MARKDOWN_PATH, page(Document::Markdown))
            .route(LLMS_PATH, page(Document::Llms))
            .service(SwaggerUi::new("/docs/{_:.*}").config(ui())),
    );
}

fn is_documentation(path: &str) -> bool {
    [OPENAPI_PATH, GRAPH_OPENAPI_PATH, ADMIN_OPENAPI_PATH, LLMS_PATH].contains(&path) || path.starts_with(UI_PATH)
}

/// Answers with the document, which is written on another thread where nobody has asked for it before.
fn page(documents: &Documents, document: Document) -> impl Handler<(), Output = HttpResponse> {
    let documents = documents.clone();
    move || {
        let documents = documents.clone();
        async move {
            let written = match documents.written(document) {
                Some(written) => written,
                None => match web::block(move || documents.write(document)).await {
                    Ok(Ok(written)) => written,
                    // It is made of strings and numbers; one that cannot be written is a mistake of ours.
                    failed => {
                        tracing::error!(?document, ?failed, "a document of the API could not be written");
                        return HttpResponse::InternalServerError().finish();
                    }
                },
            };
            HttpResponse::Ok().content_type(document.media_type()).body(written)
        }
    }
}

fn ui() -> Config<'static> {
    let documents = [
        Url::with_primary("groupgate", OPENAPI_PATH, true),
        Url::new("Graph-compatible face", GRAPH_OPENAPI_PATH),
        Url::new("Administrator's API", ADMIN_OPENAPI_PATH),
    ];
    Config::new(documents)
        .try_it_out_enabled(true)
        .persist_authorization(false)
        .display_request_duration(true)
        .display_operation_id(true)
        .doc_expansion("list")
        .default_models_expand_depth(0)
        .validator_url("none")
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", UI_PATH)).finish()
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
    let (caller, _) = admit_alone(http, worker, Class::Read).await?;
    if caller.is_administrator(Scope::AdminRead) {
        return Ok(());
    }
    Err(ApiError::NoAdministrator(Scope::AdminRead))
}
