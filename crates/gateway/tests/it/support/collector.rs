//! A collector of traces. What it gets is read from OTLP's specification, and not from the gateway's own writer:
//! <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Receiver, eventually};

/// One that takes everything.
pub(crate) struct Collector(Receiver);

/// A span as it was told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    /// Empty where it has none.
    pub(crate) parent: String,
    /// The same of `tracestate`.
    pub(crate) state: String,
    pub(crate) kind: i64,
    pub(crate) is_failed: bool,
    /// The traces and spans of its links.
    pub(crate) links: Vec<(String, String)>,
    pub(crate) attributes: BTreeMap<String, String>,
    /// Those of the process that it is of.
    pub(crate) resource: BTreeMap<String, String>,
}

impl Told {
    /// An attribute; empty where it is absent.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self(Receiver::recording(|_| 200))
    }

    /// Its root.
    pub(crate) fn url(&self) -> String {
        self.0.url("")
    }

    /// What it got, as it came.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let as_text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
        self.0.deliveries().iter().map(|delivery| as_text(&delivery.body)).collect()
    }

    /// The spans so far.
    pub(crate) fn told(&self) -> Vec<Told> {
        let deliveries = self.0.deliveries();
        let requests = deliveries.iter().map(|delivery| {
            assert_eq!((delivery.path.as_str(), delivery.header("content-type")), ("/v1/traces", "application/json"));
            delivery.event()
        });
        requests.flat_map(|request| spans(&request)).collect()
    }

    /// The spans of a trace, as soon as there are so many.
    pub(crate) async fn trace(&self, trace_id: &str, spans: usize) -> Vec<Told> {
        eventually("the spans are told", async || {
            let told: Vec<Told> = self.told().into_iter().filter(|told| told.trace_id == trace_id).collect();
            assert!(told.len() <= spans, "{told:?}");
            (told.len() == spans).then_some(told)
        })
        .await
    }
}

/// The members of a list; none where it is absent, as the form leaves out what is empty.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).map_or(&[], |list| list.as_array().unwrap())
}

fn spans(request: &Value) -> Vec<Told> {
    let mut told = Vec::new();
    for of_resource in list(request, "resourceSpans") {
        let resource = texts(&of_resource["resource"]);
        for scope in list(of_resource, "scopeSpans") {
            told.extend(list(scope, "spans").iter().map(|span| read(span, &resource)));
        }
    }
    told
}

fn read(span: &Value, resource: &BTreeMap<String, String>) -> Told {
    let text = |name: &str| span.get(name).map_or("", |text| text.as_str().unwrap()).to_owned();
    let nanoseconds = |name: &str| text(name).parse::<u64>().unwrap();
    let (begun, ended) = (nanoseconds("startTimeUnixNano"), nanoseconds("endTimeUnixNano"));
    // From 2026 on, so that no other unit goes through.
    assert!(1_767_225_600_000_000_000 < begun && begun <= ended, "{span}");
    let links = list(span, "links").iter().map(|link| (id(&link["traceId"], 32), id(&link["spanId"], 16)));
    Told {
        name: text("name"),
        trace_id: id(&span["traceId"], 32),
        span_id: id(&span["spanId"], 16),
        parent: span.get("parentSpanId").map(|parent| id(parent, 16)).unwrap_or_default(),
        state: text("traceState"),
        kind: span["kind"].as_i64().unwrap(),
        is_failed: span["status"]["code"] == 2,
        links: links.collect(),
        attributes: texts(span),
        resource: resource.clone(),
    }
}

/// An ID of so many digits, of which one is not 0.
fn id(value: &Value, digits: usize) -> String {
    let id = value.as_str().unwrap();
    assert!(id.len() == digits && hex::decode(id).unwrap().iter().any(|byte| *byte != 0), "{id}");
    id.to_owned()
}

/// The attributes of a span or a resource. Each stands there once.
fn texts(of: &Value) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for pair in list(of, "attributes") {
        let value = pair["value"].as_object().unwrap();
        let (form, value) = value.iter().next().unwrap();
        assert!(["stringValue", "intValue"].contains(&form.as_str()), "{pair}");
        let told = texts.insert(pair["key"].as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned());
        assert!(told.is_none(), "{of}");
    }
    texts
}
