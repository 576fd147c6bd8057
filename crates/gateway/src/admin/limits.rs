//! A tenant's own limits.

use std::num::NonZeroU32;

use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use tenant_store::{InvalidLimit, Limit, Limits, MOST_CALLS, PerClass, Revision, StandingLimits};
use utoipa::ToSchema;

use super::view::View;
use super::{AdminContext, AdminError, FieldError};
use crate::limits::DefaultLimits;

/// A tenant's own limits; `null` is the gateway's setting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub struct LimitsView {
    /// Calls in the tenant's name, by whichever key.
    #[schema(value_type = Option<String>, example = "20/s;burst=40")]
    pub per_tenant: Option<Limit>,
    /// Those of them that change nothing.
    #[schema(value_type = Option<String>, example = json!(null))]
    pub per_tenant_read: Option<Limit>,
    /// Those of them that change something.
    #[schema(value_type = Option<String>, example = "5/s;in-flight=4")]
    pub per_tenant_write: Option<Limit>,
    /// Those of them that send a message, or have to do with the files of one.
    #[schema(value_type = Option<String>, example = json!(null))]
    pub per_tenant_message: Option<Limit>,
    /// Calls to Meta for each of its numbers.
    #[schema(value_type = Option<String>, example = "10/s;burst=20")]
    pub per_number: Option<Limit>,
    /// Those of them that change nothing.
    #[schema(value_type = Option<String>, example = json!(null))]
    pub per_number_read: Option<Limit>,
    /// Those of them that change something.
    #[schema(value_type = Option<String>, example = json!(null))]
    pub per_number_write: Option<Limit>,
    /// Those of them that send a message, or have to do with the files of one.
    #[schema(value_type = Option<String>, example = json!(null))]
    pub per_number_message: Option<Limit>,
    /// Calls in the tenant's name at the same time, on each replica.
    #[schema(value_type = Option<u32>, example = 8)]
    pub in_flight: Option<NonZeroU32>,
    #[serde(skip)]
    revision: Revision,
}

/// The limits that a tenant shall have, as texts. What is absent is `null`: the gateway's setting.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetLimits {
    /// A rate such as `100/s`, `20/m` or `500/h`, with a burst where it differs (`100/s;burst=200`), or `off`; and where
    /// wanted, how many calls may be in flight (`100/s;in-flight=50`).
    #[schema(example = "20/s;burst=40")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_tenant: Option<String>,
    /// The same for those that change nothing.
    #[schema(example = json!(null))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_tenant_read: Option<String>,
    /// The same for those that change something.
    #[schema(example = "5/s;in-flight=4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_tenant_write: Option<String>,
    /// The same for those that send a message, or have to do with the files of one.
    #[schema(example = json!(null))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_tenant_message: Option<String>,
    /// The same for calls to Meta.
    #[schema(example = "10/s;burst=20")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_number: Option<String>,
    /// The same for calls to Meta that change nothing.
    #[schema(example = json!(null))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_number_read: Option<String>,
    /// The same for calls to Meta that change something.
    #[schema(example = json!(null))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_number_write: Option<String>,
    /// The same for calls to Meta that send a message, or have to do with the files of one.
    #[schema(example = json!(null))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_number_message: Option<String>,
    /// How many calls in the tenant's name at once, on each replica: 1 to 9999999. It goes before the `in-flight` of
    /// `per_tenant`.
    #[schema(example = 8, minimum = 1, maximum = 9_999_999)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_flight: Option<u32>,
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

/// What holds where a tenant has no limit of its own.
pub fn defaults(ctx: &AdminContext) -> &DefaultLimits {
    ctx.services.limits.defaults()
}

/// Sets all of them.
///
/// # Errors
/// [`AdminError`]
pub async fn set(ctx: &AdminContext, tenant: &CustSpaceId, asked: SetLimits) -> Result<LimitsView, AdminError> {
    let limits = asked.checked().map_err(AdminError::Invalid)?;
    Ok(ctx.space(tenant).set_limits(&limits, &ctx.actor).await?.into())
}

impl SetLimits {
    /// The limits that are asked for.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub(crate) fn checked(self) -> Result<Limits, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut limit = |(field, text): (&str, Option<String>)| -> Option<Limit> {
            let told = |error: InvalidLimit| wrong.push(FieldError::new(field, error.to_string()));
            text.and_then(|text| text.parse().map_err(told).ok())
        };
        let (of_tenant, of_number, in_flight) = self.by_class();
        let per_tenant = Limits::PER_TENANT.zip(of_tenant).map(&mut limit);
        let per_number = Limits::PER_NUMBER.zip(of_number).map(&mut limit);
        if in_flight.is_some_and(|calls| !(1..=MOST_CALLS).contains(&calls)) {
            let told = format!("a whole number from 1 to {MOST_CALLS}, or null");
            wrong.push(FieldError::new(Limits::IN_FLIGHT, told));
        }
        let limits = Limits { per_tenant, per_number, in_flight: in_flight.and_then(NonZeroU32::new) };
        if wrong.is_empty() { Ok(limits) } else { Err(wrong) }
    }

    /// The tenant's, the number's, and the calls in flight.
    fn by_class(self) -> (PerClass<Option<String>>, PerClass<Option<String>>, Option<u32>) {
        let per_tenant = PerClass {
            all: self.per_tenant,
            read: self.per_tenant_read,
            write: self.per_tenant_write,
            message: self.per_tenant_message,
        };
        let per_number = PerClass {
            all: self.per_number,
            read: self.per_number_read,
            write: self.per_number_write,
            message: self.per_number_message,
        };
        (per_tenant, per_number, self.in_flight)
    }
}

impl From<&Limits> for SetLimits {
    fn from(limits: &Limits) -> Self {
        let text = |limit: Option<Limit>| limit.map(|limit| limit.to_string());
        let (tenant, number) = (limits.per_tenant.map(text), limits.per_number.map(text));
        Self {
            per_tenant: tenant.all,
            per_tenant_read: tenant.read,
            per_tenant_write: tenant.write,
            per_tenant_message: tenant.message,
            per_number: number.all,
            per_number_read: number.read,
            per_number_write: number.write,
            per_number_message: number.message,
            in_flight: limits.in_flight.map(Into::into),
        }
    }
}

impl LimitsView {
    /// The limits themselves.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            per_tenant: PerClass {
                all: self.per_tenant,
                read: self.per_tenant_read,
                write: self.per_tenant_write,
                message: self.per_tenant_message,
            },
            per_number: PerClass {
                all: self.per_number,
                read: self.per_number_read,
                write: self.per_number_write,
                message: self.per_number_message,
            },
            in_flight: self.in_flight,
        }
    }
}

impl From<StandingLimits> for LimitsView {
    fn from(standing: StandingLimits) -> Self {
        let Limits { per_tenant: tenant, per_number: number, in_flight } = standing.limits;
        Self {
            per_tenant: tenant.all,
            per_tenant_read: tenant.read,
            per_tenant_write: tenant.write,
            per_tenant_message: tenant.message,
            per_number: number.all,
            per_number_read: number.read,
            per_number_write: number.write,
            per_number_message: number.message,
            in_flight,
            revision: standing.revision,
        }
    }
}
