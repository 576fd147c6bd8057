//! What a call sends to its path.

use awc::http::{Method, header::HeaderValue};
use bytes::Bytes;
use serde_json::Value;

use crate::{error::Effect, form::Form, target::Target, token::Token, transport::Message};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

static EMPTY: Bytes = Bytes::new();

/// What a call sends to its path.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// What it does there.
    pub(crate) effect: Effect,
    body: Option<Body>,
}

/// A body, and what it is.
struct Body {
    content_type: HeaderValue,
    bytes: Bytes,
}

impl Request {
    pub(crate) const GET: Self = Self::bare(Method::GET, Effect::Read);
    /// A GET that is good once: an answer that is lost cannot be had again.
    pub(crate) const GET_ONCE: Self = Self::bare(Method::GET, Effect::Change);
    pub(crate) const POST: Self = Self::bare(Method::POST, Effect::Change);
    pub(crate) const DELETE: Self = Self::bare(Method::DELETE, Effect::Change);

    pub(crate) fn post(json: &Value) -> Self {
        Self { body: Some(Body::json(json)), ..Self::POST }
    }

    /// A POST of a form with a file in it.
    pub(crate) fn post_form(form: Form) -> Self {
        let (content_type, bytes) = form.finish();
        Self { body: Some(Body { content_type, bytes }), ..Self::POST }
    }

    /// Some of Meta's edges want a JSON body with their DELETE.
    pub(crate) fn delete(json: &Value) -> Self {
        Self { body: Some(Body::json(json)), ..Self::DELETE }
    }

    const fn bare(method: Method, effect: Effect) -> Self {
        Self { method, effect, body: None }
    }

    /// What one try of it sends.
    pub(crate) fn message<'a>(&'a self, target: &'a Target, token: &'a Token, agent: &'a HeaderValue) -> Message<'a> {
        let bytes = self.body.as_ref().map(|body| &body.bytes);
        Message {
            method: &self.method,
            target,
            token,
            agent,
            trace: None,
            content_type: self.body.as_ref().map(|body| &body.content_type),
            body: bytes.or((self.effect == Effect::Change).then_some(&EMPTY)),
        }
    }
}

impl Body {
    fn json(json: &Value) -> Self {
        Self { content_type: JSON, bytes: json.to_string().into() }
    }
}
