//! `groupgate keys`: the access keys of callers.

use cams_api::{Scope, ScopeSet, identifiers::CustSpaceId};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde::Serialize;
use tenant_store::{Grant, NewAccessKey};

use super::{CommandError, output::OutputArgs, store};
use crate::config::Environment;

/// The commands about access keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Create an access key. Its secret is shown this once.
    Create(CreateArgs),
}

/// The arguments of `keys create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// A name for people.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    reach: Reach,
    /// What the key may do there; repeat it for several. Such as groups.read or groups.write.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    scopes: Vec<String>,
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

fn scope(text: &str) -> Result<String, String> {
    let known = ScopeSet::default().insert(text);
    let names = || Scope::ALL.map(Scope::as_str).join(", ");
    known.then(|| text.to_owned()).ok_or_else(|| format!("expected one of {}, cams:*, cams:<Operation>", names()))
}

#[derive(Serialize)]
struct Created {
    access_key_id: String,
    access_key_secret: String,
    name: String,
    grants: Vec<Grant>,
}

/// Runs one of the commands.
pub async fn run(command: KeysCommand, environment: Environment) -> Result<(), CommandError> {
    let KeysCommand::Create(args) = command;
    let grant = Grant { cust_space_ids: args.reach.cust_space_ids(), scopes: args.scopes };
    let new = NewAccessKey { name: args.name, grants: vec![grant], ..NewAccessKey::default() };
    let store = store::open(environment).await?;
    let key = store.create_access_key(&new, &store::actor()).await?;
    let created = Created {
        access_key_id: key.access_key_id,
        access_key_secret: key.secret.expose_secret().to_owned(),
        name: new.name,
        grants: new.grants,
    };
    args.output.print(&created, as_text)?;
    Ok(())
}

impl Reach {
    fn cust_space_ids(&self) -> Vec<String> {
        if self.all_tenants { vec!["*".to_owned()] } else { texts(&self.tenants) }
    }
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(T::to_string).collect()
}

fn as_text(created: &Created) -> String {
    format!(
        "AccessKeyId:     {}\nAccessKeySecret: {}\nThe secret is not shown again.",
        created.access_key_id, created.access_key_secret
    )
}
