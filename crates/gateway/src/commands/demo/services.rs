//! What the demo runs: PostgreSQL, the sandbox and the gateway, started in this order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use graph_sandbox::{RunningSandbox, SandboxSettings, Seed};
use tenant_store::{
    Store,
    private_server::{DatabaseNames, PrivateServer, ServerSettings, Urls},
    schema,
};
use url::Url;

use super::{
    DemoError, Facts,
    directory::{DemoDirectory, write_private},
    env_file, names, provision,
    settings::Plan,
    state::{Secret, Secrets},
};
use crate::{
    app::{self, GatewayParts, Listener, Running},
    commands::{CommandError, serve, store},
    config::{Settings, local_url},
    egress::NameServers,
};

/// PostgreSQL's folder in the data directory.
const SERVER: &str = "postgres";

/// The sandbox's folder in the data directory.
const SANDBOX: &str = "sandbox";

/// The running parts of a demo.
pub(super) struct Services {
    gateway: Running,
    sandbox: RunningSandbox,
    server: PrivateServer,
    drain: Duration,
}

impl Services {
    /// Starts everything, provisions it, and writes `demo.env` before the gateway takes its first call.
    pub(super) async fn start(
        directory: &DemoDirectory,
        plan: Plan,
        secrets: Secrets,
    ) -> Result<(Self, Facts), CommandError> {
        let server = start_server(directory).await?;
        let urls = prepare_database(&server, &secrets).await?;
        let sandbox = start_sandbox(directory, &plan, &secrets).await?;
        let settings = plan.settings(&secrets, &urls, &sandbox.url())?;
        let store = store::connect(&serve::store_settings(&settings), settings.master_keys.clone()).await?;
        provision::provision(&store, &secrets).await?;
        let facts = facts(&settings, &sandbox, urls, secrets);
        sandbox.set_webhook_url(&format!("{}/webhooks/graph", facts.gateway_url));
        write_private(&directory.join(env_file::FILE), &env_file::text(&facts))?;
        let drain = settings.drain;
        let gateway = start_gateway(settings, store).await?;
        Ok((Self { gateway, sandbox, server, drain }, facts))
    }

    /// Stops everything; PostgreSQL last, since the others still write.
    pub(super) async fn stop(self) -> Result<(), CommandError> {
        tokio::join!(self.gateway.stop(self.drain), self.sandbox.stop());
        self.server.stop().await.map_err(DemoError::from)?;
        Ok(())
    }
}

/// Removes PostgreSQL's data, wherever it lies.
pub(super) async fn remove_database(directory: &DemoDirectory) -> Result<(), DemoError> {
    Ok(PrivateServer::remove(&directory.join(SERVER)).await?)
}

async fn start_server(directory: &DemoDirectory) -> Result<PrivateServer, DemoError> {
    Ok(PrivateServer::start(&ServerSettings { data_dir: directory.join(SERVER), durable: true }).await?)
}

async fn prepare_database(server: &PrivateServer, secrets: &Secrets) -> Result<Urls, CommandError> {
    let names = DatabaseNames {
        database: names::DATABASE.to_owned(),
        owner_role: names::OWNER_ROLE.to_owned(),
        owner_password: secrets.get(Secret::OwnerPassword).clone(),
        app_role: names::APP_ROLE.to_owned(),
        app_password: secrets.get(Secret::AppPassword).clone(),
    };
    let urls = server.ensure_roles_and_database(&names).await.map_err(DemoError::from)?;
    schema::migrate(&urls.owner_url, names::APP_ROLE).await?;
    Ok(urls)
}

async fn start_sandbox(
    directory: &DemoDirectory,
    plan: &Plan,
    secrets: &Secrets,
) -> Result<RunningSandbox, CommandError> {
    let settings = SandboxSettings {
        bind: plan.sandbox,
        data_dir: Some(directory.join(SANDBOX)),
        app_id: names::APP_ID.to_owned(),
        app_secret: secrets.expose(Secret::MetaApp).to_owned(),
        webhook_url: None,
        webhook_verify_token: Some(secrets.expose(Secret::WebhookVerifyToken).to_owned()),
        latency: graph_sandbox::DEFAULT_LATENCY,
        seed: Seed::demo(secrets.expose(Secret::GraphToken(0)), secrets.expose(Secret::GraphToken(1))),
    };
    Ok(graph_sandbox::start(settings).await?)
}

async fn start_gateway(settings: Settings, store: Store) -> Result<Running, CommandError> {
    let parts = GatewayParts { settings: Arc::new(settings), store, name_servers: NameServers::System };
    app::start(parts).await.map_err(|error| CommandError::of_start(error, chosen_with))
}

/// What chooses the addresses of a part, in a demo.
fn chosen_with(listener: Listener) -> &'static str {
    match listener {
        Listener::Api => "--port",
        Listener::GraphFace => "GROUPGATE_GRAPH_FACE_BIND",
        Listener::Metrics => "--metrics-port",
    }
}

fn facts(settings: &Settings, sandbox: &RunningSandbox, urls: Urls, secrets: Secrets) -> Facts {
    let url_of = |address: Option<SocketAddr>| address.map(|address| root(&local_url(address))).unwrap_or_default();
    let allowed_networks: Vec<_> = settings.allowed_networks.iter().map(ToString::to_string).collect();
    Facts {
        gateway_url: url_of(settings.bind.first().copied()),
        metrics_url: format!("{}/metrics", url_of(settings.metrics_bind)),
        sandbox_url: sandbox.url(),
        graph_url: root(&settings.graph_url),
        graph_version: settings.graph_version.clone(),
        allowed_networks: allowed_networks.join(","),
        urls,
        secrets,
    }
}

/// A URL to which paths are appended.
fn root(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
