//! What is done around every page: a word in the audit log, and a page for what went wrong.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::error::ConsoleError;
use super::page::Frame;
use super::visit::{Seen, worker};
use crate::api::{refused_by, request_id};

/// Tells the audit log who looked at what, or was refused, and shows why to who is refused.
pub(super) async fn tell<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<BoxBody, B>>, Error> {
    let answered = next.call(request).await?;
    let seen = answered.request().extensions_mut().remove::<Seen>();
    let error = answered.response().error().and_then(Error::as_error::<ConsoleError>);
    refused_by(answered.request(), error.and_then(ConsoleError::throttled));
    let (mut frame, id) = (Frame::of_nobody("That did not work"), request_id(answered.request()));
    if let Some(seen) = seen {
        frame = seen.frame;
        let refused = error.map(ConsoleError::code).or(seen.refused);
        if let Ok(worker) = worker(answered.request()) {
            seen.witness.tell(&worker.services.audit, answered.request(), refused);
        }
    }
    let shown = error.and_then(|error| error.page(frame, id));
    Ok(match shown {
        Some(page) => answered.into_response(page.map_into_left_body()),
        None => answered.map_into_right_body(),
    })
}
