//! `endpoints deliveries`: what was sent to an endpoint, with each try.

use cams_api::events::EventId;
use clap::Args;
use tenant_store::{DeliveryFilter, DeliveryId, DeliveryState};

use super::arguments::Named;
use crate::{
    admin::deliveries::{DeliveryView, State},
    commands::{
        CommandError,
        output::{OutputArgs, Table, time_or_dash},
        store,
    },
    config::Environment,
};

/// The arguments of `endpoints deliveries`.
#[derive(Debug, Args)]
#[command(after_help = "\
With --json each delivery has all of its tries: time, status, milliseconds, and how the answer
began.

Examples:
  groupgate endpoints deliveries ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv
  groupgate endpoints deliveries ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv \\
    --state dead --limit 1000 --json")]
pub struct DeliveriesArgs {
    #[command(flatten)]
    named: Named,
    /// Only those that stand so.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only those of this event.
    #[arg(long, value_name = "EVENT_ID")]
    event: Option<EventId>,
    /// Only those before this one, which was the last on the page before.
    #[arg(long, value_name = "DELIVERY_ID")]
    after: Option<DeliveryId>,
    /// How many at the most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000))]
    limit: i64,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: DeliveriesArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let (space, _) = args.named.find(&store).await?;
    let state = args.state.map(DeliveryState::from);
    let filter = DeliveryFilter { state, event_id: args.event.map(|event| event.0), ..DeliveryFilter::default() };
    let deliveries = space.deliveries(args.named.id, &filter, args.after, args.limit).await?;
    let deliveries: Vec<_> = deliveries.into_iter().map(DeliveryView::from).collect();
    Ok(args.output.print(&deliveries, |deliveries| table_of_deliveries(deliveries))?)
}

impl DeliveryView {
    fn row(&self) -> [String; 8] {
        let last = self.tries.last();
        let answer = last.map(|last| last.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string()));
        [
            self.delivery_id.clone(),
            self.endpoint_id.clone(),
            self.sequence.map_or_else(|| "-".to_owned(), |sequence| sequence.to_string()),
            self.event_type.clone(),
            self.state.as_str().to_owned(),
            self.tries.len().to_string(),
            answer.unwrap_or_else(|| "-".to_owned()),
            time_or_dash(last.map(|last| last.at)),
        ]
    }
}

/// Deliveries, each with its last try.
pub(in crate::commands) fn table_of_deliveries(deliveries: &[DeliveryView]) -> String {
    let header = ["DELIVERY", "ENDPOINT", "SEQUENCE", "TYPE", "STATE", "TRIES", "LAST ANSWER", "LAST TRY"];
    Table::new(header, deliveries.iter().map(DeliveryView::row)).or("No deliveries.")
}
