//! The headers of calls and answers.

use cams_api::Operation;
use cams_api::idempotency::IdempotencyKey;
use utoipa::PartialSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, HeaderBuilder, RefOr, Required, Response, ResponseBuilder, Schema};

/// An answer with the gateway's ID of the call.
pub(super) fn with_request_id(response: ResponseBuilder) -> ResponseBuilder {
    response.header("x-request-id", header(Type::String, "The gateway's ID of this call."))
}

/// The headers of one HTTP status of an operation.
pub(super) fn of_operation(status: u16, response: Response) -> Response {
    match status {
        // Nobody is known to call, so there is no limit to tell of.
        401 => response,
        // 502 has them where nothing was sent, since the last calls had failed.
        429 | 502 => with_limits(with_retry_after(response)),
        _ => with_limits(response),
    }
}

/// The caller's name for one call of an operation that changes something.
pub(super) fn idempotency_key() -> Parameter {
    let meaning = "The caller's name for this one call, kept for 24 hours: sent again with the same body, the call is not made twice, and gives the first answer.";
    let mut schema = IdempotencyKey::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        // Swagger UI fills an example in, and the second try of an operation would be refused for the first's key.
        object.examples.clear();
    }
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(meaning))
        .schema(Some(schema))
        .build()
}

/// An answer that may be an earlier one: those that are kept under an idempotency key.
pub(super) fn of_replay<O: Operation>(status: u16, mut response: Response) -> Response {
    if O::IS_CHANGE && [200, 404, 409, 422].contains(&status) {
        let meaning =
            "`true` where this is the answer that an earlier call with the same `Idempotency-Key` got; absent else.";
        response.headers.insert("Idempotency-Replayed".to_owned(), header(Type::Boolean, meaning).into());
    }
    response
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

pub(super) fn header(schema: Type, description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(schema);
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
