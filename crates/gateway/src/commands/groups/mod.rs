//! `groupgate groups`: what is known of the tenants' groups, and comparing it with Meta's lists.

use std::time::Duration;

use cams_api::identifiers::{BusinessNumber, CustSpaceId};
use clap::{Args, Subcommand};
use tenant_store::{BusinessNumber as Number, GroupFilter, GroupStatus, GroupSummary, Space, StoreError};

use super::{CommandError, output::OutputArgs, store};
use crate::admin::groups::Status;
use crate::config::{Environment, parse_duration};

mod listed;
mod reconcile;

use listed::ListedGroup;

/// How many groups are read at once.
const PAGE: u64 = 1_000;

/// The commands about groups.
#[derive(Debug, Subcommand)]
pub enum GroupsCommand {
    /// List what is known of a tenant's groups, newest first. Meta is not asked.
    List(ListArgs),
    /// Have a running gateway compare what is known of a tenant's groups with Meta's lists, now.
    Reconcile(ReconcileArgs),
}

/// The arguments of `groups list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Groups that are deleted, or gone from Meta's list, are inactive; --status inactive alone lists
them.

Examples:
  groupgate groups list --tenant cams-8c8pdv
  groupgate groups list --tenant cams-8c8pdv --number 4915112345678 --subject order --json")]
pub struct ListArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    /// Only groups of this business number.
    #[arg(long, value_name = "DIGITS")]
    number: Option<BusinessNumber>,
    /// Only groups with this in their subject, in any case.
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// Only groups that stand so.
    #[arg(long, value_enum)]
    status: Option<Status>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `groups reconcile`.
#[derive(Debug, Args)]
#[command(after_help = "\
It takes a gateway that runs on the same database, which does the work inside its budget of
calls to Meta. Where the work is not done when the wait is over the exit code is 1; it is done
later all the same.

Examples:
  groupgate groups reconcile --tenant cams-8c8pdv
  groupgate groups reconcile --tenant cams-8c8pdv --number 4915112345678 --wait 0s")]
pub struct ReconcileArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    /// Only groups of this business number.
    #[arg(long, value_name = "DIGITS")]
    number: Option<BusinessNumber>,
    /// How long to wait until it is done, such as 30s or 5m; 0s does not wait.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = wait)]
    wait: Duration,
    #[command(flatten)]
    output: OutputArgs,
}

fn wait(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a duration such as 0s, 30s or 5m".to_owned())
}

/// Runs one of the commands.
pub async fn run(command: GroupsCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        GroupsCommand::List(args) => list(args, environment).await,
        GroupsCommand::Reconcile(args) => reconcile::run(args, environment).await,
    }
}

async fn list(args: ListArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    store::tenant(&store, &args.tenant).await?;
    let space = store.space(args.tenant.as_str());
    let numbers = numbers(&space, args.number.as_ref()).await?;
    let groups = all(&space, &numbers, &args).await?;
    let listed: Vec<_> = groups.into_iter().map(|group| ListedGroup::new(group, &numbers)).collect();
    Ok(args.output.print(&listed, |listed| listed::table(listed))?)
}

/// All that match, page by page.
async fn all(space: &Space<'_>, numbers: &[Number], args: &ListArgs) -> Result<Vec<GroupSummary>, CommandError> {
    let phone_number_ids: Vec<String> = numbers.iter().map(|number| number.phone_number_id.clone()).collect();
    let status = args.status.map(GroupStatus::from);
    let mut groups = Vec::new();
    loop {
        let offset = groups.len() as u64;
        let (phone_number_ids, subject) = (phone_number_ids.as_slice(), args.subject.as_deref());
        let filter = GroupFilter { phone_number_ids, subject, status, offset, limit: PAGE };
        let page = space.list_groups(&filter).await?.groups;
        if page.is_empty() {
            return Ok(groups);
        }
        groups.extend(page);
    }
}

/// The tenant's numbers, or the one that was named.
async fn numbers(space: &Space<'_>, named: Option<&BusinessNumber>) -> Result<Vec<Number>, CommandError> {
    let mut numbers = space.numbers().await?;
    if let Some(named) = named {
        numbers.retain(|number| number.business_number == named.as_str());
        if numbers.is_empty() {
            return Err(StoreError::NotFound { what: "business number" }.into());
        }
    }
    Ok(numbers)
}
