//! Webhooks as Meta sends them: batches of events, each sent again with the same bytes until it is answered with 200.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::support::{APP_SECRET, signature};

/// Stands before an event's ordinal, in whatever member of it.
const MARK: &str = "wamid.kill-";
/// How many groups a tenant has.
const GROUPS: u64 = 20;
/// How many events a webhook has at the most.
const LARGEST: u64 = 19;
/// How long Meta waits here before it sends a webhook again.
const AGAIN: Duration = Duration::from_millis(50);

/// A tenant's number, as webhooks name it.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) cust_space_id: String,
    pub(super) digits: String,
    pub(super) phone_number_id: String,
    pub(super) waba_id: String,
}

impl Number {
    /// The number of the nth tenant.
    pub(super) fn nth(nth: usize) -> Self {
        Self {
            cust_space_id: format!("cams-kill{nth}"),
            digits: format!("1555000{nth:04}"),
            phone_number_id: format!("100000000000{nth:03}"),
            waba_id: format!("200000000000{nth:03}"),
        }
    }
}

/// The ordinal of the event that stands in a delivery.
pub(super) fn ordinal_in(body: &[u8]) -> u64 {
    let text = std::str::from_utf8(body).unwrap();
    let at = text.find(MARK).unwrap_or_else(|| panic!("not posted by us: {text}")) + MARK.len();
    let digits = text[at..].find(|letter: char| !letter.is_ascii_digit()).unwrap();
    text[at..at + digits].parse().unwrap()
}

/// Meta, which has so many events to tell.
pub(super) struct Meta {
    numbers: Vec<Number>,
    dice: RefCell<Dice>,
    events: u64,
    told: Cell<u64>,
    began: Instant,
    rate: u64,
    /// Events of webhooks that were answered with 200.
    pub(super) acknowledged: Cell<u64>,
    of_number: RefCell<Vec<u64>>,
    pub(super) webhooks: Cell<u64>,
    pub(super) posts: Cell<u64>,
}

impl Meta {
    /// One with `events` for these numbers, `rate` of them a second.
    pub(super) fn new(numbers: Vec<Number>, events: u64, rate: u64, seed: u64) -> Self {
        Self {
            of_number: RefCell::new(vec![0; numbers.len()]),
            numbers,
            dice: RefCell::new(Dice(seed)),
            events,
            told: Cell::new(0),
            began: Instant::now(),
            rate,
            acknowledged: Cell::new(0),
            webhooks: Cell::new(0),
            posts: Cell::new(0),
        }
    }

    /// How many events each number has so far.
    pub(super) fn events_by_number(&self) -> Vec<u64> {
        self.of_number.borrow().clone()
    }

    /// Sends webhook after webhook to `url`, until there is nothing more to tell.
    pub(super) async fn tell(&self, url: &str) {
        let http = awc::Client::builder().timeout(Duration::from_secs(10)).finish();
        while let Some((ordinals, body)) = self.next_webhook() {
            let due = self.began + Duration::from_millis(ordinals.start * 1000 / self.rate);
            tokio::time::sleep_until(due.into()).await;
            // Some are told twice.
            let times = if self.below(50) == 0 { 2 } else { 1 };
            for _ in 0..times {
                self.post_until_taken(&http, url, &body).await;
            }
            self.acknowledged.set(self.acknowledged.get() + (ordinals.end - ordinals.start));
        }
    }

    async fn post_until_taken(&self, http: &awc::Client, url: &str, body: &str) {
        let signature = signature(APP_SECRET, body.as_bytes());
        loop {
            self.posts.set(self.posts.get() + 1);
            let request = http.post(url).insert_header(("x-hub-signature-256", signature.as_str()));
            match request.content_type("application/json").send_body(body.to_owned()).await {
                Ok(answer) if answer.status() == 200 => return,
                // Away, killed in the middle, or without its database.
                Err(_) => {}
                Ok(answer) => assert!(answer.status().is_server_error(), "{}", answer.status()),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn next_webhook(&self) -> Option<(Range<u64>, String)> {
        let first = self.told.get();
        let last = (first + 1 + self.below(LARGEST)).min(self.events);
        if first == last {
            return None;
        }
        self.told.set(last);
        self.webhooks.set(self.webhooks.get() + 1);
        let entries: Vec<Value> = (first..last).map(|ordinal| self.entry(ordinal)).collect();
        Some((first..last, json!({"object": "whatsapp_business_account", "entry": entries}).to_string()))
    }

    fn entry(&self, ordinal: u64) -> Value {
        let nth = usize::try_from(self.below(self.numbers.len() as u64)).unwrap();
        self.of_number.borrow_mut()[nth] += 1;
        let number = &self.numbers[nth];
        let group = format!("{}-{}", number.waba_id, self.below(GROUPS));
        let change = change(self.below(10), ordinal, number, &group);
        json!({"id": number.waba_id, "time": 1_763_712_000 + ordinal / 100, "changes": [change]})
    }

    fn below(&self, end: u64) -> u64 {
        self.dice.borrow_mut().below(end)
    }
}

/// One event: of each ten, six messages in groups, one to the business alone, one status, one of the group's people, and
/// one of the account, which names no number.
fn change(kind: u64, ordinal: u64, number: &Number, group: &str) -> Value {
    let mark = format!("{MARK}{ordinal}");
    let timestamp = (1_763_712_000 + ordinal / 100).to_string();
    let value = |list: &str, element: Value| {
        json!({"messaging_product": "whatsapp", "metadata": {"display_phone_number": number.digits,
               "phone_number_id": number.phone_number_id}, list: [element]})
    };
    let message =
        json!({"from": "16505551234", "id": mark, "timestamp": timestamp, "type": "text", "text": {"body": "Hi"}});
    match kind {
        0..6 => {
            let mut message = message;
            message["group_id"] = json!(group);
            json!({"field": "messages", "value": value("messages", message)})
        }
        6 => json!({"field": "messages", "value": value("messages", message)}),
        7 => json!({"field": "messages", "value": value("statuses", json!({"id": mark, "status": "delivered",
                    "timestamp": timestamp, "recipient_id": group, "recipient_type": "group"}))}),
        8 => json!({"field": "group_participants_update", "value": value("groups", json!({"timestamp": timestamp,
                    "group_id": group, "type": "group_participants_add", "request_id": mark, "reason": "invite_link",
                    "added_participants": [{"wa_id": "16505551234"}]}))}),
        _ => json!({"field": "account_alerts", "value": {"alert_info": {"alert_description": mark}}}),
    }
}
