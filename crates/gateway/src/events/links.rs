//! Invite links on their way into the mirror: learned by calls, written behind their back, in batches.
//!
//! The queue is bounded, and what does not fit is dropped, so that no call waits for it: the mirror then shows the link
//! before, until the next one is learned.

use std::collections::HashMap;
use std::sync::Arc;

use tenant_store::{LearnedLink, Store};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use crate::tenants::Number;

/// How many links may be on their way.
const CAPACITY: usize = 4096;

struct Learned {
    number: Arc<Number>,
    link: LearnedLink,
}

/// The calls' end of the queue.
pub struct LinkJournal {
    queue: mpsc::Sender<Learned>,
}

/// The store's end of the queue.
pub struct LinkWriter {
    queue: mpsc::Receiver<Learned>,
}

impl LinkJournal {
    /// An empty queue and its other end.
    pub fn new() -> (Self, LinkWriter) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self { queue: sender }, LinkWriter { queue: receiver })
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
            tracing::debug!("an invite link did not fit into the queue to the mirror");
        }
    }
}

impl LinkWriter {
    /// Writes links as they come, until the journal is gone.
    pub async fn run(&mut self, store: &Store) {
        let mut batch = Vec::new();
        while self.queue.recv_many(&mut batch, CAPACITY).await > 0 {
            for (cust_space_id, links) in by_tenant(batch.drain(..)) {
                if let Err(error) = store.space(&cust_space_id).record_invite_links(&links).await {
                    tracing::warn!(%error, count = links.len(), "invite links could not be written to the mirror");
                }
            }
        }
    }
}

fn by_tenant(batch: impl Iterator<Item = Learned>) -> HashMap<String, Vec<LearnedLink>> {
    let mut tenants: HashMap<String, Vec<LearnedLink>> = HashMap::new();
    for learned in batch {
        tenants.entry(learned.number.cust_space_id.as_str().to_owned()).or_default().push(learned.link);
    }
    tenants
}
