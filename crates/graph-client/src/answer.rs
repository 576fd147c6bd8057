//! From the bytes of an answer to its typed body, or to the error that it is.

use memchr::memmem;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use url::Url;

use crate::{
    codes::RefusalKind,
    error::{Effect, GraphError, Unreadable},
    headers::{Header, Headers},
    refusal::{Circumstances, Refusal},
    token::Token,
    transport::Received,
    usage::Usage,
};

/// What Meta answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The body.
    pub body: T,
    /// The HTTP status; 206 means that some was done and some was not.
    pub status: u16,
    /// What the answer says about quotas.
    pub usage: Usage,
}

impl<T> Answer<T> {
    /// The same answer with another body.
    pub(crate) fn map<U>(self, body: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { body: body(self.body), status: self.status, usage: self.usage }
    }
}

/// Reads an answer. Any 2xx is one, unless it holds an error object in place of a result.
pub(crate) fn read<T: DeserializeOwned>(
    received: Received<'_>,
    effect: Effect,
    token: &Token,
) -> Result<Answer<T>, GraphError> {
    let Received { status, headers, body } = received;
    let usage = Usage::of(headers);
    let unreadable =
        |why, usage| GraphError::Unreadable { status: status.as_u16(), why, effect, usage: Box::new(usage) };
    if status.is_redirection() {
        return Err(unreadable(Unreadable::Redirect { to: redirected_host(headers) }, usage));
    }
    if status.is_success() && !holds_error(body) {
        return match result(body, effect) {
            Ok(body) => Ok(Answer { body, status: status.as_u16(), usage }),
            Err(error) => Err(unreadable(why(&error, headers, body), usage)),
        };
    }
    let met = Circumstances { status: status.as_u16(), usage, effect, token };
    let refusal = Refusal::read(body, met).map_err(|usage| unreadable(no_error_object(headers, body), usage))?;
    if refusal.kind() == RefusalKind::TokenInvalid {
        token.tell_refused();
    }
    Err(GraphError::Refused(Box::new(refusal)))
}

/// Whether an error object stands in place of a result. Most answers do not even hold the word.
fn holds_error(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Top<'a> {
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    memmem::find(body, br#""error""#).is_some()
        && serde_json::from_slice::<Top<'_>>(body).is_ok_and(|top| top.error.is_some())
}

/// In answer to a change an empty body stands for an empty object: Meta documents some without one.
fn result<T: DeserializeOwned>(body: &[u8], effect: Effect) -> serde_json::Result<T> {
    match (body.trim_ascii(), effect) {
        (b"", Effect::Change) => serde_json::from_slice(b"{}"),
        // A derived type would read a list, too, and take its absent members for defaults.
        (body, _) if body.starts_with(b"[") => Err(serde::de::Error::missing_field("any member, in a list")),
        (body, _) => serde_json::from_slice(body),
    }
}

/// Says what is wrong without repeating what stands there: of serde's messages only those about a
/// missing field are free of values.
fn why(error: &serde_json::Error, headers: &dyn Headers, body: &[u8]) -> Unreadable {
    if !error.is_data() {
        return Unreadable::NotJson { content_type: content_type(headers), length: body.len() };
    }
    let message = error.to_string();
    Unreadable::Shape(if message.starts_with("missing field") {
        message
    } else {
        format!("unexpected value at line {} column {}", error.line(), error.column())
    })
}

fn no_error_object(headers: &dyn Headers, body: &[u8]) -> Unreadable {
    Unreadable::NoErrorObject { content_type: content_type(headers), length: body.len() }
}

fn content_type(headers: &dyn Headers) -> String {
    let value = headers.value(Header::ContentType);
    value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// Only the host: the rest of the address may repeat the query, and the proof in it.
fn redirected_host(headers: &dyn Headers) -> String {
    headers
        .value(Header::Location)
        .and_then(|value| Url::parse(str::from_utf8(value).ok()?).ok())
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "another place on the same host".to_owned())
}
