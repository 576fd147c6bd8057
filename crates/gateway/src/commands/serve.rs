//! `groupgate serve`: the gateway, against the configured PostgreSQL and Graph API.

use std::{sync::Arc, time::Duration};

use clap::Args;
use tenant_store::StoreSettings;

use super::{CommandError, signals::StopSignals, store};
use crate::{
    app::{self, GatewayParts, Listener},
    config::{Environment, SettingFlags, Settings, Sources, secrets_help},
    egress::NameServers,
    telemetry,
};

/// How long a call waits for a database connection before it is answered 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

const EXAMPLES: &str = "\
Examples:
  groupgate config check
  GROUPGATE_MASTER_KEY_FILE=/run/secrets/master_key groupgate serve --bind 0.0.0.0:8080";

/// The arguments of `serve`: the settings.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", secrets_help()))]
pub struct ServeArgs {
    #[command(flatten)]
    flags: SettingFlags,
}

/// Serves until SIGTERM or Ctrl-C, then lets calls in flight end.
pub async fn run(args: ServeArgs, environment: Environment) -> Result<(), CommandError> {
    let sources = Sources::new(args.flags, environment);
    let settings = Settings::read(&sources)?;
    let _log = telemetry::init(&settings.log, settings.log_format)?;
    sources.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    let mut stop = StopSignals::catch()?;
    let drain = settings.drain;
    let store = store::connect(&store_settings(&settings), settings.master_keys.clone()).await?;
    let parts = GatewayParts { settings: Arc::new(settings), store, name_servers: NameServers::System };
    let running = app::start(parts).await.map_err(|error| CommandError::of_start(error, chosen_with))?;
    let (addresses, graph_face, metrics) = (running.addrs(), running.graph_face_addrs(), running.metrics_addrs());
    tracing::info!(?addresses, ?graph_face, ?metrics, "serving");
    stop.next().await;
    tracing::info!(?drain, "stopping: calls in flight may end; a second signal ends them now");
    tokio::select! {
        () = running.stop(drain) => {}
        () = stop.next() => {}
    }
    Ok(())
}

/// What chooses the addresses of a part.
fn chosen_with(listener: Listener) -> &'static str {
    match listener {
        Listener::Api => "--bind",
        Listener::GraphFace => "--graph-face-bind",
        Listener::Metrics => "--metrics-bind",
    }
}

/// What the settings say of PostgreSQL.
pub(super) fn store_settings(settings: &Settings) -> StoreSettings {
    StoreSettings {
        url: settings.database_url.clone(),
        connections: settings.db_connections,
        acquire_timeout: ACQUIRE_TIMEOUT,
    }
}
