//! The page of one operation: its request, its answer, and every code that it can give.

use std::collections::BTreeMap;

use cams_api::idempotency::IDEMPOTENCY_CODES;
use cams_api::operation::{COMMON_CODES, UPSTREAM_CODES};
use cams_api::{Code, Operation};
use serde_json::{Value, json};
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, HttpMethod, Ref, Required, Response, ResponseBuilder, example::ExampleBuilder};

use super::{Draft, headers, security};
use crate::operations::{Context, OperationError, OperationVisitor};

pub(super) const JSON: &str = "application/json";

/// Writes the page of every operation that it is shown.
pub(super) struct Documented<'a>(&'a mut Draft);

impl<'a> Documented<'a> {
    pub(super) fn new(draft: &'a mut Draft) -> Self {
        Self(draft)
    }
}

impl OperationVisitor for Documented<'_> {
    fn visit<O: Operation>(
        &mut self,
        _: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        let request = self.0.schema::<O>();
        let answer = self.0.enveloped::<O::Answer>(format!("{}Answer", O::NAME));
        if !self.0.tags.contains(&O::NOUN) {
            self.0.tags.push(O::NOUN);
        }
        let done = done(answer, &O::example_answer(), O::CODES);
        let body = ContentBuilder::new().schema(Some(request)).example(Some(O::example())).build();
        let mut page = OperationBuilder::new()
            .operation_id(Some(O::NAME))
            .tag(O::NOUN)
            .summary(Some(O::SUMMARY))
            .description(Some(format!("{}\n\nScope: `{}`.", O::DESCRIPTION, O::SCOPE)))
            .securities(Some(security::requirements(O::SCOPE)))
            .request_body(Some(RequestBodyBuilder::new().content(JSON, body).required(Some(Required::True)).build()))
            .response("200", headers::of_replay::<O>(200, headers::with_limits(done)));
        for (status, codes) in refusals_by_status::<O>() {
            let response = headers::of_operation(status, refused(&codes));
            page = page.response(status.to_string(), headers::of_replay::<O>(status, response));
        }
        if O::IS_CHANGE {
            page = page.parameter(headers::idempotency_key());
        }
        self.0.paths.add_path_operation(format!("/v1/{}", O::NAME), vec![HttpMethod::Post], page);
    }
}

/// The page of what was done, at least in part: `own` are the operation's own codes.
pub(super) fn done(answer: Ref, example: &Value, own: &[Code]) -> Response {
    let mut whole = common(Code::Ok, "None");
    if let (Value::Object(whole), Value::Object(own)) = (&mut whole, example) {
        whole.extend(own.clone());
    }
    let content = ContentBuilder::new().schema(Some(answer)).example(Some(whole)).build();
    let codes = [Code::Ok].into_iter().chain(own.iter().copied().filter(|code| code.is_success()));
    headers::with_request_id(ResponseBuilder::new().description(meanings(codes)).content(JSON, content)).build()
}

/// The page of one HTTP status, with an example for each code that has it.
pub(super) fn refused(codes: &[Code]) -> Response {
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.meaning()).value(Some(common(*code, code.meaning())));
        (code.as_str(), example.build())
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).examples_from_iter(examples).build();
    let description = meanings(codes.iter().copied());
    headers::with_request_id(ResponseBuilder::new().description(description).content(JSON, content)).build()
}

fn meanings(codes: impl Iterator<Item = Code>) -> String {
    codes.map(|code| format!("`{code}`: {}", code.meaning())).collect::<Vec<_>>().join("\n\n")
}

fn refusals_by_status<O: Operation>() -> BTreeMap<u16, Vec<Code>> {
    let upstream = if O::CALLS_UPSTREAM { UPSTREAM_CODES } else { &[] };
    let with_key = if O::IS_CHANGE { IDEMPOTENCY_CODES } else { &[] };
    by_status(COMMON_CODES.iter().chain(upstream).chain(with_key).chain(O::CODES).copied())
}

/// Those of the codes that are refusals, by their HTTP status.
pub(super) fn by_status(codes: impl Iterator<Item = Code>) -> BTreeMap<u16, Vec<Code>> {
    let mut statuses: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes.filter(|code| !code.is_success()) {
        statuses.entry(code.http_status()).or_default().push(code);
    }
    statuses
}

fn common(code: Code, message: &str) -> Value {
    json!({
        "RequestId": "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d",
        "Code": code,
        "Success": code.is_success(),
        "Message": message,
        "AccessDeniedDetail": "None",
    })
}
