//! Spans as OTLP writes them, in its
//! [JSON form](https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), which every collector takes beside the
//! binary one: IDs in hexadecimal digits, 64-bit numbers as text, enumerations as numbers.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::span::{Attribute, Kind, Span, Value};

/// Whose spans they are.
pub(super) struct Resource([Attribute; 3]);

impl Resource {
    /// This process, under an ID that no other has.
    pub(super) fn this_replica() -> Self {
        Self([
            ("service.name", "groupgate".into()),
            ("service.version", env!("CARGO_PKG_VERSION").into()),
            ("service.instance.id", Uuid::new_v4().to_string().into()),
        ])
    }
}

/// The body that tells `spans`.
///
/// # Errors
/// None but a bug: it is made of texts and numbers.
pub(super) fn body(resource: &Resource, spans: &[Span]) -> serde_json::Result<Vec<u8>> {
    let scope = Scope { name: "groupgate", version: env!("CARGO_PKG_VERSION") };
    let spans = spans.iter().map(Told::from).collect();
    let attributes = resource.0.iter().map(KeyValue::from).collect();
    serde_json::to_vec(&Export {
        resource_spans: [ResourceSpans {
            resource: ResourceAttributes { attributes },
            scope_spans: [ScopeSpans { scope, spans }],
        }],
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Export<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: ResourceAttributes<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct ResourceAttributes<'a> {
    attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<KeyValue<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
    status: Status,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    trace_id: String,
    span_id: String,
}

#[derive(Serialize)]
struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
}

#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'static str,
    value: AnyValue<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum AnyValue<'a> {
    StringValue(&'a str),
    #[serde(serialize_with = "as_text")]
    IntValue(i64),
}

impl<'a> From<&'a Span> for Told<'a> {
    fn from(span: &'a Span) -> Self {
        Self {
            trace_id: trace_id(span.context.trace_id),
            span_id: span_id(span.context.span_id),
            parent_span_id: span.parent.map(span_id),
            trace_state: span.state.as_deref(),
            name: &span.name,
            kind: match span.kind {
                Kind::Server => 2,
                Kind::Client => 3,
            },
            start_time_unix_nano: nanoseconds(span.begun),
            end_time_unix_nano: nanoseconds(span.begun + span.duration),
            attributes: span.attributes.iter().map(KeyValue::from).collect(),
            links: span
                .link
                .iter()
                .map(|link| Link { trace_id: trace_id(link.trace_id), span_id: span_id(link.span_id) })
                .collect(),
            status: Status { code: span.is_failed.then_some(2) },
        }
    }
}

impl<'a> From<&'a Attribute> for KeyValue<'a> {
    fn from((key, value): &'a Attribute) -> Self {
        let value = match value {
            Value::Text(text) => AnyValue::StringValue(text),
            Value::Number(number) => AnyValue::IntValue(*number),
        };
        Self { key, value }
    }
}

fn trace_id(id: u128) -> String {
    format!("{id:032x}")
}

fn span_id(id: u64) -> String {
    format!("{id:016x}")
}

fn nanoseconds(at: SystemTime) -> String {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos().to_string()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn as_text<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
