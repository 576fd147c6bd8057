//! What a call sends to its path.

use awc::http::{Method, header::HeaderValue};
use bytes::Bytes;
use serde_json::Value;

use crate::{
    error::Effect,
    form::Form,
    transport::{Outgoing, Progress},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

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

    pub(crate) fn content_type(&self) -> Option<HeaderValue> {
        self.body.as_ref().map(|body| body.content_type.clone())
    }

    /// Its body for one try. What changes something has one in any case, if an empty one: it tells when the request leaves.
    pub(crate) fn body(&self, progress: &Progress) -> Option<Outgoing> {
        match (&self.body, self.effect) {
            (None, Effect::Read) => None,
            (body, _) => Some(progress.body(body.as_ref().map(|body| body.bytes.clone()).unwrap_or_default())),
        }
    }
}

impl Body {
    fn json(json: &Value) -> Self {
        Self { content_type: JSON, bytes: json.to_string().into() }
    }
}
