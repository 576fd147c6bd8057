//! The page of one operation: its request, its answer, and every code that it can give.

use std::collections::BTreeMap;

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
        let body = ContentBuilder::new().schema(Some(request)).example(Some(O::example())).build();
        let mut page = OperationBuilder::new()
            .operation_id(Some(O::NAME))
            .tag(O::NOUN)
            .summary(Some(O::SUMMARY))
            .description(Some(format!("{}\n\nScope: `{}`.", O::DESCRIPTION, O::SCOPE)))
            .securities(Some(security::requirements(O::SCOPE)))
            .request_body(Some(RequestBodyBuilder::new().content(JSON, body).required(Some(Required::True)).build()))
            .response("200", headers::with_limits(done(answer, &O::example_answer())));
        for (status, codes) in by_status::<O>() {
            page = page.response(status.to_string(), headers::of_operation(status, refused(&codes)));
        }
        self.0.paths.add_path_operation(format!("/v1/{}", O::NAME), vec![HttpMethod::Post], page);
    }
}

fn done(answer: Ref, example: &Value) -> Response {
    let mut whole = common(Code::Ok, "None");
    if let (Value::Object(whole), Value::Object(own)) = (&mut whole, example) {
        whole.extend(own.clone());
    }
    let content = ContentBuilder::new().schema(Some(answer)).example(Some(whole)).build();
    headers::with_request_id(ResponseBuilder::new().description(Code::Ok.meaning()).content(JSON, content)).build()
}

/// The page of one HTTP status, with an example for each code that has it.
pub(super) fn refused(codes: &[Code]) -> Response {
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.meaning()).value(Some(common(*code, code.meaning())));
        (code.as_str(), example.build())
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).examples_from_iter(examples).build();
    let meanings: Vec<String> = codes.iter().map(|code| format!("`{code}`: {}", code.meaning())).collect();
    headers::with_request_id(ResponseBuilder::new().description(meanings.join("\n\n")).content(JSON, content)).build()
}

fn by_status<O: Operation>() -> BTreeMap<u16, Vec<Code>> {
    let upstream = if O::CALLS_UPSTREAM { UPSTREAM_CODES } else { &[] };
    let mut statuses: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in COMMON_CODES.iter().chain(upstream).chain(O::CODES) {
        statuses.entry(code.http_status()).or_default().push(*code);
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
