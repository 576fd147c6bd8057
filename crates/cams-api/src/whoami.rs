//! `GET /v1/whoami`: what a caller is told about itself.

use serde::Serialize;
use utoipa::ToSchema;

use crate::operation::Answer;

/// The caller's key, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct WhoAmI {
    /// The access key that the call was made with, or whose token it was made with.
    #[schema(example = "GGexample")]
    pub access_key_id: String,
    /// What the key may do, as it is now.
    pub grants: Vec<GrantInfo>,
    /// How many calls it has.
    pub limits: LimitsInfo,
    /// The token that the call was made with; absent where the key itself was shown. It only narrows the grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenInfo>,
}

impl Answer for WhoAmI {}

/// Scopes on tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GrantInfo {
    /// The tenants; `*` stands for all.
    #[schema(example = json!(["cams-demo1"]))]
    pub cust_space_ids: Vec<String>,
    /// What may be done there.
    #[schema(example = json!(["groups.read", "groups.write"]))]
    pub scopes: Vec<String>,
}

/// Limits of a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LimitsInfo {
    /// The access key's. Each tenant has its own beside it, which answers about that tenant tell.
    pub per_key: LimitInfo,
    /// That of its calls that change nothing; absent where they have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_key_read: Option<LimitInfo>,
    /// That of its calls that change something; absent where they have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_key_write: Option<LimitInfo>,
    /// That of its messages, and of the files of messages; absent where they have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_key_message: Option<LimitInfo>,
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LimitInfo {
    /// How many calls in a second (`s`), minute (`m`) or hour (`h`), and how many at once; or `off`.
    #[schema(example = "100/s;burst=200")]
    pub rate: String,
    /// How many calls get through now; absent where there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 199)]
    pub remaining: Option<u32>,
    /// After how many seconds the whole burst gets through; absent where there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    pub full_in_seconds: Option<u64>,
    /// How many calls may be in flight at the same time, on each replica; absent where as many as come may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 50)]
    pub in_flight: Option<u32>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct TokenInfo {
    /// The tenants that it is good for; `*` stands for all.
    #[schema(example = json!(["cams-demo1"]))]
    pub cust_space_ids: Vec<String>,
    /// What it is good for.
    #[schema(example = json!(["groups.read"]))]
    pub scopes: Vec<String>,
    /// When it ends, in Unix seconds.
    #[schema(example = 1_763_712_900)]
    pub expiration_timestamp: i64,
}
