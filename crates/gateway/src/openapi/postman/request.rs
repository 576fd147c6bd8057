//! One operation's request, and the answer that its page shows.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};

use super::authorization;
use super::format::{Auth, Body, Request, Saved, Url, Variable};
use super::variables::{self, BASE_URL};
use crate::openapi::markdown::{self, description, inline, summary};
use crate::openapi::operation::JSON;
use crate::openapi::security;

const FORM: &str = "application/x-www-form-urlencoded";

/// The schemas of the document, by name.
type Schemas<'a> = Option<&'a BTreeMap<String, RefOr<Schema>>>;

/// The request of `operation`, with its example.
pub(super) fn of(path: &str, method: &'static str, operation: &Operation, schemas: Schemas<'_>) -> Request {
    Request {
        method,
        description: format!("{}. {}", summary(operation), description(operation)).trim_end().to_owned(),
        url: url(path, operation),
        header: headers(operation),
        auth: auth(operation),
        body: body(operation, schemas),
    }
}

/// The answer that the operation's page shows, where it shows one.
pub(super) fn saved(operation: &Operation, schemas: Schemas<'_>) -> Vec<Saved> {
    let content = markdown::response(operation, "200").and_then(markdown::content);
    let example = content.and_then(|content| markdown::example_in_order(content, schemas?));
    let answer = |body| Saved { name: "OK", status: "OK", code: 200, header: vec![content_type()], body };
    example.map(answer).into_iter().collect()
}

fn url(path: &str, operation: &Operation) -> Url {
    let query: Vec<Variable> = parameters(operation, &ParameterIn::Query).map(parameter).collect();
    let sent: Vec<String> =
        query.iter().filter(|each| !each.disabled).map(|each| format!("{}={}", each.key, each.value)).collect();
    let mark = if sent.is_empty() { "" } else { "?" };
    Url {
        raw: format!("{BASE_URL}{path}{mark}{}", sent.join("&")),
        host: [BASE_URL],
        path: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
        query,
    }
}

fn headers(operation: &Operation) -> Vec<Variable> {
    let body = markdown::request(operation).map(|_| content_type());
    body.into_iter().chain(parameters(operation, &ParameterIn::Header).map(header)).collect()
}

fn content_type() -> Variable {
    Variable::new("Content-Type", JSON)
}

/// A call's own name is made anew each time the request is sent.
fn header(of: &Parameter) -> Variable {
    let header = parameter(of);
    if of.name == "Idempotency-Key" {
        return Variable { value: "{{$guid}}".to_owned(), disabled: false, ..header };
    }
    header
}

fn parameters<'a>(operation: &'a Operation, place: &ParameterIn) -> impl Iterator<Item = &'a Parameter> {
    let all = operation.parameters.iter().flatten().filter_map(inline);
    all.filter(move |parameter| parameter.parameter_in == *place)
}

/// A parameter with its example. One that may be left out is left out, until it is chosen.
fn parameter(of: &Parameter) -> Variable {
    let schema = of.schema.as_ref().and_then(inline);
    Variable {
        disabled: of.required != Required::True,
        ..Variable::new(&of.name, schema.map(example).unwrap_or_default())
            .described(of.description.as_deref().unwrap_or_default())
    }
}

/// The schema's example or default as text.
fn example(schema: &Schema) -> String {
    let Schema::Object(object) = schema else { return String::new() };
    let shown = object.example.as_ref().or_else(|| object.examples.first()).or(object.default.as_ref());
    shown.map(|value| variables::in_value(&text(value))).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How a request is authorized where it is not as all are: not at all, or with the key only.
fn auth(operation: &Operation) -> Option<Auth> {
    match operation.security.as_deref() {
        None | Some([]) => Some(Auth { way: "noauth", basic: Vec::new(), oauth2: Vec::new() }),
        Some([only]) if *only == security::key_requirement() => Some(Auth { oauth2: Vec::new(), ..authorization() }),
        Some(_) => None,
    }
}

fn body<'a>(operation: &'a Operation, schemas: Schemas<'a>) -> Option<Body> {
    if let Some(content) = markdown::request(operation) {
        let example = markdown::example_in_order(content, schemas?)?;
        return Some(Body::Raw { raw: variables::in_json(&example) });
    }
    let form = inline(operation.request_body.as_ref()?)?.content.get(FORM)?;
    Some(Body::UrlEncoded { urlencoded: fields(behind(inline(form)?.schema.as_ref()?, schemas?)?) })
}

fn behind<'a>(schema: &'a RefOr<Schema>, schemas: &'a BTreeMap<String, RefOr<Schema>>) -> Option<&'a Schema> {
    match schema {
        RefOr::T(schema) => Some(schema),
        RefOr::Ref(reference) => inline(schemas.get(reference.ref_location.rsplit('/').next()?)?),
    }
}

/// The fields of a form. Those that may be left out are left out, until they are chosen.
fn fields(schema: &Schema) -> Vec<Variable> {
    let Schema::Object(form) = schema else { return Vec::new() };
    let fields = form.properties.iter().filter_map(|(name, field)| Some((name, inline(field)?)));
    let field = |(name, field): (&String, &Schema)| Variable {
        disabled: !form.required.contains(name),
        ..Variable::new(name, example(field))
    };
    fields.map(field).collect()
}
