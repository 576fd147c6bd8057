//! The members of a collection that we use, as
//! [Postman's format v2.1](https://schema.postman.com/json/collection/v2.1.0/docs/index.html) has them.

use serde::Serialize;

/// Names the format to whoever imports the file.
pub(super) const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// The whole file.
#[derive(Debug, Serialize)]
pub(super) struct Collection {
    pub(super) info: Info,
    /// What all requests are authorized with that say nothing else.
    pub(super) auth: Auth,
    /// What runs after each request.
    pub(super) event: Vec<Event>,
    pub(super) variable: Vec<Variable>,
    pub(super) item: Vec<Folder>,
}

#[derive(Debug, Serialize)]
pub(super) struct Info {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) version: String,
    pub(super) schema: &'static str,
}

/// One way to authorize, with what the others would need beside it: whoever chooses another finds it filled in.
#[derive(Debug, Serialize)]
pub(super) struct Auth {
    #[serde(rename = "type")]
    pub(super) way: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) basic: Vec<Variable>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) oauth2: Vec<Variable>,
}

#[derive(Debug, Serialize)]
pub(super) struct Event {
    pub(super) listen: &'static str,
    pub(super) script: Script,
}

#[derive(Debug, Serialize)]
pub(super) struct Script {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) exec: Vec<&'static str>,
}

/// A name with a value: a variable, a header, a parameter.
#[derive(Debug, Serialize)]
pub(super) struct Variable {
    pub(super) key: String,
    pub(super) value: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    /// Shown, and not sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) disabled: bool,
}

impl Variable {
    pub(super) fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        Self { key, value, kind: "string", description: String::new(), disabled: false }
    }

    pub(super) fn described(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) item: Vec<Item>,
}

#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) request: Request,
    /// Answers to look at before the request is sent.
    pub(super) response: Vec<Saved>,
}

#[derive(Debug, Serialize)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) description: String,
    pub(super) url: Url,
    pub(super) header: Vec<Variable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<Auth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Body>,
}

/// An address, whole and in parts.
#[derive(Debug, Serialize)]
pub(super) struct Url {
    pub(super) raw: String,
    pub(super) host: [&'static str; 1],
    pub(super) path: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) query: Vec<Variable>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "mode", rename_all = "lowercase")]
pub(super) enum Body {
    Raw { raw: String },
    UrlEncoded { urlencoded: Vec<Variable> },
}

/// An answer that is kept with its request.
#[derive(Debug, Serialize)]
pub(super) struct Saved {
    pub(super) name: &'static str,
    pub(super) status: &'static str,
    pub(super) code: u16,
    pub(super) header: Vec<Variable>,
    pub(super) body: String,
}
