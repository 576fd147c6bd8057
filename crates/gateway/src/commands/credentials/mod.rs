//! `groupgate credentials`: the tenants' Graph tokens, which come in on standard input and go to nobody but Meta.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use cams_api::identifiers::CustSpaceId;
use clap::{Args, Subcommand};
use secrecy::SecretString;
use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};
use zeroize::Zeroizing;

use super::{CommandError, output::OutputArgs, store};
use crate::config::Environment;

mod check;

pub(super) use check::graph_settings;

/// Far above any token that Meta gives; it bounds what a wrong file on standard input costs.
const LONGEST_INPUT: u64 = 64 * 1024;

/// The commands about Graph tokens.
#[derive(Debug, Subcommand)]
pub enum CredentialsCommand {
    /// Store a tenant's Graph token, read from standard input: never an argument, which other users see.
    Set(SetArgs),
    /// Ask Meta, with a tenant's stored token, for the groups of each of its numbers, and say what Meta answered.
    Check(CheckArgs),
}

/// The arguments of `credentials set`.
#[derive(Debug, Args)]
#[command(after_help = "\
The token takes the place of the one before. Only its last four characters are ever shown.

Examples:
  groupgate credentials set --tenant cams-8c8pdv < token.txt
  pass show meta/cams-8c8pdv | groupgate credentials set --tenant cams-8c8pdv")]
pub struct SetArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `credentials check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads GROUPGATE_GRAPH_URL, GROUPGATE_GRAPH_VERSION, GROUPGATE_APP_SECRET (for appsecret_proof)
and the upstream timeouts, as the gateway does. Exit code 6 where Meta does not accept the token
for one of the numbers, 3 where there is no token or no number to ask about.

Example:
  groupgate credentials check --tenant cams-8c8pdv")]
pub struct CheckArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Stored {
    cust_space_id: String,
    last4: String,
    #[serde(with = "rfc3339")]
    updated_at: OffsetDateTime,
}

/// Runs one of the commands.
pub async fn run(command: CredentialsCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        CredentialsCommand::Set(args) => set(args, environment).await,
        CredentialsCommand::Check(args) => check::run(args, environment).await,
    }
}

async fn set(args: SetArgs, environment: Environment) -> Result<(), CommandError> {
    let token = token_from(&read_input()?)?;
    let store = store::open(environment).await?;
    store::tenant(&store, &args.tenant).await?;
    let credential = store.space(args.tenant.as_str()).set_credential(&token, &store::actor()).await?;
    let cust_space_id = args.tenant.to_string();
    let stored = Stored { cust_space_id, last4: credential.last4, updated_at: credential.updated_at };
    Ok(args.output.print(&stored, as_text)?)
}

fn as_text(stored: &Stored) -> String {
    let id = &stored.cust_space_id;
    let ends = if stored.last4.is_empty() { String::new() } else { format!("; it ends in {}", stored.last4) };
    format!("Stored the token of tenant {id}{ends}. Next: groupgate credentials check --tenant {id}")
}

/// From a terminal one line, else everything up to the end.
fn read_input() -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let stdin = io::stdin();
    if stdin.is_terminal() {
        writeln!(io::stderr(), "Paste the tenant's Graph token and press Enter:")?;
        stdin.lock().take(LONGEST_INPUT).read_line(&mut text)?;
    } else {
        stdin.lock().take(LONGEST_INPUT).read_to_string(&mut text)?;
    }
    Ok(text)
}

/// A token goes into an `Authorization` header, so it is visible ASCII.
fn token_from(input: &str) -> Result<SecretString, CommandError> {
    let token = input.trim();
    if token.is_empty() {
        let advice = "no token on standard input: pipe it in, as in \
                      `groupgate credentials set --tenant … < token.txt`";
        return Err(CommandError::Usage(advice.to_owned()));
    }
    if token.len() as u64 >= LONGEST_INPUT || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let advice = "what came on standard input is no token: expected one line of visible ASCII characters";
        return Err(CommandError::Usage(advice.to_owned()));
    }
    Ok(SecretString::from(token))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_token_of_four_kibibytes_is_taken_whole_and_its_line_break_is_not() {
        let token = "E".repeat(4096);
        let read = token_from(&format!("{token}\r\n")).unwrap();
        assert_eq!(read.expose_secret(), token);
    }

    #[test]
    fn what_could_not_stand_in_a_header_is_refused_without_being_shown() {
        for input in ["", " \n", "EAA one\ntwo", "EAAgé", "EAA\u{0}x"] {
            let error = token_from(input).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{input:?}");
            assert!(!error.to_string().contains("EAA"), "{error}");
        }
    }
}
