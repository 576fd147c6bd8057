//! Meta's OpenAPI document, and whether a call fits it.
//!
//! Objects are taken to be closed: Meta requires hardly anything, so a name that is written wrongly would fit otherwise.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Documents that describe paths of Meta's, the first that has a path counting.
pub(super) struct Documents(Vec<Value>);

/// An operation of a document.
pub(super) struct Described<'a> {
    document: &'a Value,
    /// Its path and method, as the document writes them.
    pub(super) name: String,
    operation: &'a Value,
}

impl Documents {
    /// Each a text in YAML.
    pub(super) fn read(texts: &[&str]) -> Self {
        Self(texts.iter().map(|text| serde_norway::from_str(text).unwrap()).collect())
    }

    /// What stands under a path, as the documents write it.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Described<'_>> {
        self.0.iter().find_map(|document| {
            let operation = document["paths"].get(path)?.get(method.to_ascii_lowercase())?;
            Some(Described { document, name: format!("{method} {path}"), operation })
        })
    }
}

impl Described<'_> {
    /// What is wrong with the parameters in a query.
    pub(super) fn mistakes_in_query(&self, query: &[(String, String)]) -> Vec<String> {
        let known: BTreeMap<&str, &Value> =
            self.parameters().filter_map(|of| Some((of["name"].as_str()?, of))).collect();
        let mut mistakes = Vec::new();
        for (name, value) in query {
            match known.get(name.as_str()) {
                None => mistakes.push(format!("query: unknown parameter {name}")),
                Some(parameter) => {
                    let typed = match parameter["schema"]["type"].as_str() {
                        Some("integer") => value.parse::<i64>().map_or_else(|_| json!(value), |value| json!(value)),
                        _ => json!(value),
                    };
                    mistakes.extend(
                        self.mistakes(&parameter["schema"], &typed).into_iter().map(|m| format!("query {name}{m}")),
                    );
                }
            }
        }
        mistakes
    }

    /// What is wrong with a request's body of this type, `null` where there is none.
    pub(super) fn mistakes_in_body(&self, content_type: Option<&str>, body: &Value) -> Vec<String> {
        let described = self.resolved(&self.operation["requestBody"]);
        match (content_type, described.get("content")) {
            (None, None) => Vec::new(),
            (Some(sent), Some(content)) => match content.get(sent) {
                Some(of_type) => self.mistakes(&of_type["schema"], body),
                None => vec![format!("body: {sent} is not described")],
            },
            (None, Some(_)) => vec!["body: none, where one is described".to_owned()],
            (Some(sent), None) => vec![format!("body: {sent}, where none is described")],
        }
    }

    /// What is wrong with an answer; where its status is not described, the document's of its sort holds.
    pub(super) fn mistakes_in_answer(&self, status: u16, answer: &Value) -> Vec<String> {
        let responses = &self.operation["responses"];
        let refusal = &self.document["components"]["responses"]["BadRequest"];
        let of_its_sort = if status < 300 { &responses["200"] } else { refusal };
        let response = responses.get(status.to_string()).unwrap_or(of_its_sort);
        let schema = &self.resolved(response)["content"]["application/json"]["schema"];
        if schema.is_null() { Vec::new() } else { self.mistakes(schema, answer) }
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        let all = self.operation["parameters"].as_array().into_iter().flatten();
        all.map(|parameter| self.resolved(parameter)).filter(|parameter| parameter["in"] == "query")
    }

    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }

    /// Each as `/where: what`.
    fn mistakes(&self, schema: &Value, value: &Value) -> Vec<String> {
        let errors = self.validator(schema);
        let mistakes = errors.iter_errors(value);
        mistakes.map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut root = json!({"components": self.document["components"]["schemas"].clone()});
        root["components"] = json!({"schemas": closed(&self.document["components"]["schemas"])});
        root.as_object_mut().unwrap().extend(closed(schema).as_object().unwrap().clone());
        jsonschema::draft202012::new(&root).unwrap()
    }
}

/// The schema with all its objects closed.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut all: Map<String, Value> = members.iter().map(|(name, of)| (name.clone(), closed(of))).collect();
            if members.get("properties").is_some_and(Value::is_object) && members.get("type") == Some(&json!("object"))
            {
                all.entry("additionalProperties").or_insert(json!(false));
            }
            Value::Object(all)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_name_that_is_written_wrongly_does_not_fit() {
    let documents = Documents::read(&[super::metas_document::META]);
    let create = documents.operation("POST", "/{Version}/{Phone-Number-ID}/groups").unwrap();
    let fits = |body: Value| create.mistakes_in_body(Some("application/json"), &body);
    assert_eq!(fits(json!({"messaging_product": "whatsapp", "subject": "S"})), [""; 0]);
    assert!(!fits(json!({"messaging_product": "whatsapp", "subject": "S", "joinApprovalMode": "x"})).is_empty());
    assert!(!fits(json!({"messaging_product": "whatsapp", "subject": 1})).is_empty());
    assert!(!fits(json!({"subject": "S"})).is_empty());
    assert!(!create.mistakes_in_body(None, &Value::Null).is_empty());
    assert!(!create.mistakes_in_answer(400, &json!({"error": "text"})).is_empty());
}
