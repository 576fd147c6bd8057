//! `GET /v1/whoami`: the caller's key, and what it may do.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use cams_api::Class;

use super::admission::admit_alone;
use super::render::render;
use super::{READING, Worker, method_not_allowed};

/// Its route.
pub fn routes(config: &mut ServiceConfig) {
    let resource = web::resource("whoami").route(web::get().to(whoami)).route(web::head().to(whoami));
    config.service(resource.default_service(web::to(method_not_allowed(READING))));
}

async fn whoami(http: HttpRequest, worker: Data<Worker>) -> HttpResponse {
    let admitted = admit_alone(&http, &worker, Class::Read).await;
    render(&http, admitted.map(|(caller, _)| caller.describe()))
}
