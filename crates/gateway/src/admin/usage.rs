//! What a tenant has used, by the day, for billing.

use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use tenant_store::{OperationUsage, UsageDay};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError};

/// How many days are told of where the caller does not say.
const USUAL: Duration = Duration::days(31);

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// A day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageDay)]
pub struct UsageView {
    /// Which day, in UTC.
    #[serde(with = "day")]
    #[schema(value_type = String, format = Date, example = "2026-11-21")]
    pub day: Date,
    /// How many calls there were.
    pub operations: Vec<OperationCount>,
    /// How many times a message of the business reached somebody in a group.
    pub group_messages_delivered: i64,
}

/// How many calls of one operation ended in one way.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationCount {
    /// The operation.
    #[schema(example = "AddChatGroupInviteLink")]
    pub operation: String,
    /// What was answered: `OK`, a code of errors, or `Cancelled` where the caller hung up.
    #[schema(example = "OK")]
    pub code: String,
    /// How many times.
    pub calls: i64,
}

impl View for UsageView {}

/// Which days.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// How many days at the most: 1 to 1000, 100 where it is absent.
    limit: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
    /// The first day, in UTC; 30 days before the last where it is absent.
    #[param(example = "2026-11-01")]
    first: Option<String>,
    /// The last day; today where it is absent.
    #[param(example = "2026-11-30")]
    last: Option<String>,
}

/// What the tenant used on the days on which it used something, oldest first.
///
/// # Errors
/// [`AdminError`]
pub async fn list(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    query: UsageQuery,
) -> Result<Listed<UsageView>, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    let limit = Paging::limited(query.limit)?;
    let last = given("last", query.last.as_deref())?.unwrap_or_else(|| OffsetDateTime::now_utc().date());
    let usual = last.checked_sub(USUAL - Duration::DAY).unwrap_or(last);
    let first = given("first", query.first.as_deref())?.unwrap_or(usual);
    if first > last {
        return Err(AdminError::field("first", format!("a day that is not after {last}, the last")));
    }
    let after = given("after", query.after.as_deref())?.and_then(Date::next_day);
    let first = after.map_or(first, |after| after.max(first));
    let found = ctx.space(tenant).usage(first, last, limit + 1).await?;
    Ok(Paging::page(limit, found, |used| used.day.to_string(), UsageView::from))
}

fn given(field: &str, text: Option<&str>) -> Result<Option<Date>, AdminError> {
    let form = format_description!("[year]-[month]-[day]");
    let day = text.map(|text| Date::parse(text, form)).transpose();
    day.map_err(|_| AdminError::field(field, "a day such as 2026-11-21"))
}

impl From<UsageDay> for UsageView {
    fn from(used: UsageDay) -> Self {
        let count = |OperationUsage { operation, code, calls }| OperationCount { operation, code, calls };
        Self {
            day: used.day,
            operations: used.operations.into_iter().map(count).collect(),
            group_messages_delivered: used.group_messages_delivered,
        }
    }
}
