//! `groupgate tenants`: the ISV's customers.

use cams_api::identifiers::CustSpaceId;
use clap::{Args, Subcommand};
use serde::Serialize;
use tenant_store::NewTenant;

use super::{CommandError, output::OutputArgs, store};
use crate::config::Environment;

/// The commands about tenants.
#[derive(Debug, Subcommand)]
pub enum TenantsCommand {
    /// Add a tenant. It can be called for once it has a number and a token.
    Add(AddArgs),
}

/// The arguments of `tenants add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    cust_space_id: CustSpaceId,
    /// A name for people; the ID where it is absent.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Added {
    cust_space_id: String,
    name: String,
    status: &'static str,
}

/// Runs one of the commands.
pub async fn run(command: TenantsCommand, environment: Environment) -> Result<(), CommandError> {
    let TenantsCommand::Add(args) = command;
    let cust_space_id = args.cust_space_id.to_string();
    let name = args.name.unwrap_or_else(|| cust_space_id.clone());
    let store = store::open(environment).await?;
    let tenant = store.add_tenant(&NewTenant { cust_space_id, name }, &store::actor()).await?;
    let added = Added { cust_space_id: tenant.cust_space_id, name: tenant.name, status: status_text(tenant.status) };
    args.output.print(&added, as_text)?;
    Ok(())
}

fn status_text(status: tenant_store::TenantStatus) -> &'static str {
    use tenant_store::TenantStatus::{Active, Pending, Suspended};
    match status {
        Pending => "pending",
        Active => "active",
        Suspended => "suspended",
    }
}

fn as_text(added: &Added) -> String {
    format!(
        "Added tenant {id} ({status}). Next: groupgate numbers add --tenant {id} …, \
         groupgate credentials set --tenant {id}",
        id = added.cust_space_id,
        status = added.status
    )
}
