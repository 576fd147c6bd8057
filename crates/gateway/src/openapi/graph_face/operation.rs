//! The operation of one path and method, for whatever calls it may be.

use actix_web::http::Method;
use cams_api::Scope;
use serde_json::Value;
use tenant_store::ObjectKind;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, ContentBuilder, HttpMethod, Ref, RefOr, Required, Response, ResponseBuilder};

use super::pages::{Answer, Page, parameter};
use crate::api::graph::{Served, VERSIONS};
use crate::openapi::operation::JSON;
use crate::openapi::{headers, security};

const MULTIPART: &str = "multipart/form-data";
/// The version that examples name.
const EXAMPLE_VERSION: &str = "v23.0";

/// What any call may be refused with.
const REFUSALS: [(u16, &str); 6] = [
    (
        400,
        "Code 100, subcode 33: there is no such object of the caller's. Code 2500: the path is not served. Or Meta's.",
    ),
    (401, "Code 190: no access key, or a wrong one."),
    (403, "Code 10: the access key lacks the scope, or the tenant cannot be acted for now. Or Meta's."),
    (413, "Code 100: the body is too large."),
    (429, "Code 130429: a limit of the gateway's is reached, or one of Meta's."),
    (503, "Code 2: Meta is away, or the gateway's database. Where `is_transient` is true, nothing was done."),
];

/// The calls of one path and method. Several only where a path is an object and nothing more.
pub(super) struct Together {
    method: Method,
    kind: Option<ObjectKind>,
    edge: Option<&'static str>,
    /// The calls.
    pub(super) calls: Vec<crate::operations::GraphCall>,
}

impl Together {
    /// A call by itself.
    pub(super) fn alone(served: Served) -> Self {
        let Served { method, kind, edge, call } = served;
        // What a path without an edge names, shows only once its ID is looked up.
        let kind = kind.filter(|_| edge.is_some());
        Self { method, kind, edge, calls: vec![call] }
    }

    pub(super) fn is_at(&self, other: &Self) -> bool {
        (&self.method, self.kind, self.edge) == (&other.method, other.kind, other.edge)
    }

    pub(super) fn path(&self) -> String {
        let object = || format!("/{{{}}}", parameter(self.kind).0);
        let rest = match (self.kind, self.edge) {
            (_, None) => object(),
            (Some(_), Some(edge)) => format!("{}/{edge}", object()),
            (None, Some(name)) => format!("/{name}"),
        };
        format!("/graph/{{version}}{rest}")
    }

    /// Meta's calls are of these three methods.
    pub(super) fn method(&self) -> HttpMethod {
        match self.method {
            Method::POST => HttpMethod::Post,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        }
    }

    pub(super) fn operation(&self) -> Operation {
        let pages: Vec<Page> = self.calls.iter().map(|call| Page::of(*call)).collect();
        let summaries: Vec<_> = pages.iter().map(|page| page.summary).collect();
        let mut operation = OperationBuilder::new()
            .tag(self.tag())
            .operation_id(Some(self.id()))
            .summary(Some(summaries.join(" · ")))
            .description(Some(self.description(&pages)))
            .securities(Some(security::graph_requirements(self.scopes())))
            .response("200", done(&pages));
        for parameter in self.parameters(&pages) {
            operation = operation.parameter(parameter);
        }
        if pages.iter().any(|page| page.in_parts) {
            operation =
                operation.response("206", answer(&pages, "A part of it was done: what was not is told, with why."));
        }
        for (status, meaning) in REFUSALS {
            operation = operation.response(status.to_string(), refused(status, meaning));
        }
        let others = headers::with_limits(refusal("Any other refusal of Meta's, with its own status."));
        operation.response("default", others).request_body(body(&pages)).build()
    }

    fn tag(&self) -> &'static str {
        match (self.kind, self.edge) {
            (Some(ObjectKind::Group), _) | (_, Some("groups")) => "Groups",
            (_, Some("messages")) => "Messages",
            (Some(ObjectKind::Media), _) | (_, Some("media")) => "Files",
            (_, Some("phone_numbers")) => "Numbers",
            (_, Some(_)) => "Templates",
            (_, None) => "Objects",
        }
    }

    /// A call's own name, as in the log; those that are several share one.
    fn id(&self) -> &'static str {
        match (self.calls.as_slice(), &self.method) {
            ([call], _) => call.name(),
            (_, &Method::POST) => "ChangeObject",
            (_, &Method::DELETE) => "DeleteObject",
            _ => "GetObject",
        }
    }

    fn scopes(&self) -> Vec<Scope> {
        let mut scopes: Vec<Scope> = self.calls.iter().map(|call| call.scope()).collect();
        scopes.dedup();
        scopes
    }

    fn description(&self, pages: &[Page]) -> String {
        let each = self.calls.iter().zip(pages).map(|(call, page)| {
            let heading = if pages.len() > 1 { format!("**{}.** ", page.summary) } else { String::new() };
            format!("{heading}{} Scope: `{}`.", page.description, call.scope()).replace("  ", " ").trim().to_owned()
        });
        each.collect::<Vec<_>>().join("\n\n")
    }

    fn parameters(&self, pages: &[Page]) -> Vec<Parameter> {
        let version = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(VERSIONS));
        let mut parameters = vec![path_parameter("version", "The version of Meta's API.", version, EXAMPLE_VERSION)];
        if self.kind.is_some() || self.edge.is_none() {
            let (name, meaning, example) = parameter(self.kind);
            parameters.push(path_parameter(name, meaning, ObjectBuilder::new().schema_type(Type::String), example));
        }
        let mut queried = Vec::new();
        for (name, meaning) in pages.iter().flat_map(|page| page.query) {
            if !queried.contains(name) {
                queried.push(*name);
                parameters.push(query_parameter(name, meaning));
            }
        }
        parameters
    }
}

fn path_parameter(name: &str, meaning: &str, schema: ObjectBuilder, example: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(meaning))
        .schema(Some(schema))
        .example(Some(example.into()))
        .build()
}

fn query_parameter(name: &str, meaning: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(meaning))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn body(pages: &[Page]) -> Option<RequestBody> {
    let in_json: Vec<&(&str, Value)> = pages.iter().filter_map(|page| page.json.as_ref()).collect();
    let multipart: Vec<&str> = pages.iter().filter_map(|page| page.multipart).collect();
    let mut body = RequestBodyBuilder::new().required(Some(Required::True));
    if let [(_, example), ..] = in_json.as_slice() {
        let content = ContentBuilder::new().schema(Some(any_of(in_json.iter().map(|(shape, _)| *shape))));
        body = body.content(JSON, content.example(Some(example.clone())).build());
    }
    if !multipart.is_empty() {
        body = body.content(MULTIPART, ContentBuilder::new().schema(Some(any_of(multipart.iter().copied()))).build());
    }
    (!in_json.is_empty() || !multipart.is_empty()).then(|| body.build())
}

fn any_of<'a>(shapes: impl Iterator<Item = &'a str>) -> RefOr<Schema> {
    let mut references: Vec<&str> = shapes.collect();
    references.dedup();
    match references.as_slice() {
        [one] => Ref::from_schema_name(*one).into(),
        several => several.iter().fold(AnyOfBuilder::new(), |all, name| all.item(Ref::from_schema_name(*name))).into(),
    }
}

fn done(pages: &[Page]) -> Response {
    answer(pages, "Meta's answer.")
}

fn answer(pages: &[Page], description: &str) -> Response {
    let shapes =
        pages.iter().filter_map(|page| if let Answer::Shape(shape) = page.answer { Some(shape) } else { None });
    let shapes: Vec<_> = shapes.collect();
    let response = ResponseBuilder::new().description(description);
    let response = if shapes.is_empty() {
        response.content("application/octet-stream", Content::default())
    } else {
        response.content(JSON, ContentBuilder::new().schema(Some(any_of(shapes.into_iter()))).build())
    };
    headers::with_limits(headers::with_request_id(response).build())
}

fn refused(status: u16, meaning: &str) -> Response {
    headers::of_operation(status, refusal(meaning))
}

fn refusal(meaning: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("GraphError"))).build();
    headers::with_request_id(ResponseBuilder::new().description(meaning).content(JSON, content)).build()
}
