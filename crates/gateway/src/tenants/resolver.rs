//! The resolver: a tenant's numbers with its opened credential, in memory.

use std::sync::Arc;
use std::time::Duration;

use cams_api::identifiers::{BusinessNumber, CustSpaceId};
use graph_client::{PhoneNumberId, Token};
use secrecy::SecretString;
use tenant_store::{OpenCredential, OpenTenant, Store, StoreError, TenantStatus};

use crate::cache::Cache;

/// How many tenants are remembered at the most.
const CAPACITY: usize = 100_000;

/// A business number, ready for calls to Meta.
#[derive(Debug)]
pub struct Number {
    /// The tenant.
    pub cust_space_id: CustSpaceId,
    /// The number in digits.
    pub business_number: BusinessNumber,
    /// Meta's ID of it.
    pub phone_number_id: PhoneNumberId,
    /// The tenant's token with all that is the same in every call.
    credential: Credential,
}

/// A tenant in memory.
struct Tenant {
    status: TenantStatus,
    numbers: Vec<Arc<Number>>,
}

#[derive(Debug, Clone)]
enum Credential {
    Ready(Token),
    Missing,
    Unreadable,
}

/// Why there is no number to call with.
#[derive(Debug, thiserror::Error)]
pub enum Unresolved {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// An administrator has suspended it.
    #[error("the tenant is suspended")]
    Suspended,
    /// It has no such number.
    #[error("the tenant has no such business number")]
    NoNumber,
    /// No token is stored for it.
    #[error("no token is stored for the tenant")]
    NoCredential,
    /// Its token does not open, or cannot be sent.
    #[error("the tenant's token cannot be used")]
    UnreadableCredential,
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Number {
    /// The tenant's token.
    ///
    /// # Errors
    /// [`Unresolved::NoCredential`] or [`Unresolved::UnreadableCredential`].
    pub fn token(&self) -> Result<&Token, Unresolved> {
        match &self.credential {
            Credential::Ready(token) => Ok(token),
            Credential::Missing => Err(Unresolved::NoCredential),
            Credential::Unreadable => Err(Unresolved::UnreadableCredential),
        }
    }
}

/// The tenants of the store, opened and remembered.
pub struct Resolver {
    store: Store,
    app_secret: Option<SecretString>,
    cache: Cache<Tenant>,
}

impl Resolver {
    /// Tenants of `store`, used for `stale` at most while it is away. `app_secret` makes `appsecret_proof`.
    pub fn new(store: Store, app_secret: Option<SecretString>, stale: Duration) -> Self {
        Self { store, app_secret, cache: Cache::new(CAPACITY, stale) }
    }

    /// The number of an active tenant.
    ///
    /// # Errors
    /// [`Unresolved`]; never about the credential, which only a call to Meta needs.
    pub async fn resolve(&self, tenant: &CustSpaceId, number: &BusinessNumber) -> Result<Arc<Number>, Unresolved> {
        let load = async || Ok(self.store.open_tenant(tenant.as_str()).await?.map(|open| self.prepare(tenant, open)));
        let known = self.cache.get(tenant.as_str(), load).await?.ok_or(Unresolved::NoTenant)?;
        if known.status == TenantStatus::Suspended {
            return Err(Unresolved::Suspended);
        }
        known.numbers.iter().find(|known| known.business_number == *number).cloned().ok_or(Unresolved::NoNumber)
    }

    /// How many tenants can be served while the store is away.
    pub fn usable(&self) -> usize {
        self.cache.usable()
    }

    /// The tenant changed in the store.
    pub fn invalidate(&self, cust_space_id: &str) {
        self.cache.invalidate(cust_space_id);
    }

    /// Any tenant may have changed in the store.
    pub fn invalidate_all(&self) {
        self.cache.invalidate_all();
    }

    fn prepare(&self, tenant: &CustSpaceId, open: OpenTenant) -> Tenant {
        let credential = self.prepare_credential(tenant, open.credential);
        let prepare = |number: tenant_store::BusinessNumber| prepare_number(tenant, &number, credential.clone());
        Tenant { status: open.status, numbers: open.numbers.into_iter().filter_map(prepare).collect() }
    }

    fn prepare_credential(&self, tenant: &CustSpaceId, credential: OpenCredential) -> Credential {
        let token = match credential {
            OpenCredential::Missing => return Credential::Missing,
            OpenCredential::Unreadable => return Credential::Unreadable,
            OpenCredential::Open(token) => token,
        };
        match Token::new(&token, self.app_secret.as_ref()) {
            Ok(token) => Credential::Ready(token),
            Err(error) => {
                tracing::error!(cust_space_id = %tenant, %error, "the tenant's token cannot be sent");
                Credential::Unreadable
            }
        }
    }
}

/// A number that is not as the contract has it can be no caller's, so it is left out, with a word in the log.
fn prepare_number(
    tenant: &CustSpaceId,
    stored: &tenant_store::BusinessNumber,
    credential: Credential,
) -> Option<Arc<Number>> {
    let business_number = stored.business_number.parse().ok();
    let phone_number_id = PhoneNumberId::try_from(stored.phone_number_id.as_str()).ok();
    let (Some(business_number), Some(phone_number_id)) = (business_number, phone_number_id) else {
        tracing::error!(cust_space_id = %tenant, "a stored business number or phone number ID is malformed");
        return None;
    };
    Some(Arc::new(Number { cust_space_id: tenant.clone(), business_number, phone_number_id, credential }))
}
