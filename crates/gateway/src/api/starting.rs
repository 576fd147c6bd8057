//! What a gateway answers that cannot serve yet: it lives, is not ready, and says what it waits for.

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use cams_api::Code;
use tokio::sync::watch;

use super::render::refused_quietly;
use super::{ApiError, health, track};
use crate::health::{Awaited, Readiness, Report};

/// The paths for those who watch and balance, and the same answer for all others.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let watched = [("/health/live", web::to(health::live)), ("/health/ready", web::to(ready))];
    for (path, answer) in watched {
        config.service(web::resource(path).route(answer));
    }
    config.service(web::scope("").wrap(from_fn(track)).default_service(web::to(not_yet)));
}

async fn ready(awaited: Data<watch::Receiver<Awaited>>) -> HttpResponse {
    let missing = vec![awaited.borrow().to_string()];
    HttpResponse::ServiceUnavailable().json(Report { status: Readiness::Unavailable, missing })
}

async fn not_yet(http: HttpRequest, awaited: Data<watch::Receiver<Awaited>>) -> HttpResponse {
    let message = format!("The gateway starts, and waits for {}. Send the call again.", *awaited.borrow());
    refused_quietly(&http, &ApiError::Http { code: Code::ServiceUnavailable, message: message.into() })
}
