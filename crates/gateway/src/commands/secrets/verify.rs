//! `secrets verify`: opens everything, space by space.

use serde::Serialize;
use tenant_store::{Space, Store, StoreError};

use super::{Unreadable, VerifyArgs, all_open, table};
use crate::{
    commands::{CommandError, store},
    config::Environment,
};

#[derive(Default, Serialize)]
struct Verified {
    /// How many data keys and sealed values open.
    opened: u64,
    unreadable: Vec<Unreadable>,
}

pub(super) async fn run(args: VerifyArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let mut verified = Verified::default();
    match &args.tenant {
        Some(id) => {
            store::tenant(&store, id).await?;
            verified.add(store.space(id.as_str())).await?;
        }
        None => verified.add_all(&store).await?,
    }
    args.output.print(&verified, as_text)?;
    all_open(&verified.unreadable)
}

impl Verified {
    async fn add_all(&mut self, store: &Store) -> Result<(), CommandError> {
        self.add(store.isv()).await?;
        for tenant in store::all_tenants(store).await? {
            self.add(store.space(&tenant.cust_space_id)).await?;
        }
        Ok(())
    }

    async fn add(&mut self, space: Space<'_>) -> Result<(), StoreError> {
        let verified = space.verify_secrets().await?;
        self.opened += verified.opened;
        self.unreadable.extend(verified.unreadable.into_iter().map(Unreadable::from));
        Ok(())
    }
}

fn as_text(verified: &Verified) -> String {
    let Verified { opened, unreadable } = verified;
    if unreadable.is_empty() {
        return format!("All {opened} data keys and sealed values open.");
    }
    let count = unreadable.len();
    format!("{opened} data keys and sealed values open, {count} do not:\n{}", table(unreadable))
}
