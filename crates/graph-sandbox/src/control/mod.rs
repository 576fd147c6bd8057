//! The control API under `/_sandbox`: what a phone would do, and what can go wrong.

pub(crate) mod accounts;
pub(crate) mod answers;
pub(crate) mod docs;
pub(crate) mod faults;
pub(crate) mod groups;
pub(crate) mod observation;
pub(crate) mod page;
pub(crate) mod phones;
pub(crate) mod templates;
pub(crate) mod users;
pub(crate) mod webhooks;

use actix_web::http::StatusCode;
use actix_web::web::{Data, JsonConfig, QueryConfig};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use self::answers::{Failure, Reason, Success};
use crate::engine::Engine;
use crate::ids::GroupId;
use crate::state::Turn;

/// Why the control API did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("{0}")]
    Wrong(String),
    #[error("{0}")]
    NotFound(String),
    #[error("the user did not get in: {0}")]
    NotEntered(&'static str),
}

/// What a handler of the control API gives back.
pub(crate) type ControlResult = Result<HttpResponse, ControlError>;

impl ResponseError for ControlError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::NotEntered(_) => StatusCode::CONFLICT,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let reason = match self {
            Self::NotEntered(reason) => Some(*reason),
            Self::Wrong(_) | Self::NotFound(_) => None,
        };
        let error = Reason { message: self.to_string(), reason };
        HttpResponse::build(self.status_code()).json(Failure { error })
    }
}

/// Bodies are JSON whatever their Content-Type says; errors name what is wrong.
pub(crate) fn json_config() -> JsonConfig {
    JsonConfig::default()
        .limit(16 << 20)
        .content_type_required(false)
        .content_type(|_| true)
        .error_handler(|error, _| ControlError::Wrong(format!("the body: {error}")).into())
}

/// Errors of queries have the form of all others.
pub(crate) fn query_config() -> QueryConfig {
    QueryConfig::default().error_handler(|error, _| ControlError::Wrong(format!("the query: {error}")).into())
}

/// Any path under `/_sandbox` that is not served.
pub(crate) async fn unknown_path() -> ControlResult {
    let message = "no such call; GET /_sandbox/ lists them all";
    Err(ControlError::NotFound(message.to_owned()))
}

/// `{"success": true}`.
fn success() -> HttpResponse {
    answer(&Success { success: true })
}

fn answer(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

fn no_group(id: &GroupId) -> ControlError {
    ControlError::NotFound(format!("there is no group {id}"))
}

/// A turn that no call of Graph caused.
fn turn(engine: &Data<Engine>) -> Turn<'_> {
    engine.turn(0, None)
}
