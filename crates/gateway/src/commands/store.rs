//! The store as commands reach it: with `DATABASE_URL` and the master key, and nothing else.

use std::time::Duration;

use tenant_store::{Actor, MasterKeys, SchemaState, Store, StoreSettings};

use super::{CommandError, output};
use crate::config::{Environment, SettingFlags, Sources, catalog};

/// A command makes one statement after another.
const CONNECTIONS: u32 = 1;

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects with what the environment gives, and tells of variables without effect.
pub(super) async fn open(environment: Environment) -> Result<Store, CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    output::tell(&sources.warnings())?;
    let url = sources.required(&catalog::DATABASE_URL)?;
    let keys = sources.required(&catalog::MASTER_KEY)?;
    connect(&StoreSettings { url, connections: CONNECTIONS, acquire_timeout: ACQUIRE_TIMEOUT }, keys).await
}

/// Connects, and refuses a schema that is older or newer than this version knows.
pub(super) async fn connect(settings: &StoreSettings, keys: MasterKeys) -> Result<Store, CommandError> {
    let store = Store::connect(settings, keys).await?;
    match store.schema_state().await? {
        SchemaState::Current => Ok(store),
        state => Err(CommandError::Schema(state)),
    }
}

/// Who changes something by the command line, for the audit log.
pub(super) fn actor() -> Actor {
    Actor { name: "command line".to_owned(), address: None, request_id: None }
}
