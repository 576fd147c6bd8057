//! What there is, as far as a file is compared with it.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use tenant_store::{
    BusinessNumber, Endpoint, Grant, KeyState, Limits, ListedAccessKey, ObjectKind, OpenCredential, Revision, Store,
    StoreError, Tenant,
};

use super::{declared::DeclaredTenant, plan::matching};
use crate::commands::{CommandError, store};

/// All tenants, and of the declared ones all that is their own.
pub(super) struct Found {
    pub(super) tenants: BTreeMap<String, Tenant>,
    pub(super) parts: BTreeMap<String, Parts>,
    /// Of phone number IDs that are declared for one tenant, the other one that has them.
    pub(super) owners: BTreeMap<String, String>,
    /// The IDs of access keys that no tenant of the file has for itself alone, be it that they are revoked.
    pub(super) other_keys: Vec<String>,
}

/// What a tenant has.
#[derive(Default)]
pub(in crate::commands) struct Parts {
    pub(in crate::commands) numbers: Vec<BusinessNumber>,
    pub(in crate::commands) limits: Limits,
    pub(in crate::commands) endpoints: Vec<Endpoint>,
    /// Its keys that are good, and for nobody else.
    pub(in crate::commands) keys: Vec<ListedAccessKey>,
    /// The revision of the stored token, where there is one.
    pub(super) token: Option<Revision>,
    /// Whether it is the declared one.
    pub(super) has_token: bool,
    /// Of each endpoint, whether the declared secret is the one that it signs with.
    pub(super) has_secret: Vec<bool>,
}

impl Found {
    pub(super) async fn read(store: &Store, declared: &[DeclaredTenant]) -> Result<Self, CommandError> {
        let tenants = store::all_tenants(store).await?.into_iter();
        let tenants: BTreeMap<_, _> = tenants.map(|tenant| (tenant.cust_space_id.clone(), tenant)).collect();
        let keys = store.list_access_keys().await?;
        let mut parts = BTreeMap::new();
        for tenant in declared.iter().filter(|tenant| tenants.contains_key(tenant.cust_space_id.as_str())) {
            let id = tenant.cust_space_id.as_str();
            let mut of_tenant = Parts::read(store, id, &keys).await?;
            of_tenant.compare_secrets(store, tenant).await?;
            parts.insert(id.to_owned(), of_tenant);
        }
        let is_other = |id: &String| !parts.values().any(|parts| parts.keys.iter().any(|key| &key.access_key_id == id));
        let other_keys = keys.iter().map(|key| key.access_key_id.clone()).filter(is_other).collect();
        let owners = owners(store, declared).await?;
        Ok(Self { tenants, parts, owners, other_keys })
    }
}

impl Parts {
    /// What the tenant has, without a look at secrets. `keys` are all that there are.
    pub(in crate::commands) async fn read(
        store: &Store,
        id: &str,
        keys: &[ListedAccessKey],
    ) -> Result<Self, StoreError> {
        let space = store.space(id);
        let is_own = |key: &&ListedAccessKey| key.state == KeyState::Active && is_for_alone(&key.grants, id);
        let endpoints = space.endpoints().await?;
        Ok(Self {
            numbers: space.numbers().await?,
            limits: space.limits().await?,
            has_secret: vec![true; endpoints.len()],
            endpoints,
            keys: keys.iter().filter(is_own).cloned().collect(),
            token: space.credential().await?.map(|credential| credential.revision),
            has_token: true,
        })
    }

    async fn compare_secrets(&mut self, store: &Store, declared: &DeclaredTenant) -> Result<(), StoreError> {
        let id = declared.cust_space_id.as_str();
        if let Some(token) = &declared.token {
            let credential = store.open_tenant(id).await?.map(|tenant| tenant.credential);
            self.has_token = matches!(credential, Some(OpenCredential::Open(stored) | OpenCredential::Invalid(stored))
                if stored.expose_secret() == token.expose_secret());
        }
        let new = declared.endpoints.as_deref().unwrap_or_default();
        for (at, index) in matching(new, &self.endpoints).into_iter().enumerate() {
            if let Some(secret) = index.and_then(|index| new[index].secret.as_ref()) {
                let endpoint = self.endpoints[at].endpoint_id;
                self.has_secret[at] = store.space(id).endpoint_has_secret(endpoint, secret).await?;
            }
        }
        Ok(())
    }
}

/// Who has numbers that are declared for somebody else.
async fn owners(store: &Store, declared: &[DeclaredTenant]) -> Result<BTreeMap<String, String>, StoreError> {
    let mut owners = BTreeMap::new();
    for tenant in declared {
        for number in tenant.numbers.iter().flatten() {
            let found = store.owners_of_object(&number.phone_number_id).await?.into_iter();
            let mut others = found.filter(|owner| {
                owner.kind == ObjectKind::Number && owner.cust_space_id != tenant.cust_space_id.as_str()
            });
            owners.extend(others.next().map(|owner| (number.phone_number_id.clone(), owner.cust_space_id)));
        }
    }
    Ok(owners)
}

fn is_for_alone(grants: &[Grant], id: &str) -> bool {
    !grants.is_empty() && grants.iter().all(|grant| grant.cust_space_ids.iter().all(|granted| granted == id))
}
