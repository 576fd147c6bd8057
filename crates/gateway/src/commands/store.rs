//! The store as commands reach it: with `DATABASE_URL` and the master key, and nothing else.

use std::time::Duration;

use cams_api::identifiers::CustSpaceId;
use tenant_store::{Actor, MasterKeys, SchemaState, Store, StoreSettings, Tenant};

use super::{CommandError, output};
use crate::config::{Environment, SettingFlags, Sources, catalog};

/// A command makes one statement after another.
const CONNECTIONS: u32 = 1;

/// How many tenants are read at once.
const PAGE: i64 = 500;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects with what the environment gives, and tells of variables without effect.
pub(super) async fn open(environment: Environment) -> Result<Store, CommandError> {
    open_with(&Sources::new(SettingFlags::default(), environment)).await
}

/// The same, for a command that reads further settings.
pub(super) async fn open_with(sources: &Sources) -> Result<Store, CommandError> {
    output::tell(&sources.warnings())?;
    let url = sources.required(&catalog::DATABASE_URL)?;
    let keys = sources.required(&catalog::MASTER_KEY)?;
    connect(&StoreSettings { url, connections: CONNECTIONS, acquire_timeout: ACQUIRE_TIMEOUT }, keys).await
}

/// Connects, and refuses a schema that is older or newer than this version knows, and a role that no policy binds.
pub(super) async fn connect(settings: &StoreSettings, keys: MasterKeys) -> Result<Store, CommandError> {
    let store = Store::connect(settings, keys).await?;
    match store.schema_state().await? {
        SchemaState::Current if store.is_bound_by_policies().await? => Ok(store),
        SchemaState::Current => Err(CommandError::Unbound),
        state => Err(CommandError::Schema(state)),
    }
}

/// All tenants, in the order of their IDs.
pub(super) async fn all_tenants(store: &Store) -> Result<Vec<Tenant>, CommandError> {
    let mut tenants: Vec<Tenant> = Vec::new();
    loop {
        let after = tenants.last().map_or("", |tenant| tenant.cust_space_id.as_str());
        let page = store.list_tenants(after, PAGE).await?;
        if page.is_empty() {
            return Ok(tenants);
        }
        tenants.extend(page);
    }
}

/// The tenant of this ID; a wrong one is told by name.
pub(super) async fn tenant(store: &Store, cust_space_id: &CustSpaceId) -> Result<Tenant, CommandError> {
    let tenant = store.tenant(cust_space_id.as_str()).await?;
    tenant.ok_or_else(|| CommandError::NoTenant(cust_space_id.clone()))
}

/// Who changes something by the command line, for the audit log.
pub(super) fn actor() -> Actor {
    Actor { name: "command line".to_owned(), address: None, request_id: None }
}
