//! Replays: events that were published before are delivered once more, by new deliveries of the same events.

use std::slice;

use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Actor, EndpointId, Space, StoreError,
    across_tenants::{self, ReplayWindow, Replayable},
    audit::Action,
    store::SYSTEM,
};

/// Which events an endpoint gets once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Among which events.
    pub span: ReplaySpan,
    /// Which of them.
    pub only: ReplayOnly,
}

/// Among which events to replay. A tenant's endpoint gets its tenant's events alone; and but for one event that is named,
/// an endpoint gets those whose type fits its filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplaySpan {
    /// This event, of whatever type.
    Event(Uuid),
    /// Events of one tenant by their sequence, both ends included.
    Sequences {
        /// The tenant; of a tenant's endpoint, that one.
        cust_space_id: String,
        /// The first.
        since: i64,
        /// The last; all that there are at the moment where absent.
        until: Option<i64>,
    },
    /// Events by the time at which they were received, both ends included; all tenants' to the ISV's endpoint.
    Times {
        /// The first.
        since: OffsetDateTime,
        /// The last; until now where absent.
        until: Option<OffsetDateTime>,
    },
}

/// Which events of a span to replay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReplayOnly {
    /// All of them.
    #[default]
    All,
    /// Those whose last delivery to the endpoint is dead.
    Failed,
    /// Those that were not delivered to the endpoint, and are not on their way: their deliveries are dead, or were never
    /// made since the endpoint was disabled.
    Missed,
}

/// How much a replay would deliver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplaySize {
    /// So many events.
    pub events: u64,
    /// And more: only the first thousands of the span were looked at.
    pub is_more: bool,
}

impl Replay {
    /// What an endpoint missed since then.
    pub fn missed(since: OffsetDateTime) -> Self {
        Self { span: ReplaySpan::Times { since, until: None }, only: ReplayOnly::Missed }
    }
}

impl ReplayOnly {
    /// Its name in SQL and in the audit log.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failed => "failed",
            Self::Missed => "missed",
        }
    }
}

/// How many events are looked at, and replayed, in one transaction, which keeps others from publishing to the endpoint.
const CHUNK: i64 = 2_000;

/// How often is looked to say how much a replay would be.
const LOOKS: usize = 5;

impl Space<'_> {
    /// Delivers events to an endpoint of this space once more: new deliveries, of events whose IDs stay. Returns how many.
    /// A long replay is committed in parts, so an error may leave some of it done.
    ///
    /// [`StoreError::NotFound`] where this space has no such endpoint, it is disabled, or the tenant or the event that is
    /// named is not its.
    pub async fn replay(&self, id: EndpointId, replay: &Replay, actor: &Actor) -> Result<u64, StoreError> {
        if let ReplaySpan::Event(event) = replay.span {
            return self.replay_one(id, event, actor).await;
        }
        let mut left = self.window(&replay.span).await?;
        let mut transaction = self.begin().await?;
        self.log_replay(&mut transaction, id, replay, actor).await?;
        let mut replayed = 0;
        loop {
            let found = look(&mut transaction, id, &left, replay.only).await?;
            replayed += open(&mut transaction, id, &found.wanted).await?;
            transaction.commit().await?;
            let Some(last) = found.last else {
                return Ok(replayed);
            };
            left = left.behind(last, found.last_sequence);
            transaction = self.begin().await?;
        }
    }

    /// How much [`Space::replay`] would deliver now, as far as a look at its first 10,000 events tells; nothing where this
    /// space has no such endpoint.
    pub async fn replay_size(&self, id: EndpointId, replay: &Replay) -> Result<ReplaySize, StoreError> {
        let mut left = self.window(&replay.span).await?;
        let mut transaction = self.begin().await?;
        let mut events = 0;
        for _ in 0..LOOKS {
            let found = look(&mut transaction, id, &left, replay.only).await?;
            events += found.wanted.len() as u64;
            let Some(last) = found.last else {
                return Ok(ReplaySize { events, is_more: false });
            };
            left = left.behind(last, found.last_sequence);
        }
        Ok(ReplaySize { events, is_more: true })
    }

    /// What there is of a span now: what comes while it is replayed does not lengthen it.
    async fn window<'s>(&'s self, span: &'s ReplaySpan) -> Result<ReplayWindow<'s>, StoreError> {
        let begun = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(self.store.pool()).await?;
        let of_space = Some(self.cust_space_id).filter(|space| *space != SYSTEM);
        let all = ReplayWindow {
            tenant: of_space,
            sequences: (0, i64::MAX),
            times: (first_time(), begun),
            begun,
            after: Uuid::nil(),
        };
        match span {
            ReplaySpan::Event(_) => Ok(all),
            ReplaySpan::Times { since, until } => Ok(ReplayWindow {
                times: ((*since).max(first_time()), until.map_or(begun, |until| until.min(begun))),
                ..all
            }),
            ReplaySpan::Sequences { cust_space_id, since, until } => {
                let tenant = self.own_tenant(cust_space_id)?;
                let last = self.store.last_sequences(slice::from_ref(cust_space_id)).await?;
                let last = last.first().map_or(0, |(_, sequence)| *sequence);
                let until = until.map_or(last, |until| until.min(last));
                Ok(ReplayWindow { tenant: Some(tenant), sequences: (*since, until), ..all })
            }
        }
    }

    async fn replay_one(&self, id: EndpointId, event: Uuid, actor: &Actor) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let replayed = open(&mut transaction, id, &[event]).await?;
        if replayed == 0 {
            return Err(StoreError::NotFound { what: "event" });
        }
        let replay = Replay { span: ReplaySpan::Event(event), only: ReplayOnly::All };
        self.log_replay(&mut transaction, id, &replay, actor).await?;
        transaction.commit().await?;
        Ok(replayed)
    }

    /// The ISV's endpoints may be replayed any tenant's events, a tenant's its own alone.
    fn own_tenant<'t>(&self, cust_space_id: &'t str) -> Result<&'t str, StoreError> {
        let is_own = self.cust_space_id == SYSTEM || self.cust_space_id == cust_space_id;
        is_own.then_some(cust_space_id).ok_or(StoreError::NotFound { what: "tenant" })
    }

    async fn log_replay(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
        replay: &Replay,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let object = format!("endpoint {id}");
        let after = Some(replay.to_json());
        self.log(transaction, actor, Action { name: "endpoint.replay", object: &object, before: None, after }).await
    }
}

impl ReplayWindow<'_> {
    /// What is left behind what was looked at last.
    fn behind(self, looked_at: Uuid, sequence: Option<i64>) -> Self {
        let (first, last) = self.sequences;
        Self { sequences: (sequence.map_or(first, |sequence| sequence + 1), last), after: looked_at, ..self }
    }
}

impl Replay {
    /// As the audit log keeps it.
    fn to_json(&self) -> Value {
        let mut json = match &self.span {
            ReplaySpan::Event(event) => json!({"event": event}),
            ReplaySpan::Sequences { cust_space_id, since, until } => {
                json!({"cust_space_id": cust_space_id, "since": since, "until": until})
            }
            ReplaySpan::Times { since, until } => {
                json!({"since": since.to_string(), "until": until.map(|until| until.to_string())})
            }
        };
        json["only"] = self.only.as_str().into();
        json
    }
}

async fn look(
    transaction: &mut PgConnection,
    id: EndpointId,
    window: &ReplayWindow<'_>,
    only: ReplayOnly,
) -> Result<Replayable, StoreError> {
    match only {
        ReplayOnly::All | ReplayOnly::Missed => {
            across_tenants::replayable_events(transaction, id, window, only, CHUNK).await
        }
        ReplayOnly::Failed => across_tenants::replayable_failures(transaction, id, window, CHUNK).await,
    }
}

async fn open(transaction: &mut PgConnection, id: EndpointId, events: &[Uuid]) -> Result<u64, StoreError> {
    let opened = across_tenants::replay_deliveries(transaction, id, events).await?;
    opened.ok_or(StoreError::NotFound { what: "enabled endpoint" })
}

/// The first instant that events may have.
fn first_time() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::days(1)
}
