//! `multipart/form-data` ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)): a few short fields and a file, put
//! together in one piece, so that the file is copied once.

use awc::http::header::HeaderValue;
use aws_lc_rs::rand;
use bytes::Bytes;

use crate::error::GraphError;

/// What stands around a part, beside its name and content, in bytes; a little more than the most.
const AROUND_A_PART: usize = 256;

/// A form that is being put together.
pub(crate) struct Form {
    boundary: String,
    body: Vec<u8>,
}

/// A part that is a file.
pub(crate) struct File<'a> {
    /// As Meta shall call it.
    pub(crate) name: &'static str,
    /// Its media type.
    pub(crate) content_type: &'static str,
    /// Its bytes.
    pub(crate) content: &'a [u8],
}

impl Form {
    /// An empty form with room for so many bytes of content. Its boundary is random, so that no content holds it.
    pub(crate) fn with_room_for(content: usize) -> Result<Self, GraphError> {
        let mut random = [0; 16];
        rand::fill(&mut random)
            .map_err(|_| GraphError::Unsendable { why: "the system gives no random bytes".to_owned() })?;
        let body = Vec::with_capacity(content + 4 * AROUND_A_PART);
        Ok(Self { boundary: format!("groupgate-{}", hex::encode(random)), body })
    }

    /// Adds a field.
    pub(crate) fn field(mut self, name: &'static str, value: &str) -> Self {
        self.begin(&format!("Content-Disposition: form-data; name=\"{name}\"\r\n"));
        self.end(value.as_bytes());
        self
    }

    /// Adds a file under the field's name.
    pub(crate) fn file(mut self, name: &'static str, file: &File<'_>) -> Self {
        self.begin(&format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{}\"\r\nContent-Type: {}\r\n",
            file.name, file.content_type
        ));
        self.end(file.content);
        self
    }

    /// The `Content-Type` and the body.
    pub(crate) fn finish(mut self) -> (HeaderValue, Bytes) {
        self.body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={}", self.boundary));
        // A boundary is made of letters, digits and a hyphen, which every header may hold.
        (content_type.unwrap_or(HeaderValue::from_static("multipart/form-data")), self.body.into())
    }

    fn begin(&mut self, headers: &str) {
        self.body.extend_from_slice(format!("--{}\r\n{headers}\r\n", self.boundary).as_bytes());
    }

    fn end(&mut self, content: &[u8]) {
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_forms_have_one_boundary() {
        let content_type = || Form::with_room_for(0).unwrap().finish().0;
        assert_ne!(content_type(), content_type());
    }

    #[test]
    fn a_file_is_copied_once() {
        let content = vec![7; 100_000];
        let file = File { name: "picture.jpg", content_type: "image/jpeg", content: &content };
        let form = Form::with_room_for(content.len()).unwrap();
        let room = form.body.as_ptr();
        let form = form.field("messaging_product", "whatsapp").field("subject", "S").file("file", &file);
        assert_eq!(form.body.as_ptr(), room, "the body did not grow beyond its room");
    }
}
