//! The OpenAPI 3.1 document of the administrator's API, made from its table.
//!
//! It is served at `/openapi-admin.json`, printed by `groupgate openapi --admin`, and committed as `openapi/admin.json`.

use actix_web::http::Method;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, HttpMethod, OpenApi, Ref, Required, Response, ResponseBuilder};
use utoipa::{IntoParams, ToSchema};

use super::{Draft, about, headers, security};
use crate::admin::{AdminContext, AdminError, Answer};
use crate::api::admin::export::JSON_LINES;
use crate::api::admin::problem::{PROBLEM, Problem};
use crate::api::admin::{AdminVisitor, Body, Call, Page, Place, ROOT, each_call};

/// Where the document is served.
pub const ADMIN_OPENAPI_PATH: &str = "/openapi-admin.json";

const TITLE: &str = "groupgate: the administrator's API";
const DESCRIPTION: &str = "\
Tenants, their numbers, tokens, limits and endpoints; access keys; what happened. For access keys and tokens with \
`admin.read` (GET) or `admin.write` (everything else): on all tenants (`*`), or on the ones that the path names.

Every resource has an `ETag`, and every change of one says by `If-Match` which it has seen: 428 without, 412 where somebody \
else has changed it since. A POST with an `Idempotency-Key` is done once; its replay shows no secret. Lists come in pages: `limit`, and `next` to be sent as `after`; with `Accept: application/jsonl` they come whole. Refusals are problem details \
(RFC 9457); `errors` names every field that is wrong. Times are RFC 3339 in UTC. A token or a secret is never shown after \
its creation.";

const LINES: &str = "The whole list, whatever `limit` says: each element as JSON on a line of its own.";

/// The document of a gateway that is reached at `public_url`; of any gateway where there is none.
pub fn document(public_url: Option<&str>) -> OpenApi {
    let mut draft = Draft::default();
    draft.schema::<Problem<'static>>();
    each_call(&mut Documented(&mut draft));
    draft.into_document(about(TITLE, DESCRIPTION), public_url)
}

/// The document as it is printed and committed.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn document_json() -> Result<String, serde_json::Error> {
    Ok(document(None).to_pretty_json()? + "\n")
}

struct Documented<'a>(&'a mut Draft);

impl AdminVisitor for Documented<'_> {
    fn visit<P: Place, Q: DeserializeOwned + IntoParams + 'static, B: Body, A: Answer>(
        &mut self,
        page: Page,
        _: impl AsyncFn(&AdminContext, Call<P, Q, B>) -> Result<A, AdminError> + Copy + 'static,
    ) {
        if !self.0.tags.contains(&page.tag) {
            self.0.tags.push(page.tag);
        }
        let scope = page.scope();
        let description = format!("{}\n\nScope: `{scope}`.", page.description);
        let mut written = OperationBuilder::new()
            .operation_id(Some(page.id))
            .tag(page.tag)
            .summary(Some(page.summary))
            .description(Some(description.trim()))
            .securities(Some(security::requirements(scope)));
        let parameters = P::parameters().into_iter().chain(Q::into_params(|| Some(ParameterIn::Query)));
        let headers = page.is_change.then(if_match).into_iter().chain(page.is_keyed().then(headers::idempotency_key));
        for parameter in parameters.chain(headers) {
            written = written.parameter(parameter);
        }
        if let Some(schema) = B::document(&mut self.0.schemas) {
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let required = if B::is_required() { Required::True } else { Required::False };
            let body = RequestBodyBuilder::new().content("application/json", content).required(Some(required));
            written = written.request_body(Some(body.build()));
        }
        let done = self.done::<A>(&page);
        written = written.response(A::STATUS.to_string(), done);
        for (status, meaning) in refusals(&page, P::names().is_empty()) {
            written = written.response(status, problem(meaning));
        }
        self.0.paths.add_path_operation(format!("{ROOT}{}", page.path), vec![method(&page.method)], written);
    }
}

impl Documented<'_> {
    fn done<A: Answer>(&mut self, page: &Page) -> Response {
        let mut done = ResponseBuilder::new().description("Done.");
        if page.is_keyed() {
            let meaning = "`true` where an earlier call with the same `Idempotency-Key` was answered so; absent else.";
            done = done.header("Idempotency-Replayed", headers::header(Type::Boolean, meaning));
        }
        if A::STATUS == 204 {
            return done.build();
        }
        let schema = Ref::from_schema_name(A::schema(&mut self.0.schemas));
        done = done.content("application/json", ContentBuilder::new().schema(Some(schema)).build());
        if A::IS_LIST {
            let lines = ObjectBuilder::new().schema_type(Type::String).description(Some(LINES)).build();
            return done.content(JSON_LINES, ContentBuilder::new().schema(Some(lines)).build()).build();
        }
        done.header("ETag", headers::header(Type::String, "Which revision it is, for `If-Match`.")).build()
    }
}

fn refusals(page: &Page, names_nothing: bool) -> Vec<(&'static str, &'static str)> {
    let mut refusals = vec![
        ("400", "A field, a parameter or the body cannot be read, or is wrong; `errors` names each."),
        ("401", "No or wrong credentials."),
        ("403", "The scope is missing, or the grant is for other tenants."),
    ];
    if !names_nothing {
        refusals.push(("404", "There is no such resource."));
    }
    if page.asks_meta {
        refusals.push(("409", "The tenant stands in a way in which Meta cannot be asked."));
        refusals.push(("422", "Meta refused, or could not be reached."));
    }
    if page.method != Method::GET {
        refusals.push(("409", "It is taken, or stands in a way in which this cannot be done."));
        refusals.push(("413", "The body is too large."));
        refusals.push(("415", "The body is not `application/json`."));
        refusals.push(("422", "Meta refused; or the idempotency key stands for another call."));
    }
    if page.is_change {
        refusals.push(("412", "It was changed since it was read."));
        refusals.push(("428", "`If-Match` is missing."));
    }
    refusals.extend([("429", "A limit is reached."), ("503", "Without the database.")]);
    refusals
}

fn problem(meaning: &str) -> Response {
    let schema = Ref::from_schema_name(<Problem<'static> as ToSchema>::name());
    ResponseBuilder::new()
        .description(meaning)
        .content(PROBLEM, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

fn if_match() -> utoipa::openapi::path::Parameter {
    ParameterBuilder::new()
        .name("if-match")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some("The `ETag` of what you decided on; `*` for however it stands."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .example(Some("*".into()))
        .build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
