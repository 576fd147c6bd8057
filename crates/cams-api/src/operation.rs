//! What an operation is, for everything that treats all of them alike: routes, documents, tests.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::identifiers::{BusinessNumber, CustSpaceId, GroupId};
use crate::{Code, Scope};

/// One operation of the normalized API. Its implementor is the request.
pub trait Operation: DeserializeOwned + ToSchema + 'static {
    /// What it gives beside the envelope.
    type Answer: Answer;

    /// CAMS's name of it, such as `AddChatGroupInviteLink`.
    const NAME: &'static str;
    /// The scope that a caller must hold on the tenant.
    const SCOPE: Scope;
    /// The section of the documentation that it stands in.
    const NOUN: &'static str;
    /// What it does, in half a line.
    const SUMMARY: &'static str;
    /// What it does, what Meta does, and what to know.
    const DESCRIPTION: &'static str;
    /// Whether it calls Meta, and can so give [`UPSTREAM_CODES`].
    const CALLS_UPSTREAM: bool = true;
    /// The largest body of a request, in bytes.
    const BODY_LIMIT: usize = 256 * 1024;
    /// Whether it changes something, and can so be called with an [`IdempotencyKey`](crate::idempotency::IdempotencyKey).
    const IS_CHANGE: bool = !matches!(Self::SCOPE, Scope::GroupsRead | Scope::EventsRead | Scope::AdminRead);
    /// The codes that it can give beside [`COMMON_CODES`].
    const CODES: &'static [Code];

    /// The tenant that the call is about.
    fn cust_space_id(&self) -> &CustSpaceId;

    /// The number that the call is about; `None` where it is about all of the tenant's.
    fn business_number(&self) -> Option<&BusinessNumber>;

    /// The group that the call is about, where it is about one.
    fn group_id(&self) -> Option<&GroupId> {
        None
    }

    /// A request that works as it stands in the demo.
    fn example() -> Value;

    /// What the example's answer looks like, beside the envelope.
    fn example_answer() -> Value;
}

/// What an operation answers with.
pub trait Answer: Serialize + ToSchema + 'static {
    /// `OK`, or `PartialSuccess` where some of it failed.
    fn code(&self) -> Code {
        Code::Ok
    }
}

/// Codes that every operation can give.
pub const COMMON_CODES: &[Code] = &[
    Code::MissingParameter,
    Code::InvalidParameter,
    Code::Unauthorized,
    Code::InvalidToken,
    Code::ExpiredToken,
    Code::ForbiddenScope,
    Code::ForbiddenTenant,
    Code::TenantSuspended,
    Code::ThrottlingUser,
    Code::ThrottlingTenant,
    Code::BusinessNumberNotFound,
    Code::MethodNotAllowed,
    Code::RequestTooLarge,
    Code::UnsupportedMediaType,
    Code::ServiceUnavailable,
    Code::InternalError,
];

/// Codes that every operation can give that calls Meta.
pub const UPSTREAM_CODES: &[Code] = &[
    Code::CredentialMissing,
    Code::CredentialInvalid,
    Code::CredentialForbidden,
    Code::BusinessNumberNotEligible,
    Code::ThrottlingUpstream,
    Code::UpstreamRejected,
    Code::UpstreamUnavailable,
    Code::UpstreamTimeout,
];
