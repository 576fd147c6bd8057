//! The demo's settings: those of `serve`, from the environment, with the demo's own in place of what
//! `demo.env` holds.

use std::{net::SocketAddr, time::Duration};

use secrecy::ExposeSecret;
use tenant_store::private_server::Urls;

use super::{
    DemoArgs, env_file, names,
    ports::{Ports, loopback},
    state::{Secret, Secrets},
};
use crate::{
    commands::CommandError,
    config::{AnySetting, ConfigError, Environment, SettingFlags, Settings, Sources, Warning, catalog},
    telemetry::LogFormat,
};

/// Leaves PostgreSQL its share of the time in which the demo stops.
const LONGEST_DRAIN: Duration = Duration::from_secs(2);

/// A line a request, and no news of servers that start, which would push the screen away.
const DEFAULT_LOG: &str = "warn,gateway=info,groupgate=info";

/// The tour prints every call itself.
const DEFAULT_LOG_OF_TOUR: &str = "warn";

/// The networks that the demo's deliveries and fetches may reach.
const LOOPBACK: &str = "127.0.0.0/8,::1/128";

/// What the demo is going to run with, checked before anything is changed or started.
pub(super) struct Plan {
    environment: Environment,
    given: Sources,
    gateway: Vec<SocketAddr>,
    metrics: SocketAddr,
    /// Where the sandbox listens.
    pub(super) sandbox: SocketAddr,
    /// A tracing filter.
    pub(super) log: String,
    /// How log lines are written.
    pub(super) log_format: LogFormat,
}

impl Plan {
    /// Reads what is given, and looks whether the ports are free.
    pub(super) fn make(args: &DemoArgs, environment: Environment) -> Result<Self, CommandError> {
        let environment = environment.without(env_file::holds);
        let given = Sources::new(flags(args), environment.clone());
        given.check()?;
        let mut ports = Ports::default();
        let bind = given.required(&catalog::BIND)?;
        let gateway = bind.into_iter().map(|address| ports.take(address, "--port")).collect::<Result<_, _>>()?;
        let sandbox = ports.take(loopback(args.sandbox_port), "--sandbox-port")?;
        let metrics = given.optional(&catalog::METRICS_BIND)?.unwrap_or(loopback(0));
        let metrics = ports.take(metrics, "--metrics-port")?;
        let default_log = if args.tour { DEFAULT_LOG_OF_TOUR } else { DEFAULT_LOG };
        let log = if given.gives(&catalog::LOG)? { given.required(&catalog::LOG)? } else { default_log.to_owned() };
        let log_format = given.required(&catalog::LOG_FORMAT)?;
        Ok(Self { environment, given, gateway, metrics, sandbox, log, log_format })
    }

    /// Variables that look like ours and do nothing.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        self.given.warnings()
    }

    /// The gateway's settings, once PostgreSQL and the sandbox are there.
    pub(super) fn settings(self, secrets: &Secrets, urls: &Urls, sandbox_url: &str) -> Result<Settings, ConfigError> {
        let flags = self.resolved_flags(sandbox_url)?;
        let environment = with_secrets(self.environment, secrets, urls);
        let mut settings = Settings::read(&Sources::new(flags, environment))?;
        settings.drain = settings.drain.min(LONGEST_DRAIN);
        Ok(settings)
    }

    fn resolved_flags(&self, sandbox_url: &str) -> Result<SettingFlags, ConfigError> {
        let bind: Vec<_> = self.gateway.iter().map(ToString::to_string).collect();
        let graph_url = if self.given.gives(&catalog::GRAPH_URL)? {
            self.given.required(&catalog::GRAPH_URL)?.to_string()
        } else {
            sandbox_url.to_owned()
        };
        let mut flags = vec![
            (&catalog::BIND as &dyn AnySetting, bind.join(",")),
            (&catalog::METRICS_BIND, self.metrics.to_string()),
            (&catalog::GRAPH_URL, graph_url),
        ];
        // What is tried out listens on this machine.
        if !self.given.gives(&catalog::ALLOWED_NETWORKS)? {
            flags.push((&catalog::ALLOWED_NETWORKS, LOOPBACK.to_owned()));
        }
        Ok(SettingFlags::of(flags))
    }
}

/// The demo's flags that are settings too, under the settings' names.
fn flags(args: &DemoArgs) -> SettingFlags {
    let on_loopback = |port: Option<u16>| port.map(|port| loopback(port).to_string());
    let given: [(&dyn AnySetting, Option<String>); 3] = [
        (&catalog::BIND, on_loopback(args.port)),
        (&catalog::METRICS_BIND, on_loopback(args.metrics_port)),
        (&catalog::GRAPH_URL, args.graph_url.clone()),
    ];
    SettingFlags::of(given.into_iter().filter_map(|(setting, text)| Some((setting, text?))))
}

fn with_secrets(environment: Environment, secrets: &Secrets, urls: &Urls) -> Environment {
    [
        (&catalog::DATABASE_URL as &dyn AnySetting, urls.app_url.expose_secret()),
        (&catalog::MASTER_KEY, secrets.expose(Secret::MasterKey)),
        (&catalog::APP_ID, names::APP_ID),
        (&catalog::APP_SECRET, secrets.expose(Secret::MetaApp)),
        (&catalog::WEBHOOK_VERIFY_TOKEN, secrets.expose(Secret::WebhookVerifyToken)),
    ]
    .into_iter()
    .fold(environment, |environment, (setting, value)| environment.with(setting.about().variable, value))
}
