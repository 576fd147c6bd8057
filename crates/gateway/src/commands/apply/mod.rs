//! `groupgate apply`: tenants as a file describes them.
//!
//! The file is read and checked (`reading.rs`, `form.rs`, `declared.rs`), compared with what there is (`found.rs`), and the
//! difference (`plan.rs`) is shown, confirmed and carried out (`carrying_out.rs`). Tokens that are new are shown to Meta first
//! (`meta.rs`). Applying twice does nothing the second time.

use std::{
    io::{self, BufRead, Read, Write},
    path::{Path, PathBuf},
};

use cams_api::identifiers::CustSpaceId;
use clap::Args;
use serde::Serialize;

mod carrying_out;
mod declared;
pub(super) mod form;
pub(super) mod found;
mod meta;
mod plan;
mod reading;
mod secrets;
mod words;

use super::{CommandError, output::OutputArgs, store};
use crate::{
    admin::FieldError,
    config::{Environment, SettingFlags, Sources},
};

use carrying_out::{Done, Made};
use declared::DeclaredTenant;
use found::Found;
use meta::Meta;
use plan::{Action, Plan};
use secrets::Secrets;
use words::ShownPlan;

/// The file that is standard input.
const STDIN: &str = "-";

/// The arguments of `apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file:
  apiVersion: groupgate/v1
  tenants:
    - cust_space_id: cams-8c8pdv
      name: Bakery Miller
      numbers: [{business_number: 4915112345678, phone_number_id: 106540352242922, waba_id: 102290129340398}]
      credential: {from_env: MILLER_TOKEN}          or {from_file: miller-token.txt}
      limits: {per_tenant: 20/s;burst=40}
      endpoints: [{url: https://hooks.example.com/miller, types: [group.*], secret: {from_file: hook.txt}}]
      keys: [{name: till, grants: [{scopes: [groups.read, groups.write]}]}]

What a tenant does not say stays as it is. Endpoints are known by their URL, keys by their name, or by
their access_key_id where that is given. What is not in the file stays, too; --prune removes it: numbers,
endpoints and keys where the tenant has a list of them, and tenants, each of which is to be confirmed.

With GROUPGATE_APP_ID and GROUPGATE_APP_SECRET (and GROUPGATE_GRAPH_URL, as the gateway reads it) Meta is asked
about new tokens before anything is done, and the webhooks of new accounts are let come to the app.

Exit codes beside the usual: 1 where it was not confirmed; for --dry-run, 2 where there is something to do, and 1
in the place of 2 where the file or the settings are wrong.

Examples:
  groupgate apply -f tenants.yaml --dry-run
  groupgate apply -f tenants.yaml --yes --json > made.json      with the secrets of new keys and endpoints
  groupgate export > tenants.yaml")]
pub struct ApplyArgs {
    /// The file; - for standard input. Paths in it are relative to its directory.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Do it without asking.
    #[arg(long)]
    yes: bool,
    /// Show what would be done, and do nothing.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Remove what is not in the file.
    #[arg(long)]
    prune: bool,
    /// A tenant that --prune may erase with everything that is its own, for good; repeat it for several.
    #[arg(long, value_name = "CUST_SPACE_ID", requires = "prune")]
    confirm: Vec<CustSpaceId>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    plan: ShownPlan,
    applied: bool,
    /// The secrets that were made, shown this once.
    made: Vec<Made>,
}

/// Runs the command. Where it is asked whether there is something to do, 2 says that there is, and nothing else.
pub async fn run(args: &ApplyArgs, environment: Environment) -> Result<(), CommandError> {
    apply(args, environment).await.map_err(|error| {
        let is_mistaken = args.dry_run && error.exit_code() == 2 && !matches!(error, CommandError::SomethingToDo);
        if is_mistaken { CommandError::NotPlanned(Box::new(error)) } else { error }
    })
}

async fn apply(args: &ApplyArgs, environment: Environment) -> Result<(), CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    let declared = args.declared(&sources)?;
    let store = store::open_with(&sources).await?;
    let found = Found::read(&store, &declared).await?;
    let mut plan = plan::plan(declared, &found, args.prune).map_err(|wrong| mistakes(&wrong))?;
    let meta = Meta::of(&sources)?;
    match &meta {
        Some(meta) => meta.check_tokens(&mut plan).await?,
        None => plan.leave_meta_out(),
    }
    let (text, mut shown) = (words::plan(&plan), ShownPlan::from(&plan));
    if plan.steps.is_empty() || args.dry_run {
        let is_nothing = plan.steps.is_empty();
        args.output.print(&Answer { plan: shown, applied: is_nothing, made: Vec::new() }, |_| text)?;
        return if is_nothing { Ok(()) } else { Err(CommandError::SomethingToDo) };
    }
    args.confirmed(&plan)?;
    args.agreed(&text)?;
    let mut done = Done::default();
    let carried_out = done.carry_out(&store, meta.as_ref(), plan).await;
    shown.note(&done.steps);
    let answer = Answer { plan: shown, applied: carried_out.is_ok(), made: done.made };
    args.output.print(&answer, |answer| answer.text(args.yes.then_some(text.as_str())))?;
    carried_out
}

impl ApplyArgs {
    fn is_stdin(&self) -> bool {
        self.file == Path::new(STDIN)
    }

    fn declared(&self, sources: &Sources) -> Result<Vec<DeclaredTenant>, CommandError> {
        let wrong = |problem: String| CommandError::Usage(format!("{}: {problem}", self.file.display()));
        let file = (!self.is_stdin()).then_some(self.file.as_path());
        let text = reading::text(file).map_err(|error| wrong(error.to_string()))?;
        let form = reading::form(&text).map_err(wrong)?;
        let directory = file.and_then(Path::parent).unwrap_or(Path::new(""));
        declared::checked(form, &Secrets { sources, directory }).map_err(|wrong| mistakes(&wrong))
    }

    /// Refuses to erase a tenant that nobody has named.
    fn confirmed(&self, plan: &Plan) -> Result<(), CommandError> {
        let erased = plan.steps.iter().filter(|step| matches!(step.action, Action::EraseTenant(_)));
        let mut unconfirmed =
            erased.map(|step| &step.cust_space_id).filter(|id| !self.confirm.iter().any(|sure| sure.as_str() == *id));
        unconfirmed.next().map_or(Ok(()), |id| {
            Err(CommandError::Usage(format!(
                "{id} is not in the file, and --prune would erase it with everything that is its own, for good: \
                 add --confirm {id} where that is meant, or put it into the file (groupgate export)"
            )))
        })
    }

    /// Shows the plan and asks, unless that was said beforehand.
    fn agreed(&self, plan: &str) -> Result<(), CommandError> {
        if self.yes {
            return Ok(());
        }
        if self.is_stdin() {
            let advice = "standard input is the file, so nobody can be asked: add --yes or --dry-run";
            return Err(CommandError::Usage(advice.to_owned()));
        }
        // On standard error, so that answers stay clean.
        write!(io::stderr(), "{plan}\n\nApply? [y/N] ")?;
        let mut answer = String::new();
        io::stdin().lock().take(16).read_line(&mut answer)?;
        let is_yes = ["y", "yes"].contains(&answer.trim().to_lowercase().as_str());
        if is_yes { Ok(()) } else { Err(CommandError::NotAgreed) }
    }
}

impl Answer {
    /// `plan` is what was not shown before. Of one that was carried out in part, what is done and what is not says it all.
    fn text(&self, plan: Option<&str>) -> String {
        let told = if self.applied {
            plan.into_iter().chain(["Applied."]).map(str::to_owned).collect()
        } else {
            vec![self.plan.part()]
        };
        let made = self.made.iter().map(Made::text);
        let warning = (!self.made.is_empty()).then(|| "These secrets are not shown again.".to_owned());
        told.into_iter().chain(made).chain(warning).collect::<Vec<_>>().join("\n")
    }
}

/// All mistakes of a file, a line each.
fn mistakes(wrong: &[FieldError]) -> CommandError {
    let lines = wrong.iter().map(|FieldError { field, message }| format!("\n  {field}: {message}"));
    CommandError::Usage(format!("the file cannot be applied; nothing was done{}", lines.collect::<Vec<_>>().concat()))
}
