//! The arguments of `groupgate endpoints`, with what `--help` says of them.

use std::{path::PathBuf, time::Duration};

use cams_api::{
    events::{TypeFilter, TypeFilterError},
    identifiers::CustSpaceId,
};
use clap::Args;
use tenant_store::EndpointId;

use crate::commands::{keys::overlap, output::OutputArgs};

/// Which endpoint.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// The endpoint's ID, ep_…; `groupgate endpoints list` shows them.
    #[arg(value_name = "ENDPOINT_ID")]
    pub(super) id: EndpointId,
    #[command(flatten)]
    pub(super) owner: Owner,
}

/// Whose endpoint it is.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct Owner {
    /// The tenant whose endpoint it is, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    pub(super) tenant: Option<CustSpaceId>,
    /// It is one of the ISV's own, as where no tenant is given.
    #[arg(long)]
    pub(super) isv: bool,
}

/// Whose a new endpoint is to be: said, never assumed, since the ISV's get the events of every tenant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct NewOwner {
    /// The tenant whose events it gets, such as cams-8c8pdv.
    #[arg(long, value_name = "CUST_SPACE_ID")]
    pub(super) tenant: Option<CustSpaceId>,
    /// It is the ISV's own, and gets the events of all tenants.
    #[arg(long)]
    pub(super) isv: bool,
}

/// The arguments of `endpoints add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Events are sent as POST, signed as Standard Webhooks say (https://www.standardwebhooks.com); any
2xx within 15 s counts. The URL is https; http only for the networks of GROUPGATE_ALLOWED_NETWORKS,
which is read here as the gateway reads it. A secret is `whsec_` and the base64 of 24 to 64 bytes.

Types: group.created, group.*, group.participant.*, message.received, message.*, account.*, …

Examples:
  groupgate endpoints add https://hooks.example.com/groupgate --tenant cams-8c8pdv --type 'group.*'
  groupgate endpoints add https://hooks.example.com/all --isv --json > endpoint.json
  groupgate endpoints add https://hooks.example.com/x --tenant cams-8c8pdv --secret-file secret.txt")]
pub struct AddArgs {
    /// Where to deliver to.
    pub(super) url: String,
    #[command(flatten)]
    pub(super) owner: NewOwner,
    /// A type of events that it gets, or a family of types; repeat it for several. All where absent.
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    pub(super) types: Vec<String>,
    /// A note for people.
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,
    /// A file with the secret to sign with; one is made at random where absent.
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The arguments of `endpoints list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate endpoints list
  groupgate endpoints list --tenant cams-8c8pdv --json | jq -r '.[].endpoint_id'")]
pub struct ListArgs {
    /// Only this tenant's.
    #[arg(long, value_name = "CUST_SPACE_ID", conflicts_with = "isv")]
    pub(super) tenant: Option<CustSpaceId>,
    /// Only the ISV's own.
    #[arg(long)]
    pub(super) isv: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The arguments of `endpoints show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  groupgate endpoints show ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv")]
pub struct ShowArgs {
    #[command(flatten)]
    pub(super) named: Named,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The arguments of `endpoints update`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is not named stays. Deliveries that wait go to the new URL; types count for later events.

Example:
  groupgate endpoints update ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv \\
    --type 'group.*' --type message.received --description 'of the till'")]
pub struct UpdateArgs {
    #[command(flatten)]
    pub(super) named: Named,
    #[command(flatten)]
    pub(super) changes: Changes,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What is changed. At least one.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Changes {
    /// Where to deliver to.
    #[arg(long)]
    pub(super) url: Option<String>,
    /// A type of events that it gets, in place of those before; repeat it for several.
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    pub(super) types: Vec<String>,
    /// It gets events of all types.
    #[arg(long, conflicts_with = "types")]
    pub(super) all_types: bool,
    /// A note for people; an empty one takes it away.
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,
}

/// The arguments of `endpoints test`.
#[derive(Debug, Args)]
#[command(after_help = "\
It takes a gateway that runs on the same database, which sends an event of the type endpoint.test,
also to a disabled endpoint. The exit code is 1 where no 2xx comes back within 20 s.

Example:
  groupgate endpoints test ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv")]
pub struct TestArgs {
    #[command(flatten)]
    pub(super) named: Named,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The arguments of `endpoints enable`.
#[derive(Debug, Args)]
#[command(after_help = "\
While an endpoint is disabled no delivery is made for it. --replay delivers what it missed since
then, and what was waiting for it when it was disabled.

Example:
  groupgate endpoints enable ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv --replay")]
pub struct EnableArgs {
    #[command(flatten)]
    pub(super) named: Named,
    /// Deliver what it missed while it was disabled.
    #[arg(long)]
    pub(super) replay: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The arguments of `endpoints disable`.
#[derive(Debug, Args)]
#[command(after_help = "\
Deliveries that wait are given up; `groupgate endpoints enable --replay` makes them anew.

Example:
  groupgate endpoints disable ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv \\
    --reason 'moves to another host'")]
pub struct DisableArgs {
    #[command(flatten)]
    pub(super) named: Named,
    /// Why, for the audit log and for `endpoints show`.
    #[arg(long, default_value = "by an administrator")]
    pub(super) reason: String,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The arguments of `endpoints rotate-secret`.
#[derive(Debug, Args)]
#[command(after_help = "\
Until the overlap ends each delivery has two signatures, by the new secret and by the old one, so
that the receiver can change over when it likes. No more than two sign: while one of an earlier
rotation still does, it takes --end-previous.

Examples:
  groupgate endpoints rotate-secret ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv
  groupgate endpoints rotate-secret ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --isv --overlap 0s")]
pub struct RotateSecretArgs {
    #[command(flatten)]
    pub(super) named: Named,
    /// How long the old secret signs beside the new one, such as 30m, 24h or 7d.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = overlap)]
    pub(super) overlap: Duration,
    /// Rotate although the secret before the last rotation still signs; it no longer does from now on.
    #[arg(long)]
    pub(super) end_previous: bool,
    /// A file with the secret to sign with; one is made at random where absent.
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// The arguments of `endpoints remove`.
#[derive(Debug, Args)]
#[command(after_help = "\
Its deliveries go with it, also those that wait; the events stay. It cannot be undone.

Example:
  groupgate endpoints remove ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv")]
pub struct RemoveArgs {
    #[command(flatten)]
    pub(super) named: Named,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// A type of events or a family of them, as filters have it.
pub(in crate::commands) fn event_type(text: &str) -> Result<String, TypeFilterError> {
    TypeFilter::parse([text]).map(|_| text.to_owned())
}

impl From<NewOwner> for Owner {
    fn from(NewOwner { tenant, isv }: NewOwner) -> Self {
        Self { tenant, isv }
    }
}
