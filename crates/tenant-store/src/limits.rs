//! A tenant's own limits, where they differ from the gateway's settings.

use std::num::NonZeroU32;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;
use sqlx::PgConnection;

use crate::{Actor, Limit, PerClass, Revision, Space, StoreError, audit::Action};

/// The limits in a row, which has a type of its own for each statement.
macro_rules! limits_of {
    ($row:expr) => {
        $crate::limits::stored(
            $crate::PerClass {
                all: $row.per_tenant,
                read: $row.per_tenant_read,
                write: $row.per_tenant_write,
                message: $row.per_tenant_message,
            },
            $crate::PerClass {
                all: $row.per_number,
                read: $row.per_number_read,
                write: $row.per_number_write,
                message: $row.per_number_message,
            },
            $row.in_flight,
        )
    };
}

pub(crate) use limits_of;

/// What a tenant may use. `None` is the gateway's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls in the tenant's name, by whichever key.
    pub per_tenant: PerClass<Option<Limit>>,
    /// Calls to Meta for each of its numbers.
    pub per_number: PerClass<Option<Limit>>,
    /// Calls in the tenant's name at the same time, on each replica. It goes before what the limit of all of the tenant's
    /// calls says of calls in flight, be that its own or the gateway's default.
    pub in_flight: Option<NonZeroU32>,
}

impl Limits {
    /// The names of [`Limits::per_tenant`]'s, in interfaces and in the table.
    pub const PER_TENANT: PerClass<&'static str> = PerClass {
        all: "per_tenant",
        read: "per_tenant_read",
        write: "per_tenant_write",
        message: "per_tenant_message",
    };
    /// The names of [`Limits::per_number`]'s.
    pub const PER_NUMBER: PerClass<&'static str> = PerClass {
        all: "per_number",
        read: "per_number_read",
        write: "per_number_write",
        message: "per_number_message",
    };
    /// The name of [`Limits::in_flight`].
    pub const IN_FLIGHT: &'static str = "in_flight";

    /// All but [`Limits::in_flight`], by name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Option<Limit>)> {
        let of_tenant = Self::PER_TENANT.zip(self.per_tenant);
        of_tenant.into_iter().chain(Self::PER_NUMBER.zip(self.per_number))
    }
}

impl Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, limit) in self.named() {
            map.serialize_entry(name, &limit)?;
        }
        map.serialize_entry(Self::IN_FLIGHT, &self.in_flight)?;
        map.end()
    }
}

/// A tenant's own limits as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingLimits {
    /// The limits.
    pub limits: Limits,
    /// Which state of the tenant they are of.
    pub revision: Revision,
}

impl Space<'_> {
    /// The tenant's own limits. [`StoreError::NotFound`] where there is no such tenant.
    pub async fn limits(&self) -> Result<Limits, StoreError> {
        Ok(self.standing_limits().await?.limits)
    }

    /// The same, with the revision that they are of.
    pub async fn standing_limits(&self) -> Result<StandingLimits, StoreError> {
        let mut transaction = self.begin().await?;
        select(&mut transaction, self.cust_space_id).await
    }

    /// Sets all of the tenant's own limits; running gateways obey within a second.
    pub async fn set_limits(&self, limits: &Limits, actor: &Actor) -> Result<StandingLimits, StoreError> {
        let mut transaction = self.begin().await?;
        self.existing(&mut transaction).await?;
        let before = select(&mut transaction, self.cust_space_id).await?;
        self.update_limits(&mut transaction, limits).await?;
        let after = select(&mut transaction, self.cust_space_id).await?;
        let (before, told) = (Some(json!(before.limits)), Some(json!(after.limits)));
        self.log(&mut transaction, actor, Action { name: "limits.set", object: "limits", before, after: told }).await?;
        transaction.commit().await?;
        Ok(after)
    }

    async fn update_limits(&self, transaction: &mut PgConnection, limits: &Limits) -> Result<(), StoreError> {
        let text = |limit: Option<Limit>| limit.map(|limit| limit.to_string());
        let (tenant, number) = (limits.per_tenant.map(text), limits.per_number.map(text));
        sqlx::query!(
            "update tenants set in_flight = $2,
                 per_tenant = $3, per_tenant_read = $4, per_tenant_write = $5, per_tenant_message = $6,
                 per_number = $7, per_number_read = $8, per_number_write = $9, per_number_message = $10
             where cust_space_id = $1",
            self.cust_space_id,
            limits.in_flight.map(|calls| i32::try_from(calls.get()).unwrap_or(i32::MAX)),
            tenant.all,
            tenant.read,
            tenant.write,
            tenant.message,
            number.all,
            number.read,
            number.write,
            number.message,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }
}

async fn select(transaction: &mut PgConnection, cust_space_id: &str) -> Result<StandingLimits, StoreError> {
    let row = sqlx::query!(
        r#"select in_flight, revision as "revision: Revision",
                  per_tenant, per_tenant_read, per_tenant_write, per_tenant_message,
                  per_number, per_number_read, per_number_write, per_number_message
           from tenants where cust_space_id = $1"#,
        cust_space_id,
    );
    let row = row.fetch_optional(transaction).await?.ok_or(StoreError::NotFound { what: "tenant" })?;
    Ok(StandingLimits { limits: limits_of!(row), revision: row.revision })
}

/// The limits as they stand in a row. A constraint of the table keeps anything else than a limit out of it.
pub(crate) fn stored(
    per_tenant: PerClass<Option<String>>,
    per_number: PerClass<Option<String>>,
    in_flight: Option<i32>,
) -> Limits {
    let limit = |text: Option<String>| {
        let text = text?;
        let parsed = text.parse();
        parsed.inspect_err(|_| tracing::error!(text, "a stored limit cannot be read; the default holds")).ok()
    };
    Limits {
        per_tenant: per_tenant.map(limit),
        per_number: per_number.map(limit),
        in_flight: in_flight.and_then(|calls| u32::try_from(calls).ok()).and_then(NonZeroU32::new),
    }
}
