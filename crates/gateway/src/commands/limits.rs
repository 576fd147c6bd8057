//! `groupgate limits`: what a tenant may use, where it differs from the gateway's settings.

use std::{num::NonZeroU32, str::FromStr};

use cams_api::identifiers::CustSpaceId;
use clap::{Args, Subcommand};
use serde::Serialize;
use tenant_store::{Limit, Limits, MOST_CALLS, PerClass};

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
A limit is a number of calls a second, minute or hour (20/s, 100/m, 500/h), how many may come at
once after a pause, where that is another number (20/s;burst=40), and where wanted how many may be
in flight on each gateway (20/s;in-flight=8, off;in-flight=8). `off` lets everything through,
`default` gives the gateway's own setting back (GROUPGATE_RATE_PER_TENANT, …); a limit that says
nothing of calls in flight keeps the setting's. Reads, writes and messages can have limits of their
own, which hold beside that of all calls together.

Examples:
  groupgate limits set --tenant cams-8c8pdv --per-tenant '20/s;burst=40' --in-flight 8
  groupgate limits set --tenant cams-8c8pdv --per-tenant-write '5/s;in-flight=4'
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
#[derive(Debug, Default, Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Calls in the tenant's name, by whichever access key.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_tenant: Option<Own<Limit>>,
    /// Those of them that change nothing.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_tenant_read: Option<Own<Limit>>,
    /// Those of them that change something.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_tenant_write: Option<Own<Limit>>,
    /// Those of them that send messages, or have to do with the files of messages.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_tenant_message: Option<Own<Limit>>,
    /// Calls to Meta for each of the tenant's numbers.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_number: Option<Own<Limit>>,
    /// Those of them that change nothing.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_number_read: Option<Own<Limit>>,
    /// Those of them that change something.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_number_write: Option<Own<Limit>>,
    /// Those of them that send messages, or have to do with the files of messages.
    #[arg(long, value_name = "LIMIT|off|default", value_parser = own_limit)]
    per_number_message: Option<Own<Limit>>,
    /// Calls in the tenant's name at the same time, on each gateway. It goes before the `in-flight` of `--per-tenant`.
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
        let chosen = |(own, before): (Option<Own<Limit>>, Option<Limit>)| own.map_or(before, |own| own.0);
        Limits {
            per_tenant: self.of_tenant().zip(before.per_tenant).map(chosen),
            per_number: self.of_number().zip(before.per_number).map(chosen),
            in_flight: self.in_flight.map_or(before.in_flight, |own| own.0),
        }
    }

    fn of_tenant(&self) -> PerClass<Option<Own<Limit>>> {
        PerClass {
            all: self.per_tenant,
            read: self.per_tenant_read,
            write: self.per_tenant_write,
            message: self.per_tenant_message,
        }
    }

    fn of_number(&self) -> PerClass<Option<Own<Limit>>> {
        PerClass {
            all: self.per_number,
            read: self.per_number_read,
            write: self.per_number_write,
            message: self.per_number_message,
        }
    }
}

fn own_limit(text: &str) -> Result<Own<Limit>, String> {
    own(text, |error| format!("expected {error}, or `{DEFAULT}`"))
}

fn own_count(text: &str) -> Result<Own<NonZeroU32>, String> {
    let told = || format!("expected a whole number from 1 to {MOST_CALLS}, or `{DEFAULT}`");
    let count: Own<NonZeroU32> = own(text, |_| told())?;
    if count.0.is_some_and(|calls| calls.get() > MOST_CALLS) { Err(told()) } else { Ok(count) }
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

/// The limits on one line; those of a class only where the tenant has its own.
pub(super) fn limit_text(limits: &Limits) -> String {
    let (tenant, number) = (Limits::PER_TENANT.all, Limits::PER_NUMBER.all);
    let is_told = |(name, limit): &(&str, Option<Limit>)| limit.is_some() || *name == tenant || *name == number;
    let told = limits.named().filter(is_told);
    let mut words: Vec<String> =
        told.map(|(name, limit)| format!("{} {}", name.replace('_', " "), or_default(limit.as_ref()))).collect();
    words.push(format!("in flight {}", or_default(limits.in_flight.as_ref())));
    words.join(", ")
}

fn or_default<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| DEFAULT.to_owned(), T::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_and_default_gives_it_back() {
        let limit = |text: &str| Some(text.parse::<Limit>().unwrap());
        let per_tenant = PerClass { all: limit("20/s"), write: limit("5/s;in-flight=4"), ..PerClass::default() };
        let per_number = PerClass { all: limit("off"), ..PerClass::default() };
        let before = Limits { per_tenant, per_number, in_flight: NonZeroU32::new(8) };
        let own = |text| Some(own_limit(text).unwrap());
        let changes = Changes { per_tenant: own("default"), per_number_message: own("1/s"), ..Changes::default() };
        let after = changes.applied_to(before);
        let expected = "per tenant default, per tenant write 5/s;in-flight=4, per number off, per number message 1/s, \
                        in flight 8";
        assert_eq!(limit_text(&after), expected);
    }

    #[test]
    fn what_is_neither_a_value_nor_default_is_refused() {
        assert!(own_limit("fast").is_err());
        for wrong in ["0", "10000000", "4000000000", "4294967296", "-1", "many"] {
            assert!(own_count(wrong).is_err(), "{wrong}");
        }
        assert!(own_count("9999999").is_ok_and(|count| count.0.is_some()));
        assert!(own_count("default").is_ok_and(|count| count.0.is_none()));
    }
}
