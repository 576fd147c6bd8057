//! A tenant's events, for whoever has no endpoint for them: `GET /v1/events` pulls, `GET /v1/events/stream` streams.

mod frames;
mod pull;
mod reader;
mod stream;

use actix_web::web::{self, ServiceConfig};
use cams_api::parameters::ParameterError;

use super::{ApiError, READING, method_not_allowed};
use crate::events::FeedError;
use crate::operations::OperationError;

/// Their routes.
pub fn routes(config: &mut ServiceConfig) {
    let pull = web::resource("events").route(web::get().to(pull::pull)).route(web::head().to(pull::pull));
    let stream =
        web::resource("events/stream").route(web::get().to(stream::stream)).route(web::head().to(stream::stream));
    config
        .service(pull.default_service(web::to(method_not_allowed(READING))))
        .service(stream.default_service(web::to(method_not_allowed(READING))));
}

/// Why a caller who named a place by `parameter` gets no events.
fn refusal(parameter: &str, after: Option<i64>, error: FeedError) -> ApiError {
    let after = after.unwrap_or_default();
    match error {
        FeedError::Expired { oldest } => ApiError::EventsExpired { after, oldest },
        FeedError::Ahead { last } => {
            let rule = format!("the Sequence of an event that there was: the last one has {last}");
            ParameterError::wrong(parameter, &after.to_string(), &rule).into()
        }
        FeedError::Slow => OperationError::Busy.into(),
        FeedError::Store(error) => OperationError::from(error).into(),
        FeedError::Unwritable => OperationError::Panicked.into(),
    }
}
