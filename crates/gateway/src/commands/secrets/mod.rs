//! `groupgate secrets`: the custody of what is sealed: replacing the master key, and looking whether everything opens.

use std::time::Duration;

use cams_api::identifiers::CustSpaceId;
use clap::{Args, Subcommand};
use serde::Serialize;
use tenant_store::{UnreadableSecret, WhyUnreadable};

use super::{
    CommandError,
    output::{OutputArgs, Table},
};
use crate::config::{Environment, parse_duration};

mod rotate;
mod verify;

/// The commands about sealed secrets.
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Wrap every data key by the first master key of `GROUPGATE_MASTER_KEY`, while the gateways run.
    Rotate(RotateArgs),
    /// Open every sealed value, and list by tenant what does not open.
    Verify(VerifyArgs),
}

/// The arguments of `secrets rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
To replace the master key k1 by k2, without a call that fails:
  1. GROUPGATE_MASTER_KEY=k1:…,k2:…  on every gateway: all can read what k2 wraps
  2. GROUPGATE_MASTER_KEY=k2:…,k1:…  on every gateway: new data keys are wrapped by k2
  3. groupgate secrets rotate        with the variable of step 2
  4. GROUPGATE_MASTER_KEY=k2:…       on every gateway, when the answer says so

It may be stopped and started again at any time: what is done stays done. Backups from before
need the old key. Exit code 1 where a data key does not open; it is left as it is.

Example:
  groupgate secrets rotate --batch 200 --pause 100ms")]
pub struct RotateArgs {
    /// How many data keys are wrapped in one transaction.
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    batch: u32,
    /// How long to rest between two transactions, such as 100ms, for the sake of a database that is busy.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = pause)]
    pause: Duration,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `secrets verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is changed, and nothing of a secret is shown. What does not open harms nobody but whom it
belongs to. Exit code 1 where something does not open.

Examples:
  groupgate secrets verify
  groupgate secrets verify --tenant cams-8c8pdv --json")]
pub struct VerifyArgs {
    /// Only this tenant's; without it those of all tenants, and the gateway's own.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: Option<CustSpaceId>,
    #[command(flatten)]
    output: OutputArgs,
}

fn pause(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a duration such as 0s or 100ms".to_owned())
}

/// Runs one of the commands.
pub async fn run(command: SecretsCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        SecretsCommand::Rotate(args) => rotate::run(args, environment).await,
        SecretsCommand::Verify(args) => verify::run(args, environment).await,
    }
}

/// What does not open, as it is shown.
#[derive(Serialize)]
struct Unreadable {
    /// `null` for what belongs to no single tenant.
    cust_space_id: Option<String>,
    column: String,
    row: String,
    master_key_id: String,
    why: WhyUnreadable,
}

impl From<UnreadableSecret> for Unreadable {
    fn from(secret: UnreadableSecret) -> Self {
        let UnreadableSecret { cust_space_id, table, column, row, master_key_id, why } = secret;
        Self { cust_space_id, column: format!("{table}.{column}"), row, master_key_id, why }
    }
}

fn table(unreadable: &[Unreadable]) -> String {
    let rows = unreadable.iter().map(|secret| {
        let tenant = secret.cust_space_id.clone().unwrap_or_else(|| "-".to_owned());
        [tenant, secret.column.clone(), secret.row.clone(), secret.master_key_id.clone(), secret.why.to_string()]
    });
    Table::new(["TENANT", "COLUMN", "ROW", "MASTER KEY", "WHY"], rows).to_string()
}

/// Fails where there is something that does not open.
fn all_open(unreadable: &[Unreadable]) -> Result<(), CommandError> {
    if unreadable.is_empty() { Ok(()) } else { Err(CommandError::NotOpened(unreadable.len())) }
}
