//! A tenant's own limits.

use std::num::NonZeroU32;

use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use tenant_store::{Limits, Rate, Revision, StandingLimits};
use utoipa::ToSchema;

use super::view::View;
use super::{AdminContext, AdminError, FieldError};
use crate::limits::DefaultRates;

/// As in rates.
const MOST_IN_FLIGHT: u32 = 9_999_999;

/// A tenant's own limits; `null` is the gateway's setting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub struct LimitsView {
    /// Calls in the tenant's name, by whichever key.
    #[schema(value_type = Option<String>, example = "20/s;burst=40")]
    pub per_tenant: Option<Rate>,
    /// Calls to Meta for each of its numbers.
    #[schema(value_type = Option<String>, example = "10/s;burst=20")]
    pub per_number: Option<Rate>,
    /// Calls in the tenant's name at the same time, on each replica.
    #[schema(value_type = Option<u32>, example = 8)]
    pub in_flight: Option<NonZeroU32>,
    #[serde(skip)]
    revision: Revision,
}

/// The limits that a tenant shall have. What is absent is `null`: the gateway's setting.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLimits {
    /// A rate such as `100/s`, `20/m` or `500/h`, with a burst where it differs (`100/s;burst=200`), or `off`.
    #[schema(example = "20/s;burst=40")]
    per_tenant: Option<String>,
    /// The same for calls to Meta.
    #[schema(example = "10/s;burst=20")]
    per_number: Option<String>,
    /// How many calls at once: 1 to 9999999.
    #[schema(example = 8, minimum = 1, maximum = 9_999_999)]
    in_flight: Option<u32>,
}

impl View for LimitsView {
    fn revision(&self) -> Option<Revision> {
        Some(self.revision)
    }
}

/// The tenant's own limits.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<LimitsView, AdminError> {
    Ok(ctx.space(tenant).standing_limits().await?.into())
}

/// What holds where a tenant has no limit of its own; as many calls as come may be in flight.
pub fn defaults(ctx: &AdminContext) -> DefaultRates {
    ctx.services.resolver.default_rates()
}

/// Sets all of them.
///
/// # Errors
/// [`AdminError`]
pub async fn set(ctx: &AdminContext, tenant: &CustSpaceId, asked: SetLimits) -> Result<LimitsView, AdminError> {
    let limits = checked(asked.per_tenant.as_deref(), asked.per_number.as_deref(), asked.in_flight)
        .map_err(AdminError::Invalid)?;
    Ok(ctx.space(tenant).set_limits(&limits, &ctx.actor).await?.into())
}

/// The limits that are asked for.
///
/// # Errors
/// What is wrong, field by field.
pub(crate) fn checked(
    per_tenant: Option<&str>,
    per_number: Option<&str>,
    in_flight: Option<u32>,
) -> Result<Limits, Vec<FieldError>> {
    let mut wrong = Vec::new();
    let mut rate = |field: &str, text: Option<&str>| -> Option<Rate> {
        let told = |error: tenant_store::InvalidRate| wrong.push(FieldError::new(field, error.to_string()));
        text.and_then(|text| text.parse().map_err(told).ok())
    };
    let (per_tenant, per_number) = (rate("per_tenant", per_tenant), rate("per_number", per_number));
    if in_flight.is_some_and(|calls| !(1..=MOST_IN_FLIGHT).contains(&calls)) {
        wrong.push(FieldError::new("in_flight", format!("a whole number from 1 to {MOST_IN_FLIGHT}, or null")));
    }
    let limits = Limits { per_tenant, per_number, in_flight: in_flight.and_then(NonZeroU32::new) };
    if wrong.is_empty() { Ok(limits) } else { Err(wrong) }
}

impl From<StandingLimits> for LimitsView {
    fn from(standing: StandingLimits) -> Self {
        let Limits { per_tenant, per_number, in_flight } = standing.limits;
        Self { per_tenant, per_number, in_flight, revision: standing.revision }
    }
}
