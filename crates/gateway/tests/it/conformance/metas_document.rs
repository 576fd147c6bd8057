//! Every request that the gateway makes of Meta, and every answer of the sandbox, against Meta's OpenAPI document.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::document::{Described, Documents};
use super::multipart::{self, Part};
use super::recorder::Exchange;
use super::rehearsal::rehearsed;

/// Meta's own document, as far as it is about groups.
pub(super) const META: &str = include_str!("../../../../graph-sandbox/tests/meta/groups-openapi.yaml");
/// What Meta's guide describes, and that document does not.
pub(super) const GUIDE: &str = include_str!("metas_guide.yaml");

/// Where Meta's guide, or what came after the document, says otherwise than the document: in which operation (empty: in
/// each), what a mistake there has in its words, and why it is none.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "",
        "unknown parameter appsecret_proof",
        "of Graph and not of WhatsApp: https://developers.facebook.com/docs/graph-api/guides/secure-requests",
    ),
    (
        "",
        "/error: Additional properties are not allowed",
        "Graph's error object has more: https://developers.facebook.com/docs/graph-api/guides/error-handling",
    ),
    (
        "DELETE /{Version}/{group_id}",
        "('messaging_product', 'request_id' were unexpected)",
        "the guide's `group_delete` webhook has a `request_id`, which must have been told before",
    ),
    (
        "POST /{Version}/{group_id}",
        "('description', 'subject' were unexpected)",
        "the guide: name and description may go with a picture",
    ),
    (
        "GET /{Version}/{group_id}/join_requests",
        "unknown parameter after",
        "the answer has Graph's cursors: https://developers.facebook.com/docs/graph-api/results",
    ),
    ("POST /{Version}/{group_id}/participants", "'user_id' was unexpected", BUSINESS_SCOPED),
    ("POST /{Version}/{group_id}/participants", "\"user\" is a required property", BUSINESS_SCOPED),
    ("GET /{Version}/{group_id}", "'user_id' was unexpected", BUSINESS_SCOPED),
    ("GET /{Version}/{group_id}/join_requests", "'user_id' was unexpected", BUSINESS_SCOPED),
];

/// Every user has an ID of the business's own since 2026, by which one without a visible number is named.
const BUSINESS_SCOPED: &str =
    "https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids";

/// A mistake by Meta's documents, in an operation that they have.
struct Mistake {
    operation: String,
    what: String,
}

impl Mistake {
    fn exception(&self) -> Option<usize> {
        let here =
            |(of, words, _): &(&str, &str, &str)| (of.is_empty() || *of == self.operation) && self.what.contains(words);
        EXCEPTIONS.iter().position(here)
    }
}

/// All that Meta's documents say is wrong with a request or its answer.
fn mistakes(documents: &Documents, exchange: &Exchange) -> Vec<Mistake> {
    let path = described_path(&exchange.path);
    let Some(described) = documents.operation(&exchange.method, &path) else {
        return vec![Mistake {
            operation: format!("{} {path}", exchange.method),
            what: "no document has it".to_owned(),
        }];
    };
    let query: Vec<_> = form_urlencoded::parse(exchange.query.as_bytes()).into_owned().collect();
    let mut all = described.mistakes_in_query(&query);
    all.extend(mistakes_in_body(&described, exchange));
    let in_answer = described.mistakes_in_answer(exchange.status, &exchange.answer);
    all.extend(in_answer.into_iter().map(|mistake| format!("answer {}{mistake}", exchange.status)));
    all.into_iter().map(|what| Mistake { operation: described.name.clone(), what }).collect()
}

async fn all_mistakes() -> Vec<Mistake> {
    let documents = Documents::read(&[META, GUIDE]);
    rehearsed().await.exchanges().flat_map(|exchange| mistakes(&documents, exchange)).collect()
}

fn mistakes_in_body(described: &Described<'_>, exchange: &Exchange) -> Vec<String> {
    let Some(content_type) = &exchange.content_type else {
        return described.mistakes_in_body(None, &Value::Null);
    };
    let (essence, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    let body = match essence {
        "multipart/form-data" => form(&multipart::parts(content_type, &exchange.body)),
        _ => serde_json::from_slice(&exchange.body).unwrap(),
    };
    described.mistakes_in_body(Some(essence), &body)
}

/// The parts as the document describes them: a file is a text there.
fn form(parts: &[Part]) -> Value {
    let member = |part: &Part| (part.name.clone(), json!(String::from_utf8_lossy(&part.content)));
    let members: Map<String, Value> = parts.iter().map(member).collect();
    assert_eq!(members.len(), parts.len(), "no part stands twice");
    Value::Object(members)
}

/// A path as the documents write it: which of Meta's objects an ID names is known by the ID.
fn described_path(path: &str) -> String {
    use graph_sandbox::{DEMO_PHONE_NUMBER_ID_1 as NUMBER, DEMO_WABA_ID_1 as WABA};
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    assert_eq!(parts.next(), Some("v23.0"), "{path}");
    let node = match parts.next().unwrap() {
        NUMBER => "{Phone-Number-ID}",
        WABA => "{WABA-ID}",
        "message_template_library" => "message_template_library",
        _ => "{group_id}",
    };
    let edge = parts.next().map(|edge| format!("/{edge}")).unwrap_or_default();
    format!("/{{Version}}/{node}{edge}")
}

#[actix_web::test]
async fn every_request_and_every_answer_fits_metas_document() {
    let mistakes = all_mistakes().await;
    let told = |mistake: &Mistake| format!("{}: {}", mistake.operation, mistake.what);
    let left: Vec<String> = mistakes.iter().filter(|mistake| mistake.exception().is_none()).map(told).collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[actix_web::test]
async fn every_exception_is_still_needed() {
    let met: Vec<usize> = all_mistakes().await.iter().filter_map(Mistake::exception).collect();
    for (index, (operation, words, _)) in EXCEPTIONS.iter().enumerate() {
        assert!(met.contains(&index), "{operation}: {words}");
    }
}

#[actix_web::test]
async fn a_picture_goes_as_a_file_of_its_type_and_all_else_as_a_field() {
    for exchange in rehearsed().await.exchanges() {
        let Some(content_type) = exchange.content_type.as_deref().filter(|sent| sent.starts_with("multipart")) else {
            continue;
        };
        for part in multipart::parts(content_type, &exchange.body) {
            let of_type = (part.file_name.is_some(), part.content_type.as_deref());
            let expected = if part.name == "file" { (true, Some("image/jpeg")) } else { (false, None) };
            assert_eq!(of_type, expected, "{exchange:?}, {}", part.name);
        }
    }
}
