//! `groupgate serve`: the gateway, against the configured PostgreSQL and Graph API.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use tenant_store::{SchemaState, StoreError, StoreSettings};

use super::{CommandError, signals::StopSignals, store};
use crate::{
    app::{self, GatewayParts, Listener, Running, StartError},
    auth::SigningKeysError,
    config::{Environment, SettingFlags, Settings, Sources, secrets_help},
    egress::NameServers,
    health::Awaited,
    telemetry,
    waiting_room::WaitingRoom,
};

/// Between two tries to start, where PostgreSQL is not there yet.
const RETRY: Duration = Duration::from_secs(1);

/// Between two lines in the log that say what is waited for.
const TELL: Duration = Duration::from_secs(5);

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
    let settings = Arc::new(Settings::read(&sources)?);
    let _log = telemetry::init(&settings.log, settings.log_format)?;
    sources.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    let mut stop = StopSignals::catch()?;
    let drain = settings.drain;
    let running = tokio::select! {
        started = start_in_time(&settings) => started?,
        // Nobody was served yet.
        () = stop.next() => return Ok(()),
    };
    let (addresses, graph_face, metrics) = (running.addrs(), running.graph_face_addrs(), running.metrics_addrs());
    tracing::info!(?addresses, ?graph_face, ?metrics, "serving");
    let is_lost = tokio::select! {
        () = stop.next() => false,
        () = running.lost() => true,
    };
    if is_lost {
        tracing::error!("a thread that serves is gone: the gateway ends, so that it is started again whole");
    }
    tracing::info!(?drain, "stopping: calls in flight may end; a second signal ends them now");
    tokio::select! {
        () = running.stop(drain) => {}
        () = stop.next() => {}
    }
    if is_lost { Err(of_start(StartError::Threads(io::Error::other("one of them has ended")))) } else { Ok(()) }
}

/// Starts as soon as PostgreSQL and the schema are there: whoever starts everything need not mind the order.
///
/// # Errors
/// What waiting does not cure: wrong settings, addresses that are taken, a schema of a newer version, a role that no
/// policy binds, sealed keys that do not open.
async fn start_in_time(settings: &Arc<Settings>) -> Result<Running, CommandError> {
    let mut room = None;
    let mut told: Option<Instant> = None;
    loop {
        let error = match start(settings, &mut room).await {
            Ok(running) => return Ok(running),
            Err(error) => error,
        };
        let Some(awaited) = awaited(&error) else { return Err(error) };
        match &room {
            Some(room) => WaitingRoom::waits_for(room, awaited),
            None => room = Some(WaitingRoom::open(settings, awaited).await.map_err(of_start)?),
        }
        if told.is_none_or(|told| told.elapsed() >= TELL) {
            tracing::warn!(reason = %error, "the gateway waits for {awaited} before it starts");
            told = Some(Instant::now());
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Tries to start. Who waits meanwhile gives its addresses back as soon as there is nothing more to wait for.
async fn start(settings: &Arc<Settings>, room: &mut Option<WaitingRoom>) -> Result<Running, CommandError> {
    let store = store::connect(&store_settings(settings), settings.master_keys.clone()).await?;
    let parts = GatewayParts { settings: settings.clone(), store, name_servers: NameServers::System };
    let prepared = Box::pin(app::prepare(parts)).await.map_err(of_start)?;
    if let Some(room) = room.take() {
        room.close().await;
    }
    Box::pin(prepared.open()).await.map_err(of_start)
}

/// What has to come before the gateway can start; `None` for what does not come by itself.
///
/// A role, a password and a database that PostgreSQL does not know are waited for, too: from here it cannot be told
/// whether they are wrong, or are made later.
fn awaited(error: &CommandError) -> Option<Awaited> {
    match error {
        CommandError::Store(StoreError::Unavailable(_))
        | CommandError::Start(StartError::SigningKeys(SigningKeysError::Store(StoreError::Unavailable(_)))) => {
            Some(Awaited::PostgreSql)
        }
        CommandError::Schema(SchemaState::Absent | SchemaState::Older { .. }) => Some(Awaited::Schema),
        _ => None,
    }
}

fn of_start(error: StartError) -> CommandError {
    CommandError::of_start(error, chosen_with)
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
        acquire_timeout: settings.db_acquire_timeout,
    }
}
