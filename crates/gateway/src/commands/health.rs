//! `groupgate health`: asks a gateway that runs whether it answers, for container engines, whose images have no curl.

use std::time::Duration;

use awc::Client;
use clap::Args;
use url::Url;

use super::CommandError;
use crate::config::{Environment, SettingFlags, Sources, catalog, local_url};

/// Below the second or more after which container engines give up by themselves, so that the reason is told.
const PATIENCE: Duration = Duration::from_secs(2);

/// The arguments of `health`.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// What is asked. Without it, /health/live where the environment says that the gateway listens.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

/// Asks once. No answer, or one that is not 2xx, is a failure.
pub async fn run(args: HealthArgs, environment: Environment) -> Result<(), CommandError> {
    let url = args.url.map_or_else(|| live_url(environment), Ok)?;
    ask(&url).await.map_err(|problem| CommandError::NotHealthy { url, problem })
}

fn live_url(environment: Environment) -> Result<Url, CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    let bind = sources.required(&catalog::BIND)?;
    let first = bind.first().copied().ok_or_else(|| CommandError::Usage("GROUPGATE_BIND is empty".to_owned()))?;
    let mut url = local_url(first);
    url.set_path("/health/live");
    Ok(url)
}

async fn ask(url: &Url) -> Result<(), String> {
    let client = Client::builder().timeout(PATIENCE).disable_redirects().finish();
    let answer = client.get(url.as_str()).send().await.map_err(|error| error.to_string())?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_asked_where_it_listens_and_never_at_an_unspecified_address() {
        for (bind, url) in [
            ("", "http://127.0.0.1:8080/health/live"),
            ("0.0.0.0:9000,127.0.0.1:9001", "http://127.0.0.1:9000/health/live"),
            ("[::]:9000", "http://[::1]:9000/health/live"),
        ] {
            let environment = Environment::default().with("GROUPGATE_BIND", bind);
            assert_eq!(live_url(environment).unwrap().as_str(), url, "{bind}");
        }
    }
}
