//! Every code that a caller can see, with its HTTP status and its meaning, in one table.

use std::fmt;

use serde::{Serialize, Serializer};

/// Makes [`Code`] from the table below, so that a code cannot exist without its row.
macro_rules! codes {
    ($($name:ident, $text:literal, $status:literal, $meaning:literal;)*) => {
        /// The `Code` of an answer.
        ///
        /// The HTTP status follows the code, in every face: SDKs raise on 4xx and 5xx and read
        /// `Code`, `Message` and `RequestId` from the body.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as callers see it, such as `Group.NotFound`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with the code.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What the code means, in one sentence for the documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    Ok, "OK", 200, "Done, or accepted where `UniqueCode` stands alone.";
    PartialSuccess, "PartialSuccess", 200, "Some of it was done and some failed; `Failed` or `Fields` says which.";
    MissingParameter, "MissingParameter", 400, "A required parameter is absent or empty; the message names it.";
    InvalidParameter, "InvalidParameter", 400, "A parameter is wrong or unknown; the message names it, the value and the rule.";
    NotFound, "NotFound", 404, "There is nothing at this path.";
    MethodNotAllowed, "MethodNotAllowed", 405, "The path exists, but not with this method; `Allow` names those that it has.";
    RequestTooLarge, "RequestTooLarge", 413, "The body is larger than this operation takes.";
    UnsupportedMediaType, "UnsupportedMediaType", 415, "The body's type is not one that this operation reads.";
    UniqueCodeNotFound, "UniqueCode.NotFound", 404, "The tenant has no asynchronous change of this `UniqueCode`.";
    InvalidActionNotFound, "InvalidAction.NotFound", 404, "There is no operation of this name.";
    InvalidVersion, "InvalidVersion", 400, "The API's version is not `2020-06-06`.";
    InvalidAccessKeyIdNotFound, "InvalidAccessKeyId.NotFound", 404, "There is no access key of this ID.";
    InvalidAccessKeyIdInactive, "InvalidAccessKeyId.Inactive", 400, "The access key is revoked or expired.";
    SignatureDoesNotMatch, "SignatureDoesNotMatch", 400, "The signature does not fit the request and the key's secret.";
    IncompleteSignature, "IncompleteSignature", 400, "A part of the signature is absent or malformed; the message names it.";
    SignatureNonceUsed, "SignatureNonceUsed", 400, "The request's nonce was used before; each request takes one of its own.";
    InvalidTimeStampFormat, "InvalidTimeStamp.Format", 400, "The time that the request was signed at is not written as `2026-11-21T06:46:33Z`.";
    InvalidTimeStampExpired, "InvalidTimeStamp.Expired", 400, "The request was signed at a time more than 15 minutes from the gateway's.";
    Unauthorized, "Unauthorized", 401, "No credentials, or wrong ones.";
    InvalidToken, "InvalidToken", 401, "The Bearer token is not one of ours, or is damaged.";
    ExpiredToken, "ExpiredToken", 401, "The Bearer token is past its `exp`; get a new one.";
    ForbiddenScope, "Forbidden.Scope", 403, "No grant of the caller gives this scope for this tenant.";
    ForbiddenTenant, "Forbidden.Tenant", 403, "No grant of the caller names this tenant, or there is no such tenant.";
    BusinessNumberNotFound, "BusinessNumber.NotFound", 404, "The tenant has no such business number.";
    GroupNotFound, "Group.NotFound", 404, "No such group is known for this business number.";
    TenantSuspended, "Tenant.Suspended", 403, "An administrator has suspended the tenant.";
    CredentialInvalid, "Credential.Invalid", 424, "Meta refused the tenant's token; an administrator must replace it.";
    CredentialForbidden, "Credential.Forbidden", 424, "The tenant's token lacks a permission at Meta.";
    CredentialMissing, "Credential.Missing", 424, "No token is stored for the tenant.";
    GroupSuspended, "Group.Suspended", 409, "Meta has suspended the group (131207).";
    BusinessNumberNotEligible, "BusinessNumber.NotEligible", 422, "Meta does not let this number have groups (131215): it takes an Official Business Account.";
    ThrottlingUser, "Throttling.User", 429, "The access key's limit; `Retry-After` says when to come back.";
    ThrottlingTenant, "Throttling.Tenant", 429, "The tenant's limit; `Retry-After` says when to come back.";
    ThrottlingUpstream, "Throttling.Upstream", 429, "Meta's limit for the number; `Retry-After` says when to come back.";
    EventsExpired, "EventsExpired", 410, "The events after this `Sequence` are kept no longer; `OldestSequence` is the first that is.";
    IdempotentParameterMismatch, "IdempotentParameterMismatch", 422, "The idempotency key was used with another request within the last 24 hours.";
    IdempotentProcessing, "IdempotentProcessing", 409, "A call with this idempotency key still runs, or broke off with an unknown outcome; the message says which.";
    UpstreamRejected, "Upstream.Rejected", 422, "Meta refused for a reason of the request; `Upstream` has its words.";
    UpstreamUnavailable, "Upstream.Unavailable", 502, "Meta could not be reached, or is out of order; `RetrySafe` says whether the change may have happened.";
    UpstreamTimeout, "Upstream.Timeout", 504, "Meta did not answer in time; `RetrySafe` says whether the change may have happened.";
    ServiceUnavailable, "ServiceUnavailable", 503, "The gateway is starting, stopping, without its database for this call, or fetches as many URLs as it can at once.";
    InternalError, "InternalError", 500, "The gateway's own fault; the message has the request ID.";
}

impl Code {
    /// The code that callers see as `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Whether the answer carries a result: `Success` in the envelope.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Ok | Self::PartialSuccess)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
