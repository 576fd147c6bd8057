//! The webhooks that wait to be delivered: at least once, and in the manner
//! that the control API asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Turn;
use crate::ids::WabaId;

/// How long Meta tries to deliver a webhook.
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview>
const KEPT_MS: i64 = 7 * 24 * 3_600_000;
const FIRST_PAUSE_MS: i64 = 250;
const LONGEST_PAUSE_MS: i64 = 3_600_000;
/// How far apart `shuffle` throws webhooks, in milliseconds.
const SHUFFLE_MS: u64 = 400;
/// How many webhooks wait at most; the oldest give way.
const CAPACITY: usize = 100_000;

/// How webhooks are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// As they come, in order for each account.
    #[default]
    Normal,
    /// Not before they are released.
    Hold,
    /// Each of them twice.
    Double,
    /// In random order.
    Shuffle,
    /// Before the API call that caused them is answered.
    BeforeAnswer,
}

/// In which order held webhooks are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReleaseOrder {
    #[default]
    Fifo,
    Lifo,
}

/// A webhook that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Queued {
    pub(crate) waba_id: WabaId,
    /// The element of the payload's `changes`.
    pub(crate) change: Arc<Value>,
    pub(crate) attempts: u32,
    phase: Phase,
    born_ms: i64,
    /// The call that brought it about; calls are forgotten over a restart.
    #[serde(skip)]
    cause: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase", content = "at_ms")]
enum Phase {
    Due(i64),
    Held,
    Sending,
}

/// What goes out in one request.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) keys: Vec<u64>,
    pub(crate) waba_id: WabaId,
    /// When the oldest of its changes came about, in seconds since 1970.
    pub(crate) time: i64,
    pub(crate) changes: Vec<Arc<Value>>,
}

/// The queue and its manner.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct WebhookQueue {
    items: BTreeMap<u64, Queued>,
    next_key: u64,
    #[serde(skip)]
    pub(crate) mode: Mode,
    /// How many changes one request carries at most; 0 is one.
    #[serde(skip)]
    pub(crate) batch: usize,
}

impl WebhookQueue {
    /// Queues one change of an account.
    pub(crate) fn push(&mut self, waba_id: &WabaId, change: Value, turn: &Turn<'_>) {
        let change = Arc::new(change);
        let copies = if self.mode == Mode::Double { 2 } else { 1 };
        for _ in 0..copies {
            let item = self.queued(waba_id.clone(), Arc::clone(&change), turn);
            self.add(item);
        }
    }

    fn queued(&self, waba_id: WabaId, change: Arc<Value>, turn: &Turn<'_>) -> Queued {
        let now_ms = turn.nature.now_ms();
        let thrown = turn.nature.below(SHUFFLE_MS).cast_signed();
        let phase = match self.mode {
            Mode::Hold => Phase::Held,
            Mode::Shuffle => Phase::Due(now_ms + thrown),
            Mode::Normal | Mode::Double | Mode::BeforeAnswer => Phase::Due(now_ms),
        };
        Queued { waba_id, change, attempts: 0, phase, born_ms: now_ms, cause: turn.cause }
    }

    fn add(&mut self, item: Queued) -> u64 {
        if self.items.len() >= CAPACITY {
            self.items.pop_first();
            tracing::warn!(CAPACITY, "too many webhooks wait: the oldest was dropped");
        }
        let key = self.next_key;
        self.next_key += 1;
        self.items.insert(key, item);
        key
    }

    /// What is to be sent now: changes of one account that has no request under way.
    pub(crate) fn take_due(&mut self, now_ms: i64) -> Option<Batch> {
        self.items.retain(|_, item| now_ms - item.born_ms < KEPT_MS);
        let first = self.first_due(now_ms)?;
        let (waba_id, time) = (first.waba_id.clone(), first.born_ms / 1000);
        let is_due = |item: &Queued| item.waba_id == waba_id && item.is_due(now_ms);
        let due = self.items.iter_mut().filter(|(_, item)| is_due(item));
        let mut batch = Batch { keys: Vec::new(), waba_id: waba_id.clone(), time, changes: Vec::new() };
        for (&key, item) in due.take(self.batch.max(1)) {
            item.phase = Phase::Sending;
            batch.keys.push(key);
            batch.changes.push(Arc::clone(&item.change));
        }
        Some(batch)
    }

    /// The oldest change that is due and whose account has no request under way.
    fn first_due(&self, now_ms: i64) -> Option<&Queued> {
        let busy = self.busy_accounts();
        let mut due = self.items.values().filter(|item| item.is_due(now_ms) && !busy.contains(&item.waba_id));
        due.next()
    }

    fn busy_accounts(&self) -> BTreeSet<&WabaId> {
        let sending = self.items.values().filter(|item| item.phase == Phase::Sending);
        sending.map(|item| &item.waba_id).collect()
    }

    /// When the next change is due, in milliseconds.
    pub(crate) fn next_due_ms(&self) -> Option<i64> {
        let busy = self.busy_accounts();
        let idle = self.items.values().filter(|item| !busy.contains(&item.waba_id));
        idle.filter_map(Queued::due_ms).min()
    }

    /// Forgets what was answered with 200.
    pub(crate) fn delivered(&mut self, keys: &[u64]) {
        for key in keys {
            self.items.remove(key);
        }
    }

    /// Puts back what was not, with a growing pause.
    pub(crate) fn failed(&mut self, keys: &[u64], now_ms: i64) {
        for key in keys {
            if let Some(item) = self.items.get_mut(key) {
                item.phase = Phase::Due(now_ms + pause_ms(item.attempts));
                item.attempts += 1;
            }
        }
    }

    /// Lets held changes go, in the order asked for; their new keys.
    pub(crate) fn release(&mut self, count: usize, order: ReleaseOrder, now_ms: i64) -> Vec<u64> {
        let held = |(key, item): (&u64, &Queued)| (item.phase == Phase::Held).then_some(*key);
        let mut keys: Vec<u64> = self.items.iter().filter_map(held).collect();
        if order == ReleaseOrder::Lifo {
            keys.reverse();
        }
        keys.truncate(count);
        let freed = keys.iter().filter_map(|key| self.items.remove(key));
        let freed: Vec<Queued> = freed.collect();
        let due = |item| Queued { phase: Phase::Due(now_ms), ..item };
        freed.into_iter().map(|item| self.add(due(item))).collect()
    }

    /// Makes everything that waits for another try due at once.
    pub(crate) fn hasten(&mut self, now_ms: i64) {
        for item in self.items.values_mut() {
            if let Phase::Due(at_ms) = &mut item.phase {
                *at_ms = now_ms.min(*at_ms);
            }
        }
    }

    /// After a restart: what was under way may not have arrived, so it goes again.
    pub(crate) fn awaken(&mut self, now_ms: i64) {
        for item in self.items.values_mut() {
            if item.phase == Phase::Sending {
                item.phase = Phase::Due(now_ms);
            }
        }
    }

    /// Whether a change that `cause` brought about has not arrived yet.
    pub(crate) fn is_waiting(&self, cause: u64) -> bool {
        self.items.values().any(|item| item.cause == cause)
    }

    /// Whether one of these has not been tried since it was released.
    pub(crate) fn is_untried(&self, keys: &[u64]) -> bool {
        let item = |key| self.items.get(key);
        keys.iter().filter_map(item).any(|item| item.attempts == 0)
    }

    /// All that waits, oldest first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (u64, &Queued)> {
        self.items.iter().map(|(&key, item)| (key, item))
    }
}

impl Queued {
    fn is_due(&self, now_ms: i64) -> bool {
        self.due_ms().is_some_and(|at_ms| at_ms <= now_ms)
    }

    /// When it is due, in milliseconds; `None` while it is held or under way.
    fn due_ms(&self) -> Option<i64> {
        match self.phase {
            Phase::Due(at_ms) => Some(at_ms),
            Phase::Held | Phase::Sending => None,
        }
    }

    /// Whether it waits to be released.
    pub(crate) fn is_held(&self) -> bool {
        self.phase == Phase::Held
    }
}

fn pause_ms(attempts: u32) -> i64 {
    let doubled = 2_i64.saturating_pow(attempts).saturating_mul(FIRST_PAUSE_MS);
    doubled.min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nature::Nature;
    use crate::settings::DEFAULT_LATENCY;

    fn queue_of(mode: Mode, changes: &[i64]) -> WebhookQueue {
        let nature = Nature::real(DEFAULT_LATENCY);
        let turn = Turn { nature: &nature, cause: 7, failing: None };
        let mut queue = WebhookQueue { mode, ..WebhookQueue::default() };
        for &change in changes {
            queue.push(&WabaId::from("1"), Value::from(change), &turn);
        }
        queue
    }

    fn drain(queue: &mut WebhookQueue) -> Vec<Value> {
        let mut seen = Vec::new();
        while let Some(batch) = queue.take_due(now()) {
            queue.delivered(&batch.keys);
            seen.extend(batch.changes.iter().map(|change| Value::clone(change)));
        }
        seen
    }

    /// Past every throw of `shuffle`, long before the end of the seven days.
    fn now() -> i64 {
        Nature::real(DEFAULT_LATENCY).now_ms() + 10_000
    }

    #[test]
    fn an_account_gets_its_changes_in_order() {
        assert_eq!(drain(&mut queue_of(Mode::Normal, &[1, 2, 3])), [1, 2, 3]);
    }

    #[test]
    fn doubled_changes_come_twice() {
        assert_eq!(drain(&mut queue_of(Mode::Double, &[1, 2])), [1, 1, 2, 2]);
    }

    #[test]
    fn held_changes_go_when_released_and_in_the_order_asked_for() {
        let mut queue = queue_of(Mode::Hold, &[1, 2, 3]);
        assert!(drain(&mut queue).is_empty());
        assert_eq!(queue.release(2, ReleaseOrder::Lifo, 0).len(), 2);
        assert_eq!(drain(&mut queue), [3, 2]);
        queue.release(9, ReleaseOrder::Fifo, 0);
        assert_eq!(drain(&mut queue), [1]);
    }

    #[test]
    fn a_batch_carries_several_changes_and_no_more_than_told() {
        let mut queue = queue_of(Mode::Normal, &[1, 2, 3]);
        queue.batch = 2;
        let first = queue.take_due(now()).unwrap();
        assert_eq!(first.changes, [1, 2].map(|change| Arc::new(Value::from(change))));
        assert!(queue.take_due(now()).is_none(), "the account's lane is busy");
    }

    #[test]
    fn a_change_that_failed_waits_longer_each_time_and_is_not_lost() {
        let mut queue = queue_of(Mode::Normal, &[1]);
        let start = now();
        for pause in [250, 500, 1000] {
            let batch = queue.take_due(start + 1_000_000).unwrap();
            queue.failed(&batch.keys, start);
            assert_eq!(queue.next_due_ms(), Some(start + pause));
        }
        assert!(queue.is_waiting(7));
    }

    #[test]
    fn after_a_restart_what_was_under_way_goes_again() {
        let mut queue = queue_of(Mode::Normal, &[1]);
        queue.take_due(now()).unwrap();
        let text = serde_json::to_string(&queue).unwrap();
        let mut revived: WebhookQueue = serde_json::from_str(&text).unwrap();
        revived.awaken(now());
        assert_eq!(drain(&mut revived), [1]);
    }
}
