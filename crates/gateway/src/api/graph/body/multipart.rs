//! `multipart/form-data` ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), taken apart.

use actix_multipart::{Field, Multipart};
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

use crate::api::graph::errors::FaceError;
use crate::api::graph::query::check_name;

/// A form, taken apart. No two parts have one name.
#[derive(Default)]
pub(super) struct Parts {
    /// Parts that are texts.
    pub texts: Vec<(String, String)>,
    /// Of each file its size in bytes, and its SHA-256 as Meta's webhook has it.
    pub files: Map<String, Value>,
}

/// Takes a form apart.
///
/// # Errors
/// [`FaceError::Unreadable`] where it is none, [`FaceError::Parameter`] where a part may not be passed on.
pub(super) async fn read(headers: &HeaderMap, bytes: Bytes) -> Result<Parts, FaceError> {
    let limit = bytes.len();
    let mut form = Multipart::new(headers, stream::iter([Ok(bytes)]));
    let mut parts = Parts::default();
    while let Some(part) = form.next().await {
        parts.add(part.map_err(broken)?, limit).await?;
    }
    Ok(parts)
}

impl Parts {
    async fn add(&mut self, mut part: Field, limit: usize) -> Result<(), FaceError> {
        let name = part.name().unwrap_or_default().to_owned();
        check_name(&name)?;
        if self.files.contains_key(&name) || self.texts.iter().any(|(known, _)| *known == name) {
            return Err(FaceError::parameter(&name, "was sent twice"));
        }
        let is_file = part.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
        let content = part.bytes(limit).await.map_err(|_| broken("larger than the body"))?.map_err(broken)?;
        if is_file {
            let hash = STANDARD.encode(digest(&SHA256, &content));
            self.files.insert(name, json!({"Bytes": content.len(), "Sha256": hash}));
        } else {
            let text = String::from_utf8(content.to_vec()).map_err(|_| FaceError::parameter(&name, "must be UTF-8"))?;
            self.texts.push((name, text));
        }
        Ok(())
    }
}

/// The parser's own words may repeat what was sent.
fn broken(_: impl ToString) -> FaceError {
    FaceError::Unreadable("The multipart body cannot be taken apart; is its boundary right?".to_owned())
}
