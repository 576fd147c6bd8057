//! Every path that the sandbox answers, on one page. Meta's own paths are nodes
//! and edges, so their table stands in [`graph`](crate::graph).

use actix_web::web::{self, ServiceConfig, delete, get, post, put};

use crate::control::{accounts, faults, groups, observation, phones, templates, users, webhooks};
use crate::{control, http};

/// Adds all routes.
pub(crate) fn routes(app: &mut ServiceConfig) {
    app.configure(control::docs::routes)
        .service(
            web::scope("/_sandbox")
                .app_data(control::json_config())
                .app_data(control::query_config())
                .route("", get().to(observation::page))
                .route("/", get().to(observation::page))
                .route("/state", get().to(observation::state))
                .route("/state", delete().to(observation::forget))
                .route("/requests", get().to(observation::requests))
                .route("/usage", put().to(observation::set_usage))
                .route("/users/{wa_id}", put().to(users::set))
                .route("/users/{wa_id}/join", post().to(users::join))
                .route("/users/{wa_id}/revoke", post().to(users::revoke))
                .route("/users/{wa_id}/leave", post().to(users::leave))
                .route("/users/{wa_id}/messages", post().to(users::write))
                .route("/users/{wa_id}/messages", get().to(phones::messages))
                .route("/users/{wa_id}/read", post().to(phones::read))
                .route("/groups/{group_id}/suspend", post().to(groups::suspend))
                .route("/groups/{group_id}/unsuspend", post().to(groups::unsuspend))
                .route("/templates/{template_id}", put().to(templates::set_status))
                .route("/faults", post().to(faults::add))
                .route("/faults", get().to(faults::list))
                .route("/faults", delete().to(faults::clear))
                .route("/webhooks", put().to(webhooks::set))
                .route("/webhooks/release", post().to(webhooks::release))
                .route("/webhooks/send", post().to(webhooks::send))
                .route("/wabas", post().to(accounts::add))
                .route("/tokens/{token}/expire", post().to(accounts::expire))
                .route("/tokens/{token}/revoke", post().to(accounts::revoke))
                .route("/tokens/{token}/scopes", post().to(accounts::set_scopes))
                .route("/signup", post().to(accounts::sign_up))
                .default_service(web::to(control::unknown_path)),
        )
        .default_service(web::to(http::serve));
}
