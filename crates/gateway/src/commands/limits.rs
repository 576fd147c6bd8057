//! `groupgate limits`: what a tenant may use, where it differs from the gateway's settings.

use std::{num::NonZeroU32, str::FromStr};

use cams_api::identifiers::CustSpaceId;
use clap::{Args, Subcommand};
use serde::Serialize;
use tenant_store::{Limits, Rate};

use super::{CommandError, output::OutputArgs, store};
use crate::config::Environment;

/// What gives a tenant the gateway's setting back.
const DEFAULT: &str = "default";

/// The commands about limits.
#[derive(Debug, Subcommand)]
pub enum LimitsCommand {
    /// Set some of a tenant's own limits; those that are not named stay as they are.
    Set(SetArgs),
    /// Show a tenant's own limits.
    Show(ShowArgs),
}

/// The arguments of `limits set`.
#[derive(Debug, Args)]
#[command(after_help = "\
A rate is a number of calls a second, minute or hour (20/s, 100/m, 500/h), and how many may
come at once after a pause, where that is another number (20/s;burst=40). `off` lets everything
through, `default` gives the gateway's own setting back (GROUPGATE_RATE_PER_TENANT, …).

Examples:
  groupgate limits set --tenant cams-8c8pdv --per-tenant '20/s;burst=40' --in-flight 8
  groupgate limits set --tenant cams-8c8pdv --per-tenant default")]
pub struct SetArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    output: OutputArgs,
}

/// What is set. At least one.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Calls in the tenant's name, by whichever access key.
    #[arg(long, value_name = "RATE|off|default", value_parser = own_rate)]
    per_tenant: Option<Own<Rate>>,
    /// Calls to Meta for each of the tenant's numbers.
    #[arg(long, value_name = "RATE|off|default", value_parser = own_rate)]
    per_number: Option<Own<Rate>>,
    /// Calls in the tenant's name at the same time, on each gateway.
    #[arg(long, value_name = "CALLS|default", value_parser = own_count)]
    in_flight: Option<Own<NonZeroU32>>,
}

/// A tenant's own value, or the gateway's default.
#[derive(Debug, Clone, Copy)]
struct Own<T>(Option<T>);

/// The arguments of `limits show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  groupgate limits show --tenant cams-8c8pdv --json")]
pub struct ShowArgs {
    /// The tenant's public ID, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    tenant: CustSpaceId,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Shown {
    cust_space_id: String,
    #[serde(flatten)]
    limits: Limits,
}

/// Runs one of the commands.
pub async fn run(command: LimitsCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        LimitsCommand::Set(args) => set(args, environment).await,
        LimitsCommand::Show(args) => show(args, environment).await,
    }
}

async fn set(args: SetArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    store::tenant(&store, &args.tenant).await?;
    let space = store.space(args.tenant.as_str());
    let limits = args.changes.applied_to(space.limits().await?);
    let limits = space.set_limits(&limits, &store::actor()).await?.limits;
    Ok(args.output.print(&Shown { cust_space_id: args.tenant.to_string(), limits }, as_text)?)
}

async fn show(args: ShowArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    store::tenant(&store, &args.tenant).await?;
    let limits = store.space(args.tenant.as_str()).limits().await?;
    Ok(args.output.print(&Shown { cust_space_id: args.tenant.to_string(), limits }, as_text)?)
}

impl Changes {
    fn applied_to(&self, before: Limits) -> Limits {
        Limits {
            per_tenant: self.per_tenant.map_or(before.per_tenant, |own| own.0),
            per_number: self.per_number.map_or(before.per_number, |own| own.0),
            in_flight: self.in_flight.map_or(before.in_flight, |own| own.0),
        }
    }
}

fn own_rate(text: &str) -> Result<Own<Rate>, String> {
    own(text, |error| format!("expected {error}, or `{DEFAULT}`"))
}

fn own_count(text: &str) -> Result<Own<NonZeroU32>, String> {
    own(text, |_| format!("expected a whole number above zero, or `{DEFAULT}`"))
}

fn own<T: FromStr>(text: &str, refused: impl FnOnce(T::Err) -> String) -> Result<Own<T>, String> {
    if text == DEFAULT {
        return Ok(Own(None));
    }
    text.parse().map(|value| Own(Some(value))).map_err(refused)
}

fn as_text(shown: &Shown) -> String {
    format!("Tenant {}: {}", shown.cust_space_id, limit_text(&shown.limits))
}

/// The limits on one line.
pub(super) fn limit_text(limits: &Limits) -> String {
    let Limits { per_tenant, per_number, in_flight } = limits;
    format!(
        "per tenant {}, per number {}, in flight {}",
        or_default(per_tenant.as_ref()),
        or_default(per_number.as_ref()),
        or_default(in_flight.as_ref())
    )
}

fn or_default<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| DEFAULT.to_owned(), T::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_and_default_gives_it_back() {
        let rate = |text: &str| Some(text.parse::<Rate>().unwrap());
        let before = Limits { per_tenant: rate("20/s"), per_number: rate("off"), in_flight: NonZeroU32::new(8) };
        let changes = Changes { per_tenant: Some(own_rate("default").unwrap()), per_number: None, in_flight: None };
        let after = changes.applied_to(before);
        assert_eq!(after, Limits { per_tenant: None, ..before });
        assert_eq!(limit_text(&after), "per tenant default, per number off, in flight 8");
    }

    #[test]
    fn what_is_neither_a_value_nor_default_is_refused() {
        assert!(own_rate("fast").is_err());
        assert!(own_count("0").is_err());
    }
}
