//! The resolver: a tenant's numbers with its opened credential, in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cams_api::Class;
use cams_api::identifiers::{BusinessNumber, CustSpaceId, GroupId};
use graph_client::{Call, PhoneNumberId, Token, Urgency};
use secrecy::SecretString;
use tenant_store::{OpenCredential, OpenTenant, Store, StoreError, TenantStatus};

use crate::cache::Cache;
use crate::credentials::Suspicions;
use crate::limits::{Allowance, Limits, Taken, TenantLimits, Throttled};
use crate::telemetry::metrics::{CacheFigures, QueueFigures};
use crate::upstream::{Account, Lane, LaneOwner, Upstream};

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
    /// What is recorded of it.
    pub record: tenant_store::BusinessNumber,
    /// Calls to Meta that it has left.
    pub allowance: Arc<Allowance>,
    /// The way to Meta of its calls.
    lane: Arc<Lane>,
    /// The tenant's token with all that is the same in every call.
    credential: Credential,
}

/// A tenant in memory.
#[derive(Debug)]
pub struct Tenant {
    /// Its ID.
    pub cust_space_id: CustSpaceId,
    /// Its numbers, in the order of their digits.
    pub numbers: Vec<Arc<Number>>,
    /// What may be done in its name.
    pub limits: Arc<TenantLimits>,
    status: TenantStatus,
    /// Whether somebody looked at the numbers' records since the tenant was loaded.
    is_seen: AtomicBool,
}

impl Tenant {
    /// Whether this is the first look at the numbers' records since the tenant was loaded into memory.
    pub fn see_records(&self) -> bool {
        !self.is_seen.swap(true, Ordering::Relaxed)
    }

    /// One of its numbers.
    ///
    /// # Errors
    /// [`Unresolved::NoNumber`]
    pub fn number(&self, number: &BusinessNumber) -> Result<&Arc<Number>, Unresolved> {
        self.numbers.iter().find(|known| known.business_number == *number).ok_or(Unresolved::NoNumber)
    }

    fn allowance(&self, number: &tenant_store::BusinessNumber) -> Option<&Allowance> {
        let same = |known: &&Arc<Number>| known.phone_number_id.as_str() == number.phone_number_id;
        self.numbers.iter().find(same).map(|known| &*known.allowance)
    }
}

#[derive(Debug, Clone)]
enum Credential {
    Ready(Token),
    Missing,
    Unreadable,
    Refused,
}

/// Why there is no number to call with.
#[derive(Debug, thiserror::Error)]
pub enum Unresolved {
    /// There is no tenant of this `CustSpaceId`.
    #[error("there is no such tenant")]
    NoTenant(String),
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
    /// Meta no longer takes its token.
    #[error("Meta no longer takes the tenant's token")]
    RefusedCredential,
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Number {
    /// The tenant's token.
    ///
    /// # Errors
    /// [`Unresolved::NoCredential`], [`Unresolved::UnreadableCredential`] or [`Unresolved::RefusedCredential`].
    pub fn token(&self) -> Result<&Token, Unresolved> {
        match &self.credential {
            Credential::Ready(token) => Ok(token),
            Credential::Missing => Err(Unresolved::NoCredential),
            Credential::Unreadable => Err(Unresolved::UnreadableCredential),
            Credential::Refused => Err(Unresolved::RefusedCredential),
        }
    }
}

impl Number {
    /// Meta's quotas that its calls count against.
    pub fn account(&self) -> &Account {
        self.lane.account()
    }

    /// A call to Meta with the tenant's token, which has all the time that the settings give.
    ///
    /// # Errors
    /// As [`Number::token`].
    pub fn call(&self, urgency: Urgency) -> Result<Call<'_>, Unresolved> {
        Ok(Call::new(self.token()?, &*self.lane, urgency))
    }

    /// Counts a call to Meta that a caller waits for. It goes right before the call, which is in flight until what this
    /// gives is dropped.
    ///
    /// # Errors
    /// [`Throttled`] by the number's limits.
    pub async fn take_call(&self, limits: &Limits, class: Class) -> Result<Taken, Throttled> {
        limits.take(Some(class), &[&self.allowance]).await
    }

    /// Counts a call to Meta that nobody waits for: it leaves half of the burst, and of what may be in flight, to callers.
    ///
    /// # Errors
    /// [`Throttled`] by the number's limits, with the time after which it may be tried again.
    pub async fn take_background_call(&self, limits: &Limits) -> Result<Taken, Throttled> {
        limits.take_spare(Class::Read, &self.allowance).await
    }
}

/// The tenants of the store, opened and remembered.
pub struct Resolver {
    store: Store,
    app_secret: Option<SecretString>,
    limits: Arc<Limits>,
    suspicions: Suspicions,
    upstream: Arc<Upstream>,
    cache: Cache<Tenant>,
}

impl Resolver {
    /// Tenants of `store`, used for `stale` at most while it is away. `app_secret` makes `appsecret_proof`; `limits` know
    /// what holds for tenants without limits of their own; `suspicions` hear of tokens that Meta refuses; `upstream` is the way to it.
    pub(crate) fn new(
        store: Store,
        app_secret: Option<SecretString>,
        limits: Arc<Limits>,
        suspicions: Suspicions,
        upstream: Arc<Upstream>,
        stale: Duration,
    ) -> Self {
        Self { store, app_secret, limits, suspicions, upstream, cache: Cache::new(CAPACITY, stale) }
    }

    /// How the cache stands now.
    pub(crate) fn figures(&self) -> CacheFigures {
        self.cache.figures("tenants")
    }

    /// How full the queue is of tokens that Meta refused.
    pub(crate) fn queue(&self) -> QueueFigures {
        self.suspicions.queue()
    }

    /// The number of an active tenant.
    ///
    /// # Errors
    /// [`Unresolved`]; never about the credential, which only a call to Meta needs.
    pub async fn resolve(&self, tenant: &CustSpaceId, number: &BusinessNumber) -> Result<Arc<Number>, Unresolved> {
        Ok(self.tenant(tenant).await?.number(number)?.clone())
    }

    /// An active tenant with its numbers.
    ///
    /// # Errors
    /// [`Unresolved`]; never about a number or the credential.
    pub async fn tenant(&self, tenant: &CustSpaceId) -> Result<Arc<Tenant>, Unresolved> {
        Ok(self.tenant_of_call(tenant, None).await?.0)
    }

    /// The same, and where it had to be looked up, the phone number IDs for which the mirror has the group that the call is
    /// about: one statement tells both.
    ///
    /// # Errors
    /// As [`Resolver::tenant`].
    pub(crate) async fn tenant_of_call(
        &self,
        tenant: &CustSpaceId,
        group_id: Option<&GroupId>,
    ) -> Result<(Arc<Tenant>, Vec<String>), Unresolved> {
        let mut numbers = Vec::new();
        let load = async || {
            let opened = self.store.open_tenant_of_call(tenant.as_str(), group_id.map(GroupId::as_str)).await?;
            Ok(opened.map(|(open, numbers_of_group)| {
                numbers = numbers_of_group;
                self.prepare(tenant, open)
            }))
        };
        let known = self.cache.get(tenant.as_str(), load).await?;
        let known = known.ok_or_else(|| Unresolved::NoTenant(tenant.as_str().to_owned()))?;
        if known.status == TenantStatus::Suspended {
            return Err(Unresolved::Suspended);
        }
        Ok((known, numbers))
    }

    /// An active tenant that is in memory, and need not be looked up.
    pub fn trusted(&self, tenant: &str) -> Option<Arc<Tenant>> {
        self.cache.trusted(tenant).filter(|known| known.status == TenantStatus::Active)
    }

    /// The tenants that are in memory now, in no order.
    pub fn in_memory(&self) -> Vec<Arc<Tenant>> {
        self.cache.values()
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
        let before = self.cache.remembered(tenant.as_str());
        let limits_before = before.as_ref().map(|before| &*before.limits);
        let limits = TenantLimits::new(tenant.as_str(), &open.limits, self.limits.defaults(), limits_before);
        let prepare = |number: tenant_store::BusinessNumber| {
            let before = before.as_ref().and_then(|before| before.allowance(&number));
            let allowance = limits.number(&number.phone_number_id, before);
            self.prepare_number(tenant, number, allowance, credential.clone())
        };
        let mut numbers: Vec<_> = open.numbers.into_iter().filter_map(prepare).collect();
        // They are collected in the place of the larger ones of the store.
        numbers.shrink_to_fit();
        Tenant {
            cust_space_id: tenant.clone(),
            numbers,
            limits: Arc::new(limits),
            status: open.status,
            is_seen: AtomicBool::new(false),
        }
    }

    fn prepare_credential(&self, tenant: &CustSpaceId, credential: OpenCredential) -> Credential {
        let token = match credential {
            OpenCredential::Missing => return Credential::Missing,
            OpenCredential::Unreadable => return Credential::Unreadable,
            OpenCredential::Invalid(_) => return Credential::Refused,
            OpenCredential::Open(token) => token,
        };
        match Token::new(&token, self.app_secret.as_ref()) {
            Ok(token) => Credential::Ready(self.watched(tenant, token)),
            Err(error) => {
                tracing::error!(cust_space_id = %tenant, %error, "the tenant's token cannot be sent");
                Credential::Unreadable
            }
        }
    }

    /// The token, which tells when Meta refuses it.
    fn watched(&self, tenant: &CustSpaceId, token: Token) -> Token {
        let (suspicions, cust_space_id) = (self.suspicions.clone(), tenant.clone());
        token.telling(move || suspicions.note(cust_space_id.as_str()))
    }

    /// A number that is not as the contract has it can be no caller's, so it is left out, with a word in the log.
    fn prepare_number(
        &self,
        tenant: &CustSpaceId,
        stored: tenant_store::BusinessNumber,
        allowance: Allowance,
        credential: Credential,
    ) -> Option<Arc<Number>> {
        let business_number = stored.business_number.parse().ok();
        let phone_number_id = PhoneNumberId::try_from(stored.phone_number_id.as_str()).ok();
        let (Some(business_number), Some(phone_number_id)) = (business_number, phone_number_id) else {
            tracing::error!(cust_space_id = %tenant, "a stored business number or phone number ID is malformed");
            return None;
        };
        let owner = LaneOwner {
            cust_space_id: tenant.clone(),
            waba_id: stored.waba_id.clone(),
            phone_number_id: phone_number_id.clone(),
        };
        let (cust_space_id, lane) = (tenant.clone(), self.upstream.lane(owner));
        Some(Arc::new(Number {
            cust_space_id,
            business_number,
            phone_number_id,
            record: stored,
            allowance: Arc::new(allowance),
            lane,
            credential,
        }))
    }
}
