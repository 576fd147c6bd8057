//! The object that carries one of Meta's codes.

use serde_json::{Value, json};

pub(crate) use super::codes::Code;

/// A refusal, as Graph words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) code: Code,
    pub(crate) subcode: Option<u32>,
    kind: &'static str,
    message: String,
    details: Option<String>,
    /// A title and a text for people, which Graph has for templates.
    for_people: Option<(&'static str, String)>,
}

/// What a refusal comes to.
pub(crate) type GraphResult<T> = Result<T, GraphError>;

impl GraphError {
    /// The code with its own title and nothing more.
    pub(crate) fn new(code: Code) -> Self {
        Self::saying(code, code.title())
    }

    /// The code with a message of this case.
    pub(crate) fn saying(code: Code, message: &str) -> Self {
        let message = message.to_owned();
        Self { code, subcode: None, kind: "OAuthException", message, details: None, for_people: None }
    }

    /// The code, with what `error_data.details` tells of this case.
    pub(crate) fn detailed(code: Code, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..Self::new(code) }
    }

    /// Code 100: a parameter that is absent or of the wrong kind.
    pub(crate) fn parameter(message: &str) -> Self {
        Self::saying(Code::PARAMETER, message)
    }

    /// Code 100, subcode 33: an object that is not there, or that the token does not see.
    pub(crate) fn unknown_object(id: &str, method: &str) -> Self {
        let method = method.to_ascii_lowercase();
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be \
             loaded due to missing permissions, or does not support this operation"
        );
        Self { subcode: Some(33), kind: "GraphMethodException", ..Self::saying(Code::PARAMETER, &message) }
    }

    /// The same as another, with a subcode.
    pub(crate) fn with_subcode(self, subcode: u32) -> Self {
        Self { subcode: Some(subcode), ..self }
    }

    /// The same as another, with a title and a text for people.
    pub(crate) fn for_people(self, title: &'static str, text: impl Into<String>) -> Self {
        Self { for_people: Some((title, text.into())), ..self }
    }

    /// Of the kind that Graph gives for calls it cannot make sense of.
    pub(crate) fn of_method(self) -> Self {
        Self { kind: "GraphMethodException", ..self }
    }

    /// The body of the answer.
    pub(crate) fn body(&self, trace_id: &str) -> Value {
        let mut error = json!({
            "message": format!("(#{}) {}", self.code.0, self.message),
            "type": self.kind,
            "code": self.code.0,
            "is_transient": self.code.is_transient(),
            "fbtrace_id": trace_id,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        if let Some((title, text)) = &self.for_people {
            error["error_user_title"] = (*title).into();
            error["error_user_msg"] = text.as_str().into();
        }
        json!({ "error": error })
    }

    /// As it stands in what is told of a token.
    pub(crate) fn in_debug(&self) -> Value {
        let mut error = json!({ "code": self.code.0, "message": self.message });
        if let Some(subcode) = self.subcode {
            error["subcode"] = subcode.into();
        }
        error
    }

    /// As it stands in the `errors` of webhooks and of answers with partial success.
    pub(crate) fn in_webhook(&self) -> Value {
        let details = self.details.as_deref().unwrap_or(&self.message);
        json!({
            "code": self.code.0,
            "title": self.code.title(),
            "message": format!("(#{}) {}", self.code.0, self.message),
            "error_data": { "details": details },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_object_has_what_graph_requires_and_what_is_known() {
        let error = GraphError::detailed(Code::VALUE, "too long").body("A1");
        assert_eq!(error["error"]["message"], "(#131009) Parameter value is not valid");
        assert_eq!(error["error"]["type"], "OAuthException");
        assert_eq!(error["error"]["code"], 131_009);
        assert_eq!(error["error"]["error_data"]["details"], "too long");
        assert_eq!(error["error"]["fbtrace_id"], "A1");
        assert!(error["error"].get("error_subcode").is_none());
    }

    #[test]
    fn an_unknown_object_is_named_as_graph_does() {
        let error = GraphError::unknown_object("7", "GET").body("A1");
        assert_eq!(error["error"]["error_subcode"], 33);
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains("Unsupported get request. Object with ID '7' does not exist"));
    }

    #[test]
    fn in_a_webhook_an_error_has_title_and_details() {
        let error = GraphError::new(Code::NOT_A_PARTICIPANT).in_webhook();
        assert_eq!(error["code"], 131_212);
        assert_eq!(error["title"], "Participant is not in the group");
        assert!(error["error_data"]["details"].is_string());
    }
}
