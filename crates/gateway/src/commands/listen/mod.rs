//! `groupgate listen`: a tenant's events, posted to a developer's machine as an endpoint gets them.

mod hook;
mod server_sent;
mod source;

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use awc::{Client, Connector};
use cams_api::events::{EventId, TypeFilter};
use clap::Args;
use secrecy::ExposeSecret;
use serde::Deserialize;
use tenant_store::EndpointSecret;
use time::OffsetDateTime;
use url::Url;

use self::hook::Hook;
use self::server_sent::{Message, Messages};
use self::source::{Lost, Source};
use super::{CommandError, output::printable, output::time_text, signals::StopSignals};
use crate::config::{AnySetting, Environment, SettingFlags, Sources, caller};
use crate::egress::tls_config;

/// For connecting, and once more for the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Before the stream that was lost is opened again; twice as long each time that it cannot be.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// That, at the most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
The access key stands in GROUPGATE_ACCESS_KEY_ID and GROUPGATE_ACCESS_KEY_SECRET (or in the file
that GROUPGATE_ACCESS_KEY_SECRET_FILE names), and needs the scope events.read. A post is made once:
whatever the hook answers, the next event follows. Ctrl-C ends it.

Examples:
  set -a; . .groupgate/demo.env; set +a
  groupgate listen --forward http://127.0.0.1:3000/hook
  groupgate listen --forward http://127.0.0.1:3000/hook --types 'group.*,message.received' --after 0";

/// The arguments of `listen`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListenArgs {
    /// Where each event is posted, with the headers and the signature of a delivery. Any address: it is yours.
    #[arg(long, value_name = "URL", value_parser = http_url)]
    forward: Url,
    #[arg(long, value_name = "URL", help = "Where the gateway is [env: GROUPGATE_URL]")]
    url: Option<String>,
    #[arg(long, value_name = "CUST_SPACE_ID", help = "Whose events [env: GROUPGATE_CUST_SPACE_ID]")]
    cust_space_id: Option<String>,
    /// Only events of these types, with commas between them, such as group.* or message.received; all where absent.
    #[arg(long, default_value = "", hide_default_value = true)]
    types: TypeFilter,
    /// Begin behind the event of this Sequence; 0 with the first, where it is still kept. Without it: from now on.
    #[arg(long, value_name = "SEQUENCE")]
    after: Option<u64>,
    /// A file with the secret, `whsec_…`, that posts are signed with. Without it one is made, and printed at the start.
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,
}

/// Listens until Ctrl-C, or until the gateway refuses.
pub async fn run(args: ListenArgs, environment: Environment) -> Result<(), CommandError> {
    let mut stop = StopSignals::catch()?;
    let listener = Listener::new(args, environment)?;
    tokio::select! {
        ended = listener.listen() => ended,
        () = stop.next() => Ok(()),
    }
}

struct Listener {
    source: Source,
    hook: Hook,
    types: TypeFilter,
    after: Option<u64>,
}

/// What is read of an event; the rest is the hook's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
}

impl Listener {
    fn new(args: ListenArgs, environment: Environment) -> Result<Self, CommandError> {
        let given = [
            (&caller::URL as &dyn AnySetting, args.url),
            (&caller::CUST_SPACE_ID as &dyn AnySetting, args.cust_space_id),
        ];
        let flags = SettingFlags::of(given.into_iter().filter_map(|(setting, text)| Some((setting, text?))));
        let sources = Sources::new(flags, environment);
        let client = client()?;
        let source = Source::new(
            client.clone(),
            &sources.required(&caller::URL)?,
            &sources.required(&caller::CUST_SPACE_ID)?,
            sources.required(&caller::ACCESS_KEY_ID)?,
            sources.required(&caller::ACCESS_KEY_SECRET)?,
        );
        let secret = args.secret_file.as_deref().map_or_else(made, read)?;
        Ok(Self { source, hook: Hook::new(client, args.forward, secret), types: args.types, after: args.after })
    }

    async fn listen(&self) -> Result<(), CommandError> {
        let mut place = self.after.map(|after| after.to_string());
        let mut pause = FIRST_PAUSE;
        loop {
            let lost = match self.source.open(place.as_deref()).await {
                Ok(messages) => {
                    say(&format!("Listening; events are posted to {}", self.hook.shown()))?;
                    pause = FIRST_PAUSE;
                    self.follow(messages, &mut place).await?
                }
                Err(lost) => lost,
            };
            if let Lost::Refused(why) = lost {
                return Err(CommandError::NotListening(why));
            }
            say(&format!("{lost}; trying again in {} s", pause.as_secs()))?;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Posts events as they come, one after the other, until the stream ends.
    async fn follow(&self, mut messages: Messages, place: &mut Option<String>) -> io::Result<Lost> {
        loop {
            match messages.next().await {
                Ok(message) => {
                    if self.types.matches(&message.event_type) && !message.data.is_empty() {
                        self.forward(&message).await?;
                    }
                    *place = Some(message.id);
                }
                Err(lost) => return Ok(lost),
            }
        }
    }

    async fn forward(&self, message: &Message) -> io::Result<()> {
        let event = serde_json::from_str::<Named<'_>>(&message.data).ok();
        let Some(id) = event.and_then(|event| event.id.parse::<EventId>().ok()) else {
            return say(&format!("#{} is no event, and is left out", printable(&message.id)));
        };
        let posted = self.hook.post(&id.to_string(), &message.data).await;
        let now = time_text(OffsetDateTime::now_utc());
        say(&format!("{now}  #{}  {}  {id}  {posted}", printable(&message.id), printable(&message.event_type)))
    }
}

fn client() -> Result<Client, CommandError> {
    let tls = tls_config().map_err(|error| CommandError::NotListening(format!("TLS cannot be set up: {error}")))?;
    let connector = Connector::new().timeout(CONNECT_TIMEOUT).handshake_timeout(CONNECT_TIMEOUT).rustls_0_23(tls);
    // Each call has a time of its own: a stream goes on for ever.
    Ok(Client::builder().connector(connector).disable_timeout().disable_redirects().finish())
}

/// The secret of a file.
fn read(path: &Path) -> Result<EndpointSecret, CommandError> {
    let unusable = |why: &dyn std::fmt::Display| CommandError::Usage(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| unusable(&error))?;
    text.trim().parse().map_err(|error| unusable(&error))
}

/// A new secret, printed this once.
fn made() -> Result<EndpointSecret, CommandError> {
    let secret = EndpointSecret::generate()?;
    say(&format!("The hook's secret, good until this ends: {}", secret.expose().expose_secret()))?;
    Ok(secret)
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "expected an address that begins with http:// or https://".to_owned())
}
