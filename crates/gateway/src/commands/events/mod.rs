//! `groupgate events`: what Meta's webhooks have told, as it is delivered.

use cams_api::{
    events::{EventId, TypeFilter},
    identifiers::CustSpaceId,
};
use clap::{Args, Subcommand};
use tenant_store::{DeliveryFilter, EventPage, PublishedEvent, Space, Store, UnroutedEvent};

use super::{CommandError, endpoints::event_type, output::OutputArgs, store};
use crate::admin::deliveries::DeliveryView;
use crate::config::Environment;

mod answers;

use answers::{ListedEvent, ListedUnrouted, ShownEvent};

/// How many events are read at once.
const PAGE: i64 = 500;
/// How many deliveries of one event to one endpoint are shown: more are made by replays alone.
const DELIVERIES: i64 = 100;

/// The commands about events.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// List a tenant's events, or those of numbers that no tenant has.
    List(ListArgs),
    /// Show an event as it is delivered, with its deliveries and their tries.
    Show(ShowArgs),
}

/// The arguments of `events list`.
#[derive(Debug, Args)]
#[command(after_help = "\
The last ones are listed, in the order of their sequence; with --after the first ones behind it.
With --json each is as it is delivered. Events of unknown numbers are kept, oldest first here, and
become a tenant's when it gets the number.

Examples:
  groupgate events list cams-8c8pdv --type 'group.*'
  groupgate events list cams-8c8pdv --after 1741 --limit 10 --json
  groupgate events list --unrouted")]
pub struct ListArgs {
    #[command(flatten)]
    whose: Whose,
    /// Only events behind this sequence.
    #[arg(long, value_name = "SEQUENCE", value_parser = clap::value_parser!(i64).range(0..), conflicts_with = "unrouted")]
    after: Option<i64>,
    /// Only events of this type, or of this family of types; repeat it for several.
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type, conflicts_with = "unrouted")]
    types: Vec<String>,
    /// How many at the most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    #[command(flatten)]
    output: OutputArgs,
}

/// Whose events.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// The tenant's public ID, such as cams-8c8pdv.
    cust_space_id: Option<CustSpaceId>,
    /// Those of numbers that no tenant has.
    #[arg(long)]
    unrouted: bool,
}

/// The arguments of `events show`.
#[derive(Debug, Args)]
#[command(after_help = "\
It shows what Meta sent, with phone numbers and the texts of messages.

Example:
  groupgate events show evt_0199f3c2a7b07c3e8a51d2f04e6b9c17")]
pub struct ShowArgs {
    /// The event's ID, evt_…; a delivery has it in `webhook-id`.
    #[arg(value_name = "EVENT_ID")]
    id: EventId,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs one of the commands.
pub async fn run(command: EventsCommand, environment: Environment) -> Result<(), CommandError> {
    match command {
        EventsCommand::List(args) => list(args, environment).await,
        EventsCommand::Show(args) => show(args, environment).await,
    }
}

async fn list(args: ListArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let Some(tenant) = &args.whose.cust_space_id else { return list_unrouted(&store, &args).await };
    store::tenant(&store, tenant).await?;
    let types = TypeFilter::parse(args.types.iter().map(String::as_str));
    let types = types.map_err(|error| CommandError::Usage(error.to_string()))?;
    let space = store.space(tenant.as_str());
    let events = match args.after {
        Some(after) => first_after(&space, after, &types, args.limit).await?,
        None => last(&space, &types, args.limit).await?,
    };
    let events = events.into_iter().map(ListedEvent::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(args.output.print(&events, |events| answers::table(events))?)
}

async fn list_unrouted(store: &Store, args: &ListArgs) -> Result<(), CommandError> {
    let events: Vec<UnroutedEvent> = store.unrouted_events(None, args.limit).await?;
    let events: Vec<_> = events.into_iter().map(ListedUnrouted::from).collect();
    Ok(args.output.print(&events, |events| answers::table_of_unrouted(events))?)
}

/// The first events behind a sequence.
async fn first_after(
    space: &Space<'_>,
    mut after: i64,
    types: &TypeFilter,
    limit: i64,
) -> Result<Vec<PublishedEvent>, CommandError> {
    let mut found = Vec::new();
    loop {
        let EventPage { events, .. } = space.events_after(Some(after), PAGE).await?;
        let Some(last) = events.last().and_then(|event| event.sequence) else { return Ok(found) };
        after = last;
        found.extend(events.into_iter().filter(|event| fits(types, event)));
        if found.len() as u64 >= limit.unsigned_abs() {
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            return Ok(found);
        }
    }
}

/// The last events there are: page by page, from the end.
async fn last(space: &Space<'_>, types: &TypeFilter, limit: i64) -> Result<Vec<PublishedEvent>, CommandError> {
    let EventPage { oldest, last, .. } = space.events_after(Some(i64::MAX), 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut end, mut found) = (last, Vec::new());
    while end >= oldest && found.len() < limit {
        let begin = (end - PAGE).max(oldest - 1);
        let EventPage { events, .. } = space.events_after(Some(begin), end - begin).await?;
        let fitting = events.into_iter().rev().filter(|event| fits(types, event));
        found.extend(fitting.take(limit - found.len()));
        end = begin;
    }
    found.reverse();
    Ok(found)
}

fn fits(types: &TypeFilter, event: &PublishedEvent) -> bool {
    types.matches(&event.event_type)
}

async fn show(args: ShowArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let event = store.find_event(args.id.0).await?;
    let missing = || {
        CommandError::Missing(format!(
            "there is no event {}, or it is older than GROUPGATE_EVENT_RETENTION; those of unknown numbers are shown \
             by `groupgate events list --unrouted`",
            args.id
        ))
    };
    let event = event.ok_or_else(missing)?;
    let mut deliveries = deliveries(&store.isv(), args.id).await?;
    if let Some(tenant) = &event.cust_space_id {
        deliveries.extend(self::deliveries(&store.space(tenant), args.id).await?);
    }
    Ok(args.output.print(&ShownEvent::new(&event, deliveries)?, ShownEvent::text)?)
}

/// An event's deliveries to the endpoints of a space.
async fn deliveries(space: &Space<'_>, id: EventId) -> Result<Vec<DeliveryView>, CommandError> {
    let filter = DeliveryFilter { event_id: Some(id.0), ..DeliveryFilter::default() };
    let mut found = Vec::new();
    for endpoint in space.endpoints().await? {
        let deliveries = space.deliveries(endpoint.endpoint_id, &filter, None, DELIVERIES).await?;
        found.extend(deliveries.into_iter().map(DeliveryView::from));
    }
    Ok(found)
}
