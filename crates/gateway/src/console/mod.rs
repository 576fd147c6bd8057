//! The console: an administrator's day in the browser, under `/console`.
//!
//! A page is a face of the functions of [`crate::admin`], as the administrator's API is: it reads what a form or a query says,
//! calls them, and shows their views. It works without script. Who is signed in, and what may be changed, is the same for all
//! pages and stands in `visit.rs`.

mod around;
mod assets;
mod audit;
mod badge;
mod calls;
mod chart;
mod cookie;
mod credential;
mod deliveries;
mod differences;
mod endpoints;
mod error;
mod events;
mod fields;
mod groups;
mod headers;
mod home;
mod keys;
mod legible;
mod limits;
mod list;
mod needs;
mod notice;
mod numbers;
mod onboarding;
mod page;
mod routes;
mod sent;
mod session;
mod sign_in;
mod status;
mod tenant;
mod tenants;
mod times;
mod traffic;
mod unrouted;
mod usage;
mod visit;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use routes::Routes;
pub use routes::{By, Reached};
pub(crate) use session::IDLE;

/// Where the console stands.
pub(crate) const ROOT: &str = "/console";

/// Everything that is reached below [`ROOT`].
fn pages() -> Routes {
    let records = audit::routes(usage::routes(events::routes(groups::routes(Routes::default()))));
    let routes = credential::routes(limits::routes(numbers::routes(tenant::routes(records))));
    let routes = onboarding::routes(keys::routes(routes));
    let routes = endpoints::routes(routes).page("/events/unrouted", unrouted::show);
    routes
        .page("/tenants", tenants::list)
        .page("/tenants/{cust_space_id}/calls", calls::list)
        .page("", home::show)
        .page("/", home::show)
        .page("/status", status::show)
        .open(Method::GET, "/sign-in", sign_in::show)
        .open(Method::POST, "/sign-in", sign_in::submit)
        .of_session("/sign-out", sign_in::sign_out)
        .open(Method::GET, "/assets/{name}", assets::get)
}

/// Where each page and form is reached, to walk them all.
pub fn reached() -> Vec<Reached> {
    pages().reached()
}

/// The routes of every page.
pub fn routes(config: &mut ServiceConfig) {
    let scope = pages().add_to(web::scope(ROOT));
    config.service(
        scope.wrap(from_fn(around::tell)).wrap(from_fn(headers::harden)).default_service(web::to(error::nothing_here)),
    );
}
