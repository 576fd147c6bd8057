//! Paths that are only read: `GET`, and `HEAD`, which is answered as `GET` without the body
//! ([RFC 9110, section 9.3.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2)).

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;

use super::render::not_allowed;

/// The methods of such a path, as `Allow` names them.
pub const READING: &str = "GET, HEAD";

/// Lets `HEAD` through as `GET` to services that know no other method, and refuses the rest. The server leaves out the
/// body of an answer to `HEAD` by itself.
pub(super) async fn only_reading(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    if request.method() == Method::GET {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let response = not_allowed(request.request(), READING);
    Ok(request.into_response(response).map_into_right_body())
}
