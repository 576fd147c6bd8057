//! `groupgate numbers`: which tenant sends from which business number.

use cams_api::identifiers::{BusinessNumber, CustSpaceId};
use clap::{Args, Subcommand};
use serde::Serialize;
use tenant_store::NewNumber;

use super::{CommandError, output::OutputArgs, store};
use crate::config::Environment;

/// The commands about business numbers.
#[derive(Debug, Subcommand)]
pub enum NumbersCommand {
    /// Add a business number to a tenant.
    Add(AddArgs),
}

/// The arguments of `numbers add`.
#[derive(Debug, Args)]
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

/// Meta's IDs are decimal numbers, and go into the upstream's paths.
fn meta_id(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.to_owned()).ok_or_else(|| "expected digits, as Meta's WhatsApp Manager shows them".to_owned())
}

#[derive(Serialize)]
struct Added {
    cust_space_id: String,
    business_number: String,
    phone_number_id: String,
    waba_id: String,
}

/// Runs one of the commands.
pub async fn run(command: NumbersCommand, environment: Environment) -> Result<(), CommandError> {
    let NumbersCommand::Add(args) = command;
    let number = NewNumber {
        business_number: args.business_number.as_str().to_owned(),
        phone_number_id: args.phone_number_id,
        waba_id: args.waba_id,
    };
    let cust_space_id = args.tenant.to_string();
    let store = store::open(environment).await?;
    let number = store.space(&cust_space_id).add_number(&number, &store::actor()).await?;
    let added = Added {
        business_number: number.business_number,
        phone_number_id: number.phone_number_id,
        waba_id: number.waba_id,
        cust_space_id,
    };
    args.output.print(&added, as_text)?;
    Ok(())
}

fn as_text(added: &Added) -> String {
    format!("Added number {} to tenant {}.", added.business_number, added.cust_space_id)
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
