//! `groupgate endpoints`: where events are delivered to.
//!
//! An endpoint belongs to a tenant, or to the ISV, whose own get the events of all tenants. Its ID alone does not say
//! whose it is, so that commands name the owner, too.

use std::path::Path;

use cams_api::events::TypeFilter;
use clap::Subcommand;
use tenant_store::{
    Endpoint, EndpointChange, EndpointSecret, NewEndpoint, Replay, Space, Store, StoreError, TenantStatus,
};
use time::OffsetDateTime;

use super::{CommandError, output::time_text, store};
use crate::{
    admin::endpoints::EndpointView,
    config::{ConfigError, Environment, SettingFlags, Sources, catalog, secret_file},
    egress::{EgressError, EgressSettings, ExternalUrl},
};

mod answers;
mod arguments;
mod deliveries;
mod replay;
mod test;

pub(super) use arguments::event_type;
pub(super) use deliveries::table_of_deliveries;

use answers::{Created, Enabled, Removed, Rotated};
use arguments::{
    AddArgs, Changes, DisableArgs, EnableArgs, ListArgs, Named, Owner, RemoveArgs, RotateSecretArgs, ShowArgs,
    TestArgs, UpdateArgs,
};

/// The commands about endpoints.
#[derive(Debug, Subcommand)]
pub enum EndpointsCommand {
    /// Add an endpoint. Its secret is shown this once.
    Add(AddArgs),
    /// List endpoints, without their secrets.
    List(ListArgs),
    /// Show an endpoint, without its secret.
    Show(ShowArgs),
    /// Change an endpoint's URL, types or description.
    Update(UpdateArgs),
    /// Have a running gateway send an endpoint a test event, and show what it answered.
    Test(TestArgs),
    /// Enable an endpoint that was disabled.
    Enable(EnableArgs),
    /// Disable an endpoint: nothing is delivered to it until it is enabled.
    Disable(DisableArgs),
    /// Give an endpoint a new secret, shown this once; the one before signs, too, for a while.
    RotateSecret(RotateSecretArgs),
    /// Deliver events once more: one, all of a span, or what failed.
    Replay(replay::ReplayArgs),
    /// List an endpoint's deliveries with their tries, newest first.
    Deliveries(deliveries::DeliveriesArgs),
    /// Remove an endpoint with its deliveries.
    Remove(RemoveArgs),
}

/// Runs one of the commands.
pub async fn run(command: EndpointsCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        EndpointsCommand::Add(args) => add(args, environment).await,
        EndpointsCommand::List(args) => list(args, environment).await,
        EndpointsCommand::Show(args) => show(args, environment).await,
        EndpointsCommand::Update(args) => update(args, environment).await,
        EndpointsCommand::Test(args) => test::run(args, environment).await,
        EndpointsCommand::Enable(args) => enable(args, environment).await,
        EndpointsCommand::Disable(args) => disable(args, environment).await,
        EndpointsCommand::RotateSecret(args) => rotate_secret(args, environment).await,
        EndpointsCommand::Replay(args) => replay::run(args, environment).await,
        EndpointsCommand::Deliveries(args) => deliveries::run(args, environment).await,
        EndpointsCommand::Remove(args) => remove(args, environment).await,
    }
}

async fn add(args: AddArgs, environment: Environment) -> Result<(), CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    let new = NewEndpoint {
        url: checked_url(args.url, &sources)?,
        types: filter(&args.types)?,
        description: args.description,
        secret: given_secret(args.secret_file.as_deref())?,
    };
    let store = store::open_with(&sources).await?;
    let owner = Owner::from(args.owner);
    let created = owner.space(&store).await?.create_endpoint(&new, &store::actor()).await?;
    let is_made_here = new.secret.is_none();
    Ok(args.output.print(&Created::new(created, is_made_here), Created::text)?)
}

async fn list(args: ListArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let mut endpoints = Vec::new();
    if args.tenant.is_none() {
        endpoints.extend(store.isv().endpoints().await?);
    }
    let tenants = match &args.tenant {
        Some(tenant) => vec![store::tenant(&store, tenant).await?],
        None if args.isv => Vec::new(),
        None => store::all_tenants(&store).await?,
    };
    for tenant in tenants {
        endpoints.extend(store.space(&tenant.cust_space_id).endpoints().await?);
    }
    let endpoints: Vec<_> = endpoints.into_iter().map(EndpointView::from).collect();
    Ok(args.output.print(&endpoints, |endpoints| answers::list(endpoints))?)
}

async fn show(args: ShowArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let (_, endpoint) = args.named.find(&store).await?;
    Ok(args.output.print(&EndpointView::from(endpoint), EndpointView::text)?)
}

async fn update(args: UpdateArgs, environment: Environment) -> Result<(), CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    let change = args.changes.checked(&sources)?;
    let store = store::open_with(&sources).await?;
    let (space, _) = args.named.find(&store).await?;
    let endpoint = space.update_endpoint(args.named.id, &change, &store::actor()).await?;
    Ok(args.output.print(&EndpointView::from(endpoint), EndpointView::text)?)
}

async fn enable(args: EnableArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let (space, _) = args.named.find(&store).await?;
    let enabled = space.enable_endpoint(args.named.id, &store::actor()).await?;
    let replayed = match enabled.missed_since {
        Some(since) if args.replay => {
            let replayed = space.replay(args.named.id, &Replay::missed(since), &store::actor()).await;
            replayed.map_err(disabled_meanwhile)?
        }
        _ => 0,
    };
    let enabled = Enabled { endpoint: enabled.endpoint.into(), replayed };
    Ok(args.output.print(&enabled, Enabled::text)?)
}

/// It was enabled a moment ago.
fn disabled_meanwhile(error: StoreError) -> CommandError {
    match error {
        StoreError::NotFound { .. } => CommandError::Missing(
            "the endpoint was enabled, and is disabled again: it answered 410 Gone at once, or somebody disabled it; \
             `groupgate endpoints show` tells why"
                .to_owned(),
        ),
        error => error.into(),
    }
}

async fn disable(args: DisableArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let (space, _) = args.named.find(&store).await?;
    let endpoint = space.disable_endpoint(args.named.id, &args.reason, &store::actor()).await?;
    Ok(args.output.print(&EndpointView::from(endpoint), EndpointView::told)?)
}

async fn rotate_secret(args: RotateSecretArgs, environment: Environment) -> Result<(), CommandError> {
    let given = given_secret(args.secret_file.as_deref())?;
    let is_made_here = given.is_none();
    let store = store::open(environment).await?;
    let (space, endpoint) = args.named.find(&store).await?;
    let still_signs = endpoint.previous_until.filter(|until| *until > OffsetDateTime::now_utc() && !args.end_previous);
    if let Some(until) = still_signs {
        return Err(CommandError::Usage(format!(
            "the secret before the last rotation signs until {}: rotate after that, or add --end-previous where no \
             receiver needs it any more",
            time_text(until)
        )));
    }
    let rotated = space.rotate_endpoint_secret(args.named.id, args.overlap, given, &store::actor()).await?;
    let rotated = Rotated::new(endpoint.endpoint_id, &rotated, is_made_here);
    Ok(args.output.print(&rotated, Rotated::text)?)
}

async fn remove(args: RemoveArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let (space, endpoint) = args.named.find(&store).await?;
    space.remove_endpoint(args.named.id, &store::actor()).await?;
    Ok(args.output.print(&Removed::from(endpoint), Removed::text)?)
}

impl Owner {
    /// Where its endpoints lie.
    async fn space<'a>(&'a self, store: &'a Store) -> Result<Space<'a>, CommandError> {
        let Some(tenant) = &self.tenant else { return Ok(store.isv()) };
        store::tenant(store, tenant).await?;
        Ok(store.space(tenant.as_str()))
    }
}

impl Named {
    /// The endpoint with its owner's space; one that is not there is told with what shows them all.
    async fn find<'a>(&'a self, store: &'a Store) -> Result<(Space<'a>, Endpoint), CommandError> {
        let space = self.owner.space(store).await?;
        let endpoint = space.endpoint(self.id).await?.ok_or_else(|| self.is_missing())?;
        Ok((space, endpoint))
    }

    /// Whether nothing is delivered because the tenant is suspended.
    async fn is_of_suspended(&self, store: &Store) -> Result<bool, CommandError> {
        let Some(tenant) = &self.owner.tenant else { return Ok(false) };
        Ok(store::tenant(store, tenant).await?.status == TenantStatus::Suspended)
    }

    fn is_missing(&self) -> CommandError {
        let Self { id, owner } = self;
        let whose = owner.tenant.as_ref().map_or_else(
            || "among the ISV's own; a tenant's takes --tenant".to_owned(),
            |tenant| format!("of tenant {tenant}"),
        );
        CommandError::Missing(format!("there is no endpoint {id} {whose}; `groupgate endpoints list` shows them all"))
    }
}

impl Changes {
    fn checked(self, sources: &Sources) -> Result<EndpointChange, CommandError> {
        let is_given = self.all_types || !self.types.is_empty();
        Ok(EndpointChange {
            url: self.url.map(|url| checked_url(url, sources)).transpose()?,
            types: is_given.then(|| filter(&self.types)).transpose()?,
            description: self.description.map(|text| Some(text).filter(|text| !text.is_empty())),
        })
    }
}

/// The URL, where the gateway could call it, as far as that can be said without calling.
fn checked_url(url: String, sources: &Sources) -> Result<String, CommandError> {
    url_problem(&url, sources)?.map_or(Ok(url), |problem| Err(CommandError::Usage(problem)))
}

/// Why the gateway could not call this URL, as far as that can be said without calling.
pub(super) fn url_problem(url: &str, sources: &Sources) -> Result<Option<String>, ConfigError> {
    let allowed_networks = sources.optional(&catalog::ALLOWED_NETWORKS)?.unwrap_or_default();
    let egress = EgressSettings { allowed_networks, ..EgressSettings::default() };
    let checked = ExternalUrl::try_from(url).and_then(|url| egress.check(&url));
    Ok(checked.err().map(advice))
}

fn advice(error: EgressError) -> String {
    match error {
        EgressError::NotHttps | EgressError::ForbiddenAddress => {
            format!("{error} GROUPGATE_ALLOWED_NETWORKS, here as at the gateway, names those networks.")
        }
        _ => error.to_string(),
    }
}

fn filter(types: &[String]) -> Result<Vec<String>, CommandError> {
    let filter = TypeFilter::parse(types.iter().map(String::as_str));
    filter.map(|filter| filter.patterns().to_vec()).map_err(|error| CommandError::Usage(error.to_string()))
}

/// The secret that a file holds, without the line break behind it.
fn given_secret(file: Option<&Path>) -> Result<Option<EndpointSecret>, CommandError> {
    let Some(file) = file else { return Ok(None) };
    let wrong = |problem: String| CommandError::Usage(format!("{}: {problem}", file.display()));
    let text = secret_file::read(file).map_err(|error| wrong(error.to_string()))?;
    let secret = text.trim_end_matches(['\r', '\n']).parse::<EndpointSecret>();
    secret.map(Some).map_err(|error| wrong(error.to_string()))
}
