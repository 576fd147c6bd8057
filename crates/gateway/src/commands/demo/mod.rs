//! `groupgate demo`: PostgreSQL, the sandbox and the gateway on this machine, with two tenants to try.
//!
//! A start goes: take the data directory, look at the ports, read the settings, start PostgreSQL and
//! migrate, start the sandbox, provision, write `demo.env`, start the gateway, print the screen.

mod directory;
mod env_file;
mod error;
pub mod names;
mod ports;
mod provision;
mod screen;
mod services;
mod settings;
mod state;
mod tour;

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use tenant_store::private_server::Urls;

use self::{directory::DemoDirectory, services::Services, settings::Plan, state::Secrets};
use super::{CommandError, signals::StopSignals};
use crate::{config::Environment, telemetry};

pub use error::DemoError;

/// All of it stops within five seconds, PostgreSQL included; the rest is for the supervisor.
const STOP_WITHIN: Duration = Duration::from_millis(4_500);

/// The arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every setting of `groupgate serve` is taken from the environment too, except what demo.env holds:
a DATABASE_URL of the shell is ignored.")]
pub struct DemoArgs {
    /// The gateway's port on loopback [default: 8080].
    #[arg(long)]
    port: Option<u16>,
    /// The sandbox's port on loopback.
    #[arg(long, default_value_t = 8090)]
    sandbox_port: u16,
    /// The port of /metrics on loopback [default: any free one].
    #[arg(long)]
    metrics_port: Option<u16>,
    /// Where the demo keeps its data; nothing else may be in there.
    #[arg(long, value_name = "DIRECTORY", default_value = ".groupgate")]
    data_dir: PathBuf,
    /// Remove the data of earlier starts first.
    #[arg(long)]
    fresh: bool,
    /// Walk one group's life through the API, print each call and answer, and stop.
    #[arg(long, conflicts_with = "graph_url")]
    tour: bool,
    /// Call this Graph API in place of the sandbox, with the demo's tenants.
    #[arg(long, value_name = "URL")]
    graph_url: Option<String>,
}

/// What is known of a running demo, for `demo.env` and the screen.
struct Facts {
    gateway_url: String,
    metrics_url: String,
    sandbox_url: String,
    graph_url: String,
    graph_version: String,
    /// By comma, as the setting is written.
    allowed_networks: String,
    urls: Urls,
    secrets: Secrets,
}

/// Runs until Ctrl-C or SIGTERM, or to the end of the tour.
pub async fn run(args: DemoArgs, environment: Environment) -> Result<(), CommandError> {
    let directory = DemoDirectory::claim(&args.data_dir)?;
    let plan = Plan::make(&args, environment)?;
    let _log = telemetry::init(&plan.log, plan.log_format)?;
    plan.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    let mut stop = StopSignals::catch()?;
    let (services, facts) = tokio::select! {
        started = start(&args, &directory, plan) => started?,
        // What has begun ends with this process: PostgreSQL by its supervisor, the rest lives in it.
        () = stop.next() => {
            end_at_the_latest_after(STOP_WITHIN);
            return Ok(());
        }
    };
    let shown = show(&args, &facts, &mut stop).await;
    let stopped = tokio::select! {
        stopped = tokio::time::timeout(STOP_WITHIN, services.stop()) => stopped.unwrap_or(Ok(())),
        () = stop.next() => Ok(()),
    };
    shown.and(stopped)
}

/// What people start a demo for: the tour, or the screen until they have seen enough.
async fn show(args: &DemoArgs, facts: &Facts, stop: &mut StopSignals) -> Result<(), CommandError> {
    if args.tour {
        return tokio::select! {
            walked = tour::walk(facts) => walked,
            () = stop.next() => Ok(()),
        };
    }
    let screen = screen::text(facts, &args.data_dir.join(env_file::FILE));
    io::stdout().lock().write_all(screen.as_bytes())?;
    stop.next().await;
    Ok(())
}

/// The runtime waits for work on blocking threads, and PostgreSQL's recovery can take a minute.
fn end_at_the_latest_after(patience: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(patience);
        std::process::exit(0);
    });
}

async fn start(args: &DemoArgs, directory: &DemoDirectory, plan: Plan) -> Result<(Services, Facts), CommandError> {
    if args.fresh {
        services::remove_database(directory).await?;
        directory.empty()?;
    }
    let secrets = Secrets::load_or_make(&directory.join(state::FILE))?;
    Services::start(directory, plan, secrets).await
}
