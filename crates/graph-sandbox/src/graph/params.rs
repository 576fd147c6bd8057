//! The parameters of a call, wherever Graph takes them from: query, JSON, form, multipart.

use actix_multipart::Multipart;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value};

use super::errors::{GraphError, GraphResult};

/// How large one part of a multipart body may be, in bytes.
const MAX_PART: usize = 100 << 20;

/// The parameters of a call. Texts from forms may hold JSON, as Graph allows.
#[derive(Default)]
pub(crate) struct Params {
    values: Map<String, Value>,
    pub(crate) files: Vec<UploadedFile>,
}

/// A part of a multipart body with a file in it.
pub(crate) struct UploadedFile {
    /// The part's name, such as `file`.
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Bytes,
}

impl Params {
    /// Reads query and body; what the body says wins.
    pub(crate) async fn read(query: &str, headers: &HeaderMap, body: Bytes) -> GraphResult<Self> {
        let mut params = Self::default();
        params.add_form(query.as_bytes());
        let content_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let kind = content_type.unwrap_or_default().to_ascii_lowercase();
        // Clients send a Content-Type with calls that have no body; it then means nothing.
        if body.is_empty() {
            return Ok(params);
        }
        if kind.starts_with("multipart/form-data") {
            params.add_multipart(headers, body).await?;
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            params.add_form(&body);
        } else {
            params.add_json(&body)?;
        }
        Ok(params)
    }

    fn add_form(&mut self, text: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(text) {
            self.values.insert(name.into_owned(), value.into_owned().into());
        }
    }

    fn add_json(&mut self, body: &[u8]) -> GraphResult<()> {
        let refused = |_| GraphError::parameter("Invalid JSON in request body");
        let members: Map<String, Value> = serde_json::from_slice(body).map_err(refused)?;
        self.values.extend(members);
        Ok(())
    }

    async fn add_multipart(&mut self, headers: &HeaderMap, body: Bytes) -> GraphResult<()> {
        let mut parts = Multipart::new(headers, stream::iter([Ok(body)]));
        while let Some(part) = parts.next().await {
            let refused = |_| GraphError::parameter("Invalid multipart request body");
            let mut part = part.map_err(refused)?;
            let name = part.name().unwrap_or_default().to_owned();
            let content_type = part.content_type().map(ToString::to_string);
            let disposition = part.content_disposition();
            let is_file = disposition.is_some_and(|d| d.get_filename().is_some());
            let too_large = |_| GraphError::parameter("A part of the request body is too large");
            let content = part.bytes(MAX_PART).await.map_err(too_large)?;
            let content = content.map_err(|_| GraphError::parameter("Invalid multipart request body"))?;
            if is_file {
                self.files.push(UploadedFile { name, content_type, content });
            } else {
                let text = String::from_utf8_lossy(&content).into_owned();
                self.values.insert(name, text.into());
            }
        }
        Ok(())
    }

    /// A parameter as it came; `null` counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A text, or `None` where it is absent. Numbers are refused, as Graph does.
    pub(crate) fn text(&self, name: &str) -> GraphResult<Option<&str>> {
        let wrong = || GraphError::parameter(&format!("Param {name} must be a string."));
        let text = self.get(name).map(|value| value.as_str().ok_or_else(wrong));
        text.transpose()
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &str) -> GraphResult<&str> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A whole number, in JSON or in text.
    pub(crate) fn number(&self, name: &str) -> GraphResult<Option<i64>> {
        let wrong = || GraphError::parameter(&format!("Param {name} must be an integer."));
        let read = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        let number = self.get(name).map(|value| read(value).ok_or_else(wrong));
        number.transpose()
    }

    /// An array that must be there, in JSON or in text.
    pub(crate) fn required_list(&self, name: &str) -> GraphResult<Vec<Value>> {
        match self.structure(name) {
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(GraphError::parameter(&format!("Param {name} must be an array."))),
            None => Err(missing(name)),
        }
    }

    /// A value that is JSON, or text that holds JSON.
    pub(crate) fn structure(&self, name: &str) -> Option<Value> {
        match self.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        }
    }

    /// Refuses a body that is not meant for WhatsApp.
    pub(crate) fn require_messaging_product(&self) -> GraphResult<()> {
        let given = self.required_text("messaging_product")?;
        if given.eq_ignore_ascii_case("whatsapp") {
            return Ok(());
        }
        let message = format!("Param messaging_product must be one of {{WHATSAPP}} - got \"{given}\".");
        Err(GraphError::parameter(&message))
    }
}

/// Code 100 for a parameter that is absent.
pub(crate) fn missing(name: &str) -> GraphError {
    GraphError::parameter(&format!("The parameter {name} is required."))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use serde_json::json;

    use super::super::errors::Code;
    use super::*;

    async fn read(query: &str, kind: &'static str, body: &'static str) -> GraphResult<Params> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        Params::read(query, &headers, Bytes::from(body)).await
    }

    #[actix_web::test]
    async fn what_the_body_says_wins_over_the_query() {
        let params = read("a=1&b=2", "application/json", r#"{"b":"3"}"#).await.ok().unwrap();
        assert_eq!(params.text("a"), Ok(Some("1")));
        assert_eq!(params.text("b"), Ok(Some("3")));
        assert_eq!(params.text("c"), Ok(None));
    }

    #[actix_web::test]
    async fn lists_and_numbers_may_come_as_text() {
        let form = "ids=%5B%22x%22%2C%22y%22%5D&limit=7";
        let params = read("", "application/x-www-form-urlencoded", form).await.ok().unwrap();
        assert_eq!(params.required_list("ids"), Ok(vec![json!("x"), json!("y")]));
        assert_eq!(params.number("limit"), Ok(Some(7)));
    }

    #[actix_web::test]
    async fn null_counts_as_absent_and_wrong_types_are_named() {
        let body = r#"{"subject":null,"to":7,"ids":"no list","limit":"x"}"#;
        let params = read("", "application/json", body).await.ok().unwrap();
        assert_eq!(params.required_text("subject"), Err(missing("subject")));
        assert_eq!(params.text("to").unwrap_err().code, Code::PARAMETER);
        assert!(params.required_list("ids").is_err() && params.number("limit").is_err());
    }

    #[actix_web::test]
    async fn parts_with_a_file_name_are_files() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
            --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p.jpg\"\r\n\
            Content-Type: image/jpeg\r\n\r\n2\r\n--x--\r\n";
        let params = read("", "multipart/form-data; boundary=x", body).await.ok().unwrap();
        assert_eq!(params.text("a"), Ok(Some("1")));
        assert_eq!(params.files.len(), 1);
        assert_eq!(params.files[0].name, "file");
        assert_eq!(params.files[0].content_type.as_deref(), Some("image/jpeg"));
        assert_eq!(params.files[0].content, "2");
    }
}
