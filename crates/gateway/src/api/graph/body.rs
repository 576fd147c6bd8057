//! The body of a call: JSON, a form, or a form with files ([Meta's reference][reference] lists the three for everything
//! that is sent). What is read here is written anew, so that Meta reads the same in it as was looked at.
//!
//! [reference]: https://developers.facebook.com/docs/whatsapp/cloud-api/groups/reference

use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::web::{Bytes, Payload};
use graph_client::ForwardBody;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::errors::FaceError;
use super::query::check;
use crate::api::body as bounded;
use crate::operations::GraphCall;

mod multipart;

/// The largest body of most calls, as in every face.
const USUAL: usize = 256 * 1024;
/// The largest that may hold a group's picture.
const WITH_PICTURE: usize = 7 * 1024 * 1024;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// What a call sends.
pub(super) struct Sent {
    /// Its parameters. Of a file its size and hash.
    pub said: Map<String, Value>,
    /// The body as it goes on.
    pub body: ForwardBody,
}

impl Sent {
    /// No body.
    pub(super) fn nothing() -> Self {
        Self { said: Map::new(), body: ForwardBody::Empty }
    }
}

/// Reads a whole body. A read has none that counts, whatever its headers say.
///
/// # Errors
/// [`FaceError`]
pub(super) async fn read(call: GraphCall, headers: &HeaderMap, payload: Payload) -> Result<Sent, FaceError> {
    if call.is_read() {
        return Ok(Sent::nothing());
    }
    let limit = if call == GraphCall::UpdateGroup { WITH_PICTURE } else { USUAL };
    let bytes = bounded::read(headers, payload, limit).await?;
    // Clients send a Content-Type with calls that have no body; it then means nothing.
    if bytes.is_empty() {
        return Ok(Sent::nothing());
    }
    match bounded::media_type(headers).to_ascii_lowercase().as_str() {
        JSON | "" => json(&bytes),
        FORM => form(form_urlencoded::parse(&bytes).into_owned()),
        MULTIPART => multipart(call, headers, bytes).await,
        _ => Err(FaceError::Unreadable(format!("The Content-Type must be {JSON}, {FORM} or {MULTIPART}."))),
    }
}

fn json(bytes: &[u8]) -> Result<Sent, FaceError> {
    let not_an_object = |_| FaceError::Unreadable("The body must be a JSON object.".to_owned());
    let said: Map<String, Value> = serde_json::from_slice(bytes).map_err(not_an_object)?;
    said.iter().try_for_each(|(name, value)| check(name, value.as_str()))?;
    let bytes = serde_json::to_vec(&said).map_err(not_an_object)?.into();
    Ok(Sent { said, body: ForwardBody::Whole { content_type: HeaderValue::from_static(JSON), bytes } })
}

fn form(pairs: impl Iterator<Item = (String, String)>) -> Result<Sent, FaceError> {
    let mut said = Map::new();
    let mut written = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        check(&name, Some(&value))?;
        written.append_pair(&name, &value);
        if said.insert(name.clone(), value.into()).is_some() {
            return Err(FaceError::parameter(&name, "was sent twice"));
        }
    }
    let bytes = Bytes::from(written.finish());
    Ok(Sent { said, body: ForwardBody::Whole { content_type: HeaderValue::from_static(FORM), bytes } })
}

/// Texts go on as a form; a form with a group's picture is put together anew.
async fn multipart(call: GraphCall, headers: &HeaderMap, bytes: Bytes) -> Result<Sent, FaceError> {
    let parts = multipart::read(headers, bytes).await?;
    if call != GraphCall::UpdateGroup {
        return match parts.files.first() {
            Some(file) => Err(FaceError::parameter(&file.name, "must be a text")),
            None => form(parts.texts.into_iter()),
        };
    }
    let body = parts.written();
    Ok(Sent { said: parts.said(), body })
}
