//! The OpenAPI document as a page to read: `docs/operations.md`, and `/docs/operations.md` of a gateway.
//!
//! It is rendered from the document alone, so what it says is what the schema says.

pub(super) mod events;
mod examples;
mod fields;
mod table;
mod values;

use std::collections::BTreeMap;
use std::fmt::Write;

use cams_api::{Code, Scope};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, RefOr, Response, Schema};

use self::fields::Fields;
use self::table::{Table, cell};
use super::operation::JSON;

const PREFACE: &str = "\
Every operation is a `POST` to `/v1/{Operation}` with a JSON object. The call is made with an access key, as HTTP Basic \
(`AccessKeyId:AccessKeySecret`), or with a Bearer token that `POST /v1/oauth/token` gives for the key. The key must hold \
the operation's scope on the tenant that `CustSpaceId` names. Lengths are in characters after trimming. A leading `+`, \
spaces, hyphens and brackets in a business number are dropped. A parameter that an operation does not know is refused.

Each example works as it is pasted where `groupgate demo` runs, in a shell that has read its values:

```sh
set -a; . .groupgate/demo.env; set +a
```

All answers, errors too, have the fields of the [envelope](#envelope). A field whose type says \"or `null`\" may also be \
absent. An operation that changes something takes the header `Idempotency-Key`, so that it can be \
[repeated without fear](when-things-go-wrong.md#repeat-a-write-without-fear). What to do about a code is told in [When things go wrong](when-things-go-wrong.md).";

/// The page.
pub(super) fn render(document: &OpenApi) -> String {
    let page = Page::of(document);
    let mut text = format!(
        "<!-- Made by `groupgate openapi --markdown > docs/operations.md`; do not edit. -->\n\n# Operations\n\n{PREFACE}\n"
    );
    text += &page.contents();
    for noun in page.nouns() {
        let _ = write!(text, "\n## {noun}\n");
        for operation in page.operations_of(noun) {
            text += &page.section(operation);
        }
    }
    text += &page.envelope();
    text += &codes();
    text
}

/// What the page is made from.
struct Page<'a> {
    schemas: &'a BTreeMap<String, RefOr<Schema>>,
    /// In the order of the document.
    operations: Vec<&'a Operation>,
}

impl<'a> Page<'a> {
    fn of(document: &'a OpenApi) -> Self {
        static NONE: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
        let schemas = document.components.as_ref().map_or(&NONE, |components| &components.schemas);
        let paths = document.paths.paths.iter().filter(|(path, _)| is_operation(path));
        Self { schemas, operations: paths.filter_map(|(_, item)| item.post.as_ref()).collect() }
    }

    fn nouns(&self) -> Vec<&'a str> {
        let mut nouns = Vec::new();
        for noun in self.operations.iter().map(|operation| noun(operation)) {
            if !nouns.contains(&noun) {
                nouns.push(noun);
            }
        }
        nouns
    }

    fn operations_of(&self, wanted: &str) -> impl Iterator<Item = &'a Operation> {
        self.operations.iter().copied().filter(move |operation| noun(operation) == wanted)
    }

    fn contents(&self) -> String {
        let mut table = Table::new(&["operation", "what it does", "scope"]);
        for operation in self.nouns().iter().flat_map(|noun| self.operations_of(noun)) {
            let name = name(operation);
            let link = format!("[`{name}`](#{})", name.to_lowercase());
            table.row(&[
                link,
                cell(summary(operation)),
                scope(operation).map_or_else(String::new, |scope| format!("`{scope}`")),
            ]);
        }
        table.finish()
    }

    fn section(&self, operation: &Operation) -> String {
        let (request, answer) = (request(operation), response(operation, "200").and_then(content));
        let mut text = format!("\n### {}\n\n{}. {}\n", name(operation), summary(operation), description(operation));
        if let Some(schema) = request.and_then(|content| content.schema.as_ref()) {
            text += "\nParameters:\n";
            text += &fields::parameters(&self.fields(schema));
        }
        if let Some(schema) = answer.and_then(|content| content.schema.as_ref()) {
            text += "\nAnswer, beside the envelope:\n";
            text += &fields::answers(&self.fields(schema).without(&self.common()));
        }
        text += &codes_of(operation);
        if let (Some(request), Some(answer)) = (request, answer) {
            text += &self.example(name(operation), request, answer);
        }
        text
    }

    fn example(&self, operation: &str, request: &Content, answer: &Content) -> String {
        let in_order = |content: &Content| example_in_order(content, self.schemas);
        match (in_order(request), in_order(answer)) {
            (Some(body), Some(answer)) => examples::call(operation, &body, &answer),
            _ => String::new(),
        }
    }

    fn envelope(&self) -> String {
        let error = self.schemas.get("Error").map(|schema| self.fields(schema));
        let error = error.map_or_else(String::new, |fields| fields::answers(&fields));
        format!(
            "\n## Envelope\n\nWhat every answer has, and what an error has beside it. `RequestId` is in the header \
             `x-request-id` too.\n{error}"
        )
    }

    fn common(&self) -> Fields {
        self.schemas.get("Common").map(|schema| self.fields(schema)).unwrap_or_default()
    }

    fn fields(&self, schema: &RefOr<Schema>) -> Fields {
        Fields::of(self.schemas, schema)
    }
}

/// The example of a body, with its members in the order of its schema.
pub(super) fn example_in_order(content: &Content, schemas: &BTreeMap<String, RefOr<Schema>>) -> Option<String> {
    let fields = Fields::of(schemas, content.schema.as_ref()?);
    Some(examples::in_order(content.example.as_ref()?, fields.names()))
}

/// The operations are those that take a JSON object by `POST` below `/v1/`; tokens are a form.
fn is_operation(path: &str) -> bool {
    path.strip_prefix("/v1/").is_some_and(|name| name.starts_with(|first: char| first.is_ascii_uppercase()))
}

fn name(operation: &Operation) -> &str {
    operation.operation_id.as_deref().unwrap_or_default()
}

pub(super) fn noun(operation: &Operation) -> &str {
    operation.tags.as_ref().and_then(|tags| tags.first()).map_or("", String::as_str)
}

pub(super) fn summary(operation: &Operation) -> &str {
    operation.summary.as_deref().unwrap_or_default()
}

pub(super) fn description(operation: &Operation) -> &str {
    operation.description.as_deref().unwrap_or_default()
}

/// The scope that the operation's page names.
fn scope(operation: &Operation) -> Option<Scope> {
    let told = description(operation);
    Scope::ALL.into_iter().find(|scope| told.contains(&format!("Scope: `{scope}`")))
}

pub(super) fn request(operation: &Operation) -> Option<&Content> {
    match operation.request_body.as_ref()? {
        RefOr::T(body) => inline(body.content.get(JSON)?),
        RefOr::Ref(_) => None,
    }
}

pub(super) fn response<'a>(operation: &'a Operation, status: &str) -> Option<&'a Response> {
    inline(operation.responses.responses.get(status)?)
}

pub(super) fn content(response: &Response) -> Option<&Content> {
    inline(response.content.get(JSON)?)
}

/// Bodies and answers stand in place in our document; schemas alone are referred to.
pub(super) fn inline<T>(value: &RefOr<T>) -> Option<&T> {
    match value {
        RefOr::T(value) => Some(value),
        RefOr::Ref(_) => None,
    }
}

/// The operation's codes, a line for each HTTP status. Each status's description names those that it has.
fn codes_of(operation: &Operation) -> String {
    let mut text = "\nCodes:\n\n".to_owned();
    for (status, response) in &operation.responses.responses {
        let told = inline(response).map_or("", |response| response.description.as_str());
        let is_told = |code: &&Code| told.contains(&format!("`{code}`: "));
        let codes: Vec<String> = Code::ALL.iter().filter(is_told).map(|code| format!("`{code}`")).collect();
        let _ = writeln!(text, "- {status}: {}", codes.join(", "));
    }
    text
}

fn codes() -> String {
    let mut table = Table::new(&["`Code`", "HTTP", "meaning"]);
    for code in Code::ALL {
        table.row(&[format!("`{code}`"), code.http_status().to_string(), cell(code.meaning())]);
    }
    format!("\n## Codes\n{}", table.finish())
}
