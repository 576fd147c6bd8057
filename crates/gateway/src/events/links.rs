//! Invite links on their way into the mirror: learned by calls, written behind their back, in batches.
//!
//! The queue is bounded. While PostgreSQL is away it fills; what does not fit is dropped, so that no call waits for it: the
//! mirror then shows the link before, until the next one is learned.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use tenant_store::{LearnedLink, Store, StoreError};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use crate::tenants::Number;

/// How many links may be on their way.
const CAPACITY: usize = 4096;
/// Between two tries, while PostgreSQL is away.
const PAUSE: Duration = Duration::from_millis(500);

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
    /// What is being written, and written again where that did not succeed.
    batch: Vec<Learned>,
}

impl LinkJournal {
    /// An empty queue and its other end.
    pub fn new() -> (Self, LinkWriter) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self { queue: sender }, LinkWriter { queue: receiver, batch: Vec::new() })
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

impl LinkWriter {
    /// Writes links as they come, until the journal is gone.
    pub async fn run(&mut self, store: &Store) {
        while !self.batch.is_empty() || self.queue.recv_many(&mut self.batch, CAPACITY).await > 0 {
            self.write(store).await;
            if !self.batch.is_empty() {
                rt::time::sleep(PAUSE).await;
            }
        }
    }

    /// Writes what is there now, before the gateway ends.
    pub async fn flush(&mut self, store: &Store) {
        while let Ok(learned) = self.queue.try_recv() {
            self.batch.push(learned);
        }
        self.write(store).await;
        if !self.batch.is_empty() {
            tell_of_loss(self.batch.len(), &"PostgreSQL is away");
        }
    }

    /// Writes the batch, tenant by tenant; what stays in it is for the next time, when PostgreSQL is there.
    async fn write(&mut self, store: &Store) {
        while let Some(first) = self.batch.first() {
            let of = first.number.clone();
            let is_of = |learned: &Learned| learned.number.cust_space_id == of.cust_space_id;
            let links: Vec<_> =
                self.batch.iter().filter(|learned| is_of(learned)).map(|learned| learned.link.clone()).collect();
            match store.space(of.cust_space_id.as_str()).record_invite_links(&links).await {
                Ok(()) => {}
                Err(StoreError::Unavailable(error)) => {
                    tracing::debug!(error, "invite links wait for PostgreSQL");
                    return;
                }
                Err(error) => tell_of_loss(links.len(), &error),
            }
            self.batch.retain(|learned| !is_of(learned));
        }
    }
}

fn tell_of_loss(count: usize, reason: &dyn std::fmt::Display) {
    tracing::warn!(%reason, count, "invite links could not be written to the mirror, which shows those before");
}
