//! `groupgate numbers`: which tenant sends from which business number.

use cams_api::identifiers::{BusinessNumber, CustSpaceId};
use clap::{Args, Subcommand};
use serde::Serialize;
use tenant_store::{BusinessNumber as Number, NewNumber, RemovedNumber};

use super::{
    CommandError,
    output::{OutputArgs, Table},
    store,
};
use crate::config::Environment;

/// The commands about business numbers.
#[derive(Debug, Subcommand)]
pub enum NumbersCommand {
    /// Add a business number to a tenant.
    Add(AddArgs),
    /// List business numbers.
    List(ListArgs),
    /// Take a business number from its tenant, with the groups that are known of it.
    Remove(RemoveArgs),
}

/// The arguments of `numbers add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Meta's WhatsApp Manager shows both IDs (Account tools, Phone numbers). A number belongs to one
tenant only: exit code 4 where another has it. Groups take an Official Business Account.

Example:
  groupgate numbers add 4915112345678 --tenant cams-8c8pdv \\
    --phone-number-id 106540352242922 --waba-id 102290129340398")]
pub struct AddArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    /// The number in international digits, such as 15550000001.
    business_number: BusinessNumber,
    /// Meta's ID of the number.
    #[arg(long, value_name = "ID", value_parser = meta_id)]
    phone_number_id: String,
    /// The WhatsApp Business Account that owns the number.
    #[arg(long, value_name = "ID", value_parser = meta_id)]
    waba_id: String,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `numbers list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate numbers list
  groupgate numbers list --tenant cams-8c8pdv --json | jq -r '.[].business_number'")]
pub struct ListArgs {
    /// Only this tenant's.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: Option<CustSpaceId>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `numbers remove`.
#[derive(Debug, Args)]
#[command(after_help = "\
Its events and changes stay with the tenant; changes that are still open become UNKNOWN. A
tenant without numbers cannot be called for. At Meta nothing changes: the number can be added
again, to whichever tenant.

Example:
  groupgate numbers remove 4915112345678 --tenant cams-8c8pdv")]
pub struct RemoveArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    /// The number in international digits, such as 15550000001.
    business_number: BusinessNumber,
    #[command(flatten)]
    output: OutputArgs,
}

/// Meta's IDs are decimal numbers, and go into the upstream's paths.
fn meta_id(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.to_owned()).ok_or_else(|| "expected digits, as Meta's WhatsApp Manager shows them".to_owned())
}

#[derive(Serialize)]
struct OfTenant<T> {
    cust_space_id: String,
    #[serde(flatten)]
    what: T,
}

/// Runs one of the commands.
pub async fn run(command: NumbersCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        NumbersCommand::Add(args) => add(args, environment).await,
        NumbersCommand::List(args) => list(args, environment).await,
        NumbersCommand::Remove(args) => remove(args, environment).await,
    }
}

async fn add(args: AddArgs, environment: Environment) -> Result<(), CommandError> {
    let number = NewNumber {
        business_number: args.business_number.as_str().to_owned(),
        phone_number_id: args.phone_number_id,
        waba_id: args.waba_id,
    };
    let store = store::open(environment).await?;
    store::tenant(&store, &args.tenant).await?;
    store.space(args.tenant.as_str()).add_number(&number, &store::actor()).await?;
    let added = OfTenant { cust_space_id: args.tenant.to_string(), what: number };
    Ok(args.output.print(&added, added_text)?)
}

async fn list(args: ListArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let tenants = match &args.tenant {
        Some(tenant) => vec![store::tenant(&store, tenant).await?],
        None => store::all_tenants(&store).await?,
    };
    let mut listed = Vec::new();
    for tenant in tenants {
        let numbers = store.space(&tenant.cust_space_id).numbers().await?;
        let of_tenant = |what| OfTenant { cust_space_id: tenant.cust_space_id.clone(), what };
        listed.extend(numbers.into_iter().map(of_tenant));
    }
    let text = |listed: &Vec<OfTenant<Number>>| {
        table_of_numbers(listed.iter().map(|number| (number.cust_space_id.as_str(), &number.what)))
    };
    Ok(args.output.print(&listed, text)?)
}

async fn remove(args: RemoveArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    store::tenant(&store, &args.tenant).await?;
    let space = store.space(args.tenant.as_str());
    let removed = space.remove_number(args.business_number.as_str(), &store::actor()).await?;
    let removed = OfTenant { cust_space_id: args.tenant.to_string(), what: removed };
    Ok(args.output.print(&removed, removed_text)?)
}

fn added_text(added: &OfTenant<NewNumber>) -> String {
    format!("Added number {} to tenant {}.", added.what.business_number, added.cust_space_id)
}

fn removed_text(removed: &OfTenant<RemovedNumber>) -> String {
    let OfTenant { cust_space_id, what: RemovedNumber { number, groups, was_last } } = removed;
    let last = if *was_last { " It was the tenant's last." } else { "" };
    format!("Removed number {} from tenant {cust_space_id}, with {groups} groups.{last}", number.business_number)
}

/// Numbers, each with its tenant.
pub(super) fn table_of_numbers<'a>(numbers: impl Iterator<Item = (&'a str, &'a Number)>) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let rows = numbers.map(|(tenant, number)| {
        let Number { business_number, phone_number_id, waba_id, verified_name, quality_rating, .. } = number.clone();
        let (name, quality) = (or_dash(&verified_name), or_dash(&quality_rating));
        [business_number, tenant.to_owned(), phone_number_id, waba_id, quality, name]
    });
    let header = ["NUMBER", "TENANT", "PHONE NUMBER ID", "WABA ID", "QUALITY", "VERIFIED NAME"];
    Table::new(header, rows).or("No numbers. Add one: groupgate numbers add --help")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_change_the_upstreams_path_is_refused() {
        for text in ["", "1/groups", "1?fields=x", "..", "１２３"] {
            assert!(meta_id(text).is_err(), "{text}");
        }
        assert_eq!(meta_id("100000000000001").as_deref(), Ok("100000000000001"));
    }
}
