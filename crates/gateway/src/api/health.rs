//! `/health/live` and `/health/ready`, for whoever watches or balances.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::health::{Health, Readiness};

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// 200 as long as known tenants can be served, with what is missing; else 503.
pub async fn ready(health: Data<Health>) -> HttpResponse {
    let report = health.report();
    match report.status {
        Readiness::Unavailable | Readiness::Draining => HttpResponse::ServiceUnavailable().json(report),
        Readiness::Ready | Readiness::Degraded => HttpResponse::Ok().json(report),
    }
}
