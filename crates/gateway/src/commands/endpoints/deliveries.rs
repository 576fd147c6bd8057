//! `endpoints deliveries`: what was sent to an endpoint, with each try.

use cams_api::events::EventId;
use clap::{Args, ValueEnum};
use serde::Serialize;
use tenant_store::{Delivery, DeliveryFilter, DeliveryId, DeliveryState, Try};
use time::{OffsetDateTime, serde::rfc3339};

use super::arguments::Named;
use crate::{
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

/// Where a delivery stands, in the word that arguments and answers have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It waits for its first try, or for the next.
    Waiting,
    /// It is being tried.
    InFlight,
    /// It was delivered.
    Done,
    /// It is not tried again.
    Dead,
}

#[derive(Serialize)]
pub(in crate::commands) struct ShownDelivery {
    delivery_id: String,
    endpoint_id: String,
    event_id: String,
    event_type: String,
    cust_space_id: Option<String>,
    sequence: Option<i64>,
    group_id: Option<String>,
    state: State,
    #[serde(with = "rfc3339::option")]
    due_at: Option<OffsetDateTime>,
    reason: Option<String>,
    tries: Vec<Try>,
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
}

pub(super) async fn run(args: DeliveriesArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let (space, _) = args.named.find(&store).await?;
    let state = args.state.map(DeliveryState::from);
    let filter = DeliveryFilter { state, event_id: args.event.map(|event| event.0) };
    let deliveries = space.deliveries(args.named.id, &filter, args.after, args.limit).await?;
    let deliveries: Vec<_> = deliveries.into_iter().map(ShownDelivery::from).collect();
    Ok(args.output.print(&deliveries, |deliveries| table_of_deliveries(deliveries))?)
}

impl From<Delivery> for ShownDelivery {
    fn from(delivery: Delivery) -> Self {
        Self {
            delivery_id: delivery.delivery_id.to_string(),
            endpoint_id: delivery.endpoint_id.to_string(),
            event_id: EventId(delivery.event_id).to_string(),
            event_type: delivery.event_type,
            cust_space_id: delivery.event_tenant,
            sequence: delivery.sequence,
            group_id: delivery.group_id,
            state: delivery.state.into(),
            due_at: delivery.due_at,
            reason: delivery.reason,
            tries: delivery.tries,
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
        }
    }
}

impl ShownDelivery {
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
pub(in crate::commands) fn table_of_deliveries(deliveries: &[ShownDelivery]) -> String {
    let header = ["DELIVERY", "ENDPOINT", "SEQUENCE", "TYPE", "STATE", "TRIES", "LAST ANSWER", "LAST TRY"];
    Table::new(header, deliveries.iter().map(ShownDelivery::row)).or("No deliveries.")
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InFlight => "in-flight",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

impl From<DeliveryState> for State {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Waiting => Self::Waiting,
            DeliveryState::InFlight => Self::InFlight,
            DeliveryState::Done => Self::Done,
            DeliveryState::Dead => Self::Dead,
        }
    }
}

impl From<State> for DeliveryState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::InFlight => Self::InFlight,
            State::Done => Self::Done,
            State::Dead => Self::Dead,
        }
    }
}
