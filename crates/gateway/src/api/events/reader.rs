//! Who reads a tenant's events, and whether that is still so: a pull waits, and a stream goes on, for longer than a call.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use cams_api::identifiers::CustSpaceId;
use cams_api::{Class, Scope};
use tenant_store::StoreError;

use crate::api::admission::{Admitted, admit};
use crate::api::render::learn;
use crate::api::{ApiError, Worker};
use crate::auth::{AuthError, Authenticator, Caller};
use crate::limits::Taken;
use crate::operations::{OperationError, Services};
use crate::tenants::{Tenant, Unresolved};

/// A caller who was let at a tenant's events.
pub(super) struct Reader {
    services: Arc<Services>,
    authenticator: Arc<Authenticator>,
    caller: Caller,
    /// Where it calls from.
    client: Option<IpAddr>,
    cust_space_id: CustSpaceId,
    operation: &'static str,
}

/// The caller of `operation`, before the query is read.
///
/// # Errors
/// [`ApiError::Auth`] or [`ApiError::Throttled`]
pub(super) async fn caller(http: &HttpRequest, worker: &Worker, operation: &'static str) -> Result<Admitted, ApiError> {
    learn(http, |learned| learned.operation = Some(operation));
    admit(http, worker, Some(Class::of(Scope::EventsRead))).await
}

impl Reader {
    /// Lets the caller at the tenant's events, and counts the call. It is in flight until what comes with it is dropped.
    ///
    /// # Errors
    /// [`ApiError::Operation`] where it may not read them, [`ApiError::Throttled`]
    pub(super) async fn admit(
        http: &HttpRequest,
        worker: &Worker,
        admitted: &Admitted,
        cust_space_id: CustSpaceId,
        operation: &'static str,
    ) -> Result<(Self, Taken), ApiError> {
        let (services, authenticator) = (worker.services.clone(), worker.authenticator.clone());
        let client = http.peer_addr().map(|peer| authenticator.proxies.client(peer.ip(), http.headers()));
        let caller = admitted.caller().clone();
        let reader = Self { services, authenticator, caller, client, cust_space_id, operation };
        reader.authorize()?;
        learn(http, |learned| learned.cust_space_id = Some(reader.cust_space_id.clone()));
        let class = Class::of(Scope::EventsRead);
        let taken = admitted.count(http, class, &*reader.tenant().await?).await?;
        Ok((reader, taken))
    }

    /// Whose events.
    pub(super) fn cust_space_id(&self) -> &str {
        self.cust_space_id.as_str()
    }

    /// The access key.
    pub(super) fn access_key_id(&self) -> &str {
        &self.caller.key().access_key_id
    }

    /// Whether the caller would be let in again, by what is in memory. While PostgreSQL is away longer than that may be
    /// used, nobody can tell; then there are no events to be read either.
    ///
    /// # Errors
    /// [`ApiError`], why it would not.
    pub(super) async fn check(&mut self) -> Result<(), ApiError> {
        match self.look_again().await {
            Err(
                ApiError::Auth(AuthError::Store(StoreError::Unavailable(_)))
                | ApiError::Operation(OperationError::Unresolved(Unresolved::Store(StoreError::Unavailable(_)))),
            ) => Ok(()),
            looked => looked,
        }
    }

    async fn look_again(&mut self) -> Result<(), ApiError> {
        self.caller = self.authenticator.again(&self.caller, self.client).await?;
        self.authorize()?;
        self.tenant().await?;
        Ok(())
    }

    fn authorize(&self) -> Result<(), OperationError> {
        let tenant = self.cust_space_id.as_str();
        self.caller.authorize(Scope::EventsRead, self.operation, tenant).map_err(OperationError::from)
    }

    async fn tenant(&self) -> Result<Arc<Tenant>, OperationError> {
        Ok(self.services.resolver.tenant(&self.cust_space_id).await?)
    }
}
