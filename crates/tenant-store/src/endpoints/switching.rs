//! Enabling and disabling an endpoint, and trying it.

use serde_json::json;

use super::{EnabledEndpoint, Endpoint, TestSent, managing::object};
use crate::{Actor, EndpointId, Space, StoreError, across_tenants, audit::Action, text::storable};

impl Space<'_> {
    /// Enables an endpoint, which gets what is published from now on; [`Space::replay`] brings what it missed.
    /// [`StoreError::NotFound`] where this space has no such endpoint.
    pub async fn enable_endpoint(&self, id: EndpointId, actor: &Actor) -> Result<EnabledEndpoint, StoreError> {
        let mut transaction = self.begin().await?;
        let before = self.hold_endpoint(&mut transaction, id).await?;
        if !across_tenants::enable_endpoint(&mut transaction, id).await? {
            return Ok(EnabledEndpoint { endpoint: before, missed_since: None });
        }
        let endpoint = self.lock_endpoint(&mut transaction, id).await?;
        self.log_endpoint(&mut transaction, actor, "endpoint.enable", Some(&before), Some(&endpoint)).await?;
        transaction.commit().await?;
        Ok(EnabledEndpoint { endpoint, missed_since: before.missed_since() })
    }

    /// Disables an endpoint: nothing is delivered to it any more, what is open for it is dead (where that is very much,
    /// [`Store::end_stopped_deliveries`](crate::Store::end_stopped_deliveries) ends the rest), and the ISV's endpoints are
    /// told by `endpoint.disabled`. One that is disabled already stays as it is. [`StoreError::NotFound`] where this space
    /// has no such endpoint.
    pub async fn disable_endpoint(&self, id: EndpointId, reason: &str, actor: &Actor) -> Result<Endpoint, StoreError> {
        let mut transaction = self.begin().await?;
        let before = self.hold_endpoint(&mut transaction, id).await?;
        if !across_tenants::disable_endpoint(&mut transaction, id, &storable(reason)).await? {
            return Ok(before);
        }
        let after = self.lock_endpoint(&mut transaction, id).await?;
        self.log_endpoint(&mut transaction, actor, "endpoint.disable", Some(&before), Some(&after)).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Sends an event of the type `endpoint.test` to this endpoint alone, also while it is disabled, so that it can be
    /// tried before it is enabled. A test is tried twice at most. [`StoreError::NotFound`] where this space has no such
    /// endpoint.
    pub async fn test_endpoint(&self, id: EndpointId, actor: &Actor) -> Result<TestSent, StoreError> {
        let mut transaction = self.begin().await?;
        let sent = across_tenants::send_test(&mut transaction, id).await?;
        let sent = sent.ok_or(StoreError::NotFound { what: "endpoint" })?;
        let after = Some(json!({"delivery": sent.delivery_id.to_string()}));
        let action = Action { name: "endpoint.test", object: &object(id), before: None, after };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(sent)
    }
}

impl Endpoint {
    /// From when on it may have missed events. What was tried then, and is dead now, had come before: within two days, in
    /// which the retries of one delivery are over. What is older than the endpoint was never its to have.
    fn missed_since(&self) -> Option<time::OffsetDateTime> {
        let first = self.failing_since.into_iter().chain(self.disabled_at).min()?;
        first.checked_sub(time::Duration::days(2)).map(|since| since.max(self.created_at))
    }
}
