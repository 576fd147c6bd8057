//! An administrator's view of endpoints: they are made, listed, changed and removed.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{CreatedEndpoint, Endpoint, EndpointChange, EndpointState, NewEndpoint};
use crate::{
    Actor, EndpointId, EndpointSecret, Revision, Space, StoreError, across_tenants,
    audit::Action,
    sealing::Sealed,
    store::SYSTEM,
    text::{storable, storable_option},
};

/// How many open deliveries go in one transaction, for which everybody who publishes to the endpoint waits.
const REMOVED_AT_ONCE: i64 = 5_000;

/// How many endpoints a tenant may have, and the ISV.
const MOST: u16 = 100;

const NO_ENDPOINT: StoreError = StoreError::NotFound { what: "endpoint" };

impl Space<'_> {
    /// Makes an endpoint, which gets what is published from now on. [`StoreError::NotFound`] where there is no such tenant,
    /// [`StoreError::TooMany`] where this space has 100 already.
    pub async fn create_endpoint(&self, new: &NewEndpoint, actor: &Actor) -> Result<CreatedEndpoint, StoreError> {
        let id = EndpointId(Uuid::new_v4());
        let secret = new.secret.clone().map_or_else(EndpointSecret::generate, Ok)?;
        let mut transaction = self.begin().await?;
        if self.cust_space_id != SYSTEM {
            self.locked(&mut transaction).await?;
        }
        self.check_room(&mut transaction).await?;
        let sealed = self.seal_first_secret(&mut transaction, id, &secret).await?;
        self.insert_endpoint(&mut transaction, id, new, &sealed).await?;
        let endpoint = self.lock_endpoint(&mut transaction, id).await?;
        let after = Some(endpoint.to_json());
        let action = Action { name: "endpoint.create", object: &object(id), before: None, after };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(CreatedEndpoint { endpoint, secret })
    }

    /// The endpoints of this space, oldest first.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let mut transaction = self.begin().await?;
        self.select_endpoints(&mut transaction, None).await
    }

    /// One endpoint; `None` where this space has none of this ID.
    pub async fn endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let mut transaction = self.begin().await?;
        Ok(self.select_endpoints(&mut transaction, Some(id)).await?.pop())
    }

    /// Changes an endpoint. What is open for it already is delivered by its new address, whatever its filter says now.
    /// [`StoreError::NotFound`] where this space has no such endpoint.
    pub async fn update_endpoint(
        &self,
        id: EndpointId,
        change: &EndpointChange,
        actor: &Actor,
    ) -> Result<Endpoint, StoreError> {
        let mut transaction = self.begin().await?;
        let before = self.lock_endpoint(&mut transaction, id).await?;
        self.expect(before.revision)?;
        self.store_change(&mut transaction, id, change).await?;
        let after = self.lock_endpoint(&mut transaction, id).await?;
        self.log_endpoint(&mut transaction, actor, "endpoint.update", Some(&before), Some(&after)).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Removes an endpoint with what is open for it; where that is very much, in several transactions, the first of which
    /// disables it. [`StoreError::NotFound`] where this space has no such endpoint.
    pub async fn remove_endpoint(&self, id: EndpointId, actor: &Actor) -> Result<Endpoint, StoreError> {
        let mut transaction = self.begin().await?;
        let before = self.hold_endpoint(&mut transaction, id).await?;
        loop {
            let is_gone =
                across_tenants::remove_endpoint(&mut transaction, id, REMOVED_AT_ONCE).await?.ok_or(NO_ENDPOINT)?;
            if is_gone {
                self.log_endpoint(&mut transaction, actor, "endpoint.remove", Some(&before), None).await?;
            }
            transaction.commit().await?;
            if is_gone {
                return Ok(before);
            }
            transaction = self.begin().await?;
        }
    }

    /// The endpoint as the caller has seen it, where that matters, with its lanes and its row locked until the transaction
    /// ends: the lanes before the row, as wherever both are.
    pub(super) async fn hold_endpoint(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
    ) -> Result<Endpoint, StoreError> {
        self.find_endpoint(transaction, id).await?;
        sqlx::query!("select pg_advisory_xact_lock(lanes_lock($1))", id.0).execute(&mut *transaction).await?;
        let endpoint = self.lock_endpoint(transaction, id).await?;
        self.expect(endpoint.revision)?;
        Ok(endpoint)
    }

    /// The endpoint, locked until the transaction ends.
    pub(super) async fn lock_endpoint(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
    ) -> Result<Endpoint, StoreError> {
        let lock = sqlx::query_scalar!(
            "select 1 from endpoints where cust_space_id = $1 and endpoint_id = $2 for update",
            self.cust_space_id,
            id.0,
        );
        lock.fetch_optional(&mut *transaction).await?;
        self.find_endpoint(transaction, id).await
    }

    pub(super) async fn find_endpoint(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
    ) -> Result<Endpoint, StoreError> {
        let found = self.select_endpoints(transaction, Some(id)).await?.pop();
        found.ok_or(NO_ENDPOINT)
    }

    pub(super) async fn log_endpoint(
        &self,
        transaction: &mut PgConnection,
        actor: &Actor,
        name: &'static str,
        before: Option<&Endpoint>,
        after: Option<&Endpoint>,
    ) -> Result<(), StoreError> {
        let object = before.or(after).map(|endpoint| object(endpoint.endpoint_id)).unwrap_or_default();
        let (before, after) = (before.map(Endpoint::to_json), after.map(Endpoint::to_json));
        self.log(transaction, actor, Action { name, object: &object, before, after }).await
    }

    /// Fails where this space has as many endpoints as it may; nobody else makes one of it until the transaction ends.
    async fn check_room(&self, transaction: &mut PgConnection) -> Result<(), StoreError> {
        let lock = sqlx::query!(
            "select pg_advisory_xact_lock(hashtextextended('groupgate endpoints ' || $1, 0))",
            self.cust_space_id
        );
        lock.execute(&mut *transaction).await?;
        let there_are = sqlx::query_scalar!(
            r#"select count(*) as "count!" from endpoints where cust_space_id = $1"#,
            self.cust_space_id
        );
        if there_are.fetch_one(transaction).await? >= i64::from(MOST) {
            return Err(StoreError::TooMany { what: "endpoints", most: MOST });
        }
        Ok(())
    }

    async fn insert_endpoint(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
        new: &NewEndpoint,
        sealed: &Sealed,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into endpoints (endpoint_id, cust_space_id, url, types, description, sealed_secret, key_version)
             values ($1, $2, $3, $4, $5, $6, $7)",
            id.0,
            self.cust_space_id,
            &storable(&new.url),
            &stored_types(&new.types),
            storable_option(new.description.as_deref()),
            sealed.bytes,
            sealed.key_version,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    async fn store_change(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
        change: &EndpointChange,
    ) -> Result<(), StoreError> {
        let types = change.types.as_deref().map(stored_types);
        sqlx::query!(
            "update endpoints
             set url = coalesce($3, url), types = coalesce($4, types),
                 description = case when $5 then $6 else description end, updated_at = now()
             where cust_space_id = $1 and endpoint_id = $2",
            self.cust_space_id,
            id.0,
            storable_option(change.url.as_deref()),
            types.as_deref(),
            change.description.is_some(),
            storable_option(change.description.as_ref().and_then(Option::as_deref)),
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    async fn select_endpoints(
        &self,
        transaction: &mut PgConnection,
        id: Option<EndpointId>,
    ) -> Result<Vec<Endpoint>, StoreError> {
        let endpoints = sqlx::query_as!(
            Endpoint,
            r#"select endpoint_id as "endpoint_id: EndpointId", nullif(cust_space_id, '_system') as cust_space_id, url,
                      types, description, state as "state: EndpointState", disabled_reason, disabled_at, failing_since,
                      failures, case when previous_until > now() then previous_until end as previous_until,
                      created_at, updated_at, revision as "revision: Revision"
               from endpoints where cust_space_id = $1 and ($2::uuid is null or endpoint_id = $2)
               order by created_at, endpoint_id"#,
            self.cust_space_id,
            id.map(|id| id.0),
        );
        Ok(endpoints.fetch_all(transaction).await?)
    }
}

impl Endpoint {
    /// As the audit log keeps it. A URL's query may hold a secret of its receiver's: it is left out.
    fn to_json(&self) -> Value {
        let url = self.url.split(['?', '#']).next();
        let state = format!("{:?}", self.state).to_lowercase();
        json!({"url": url, "types": self.types, "description": self.description, "state": state})
    }
}

/// What the audit log calls an endpoint.
pub(super) fn object(id: EndpointId) -> String {
    format!("endpoint {id}")
}

fn stored_types(types: &[String]) -> Vec<String> {
    types.iter().map(|name| storable(name).into_owned()).collect()
}
