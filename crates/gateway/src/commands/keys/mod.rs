//! `groupgate keys`: the access keys of callers.

use std::time::Duration;

use cams_api::{ScopeSet, identifiers::CustSpaceId};
use clap::{Args, Subcommand};
use tenant_store::{Grant, NewAccessKey};
use time::OffsetDateTime;

use super::{CommandError, output::OutputArgs, store};
use crate::admin::keys::KeyView;
use crate::auth::{UnknownScope, insert_scope};
use crate::config::{Environment, parse_duration};

mod answers;

use answers::{Created, Rotated};

/// The commands about access keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Create an access key. Its secret is shown this once.
    Create(CreateArgs),
    /// List all access keys, without their secrets.
    List(ListArgs),
    /// Give an access key a new secret, shown this once; the one before stays good for a while.
    Rotate(RotateArgs),
    /// Revoke an access key: it and every token made for it are refused, within a second. It cannot be undone.
    Revoke(RevokeArgs),
}

/// The arguments of `keys create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Scopes: groups.read, groups.write, messages.send, events.read, admin.read, admin.write;
cams:<Operation> for one operation, such as cams:AddChatGroupInviteLink, and cams:* for all.

Examples:
  groupgate keys create --name till --tenant cams-8c8pdv --scope groups.read --scope groups.write
  groupgate keys create --name auditor --all-tenants --scope groups.read --expires-in 30d
  groupgate keys create --name ci --tenant cams-8c8pdv --scope groups.read --json > key.json")]
pub struct CreateArgs {
    /// A name for people.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    reach: Reach,
    /// What the key may do there; repeat it for several. Such as groups.read or groups.write.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    scopes: Vec<String>,
    /// How long the key is good, such as 12h or 90d; until it is revoked where absent.
    #[arg(long, value_name = "DURATION", value_parser = lifetime)]
    expires_in: Option<Duration>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `keys list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate keys list
  groupgate keys list --tenant cams-8c8pdv --json | jq -r '.[].access_key_id'")]
pub struct ListArgs {
    /// Only keys that may act for this tenant.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: Option<CustSpaceId>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `keys rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Both secrets work until the overlap ends. A secret from an earlier rotation ends now.

Examples:
  groupgate keys rotate LTAI5tExample00000000001
  groupgate keys rotate LTAI5tExample00000000001 --overlap 0s     where the secret has leaked")]
pub struct RotateArgs {
    /// The key's ID; groupgate keys list shows them.
    access_key_id: String,
    /// How long the old secret stays good beside the new one, such as 30m, 24h or 7d.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = overlap)]
    overlap: Duration,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `keys revoke`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  groupgate keys revoke LTAI5tExample00000000001")]
pub struct RevokeArgs {
    /// The key's ID; groupgate keys list shows them.
    access_key_id: String,
    #[command(flatten)]
    output: OutputArgs,
}

/// The tenants of the key's grant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Reach {
    /// A tenant that the key may act for; repeat it for several.
    #[arg(long = "tenant", value_name = "CUST_SPACE_ID")]
    tenants: Vec<CustSpaceId>,
    /// The key may act for every tenant, those of later too.
    #[arg(long)]
    all_tenants: bool,
}

fn scope(text: &str) -> Result<String, UnknownScope> {
    insert_scope(&mut ScopeSet::default(), text).map(|()| text.to_owned())
}

/// The longest time that may be given: whatever is longer is meant to be for ever.
const LONGEST: Duration = Duration::from_hours(24 * 3_660);

/// How long two secrets are good beside each other.
pub(super) fn overlap(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).filter(|duration| *duration <= LONGEST);
    duration.ok_or_else(|| "expected a duration such as 0s, 30m, 24h or 7d, of ten years at the most".to_owned())
}

fn lifetime(text: &str) -> Result<Duration, String> {
    overlap(text).and_then(|duration| {
        if duration.is_zero() { Err("a key must be good for a while".to_owned()) } else { Ok(duration) }
    })
}

/// Runs one of the commands.
pub async fn run(command: KeysCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        KeysCommand::Create(args) => create(args, environment).await,
        KeysCommand::List(args) => list(args, environment).await,
        KeysCommand::Rotate(args) => rotate(args, environment).await,
        KeysCommand::Revoke(args) => revoke(args, environment).await,
    }
}

async fn create(args: CreateArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    for tenant in &args.reach.tenants {
        store::tenant(&store, tenant).await?;
    }
    let grant = Grant { cust_space_ids: args.reach.cust_space_ids(), scopes: args.scopes };
    let expires_at = args.expires_in.map(|lifetime| OffsetDateTime::now_utc() + lifetime).map(to_the_second);
    let new = NewAccessKey { name: args.name, grants: vec![grant], expires_at, ..NewAccessKey::default() };
    let key = store.create_access_key(&new, &store::actor()).await?;
    Ok(args.output.print(&Created::new(&key, new), Created::text)?)
}

async fn list(args: ListArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    if let Some(tenant) = &args.tenant {
        store::tenant(&store, tenant).await?;
    }
    let keys = store.list_access_keys().await?.into_iter().map(KeyView::from);
    let keys: Vec<_> = keys.filter(|key| args.tenant.as_ref().is_none_or(|tenant| key.reaches(tenant))).collect();
    Ok(args.output.print(&keys, |keys| answers::list(keys))?)
}

async fn rotate(args: RotateArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let rotated = store.rotate_access_key(&args.access_key_id, args.overlap, None, &store::actor()).await?;
    Ok(args.output.print(&Rotated::from(&rotated), Rotated::text)?)
}

async fn revoke(args: RevokeArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let revoked = store.revoke_access_key(&args.access_key_id, None, &store::actor()).await?;
    let text = |key: &KeyView| format!("Revoked access key {}.", key.access_key_id);
    Ok(args.output.print(&KeyView::from(revoked), text)?)
}

fn to_the_second(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}

impl Reach {
    fn cust_space_ids(&self) -> Vec<String> {
        if self.all_tenants { vec!["*".to_owned()] } else { self.tenants.iter().map(CustSpaceId::to_string).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_may_be_none_and_a_lifetime_may_not() {
        assert_eq!(overlap("24h"), Ok(Duration::from_hours(24)));
        assert_eq!(overlap("0s"), Ok(Duration::ZERO));
        for wrong in ["", "24", "one day", "-1h", "99999d"] {
            assert!(overlap(wrong).is_err(), "{wrong}");
        }
        assert_eq!(lifetime("90d"), Ok(Duration::from_hours(24 * 90)));
        assert!(lifetime("0s").is_err());
    }
}
