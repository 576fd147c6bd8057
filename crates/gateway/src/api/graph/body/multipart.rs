//! `multipart/form-data` ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), taken apart and put together anew: an epilogue, or a line that
//! only another reader takes for a delimiter, does not go on.

use actix_multipart::{Field, Multipart};
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, stream};
use graph_client::ForwardBody;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::api::graph::errors::FaceError;
use crate::api::graph::query::{check, check_name};

/// A form, taken apart. No two parts have one name.
#[derive(Default)]
pub(super) struct Parts {
    /// Parts that are texts.
    pub texts: Vec<(String, String)>,
    /// Parts that are files.
    pub files: Vec<File>,
}

/// A part that is a file.
pub(super) struct File {
    /// The part's name.
    pub name: String,
    /// As the caller calls it, in plain characters.
    filename: String,
    content_type: Option<String>,
    content: Bytes,
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
        if self.files.iter().any(|file| file.name == name) || self.texts.iter().any(|(known, _)| *known == name) {
            return Err(FaceError::parameter(&name, "was sent twice"));
        }
        let filename = part.content_disposition().and_then(|disposition| disposition.get_filename()).map(plain);
        let content_type = part.content_type().map(|kind| kind.essence_str().to_owned());
        let content = part.bytes(limit).await.map_err(|_| broken("larger than the body"))?.map_err(broken)?;
        if let Some(filename) = filename {
            check(&name, None)?;
            self.files.push(File { name, filename, content_type, content });
        } else {
            let text = String::from_utf8(content.to_vec()).map_err(|_| FaceError::parameter(&name, "must be UTF-8"))?;
            check(&name, Some(&text))?;
            self.texts.push((name, text));
        }
        Ok(())
    }

    /// The parameters. Of each file its size in bytes, and its SHA-256 as Meta's webhook has it.
    pub(super) fn said(self) -> Map<String, Value> {
        let files = self.files.into_iter().map(|File { name, content, .. }| {
            let hash = STANDARD.encode(digest(&SHA256, &content));
            (name, json!({"Bytes": content.len(), "Sha256": hash}))
        });
        files.chain(self.texts.into_iter().map(|(name, text)| (name, text.into()))).collect()
    }

    /// The form, with a random boundary that no content holds. Names are plain ([`check_name`]).
    pub(super) fn written(&self) -> ForwardBody {
        let boundary = format!("groupgate-{}", Uuid::new_v4().simple());
        let mut body = Vec::with_capacity(self.files.iter().map(|file| file.content.len() + 1024).sum());
        let mut add = |head: &str, content: &[u8]| {
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        for (name, text) in &self.texts {
            add(&format!("name=\"{name}\""), text.as_bytes());
        }
        for File { name, filename, content_type, content } in &self.files {
            let kind = content_type.as_ref().map(|kind| format!("\r\nContent-Type: {kind}")).unwrap_or_default();
            add(&format!("name=\"{name}\"; filename=\"{filename}\"{kind}"), content);
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
        // A boundary is made of letters, digits and a hyphen, which every header may hold.
        let content_type = content_type.unwrap_or(HeaderValue::from_static("multipart/form-data"));
        ForwardBody::Whole { content_type, bytes: body.into() }
    }
}

/// A file's name without what a header is made of, and never empty: a file without a name is none.
fn plain(name: &str) -> String {
    let plain: String =
        name.chars().filter(|sign| sign.is_ascii_alphanumeric() || "._-".contains(*sign)).take(64).collect();
    if plain.is_empty() { "file".to_owned() } else { plain }
}

/// The parser's own words may repeat what was sent.
fn broken(_: impl ToString) -> FaceError {
    FaceError::Unreadable("The multipart body cannot be taken apart; is its boundary right?".to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::CONTENT_TYPE;

    use super::*;

    async fn written(form: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
        let parts = read(&headers, Bytes::from_static(form.as_bytes())).await.unwrap_or_default();
        let ForwardBody::Whole { content_type, bytes } = parts.written() else { return String::new() };
        let boundary = content_type.to_str().unwrap().split_once("boundary=").unwrap().1.to_owned();
        String::from_utf8(bytes.to_vec()).unwrap().replace(&boundary, "ours")
    }

    #[actix_web::test]
    async fn what_goes_on_are_the_parts_that_were_read_and_nothing_else() {
        let form = "--b\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nS\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a; x.jpg\"\r\n\
                    Content-Type: image/jpeg\r\n\r\npicture\r\n--b--\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\ndelete\r\n--b--\r\n";
        let expected = "--ours\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nS\r\n\
                        --ours\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ax.jpg\"\r\n\
                        Content-Type: image/jpeg\r\n\r\npicture\r\n--ours--\r\n";
        assert_eq!(written(form).await, expected);
    }

    #[test]
    fn a_file_keeps_a_name_whatever_its_caller_calls_it() {
        for (name, kept) in
            [("a.jpg", "a.jpg"), ("\u{e9}.jpg", ".jpg"), ("\u{e9}", "file"), ("", "file"), ("a\"\r\nb", "ab")]
        {
            assert_eq!(plain(name), kept);
        }
    }
}
