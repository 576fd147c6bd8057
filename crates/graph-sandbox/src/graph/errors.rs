//! Meta's error codes and the object that carries them.
//!
//! Sources: <https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes>
//! and <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/error-codes>.

use serde_json::{Value, json};

/// One of Meta's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

impl Code {
    pub(crate) const CAPABILITY: Self = Self(3);
    pub(crate) const PERMISSION: Self = Self(10);
    pub(crate) const PARAMETER: Self = Self(100);
    pub(crate) const NO_TOKEN: Self = Self(104);
    pub(crate) const TOKEN: Self = Self(190);
    pub(crate) const UNKNOWN_PATH: Self = Self(2500);
    pub(crate) const VALUE: Self = Self(131_009);
    pub(crate) const SINGLE_MEMBER: Self = Self(131_020);
    pub(crate) const GROUP_UNKNOWN: Self = Self(131_041);
    pub(crate) const UNSUPPORTED_TYPE: Self = Self(131_051);
    pub(crate) const CURSOR: Self = Self(131_059);
    pub(crate) const PARTIAL: Self = Self(131_201);
    pub(crate) const DUPLICATE: Self = Self(131_202);
    pub(crate) const TERMS: Self = Self(131_203);
    pub(crate) const GROUP_FULL: Self = Self(131_204);
    pub(crate) const SUSPENDED: Self = Self(131_207);
    pub(crate) const NOT_SQUARE: Self = Self(131_209);
    pub(crate) const TOO_SMALL: Self = Self(131_210);
    pub(crate) const TOO_MANY_GROUPS: Self = Self(131_211);
    pub(crate) const NOT_A_PARTICIPANT: Self = Self(131_212);
    pub(crate) const NO_JOIN_REQUEST: Self = Self(131_213);
    pub(crate) const NOT_ELIGIBLE: Self = Self(131_215);

    /// The HTTP status that Meta's pages print beside the code.
    pub(crate) fn status(self) -> u16 {
        match self.0 {
            0 | 102 | 104 | 190 => 401,
            1 | 3 | 131_000 | 131_016 | 131_045 | 131_057 | 133_000 => 500,
            2 | 133_004 => 503,
            10 | 200..=299 | 368 | 130_403 | 130_497 | 131_005 | 131_031 | 131_207 => 403,
            803 | 132_001 => 404,
            131_201 => 206,
            131_208 => 429,
            _ => 400,
        }
    }

    /// The title of the code.
    pub(crate) fn title(self) -> &'static str {
        match self.0 {
            0 | 190 => "Invalid OAuth access token",
            1 => "An unknown error occurred",
            2 => "Service temporarily unavailable",
            3 => "Application does not have the capability to make this API call",
            4 => "Application request limit reached",
            10 => "Application does not have permission for this action",
            100 => "Invalid parameter",
            104 => "An access token is required to request this resource",
            368 => "Temporarily blocked for policies violations",
            803 => "Some of the aliases you requested do not exist",
            2500 => "Unknown path components",
            80_007 | 130_429 => "Rate limit hit",
            131_000 => "Something went wrong",
            131_005 => "Access denied",
            131_008 => "Required parameter is missing",
            131_009 => "Parameter value is not valid",
            131_016 => "Service unavailable",
            131_020 => "Invalid group: it has no other member",
            131_041 => "Group does not exist, or the business is not in it",
            131_047 => "Re-engagement message",
            131_051 => "Unsupported message type",
            131_056 => "Pair rate limit hit",
            131_059 => "Invalid or expired cursor",
            131_201 => "The request succeeded in part",
            131_202 => "Duplicate participant",
            131_203 => "Recipient has not accepted our new Terms of Service",
            131_204 => "Participant limit of the group reached",
            131_207 => "Group is suspended",
            131_208 => "Rate limit for groups hit",
            131_209 => "Profile picture is not square",
            131_210 => "Profile picture is too small",
            131_211 => "Limit of groups reached",
            131_212 => "Participant is not in the group",
            131_213 => "Join request does not exist",
            131_214 => "Creating groups is temporarily disabled",
            131_215 => "Business number is not eligible for groups",
            _ => "An error occurred",
        }
    }

    fn is_transient(self) -> bool {
        matches!(self.0, 2 | 4 | 80_007 | 130_429 | 131_016 | 131_208 | 133_004)
    }
}

/// A refusal, as Graph words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) code: Code,
    pub(crate) subcode: Option<u32>,
    kind: &'static str,
    message: String,
    details: Option<String>,
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
        Self { code, subcode: None, kind: "OAuthException", message: message.to_owned(), details: None }
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
        json!({ "error": error })
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
    fn the_codes_of_groups_have_the_status_that_metas_page_prints() {
        let statuses = [
            (131_020, 400),
            (131_041, 400),
            (131_059, 400),
            (131_201, 206),
            (131_202, 400),
            (131_204, 400),
            (131_207, 403),
            (131_208, 429),
            (131_209, 400),
            (131_210, 400),
            (131_211, 400),
            (131_212, 400),
            (131_213, 400),
            (131_214, 400),
            (131_215, 400),
        ];
        for (code, status) in statuses {
            assert_eq!(Code(code).status(), status, "{code}");
            assert_ne!(Code(code).title(), Code(u32::MAX).title(), "{code} has a title");
        }
    }

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
