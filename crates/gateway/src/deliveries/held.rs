//! What this replica has claimed and not recorded yet.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use tenant_store::ClaimedDelivery;
use tokio::sync::Notify;
use uuid::Uuid;

/// How many deliveries are held at the most: tries that run, and ends of tries that are being committed.
const MOST: usize = 512;

/// The claims that are held, of one thread; clones share them.
#[derive(Clone, Default)]
pub(super) struct Held(Rc<Inner>);

#[derive(Default)]
struct Inner {
    claims: RefCell<HashSet<(Uuid, Uuid)>>,
    emptied: Notify,
}

/// A claim that is held until this is dropped.
pub(super) struct Hold {
    held: Held,
    claim: (Uuid, Uuid),
}

impl Held {
    /// How many more may be claimed.
    pub(super) fn room(&self) -> usize {
        MOST.saturating_sub(self.count())
    }

    /// How many are held.
    pub(super) fn count(&self) -> usize {
        self.0.claims.borrow().len()
    }

    /// Holds one more.
    pub(super) fn hold(&self, delivery: &ClaimedDelivery) -> Hold {
        let claim = (delivery.delivery_id, delivery.claim);
        self.0.claims.borrow_mut().insert(claim);
        Hold { held: self.clone(), claim }
    }

    /// All of them: the deliveries' IDs, each with its claim.
    pub(super) fn claims(&self) -> Vec<(Uuid, Uuid)> {
        self.0.claims.borrow().iter().copied().collect()
    }

    /// Waits until none is held. One task at a time may wait.
    pub(super) async fn emptied(&self) {
        while self.count() > 0 {
            self.0.emptied.notified().await;
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut claims = self.held.0.claims.borrow_mut();
        claims.remove(&self.claim);
        if claims.is_empty() {
            self.held.0.emptied.notify_one();
        }
    }
}
