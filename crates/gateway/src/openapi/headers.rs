//! The headers of answers.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, HeaderBuilder, Response, ResponseBuilder};

/// An answer with the gateway's ID of the call.
pub(super) fn with_request_id(response: ResponseBuilder) -> ResponseBuilder {
    response.header("x-request-id", header(Type::String, "The gateway's ID of this call."))
}

/// The headers of one HTTP status of an operation.
pub(super) fn of_operation(status: u16, response: Response) -> Response {
    match status {
        // Nobody is known to call, so there is no limit to tell of.
        401 => response,
        429 => with_limits(with_retry_after(response)),
        _ => with_limits(response),
    }
}

/// An answer that tells of the limits that its call was counted against.
pub(super) fn with_limits(mut response: Response) -> Response {
    let policy = "The limits, each with the calls that get through at once (`q`) and in how many seconds these are there again (`w`), such as `\"key\";q=200;w=2, \"tenant\";q=200;w=2`. A limit that is off is left out.";
    let left = "The tightest of them: how many calls get through now (`r`), and after how many seconds all of its `q` do (`t`), such as `\"key\";r=150;t=1`.";
    response.headers.insert("RateLimit-Policy".to_owned(), header(Type::String, policy).into());
    response.headers.insert("RateLimit".to_owned(), header(Type::String, left).into());
    response
}

/// An answer that tells when to come back.
pub(super) fn with_retry_after(mut response: Response) -> Response {
    let seconds = "After so many seconds the call gets through.";
    let milliseconds = "After so many milliseconds the call gets through.";
    response.headers.insert("Retry-After".to_owned(), header(Type::Integer, seconds).into());
    response.headers.insert("x-acs-retry-after".to_owned(), header(Type::Integer, milliseconds).into());
    response
}

fn header(schema: Type, description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(schema);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
