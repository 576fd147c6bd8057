//! `secrets rotate`: batch after batch, until nothing is left to wrap anew.

use serde::Serialize;
use tenant_store::{DataKeyPlace, MasterKeyUse, Replica, Store};

use super::{RotateArgs, Unreadable, all_open, table};
use crate::{
    commands::{CommandError, output::counted, store},
    config::Environment,
};

#[derive(Serialize)]
struct Rotated {
    /// How many data keys this run has wrapped anew.
    rewrapped: u64,
    unreadable: Vec<Unreadable>,
    master_keys: Vec<MasterKey>,
    /// How many gateways that run still wrap new data keys by another master key.
    gateways_behind: usize,
}

/// A master key that is configured or in use.
#[derive(Serialize)]
struct MasterKey {
    id: String,
    /// How many data keys it wraps.
    data_keys: u64,
    configured: bool,
    /// Whether it wraps new data keys.
    seals: bool,
    /// Whether it may not be taken out yet.
    needed: bool,
}

pub(super) async fn run(args: RotateArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let sealing = store.master_key_ids().swap_remove(0);
    let (rewrapped, unreadable) = rewrap_all(&store, &sealing, &args).await?;
    // What is being written now counts, and who begins to write later is among the gateways that run.
    store.await_data_keys().await?;
    let used = store.master_keys_in_use().await?;
    let gateways_behind = gateways(&store, |replica| replica.master_key_ids.first() != Some(&sealing)).await?;
    let master_keys = used.into_iter().map(|used| MasterKey::new(used, gateways_behind)).collect();
    let rotated = Rotated { rewrapped, unreadable, master_keys, gateways_behind };
    args.output.print(&rotated, as_text)?;
    all_open(&rotated.unreadable)
}

/// How many of the gateways that run are so.
async fn gateways(store: &Store, are_so: impl Fn(&Replica) -> bool) -> Result<usize, CommandError> {
    Ok(store.replicas().await?.iter().filter(|replica| are_so(replica)).count())
}

/// Fails where a gateway that runs could not read what this master key wraps.
async fn all_have(store: &Store, sealing: &str) -> Result<(), CommandError> {
    match gateways(store, |replica| !replica.master_key_ids.iter().any(|id| id == sealing)).await? {
        0 => Ok(()),
        gateways => Err(CommandError::MasterKeyNotEverywhere { master_key_id: sealing.to_owned(), gateways }),
    }
}

async fn rewrap_all(store: &Store, sealing: &str, args: &RotateArgs) -> Result<(u64, Vec<Unreadable>), CommandError> {
    let (mut rewrapped, mut unreadable) = (0, Vec::new());
    let mut after = DataKeyPlace::default();
    loop {
        // Before every batch: one may be started in the middle.
        all_have(store, sealing).await?;
        let batch = store.rewrap_data_keys(&after, args.batch, &store::actor()).await?;
        rewrapped += batch.rewrapped;
        unreadable.extend(batch.unreadable.into_iter().map(Unreadable::from));
        let Some(next) = batch.next else { return Ok((rewrapped, unreadable)) };
        after = next;
        tokio::time::sleep(args.pause).await;
    }
}

impl MasterKey {
    fn new(used: MasterKeyUse, gateways_behind: usize) -> Self {
        let MasterKeyUse { id, data_keys, is_configured, seals } = used;
        let needed = seals || data_keys > 0 || gateways_behind > 0;
        Self { id, data_keys, configured: is_configured, seals, needed }
    }
}

fn as_text(rotated: &Rotated) -> String {
    let keys = &rotated.master_keys;
    let sealing = keys.iter().find(|key| key.seals).map_or("", |key| key.id.as_str());
    let done = format!("{} wrapped anew by the master key {sealing}.", counted(rotated.rewrapped, "data key"));
    let others = keys.iter().filter(|key| !key.seals).map(|key| verdict(key, sealing, rotated.gateways_behind));
    let unreadable = (!rotated.unreadable.is_empty()).then(|| format!("\n{}", table(&rotated.unreadable)));
    std::iter::once(done).chain(others).chain(unreadable).collect::<Vec<_>>().join("\n")
}

/// What becomes of a master key that wraps no new data keys.
fn verdict(key: &MasterKey, sealing: &str, gateways_behind: usize) -> String {
    let MasterKey { id, data_keys, needed, .. } = key;
    if !needed {
        format!(
            "{id} is no longer needed: take it out of GROUPGATE_MASTER_KEY of every gateway. Keep it for as long as you \
             keep backups from before."
        )
    } else if *data_keys == 0 {
        format!(
            "{id} wraps nothing now, but {sealing} does not stand first on {}, which may wrap by another: put it first \
             there, then run this again.",
            counted(gateways_behind as u64, "gateway")
        )
    } else if key.configured {
        format!("{id} is still needed, for {}: run this again.", counted(*data_keys, "data key"))
    } else {
        format!(
            "{id} is needed for {} and is not in GROUPGATE_MASTER_KEY: what they seal does not open.",
            counted(*data_keys, "data key")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, data_keys: u64, is_configured: bool, seals: bool) -> MasterKeyUse {
        MasterKeyUse { id: id.to_owned(), data_keys, is_configured, seals }
    }

    fn told(used: MasterKeyUse, gateways_behind: usize) -> String {
        verdict(&MasterKey::new(used, gateways_behind), "new", gateways_behind)
    }

    #[test]
    fn a_master_key_is_told_to_go_only_when_nothing_needs_it() {
        assert!(told(key("old", 0, true, false), 0).contains("no longer needed"));
        assert!(told(key("old", 1, true, false), 0).contains("still needed, for 1 data key:"));
        assert!(told(key("lost", 2, false, false), 0).contains("not in GROUPGATE_MASTER_KEY"));
        assert!(told(key("old", 0, true, false), 1).contains("does not stand first on 1 gateway,"));
    }

    #[test]
    fn the_key_that_seals_is_never_told_to_go() {
        let master_keys = vec![MasterKey::new(key("new", 0, true, true), 0)];
        let text = as_text(&Rotated { rewrapped: 0, unreadable: Vec::new(), master_keys, gateways_behind: 0 });
        assert_eq!(text, "0 data keys wrapped anew by the master key new.");
    }
}
