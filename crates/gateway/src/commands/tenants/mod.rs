//! `groupgate tenants`: the ISV's customers.

use cams_api::identifiers::CustSpaceId;
use clap::{Args, Subcommand};
use tenant_store::NewTenant;

use super::{CommandError, output::OutputArgs, store};
use crate::config::Environment;

mod answers;

use answers::{Deleted, ShownTenant, Status, WholeTenant};

/// The commands about tenants.
#[derive(Debug, Subcommand)]
pub enum TenantsCommand {
    /// Add a tenant. It can be called for once it has a number and a token.
    Add(AddArgs),
    /// List all tenants.
    List(ListArgs),
    /// Show a tenant with its numbers, its limits and what may be told of its token.
    Show(OneArgs),
    /// Suspend a tenant: every call in its name is refused, within a second.
    Suspend(SuspendArgs),
    /// End a tenant's suspension.
    Resume(OneArgs),
    /// Erase a tenant with its numbers, token, groups, changes, events and endpoints. It cannot be undone.
    Delete(DeleteArgs),
}

/// The arguments of `tenants add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples, of all that a tenant takes:
  groupgate tenants add cams-8c8pdv --name 'Bakery Miller'
  groupgate numbers add 4915112345678 --tenant cams-8c8pdv \\
    --phone-number-id 106540352242922 --waba-id 102290129340398
  groupgate credentials set --tenant cams-8c8pdv < token.txt
  groupgate credentials check --tenant cams-8c8pdv
  groupgate keys create --name till --tenant cams-8c8pdv --scope groups.read --scope groups.write")]
pub struct AddArgs {
    /// The tenant's public ID, such as cams-8c8pdv: 3 to 63 of a-z, 0-9 and -.
    cust_space_id: CustSpaceId,
    /// A name for people; the ID where it is absent.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `tenants list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate tenants list --status suspended
  groupgate tenants list --json | jq -r '.[].cust_space_id'")]
pub struct ListArgs {
    /// Only those in this state.
    #[arg(long, value_enum)]
    status: Option<Status>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of commands that name a tenant and nothing else.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate tenants show cams-8c8pdv
  groupgate tenants resume cams-8c8pdv")]
pub struct OneArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    cust_space_id: CustSpaceId,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `tenants suspend`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  groupgate tenants suspend cams-8c8pdv --reason 'unpaid since May'")]
pub struct SuspendArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    cust_space_id: CustSpaceId,
    /// Why, for the audit log and for `tenants show`; callers are not told.
    #[arg(long, default_value = "not given")]
    reason: String,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `tenants delete`.
#[derive(Debug, Args)]
#[command(after_help = "\
Access keys lose their grants on the tenant; one that could act for nobody else is revoked.
The audit log stays. At Meta nothing changes.

Example:
  groupgate tenants delete cams-8c8pdv --confirm cams-8c8pdv")]
pub struct DeleteArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    cust_space_id: CustSpaceId,
    /// The same ID once more, since it cannot be undone.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    confirm: Option<CustSpaceId>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs one of the commands.
pub async fn run(command: TenantsCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        TenantsCommand::Add(args) => add(args, environment).await,
        TenantsCommand::List(args) => list(args, environment).await,
        TenantsCommand::Show(args) => show(args, environment).await,
        TenantsCommand::Suspend(args) => suspend(args, environment).await,
        TenantsCommand::Resume(args) => resume(args, environment).await,
        TenantsCommand::Delete(args) => delete(args, environment).await,
    }
}

async fn add(args: AddArgs, environment: Environment) -> Result<(), CommandError> {
    let cust_space_id = args.cust_space_id.to_string();
    let name = args.name.unwrap_or_else(|| cust_space_id.clone());
    let store = store::open(environment).await?;
    let tenant = store.add_tenant(&NewTenant { cust_space_id, name, ..NewTenant::default() }, &store::actor()).await?;
    Ok(args.output.print(&ShownTenant::from(tenant), ShownTenant::added)?)
}

async fn list(args: ListArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let tenants = store::all_tenants(&store).await?.into_iter().map(ShownTenant::from);
    let tenants: Vec<_> = tenants.filter(|tenant| args.status.is_none_or(|status| status == tenant.status)).collect();
    Ok(args.output.print(&tenants, |tenants| answers::list(tenants))?)
}

async fn show(args: OneArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let tenant = store::tenant(&store, &args.cust_space_id).await?;
    let whole = WholeTenant::read(&store.space(args.cust_space_id.as_str()), tenant).await?;
    Ok(args.output.print(&whole, WholeTenant::text)?)
}

async fn suspend(args: SuspendArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    store::tenant(&store, &args.cust_space_id).await?;
    let tenant = store.space(args.cust_space_id.as_str()).suspend(&args.reason, &store::actor()).await?;
    Ok(args.output.print(&ShownTenant::from(tenant), ShownTenant::told)?)
}

async fn resume(args: OneArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    store::tenant(&store, &args.cust_space_id).await?;
    let tenant = store.space(args.cust_space_id.as_str()).resume(&store::actor()).await?;
    Ok(args.output.print(&ShownTenant::from(tenant), ShownTenant::told)?)
}

async fn delete(args: DeleteArgs, environment: Environment) -> Result<(), CommandError> {
    let id = &args.cust_space_id;
    if args.confirm.as_ref() != Some(id) {
        return Err(CommandError::Usage(format!(
            "this erases the tenant with its numbers, token, groups, changes, events and endpoints, and cannot be undone: \
             add --confirm {id} where that is meant"
        )));
    }
    let store = store::open(environment).await?;
    store::tenant(&store, id).await?;
    let erased = store.space(id.as_str()).erase(&store::actor()).await?;
    Ok(args.output.print(&Deleted::from(erased), Deleted::text)?)
}
