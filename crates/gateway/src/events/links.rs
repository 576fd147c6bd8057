//! Invite links on their way into the mirror: learned by calls, written behind their back, in batches.
//!
//! The queue is bounded. While PostgreSQL is away it fills; what does not fit is dropped, so that no call waits for it: the
//! mirror then shows the link before, until the next one is learned.

use std::fmt::Display;
use std::sync::Arc;

use tenant_store::{LearnedLink, Store, StoreError};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use crate::telemetry::metrics::QueueFigures;
use crate::tenant_batches::{Kept, TenantBatches};
use crate::tenants::Number;

/// How many links may be on their way.
const CAPACITY: usize = 4096;

/// A link, and the number whose group's it is.
pub(crate) struct Learned {
    number: Arc<Number>,
    link: LearnedLink,
}

/// The calls' end of the queue.
pub struct LinkJournal {
    queue: mpsc::Sender<Learned>,
}

/// The store's end of the queue.
pub(crate) type LinkWriter = TenantBatches<InviteLinks>;

/// What is kept of the links for the mirror.
pub(crate) struct InviteLinks;

impl LinkJournal {
    /// An empty queue and its other end.
    pub(crate) fn new() -> (Self, LinkWriter) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self { queue: sender }, LinkWriter::new(receiver, InviteLinks))
    }

    /// How full the queue is.
    pub(crate) fn queue(&self) -> QueueFigures {
        QueueFigures::of("invite_links", &self.queue)
    }

    /// The group now has this link, or none.
    pub fn learned(&self, number: &Arc<Number>, group_id: &str, invite_link: Option<&str>) {
        let link = LearnedLink {
            phone_number_id: number.phone_number_id.as_str().to_owned(),
            group_id: group_id.to_owned(),
            invite_link: invite_link.map(str::to_owned),
            learned_at: OffsetDateTime::now_utc(),
        };
        if self.queue.try_send(Learned { number: number.clone(), link }).is_err() {
            tracing::warn!("an invite link did not fit into the queue to the mirror, which shows the one before");
        }
    }
}

impl Kept for InviteLinks {
    type Entry = Learned;
    type Row = LearnedLink;
    const AT_ONCE: usize = CAPACITY;

    fn tenant(learned: &Learned) -> Option<&str> {
        Some(learned.number.cust_space_id.as_str())
    }

    fn row(learned: &Learned) -> &LearnedLink {
        &learned.link
    }

    async fn write(&self, store: &Store, tenant: Option<&str>, links: &[LearnedLink]) -> Result<(), StoreError> {
        store.space(tenant.unwrap_or_default()).record_invite_links(links).await
    }

    fn written(&self, _: usize) {}

    fn lost(&self, count: usize, reason: &dyn Display) {
        tracing::warn!(%reason, count, "invite links could not be written to the mirror, which shows those before");
    }
}
