//! What stands around every answer and every error.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Code;
use crate::operations::{Invitation, SettingResults, UpstreamFault};

/// CAMS's word for nothing, in `Message` and `AccessDeniedDetail`.
const NONE: &str = "None";

/// An answer: the fields that all have, with an operation's own beside them.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, T> {
    /// What every answer has.
    #[serde(flatten)]
    pub common: Common<'a>,
    /// The operation's own fields.
    #[serde(flatten)]
    pub answer: T,
}

/// The fields that every answer has.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Common<'a> {
    /// The gateway's ID of this call, a UUID of version 7; also in the header `x-request-id`.
    #[schema(example = "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d")]
    pub request_id: Uuid,
    /// `OK`, or why the call failed.
    #[schema(value_type = String, example = "OK")]
    pub code: &'a str,
    /// Whether the call was done, at least in part.
    #[schema(example = true)]
    pub success: bool,
    /// What went wrong and what to do; `None` where nothing did.
    #[schema(example = "None")]
    pub message: &'a str,
    /// With a `Forbidden…` code, the scope that is missing, or the tenant that no grant names, such as
    /// `cust_space:cams-8c8pdv`; else `None`.
    #[schema(example = "None")]
    pub access_denied_detail: &'a str,
}

impl<T> Envelope<'static, T> {
    /// Around what was done.
    pub fn done(request_id: Uuid, code: Code, answer: T) -> Self {
        let (success, code) = (code.is_success(), code.as_str());
        Self { common: Common { request_id, code, success, message: NONE, access_denied_detail: NONE }, answer }
    }
}

impl<'a> Envelope<'a, Refusal> {
    /// Around what was not done.
    pub fn refused(request_id: Uuid, code: Code, message: &'a str, missing: Option<&'a str>, refusal: Refusal) -> Self {
        let access_denied_detail = missing.unwrap_or(NONE);
        let code = code.as_str();
        Self { common: Common { request_id, code, success: false, message, access_denied_detail }, answer: refusal }
    }
}

/// An error of the RPC face, which has two members more.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RpcRefusal<'a> {
    /// What every face tells.
    #[serde(flatten)]
    pub refusal: Envelope<'a, Refusal>,
    /// The host that the caller named.
    pub host_id: &'a str,
    /// Where to read on.
    pub recommend: &'a str,
}

/// What an error carries beside the common fields.
#[derive(Debug, Default, Clone, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Refusal {
    /// Meta's own words, where Meta refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
    /// With `Upstream.Unavailable` and `Upstream.Timeout`: whether the same call can be sent again
    /// without the change being made twice. `false` stands with any other code, too, such as `ServiceUnavailable`,
    /// `InternalError` or `Upstream.Rejected`, where the change may have happened, be it in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_safe: Option<bool>,
    /// The change that the call had begun, for `QueryChatGroupRequest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d")]
    pub unique_code: Option<Uuid>,
    /// Where Meta did none of it: each participant or join request, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<UpstreamFault>,
    /// Where Meta changed none of the settings: each that was asked for, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<SettingResults>,
    /// With `EventsExpired`: the first `Sequence` that is kept. Where none is, the one that the next event gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1742)]
    pub oldest_sequence: Option<i64>,
    /// Where none of several messages was sent: each, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<Invitation>,
}

/// Meta's error, as it came.
///
/// See [Meta's error object](https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/).
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Upstream {
    /// Meta's code, such as 131215.
    #[schema(example = 131_009)]
    pub code: i64,
    /// Meta's `error_subcode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    /// Meta's type, such as `OAuthException`.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    #[schema(example = "OAuthException")]
    pub error_type: Option<String>,
    /// Meta's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "(#131009) Parameter value is not valid")]
    pub message: Option<String>,
    /// Meta's `error_data.details`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Meta's trace ID, which its support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Az8or2yhqkZfEZ-_4Qn_Bam")]
    pub fbtrace_id: Option<String>,
}
