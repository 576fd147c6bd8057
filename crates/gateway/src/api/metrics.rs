//! `GET /metrics`: on a port of its own, which is nobody's but the monitoring system's and the probes'.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Data, ServiceConfig};

use crate::telemetry::metrics::{self, Metrics};

/// All that there is on this port, but for the probes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/metrics").route(web::get().to(show)).route(web::head().to(show)));
}

async fn show(metrics: Data<Metrics>) -> HttpResponse {
    match metrics.text() {
        Ok(text) => HttpResponse::Ok().insert_header((CONTENT_TYPE, metrics::CONTENT_TYPE)).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
