//! `groupgate sandbox`: the stand-in for the Graph API, alone.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use graph_sandbox::{RunningSandbox, SandboxError, SandboxSettings, Seed};
use secrecy::{ExposeSecret, SecretString};

use super::{CommandError, demo::names, output, signals::StopSignals};
use crate::config::{Environment, SettingFlags, Sources, catalog, parse_duration};

/// The tokens of a sandbox that runs alone. They open nothing but made-up data.
const TOKENS: [&str; 2] = ["EAAsandboxtoken1", "EAAsandboxtoken2"];

/// Signs webhooks where the environment names no secret.
const APP_SECRET: &str = "sandbox-app-secret";

const DEFAULT_BIND: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);

/// The arguments of `sandbox`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads GROUPGATE_APP_ID, GROUPGATE_APP_SECRET (signs webhooks) and GROUPGATE_WEBHOOK_VERIFY_TOKEN, or the files
that the secrets' …_FILE twins name. Its tokens are EAAsandboxtoken1 and EAAsandboxtoken2.
Its control API and a page that explains it: /_sandbox/")]
pub struct SandboxArgs {
    /// Where it listens. It asks nobody for a password: keep it on loopback.
    #[arg(long, value_name = "ADDRESS", default_value_t = DEFAULT_BIND)]
    bind: SocketAddr,
    /// Where its state is kept; without it, in memory only.
    #[arg(long, value_name = "DIRECTORY")]
    data_dir: Option<PathBuf>,
    /// Where webhooks go: the gateway's address with /webhooks/graph at its end.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// How long asynchronous changes take: a duration, or two with .. between.
    #[arg(long, value_name = "DURATION", default_value = "50ms..300ms", value_parser = latency)]
    latency: RangeInclusive<Duration>,
}

fn latency(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let range = parse_duration(least).zip(parse_duration(most)).filter(|(least, most)| least <= most);
    let (least, most) = range.ok_or("expected a duration such as 100ms, or a range such as 50ms..300ms")?;
    Ok(least..=most)
}

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(args: SandboxArgs, environment: Environment) -> Result<(), CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    output::tell(&sources.warnings())?;
    let mut stop = StopSignals::catch()?;
    let sandbox = start(settings(args, &sources)?).await?;
    writeln!(io::stdout(), "The sandbox answers at {0} — control API: {0}/_sandbox/", sandbox.url())?;
    stop.next().await;
    tokio::select! {
        () = sandbox.stop() => {}
        () = stop.next() => {}
    }
    Ok(())
}

async fn start(settings: SandboxSettings) -> Result<RunningSandbox, CommandError> {
    graph_sandbox::start(settings).await.map_err(|error| match error {
        SandboxError::PortTaken { addr } => not_listening(addr, io::ErrorKind::AddrInUse.into()),
        SandboxError::Bind { addr, source } => not_listening(addr, source),
        other => CommandError::Sandbox(other),
    })
}

fn not_listening(address: SocketAddr, source: io::Error) -> CommandError {
    CommandError::Listen { address, setting: "--bind", source }
}

fn settings(args: SandboxArgs, sources: &Sources) -> Result<SandboxSettings, CommandError> {
    let secrets = sources.optional(&catalog::APP_SECRET)?.unwrap_or_default();
    let verify_token = sources.optional(&catalog::WEBHOOK_VERIFY_TOKEN)?;
    Ok(SandboxSettings {
        bind: args.bind,
        data_dir: args.data_dir,
        app_id: sources.optional(&catalog::APP_ID)?.unwrap_or_else(|| names::APP_ID.to_owned()),
        app_secret: secrets.first().map_or(APP_SECRET, SecretString::expose_secret).to_owned(),
        webhook_url: args.webhook_url,
        webhook_verify_token: verify_token.map(|token| token.expose_secret().to_owned()),
        latency: args.latency,
        seed: Seed::demo(TOKENS[0], TOKENS[1]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_one_duration_or_a_range() {
        let ms = Duration::from_millis;
        assert_eq!(latency("10ms"), Ok(ms(10)..=ms(10)));
        assert_eq!(latency("50ms..300ms"), Ok(ms(50)..=ms(300)));
        assert!(latency("300ms..50ms").is_err());
        assert!(latency("fast").is_err());
    }
}
