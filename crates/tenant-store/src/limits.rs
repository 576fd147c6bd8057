//! A tenant's own limits, where they differ from the gateway's settings.

use std::num::NonZeroU32;

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use crate::{Actor, Rate, Revision, Space, StoreError, audit::Action};

/// What a tenant may use. `None` is the gateway's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Calls in the tenant's name, by whichever key.
    pub per_tenant: Option<Rate>,
    /// Calls to Meta for each of its numbers.
    pub per_number: Option<Rate>,
    /// Calls in the tenant's name at the same time, on each replica; as many as come by default.
    pub in_flight: Option<NonZeroU32>,
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
        let in_flight = limits.in_flight.map(|calls| i32::try_from(calls.get()).unwrap_or(i32::MAX));
        sqlx::query!(
            "update tenants set per_tenant = $2, per_number = $3, in_flight = $4 where cust_space_id = $1",
            self.cust_space_id,
            limits.per_tenant.map(|rate| rate.to_string()),
            limits.per_number.map(|rate| rate.to_string()),
            in_flight,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }
}

async fn select(transaction: &mut PgConnection, cust_space_id: &str) -> Result<StandingLimits, StoreError> {
    let row = sqlx::query!(
        r#"select per_tenant, per_number, in_flight, revision as "revision: Revision"
           from tenants where cust_space_id = $1"#,
        cust_space_id,
    );
    let row = row.fetch_optional(transaction).await?.ok_or(StoreError::NotFound { what: "tenant" })?;
    let limits = stored(row.per_tenant.as_deref(), row.per_number.as_deref(), row.in_flight);
    Ok(StandingLimits { limits, revision: row.revision })
}

/// The limits as they stand in a row. A constraint of the table keeps anything else than a rate out of it.
pub(crate) fn stored(per_tenant: Option<&str>, per_number: Option<&str>, in_flight: Option<i32>) -> Limits {
    let rate = |text: &str| {
        let parsed = text.parse();
        parsed.inspect_err(|_| tracing::error!(text, "a stored rate cannot be read; the default holds")).ok()
    };
    Limits {
        per_tenant: per_tenant.and_then(rate),
        per_number: per_number.and_then(rate),
        in_flight: in_flight.and_then(|calls| u32::try_from(calls).ok()).and_then(NonZeroU32::new),
    }
}
