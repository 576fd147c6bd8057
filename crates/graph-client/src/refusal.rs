//! Meta's error object ([Meta: handling errors][errors]).
//!
//! [errors]: https://developers.facebook.com/docs/graph-api/guides/error-handling

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    codes::{self, RefusalKind, ThrottleScope},
    error::{Acted, Effect},
    lenient,
    token::Token,
    usage::Usage,
};

/// How much of each of Meta's words is kept, in characters.
const LONGEST_WORDS: usize = 1000;

/// The HTTP status of a throttle, with which few of Meta's come.
const TOO_MANY: u16 = 429;

/// Meta's refusal of a call, with the token taken out of its words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The HTTP status, which says less than the code.
    pub status: u16,
    /// What to branch on.
    pub code: i64,
    /// `error_subcode`.
    pub subcode: Option<i64>,
    /// `type`, such as `OAuthException`.
    pub error_type: Option<String>,
    /// `message`, for developers.
    pub message: String,
    /// `error_data.details`, or `error_data` where it is a string.
    pub details: Option<String>,
    /// `error_user_title`.
    pub user_title: Option<String>,
    /// `error_user_msg`.
    pub user_message: Option<String>,
    /// `is_transient`, false where absent.
    pub is_transient: bool,
    /// What Meta's support asks for.
    pub fbtrace_id: Option<String>,
    /// The answer's usage headers.
    pub usage: Usage,
    /// What the refused call was to do.
    pub effect: Effect,
}

#[derive(Deserialize)]
struct Envelope {
    error: ErrorObject,
}

#[derive(Deserialize)]
struct ErrorObject {
    #[serde(default, deserialize_with = "lenient::integer")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    error_subcode: Option<i64>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    error_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    message: Option<String>,
    #[serde(default)]
    error_data: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    error_user_title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    error_user_msg: Option<String>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    is_transient: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    fbtrace_id: Option<String>,
}

/// Where a refusal was met.
pub(crate) struct Circumstances<'a> {
    pub(crate) status: u16,
    pub(crate) usage: Usage,
    pub(crate) effect: Effect,
    pub(crate) token: &'a Token,
}

impl Refusal {
    /// Reads an answer's body.
    ///
    /// # Errors
    /// The answer's usage headers, where the body is not Meta's error object with a code.
    pub(crate) fn read(body: &[u8], met: Circumstances<'_>) -> Result<Self, Usage> {
        let object = serde_json::from_slice::<Envelope>(body).ok().map(|envelope| envelope.error);
        let Some((code, object)) = object.and_then(|object| Some((object.code?, object))) else {
            return Err(met.usage);
        };
        let mut refusal = Self {
            status: met.status,
            code,
            subcode: object.error_subcode,
            error_type: object.error_type,
            message: object.message.unwrap_or_default(),
            details: details(object.error_data),
            user_title: object.error_user_title,
            user_message: object.error_user_msg,
            is_transient: object.is_transient.unwrap_or(false),
            fbtrace_id: object.fbtrace_id,
            usage: met.usage,
            effect: met.effect,
        };
        refusal.words().for_each(|words| met.token.redact(words));
        refusal.words().for_each(shorten);
        Ok(refusal)
    }

    /// What the refusal means for the caller.
    pub fn kind(&self) -> RefusalKind {
        match RefusalKind::of(self.code, self.subcode) {
            // Of a code that no page of Meta's has, the status is all that is known.
            RefusalKind::Rejected if self.status == TOO_MANY => RefusalKind::Throttled,
            // A code that no page of Meta's has, of which Meta itself says that it will pass.
            RefusalKind::Rejected if self.is_transient => RefusalKind::Transient,
            kind => kind,
        }
    }

    /// Which quota is used up; `None` where the refusal is about something else. A code that no page of Meta's has is taken
    /// to be about the number, as the only one of Meta's is that comes with 429.
    pub fn throttle_scope(&self) -> Option<ThrottleScope> {
        (self.kind() == RefusalKind::Throttled).then(|| ThrottleScope::of(self.code).unwrap_or(ThrottleScope::Number))
    }

    /// Whether the same call may well succeed later, without anybody's doing.
    pub fn passes(&self) -> bool {
        matches!(self.kind(), RefusalKind::Throttled | RefusalKind::Transient)
    }

    /// Whether the change may have happened all the same.
    pub fn acted(&self) -> Acted {
        Acted::when(codes::leaves_open(self.kind()), self.effect)
    }

    fn words(&mut self) -> impl Iterator<Item = &mut String> {
        [&mut self.details, &mut self.user_title, &mut self.user_message]
            .into_iter()
            .flatten()
            .chain(std::iter::once(&mut self.message))
    }
}

/// Words are passed on to callers and into logs, so they have a bound.
fn shorten(words: &mut String) {
    if let Some((end, _)) = words.char_indices().nth(LONGEST_WORDS) {
        words.truncate(end);
        words.push('…');
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Meta refused with code {}", self.code)?;
        if let Some(subcode) = self.subcode {
            write!(f, ", subcode {subcode}")?;
        }
        write!(f, " (HTTP {}): {}", self.status, self.message)?;
        if let Some(details) = &self.details {
            write!(f, " ({details})")?;
        }
        match &self.fbtrace_id {
            Some(id) => write!(f, " [fbtrace_id {id}]"),
            None => Ok(()),
        }
    }
}

/// `error_data` is an object with `details`, or on edges that are not WhatsApp's a plain string.
pub(crate) fn details(error_data: Value) -> Option<String> {
    match error_data {
        Value::Object(mut members) => members.remove("details").and_then(lenient::as_text),
        other => lenient::as_text(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Refusal> {
        let token = Token::new(&"EAAGabcdefghijkl".into(), None).unwrap();
        let met = Circumstances { status: 400, usage: Usage::default(), effect: Effect::Change, token: &token };
        Refusal::read(body.as_bytes(), met).ok()
    }

    #[test]
    fn the_whole_object_is_read() {
        let refusal = read(
            r#"{"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,
                "error_data":{"messaging_product":"whatsapp","details":"Too many"},"error_subcode":2494055,
                "error_user_title":"T","error_user_msg":"M","is_transient":true,"fbtrace_id":"Az8or2"}}"#,
        )
        .unwrap();
        assert_eq!((refusal.code, refusal.subcode), (130_429, Some(2_494_055)));
        assert_eq!(refusal.error_type.as_deref(), Some("OAuthException"));
        assert_eq!(refusal.details.as_deref(), Some("Too many"));
        assert_eq!(refusal.user_title.as_deref(), Some("T"));
        assert_eq!(refusal.user_message.as_deref(), Some("M"));
        assert!(refusal.is_transient);
        assert_eq!(
            refusal.to_string(),
            "Meta refused with code 130429, subcode 2494055 (HTTP 400): (#130429) Rate limit hit (Too many) \
             [fbtrace_id Az8or2]"
        );
    }

    #[test]
    fn the_minimal_object_of_the_reference_is_enough() {
        let refusal = read(r#"{"error":{"message":"m","type":"t","code":"100"}}"#).unwrap();
        assert_eq!((refusal.code, refusal.is_transient), (100, false));
    }

    #[test]
    fn error_data_may_be_a_plain_string() {
        let refusal = read(r#"{"error":{"code":1,"error_data":"plain"}}"#).unwrap();
        assert_eq!(refusal.details.as_deref(), Some("plain"));
    }

    #[test]
    fn what_is_not_the_object_is_no_refusal() {
        for body in ["", "<html>", "{}", r#"{"error":"invalid_request"}"#, r#"{"error":{"message":"m"}}"#, "[]"] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn a_code_that_nobody_knows_is_a_throttle_of_the_number_where_its_status_is_one() {
        use RefusalKind::{Throttled, TokenInvalid, Transient};
        use ThrottleScope::{App, Number};
        for (status, code, kind, scope) in [
            (429, 999_999, Throttled, Some(Number)),
            (400, 999_999, Transient, None),
            (429, 4, Throttled, Some(App)),
            (400, 4, Throttled, Some(App)),
            (429, 190, TokenInvalid, None),
            (429, 2, Transient, None),
        ] {
            let body = format!(r#"{{"error":{{"code":{code},"is_transient":true}}}}"#);
            let token = Token::new(&"EAAGabcdefghijkl".into(), None).unwrap();
            let met = Circumstances { status, usage: Usage::default(), effect: Effect::Change, token: &token };
            let refusal = Refusal::read(body.as_bytes(), met).unwrap();
            assert_eq!((refusal.kind(), refusal.throttle_scope()), (kind, scope), "{status} {code}");
        }
    }

    #[test]
    fn a_token_in_metas_words_does_not_come_through() {
        let refusal = read(
            r#"{"error":{"code":190,"message":"Malformed access token EAAGabcdefghijkl",
                "error_user_msg":"EAAGabcdefghijkl","error_data":{"details":"EAAGabcdefghijkl"}}}"#,
        )
        .unwrap();
        assert!(!format!("{refusal:?} {refusal}").contains("EAAGabcdefghijkl"));
    }
}
