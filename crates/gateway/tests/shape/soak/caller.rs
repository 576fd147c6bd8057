//! One call, as a careful client makes it: sent again where the answer allows that, under its key where it has one.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt::time::{sleep, timeout};
use serde_json::{Value, json};

use super::book::{Book, Call, End, add, is_write};
use crate::dice::Dice;
use crate::support::http_client;
use crate::world::Tenant;

/// For how long a call is sent again.
const PERSISTENCE: Duration = Duration::from_secs(25);
/// Of so many calls with a key one is hung up on.
const HUNG_UP_OF: u64 = 30;

/// A client of one tenant.
pub(super) struct Caller {
    url: String,
    /// The place of its tenant.
    pub(super) place: usize,
    pub(super) tenant: Tenant,
    http: awc::Client,
    dice: RefCell<Dice>,
    pub(super) book: Rc<Book>,
}

/// What follows from an answer.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Done,
    Refused,
    /// Nothing was done: the call may be sent again, with a key or without.
    Again,
    /// Something may have been done.
    AgainUnderItsKey,
}

impl Caller {
    pub(super) fn new(url: &str, place: usize, tenant: &Tenant, seed: u64, book: &Rc<Book>) -> Self {
        let (dice, book) = (RefCell::new(Dice(seed)), Rc::clone(book));
        Self { url: url.to_owned(), place, tenant: tenant.clone(), http: http_client(), dice, book }
    }

    /// A number from 0 to below `end`.
    pub(super) fn below(&self, end: u64) -> u64 {
        self.dice.borrow_mut().below(end)
    }

    /// Makes a call until it has an end, or for long enough.
    pub(super) async fn make(&self, call: &Call) -> End {
        self.make_and_tell(call, &mut Vec::new()).await
    }

    /// The same; `trail` learns every answer on the way.
    pub(super) async fn make_and_tell(&self, call: &Call, trail: &mut Vec<String>) -> End {
        add(&self.book.keys, u64::from(call.key.is_some()));
        let begun = Instant::now();
        while begun.elapsed() < PERSISTENCE {
            let (status, body) = self.send(call).await;
            trail.push(format!("{status} {} {}", body["Code"], body["RequestId"]));
            self.book.answered(call, status, &body);
            self.book.look_at(&self.tenant.cust_space_id, call, status, &body);
            match next(call.operation, status, &body) {
                Next::Done => return End::Done(body),
                Next::Refused => return End::Refused(body),
                Next::AgainUnderItsKey if call.key.is_none() => return End::Unknown,
                Next::Again | Next::AgainUnderItsKey => {}
            }
            sleep(Duration::from_millis(100 + self.below(500))).await;
        }
        if call.key.is_some() { End::Open } else { End::Refused(json!({"Code": "given up"})) }
    }

    /// The answer, where one came whole; else a status of 0.
    async fn send(&self, call: &Call) -> (u16, Value) {
        let request = self.http.post(format!("{}/v1/{}", self.url, call.operation));
        let mut request = request.insert_header(("authorization", self.tenant.key.basic()));
        if let Some(key) = &call.key {
            request = request.insert_header(("idempotency-key", key.as_str()));
        }
        if let Some(within) = call.within_ms {
            request = request.insert_header(("x-request-timeout-ms", within.to_string()));
        }
        let parameters = self.parameters(call);
        let answer = async {
            let mut answer = request.send_json(&parameters).await.ok()?;
            let body = answer.body().limit(1 << 22).await.ok()?;
            Some((answer.status().as_u16(), serde_json::from_slice(&body).unwrap_or_default()))
        };
        let patience = if call.key.is_some() && self.below(HUNG_UP_OF) == 0 {
            Duration::from_millis(1 + self.below(60))
        } else {
            crate::support::PATIENCE
        };
        timeout(patience, answer).await.ok().flatten().unwrap_or_default()
    }

    fn parameters(&self, call: &Call) -> Value {
        if call.operation != "SendChatappMessage" {
            return self.tenant.parameters(call.parameters.clone());
        }
        let mut all = json!({"CustSpaceId": self.tenant.cust_space_id, "From": self.tenant.business_number});
        all.as_object_mut().unwrap().extend(call.parameters.as_object().unwrap().clone());
        all
    }
}

fn next(operation: &str, status: u16, body: &Value) -> Next {
    let code = body["Code"].as_str().unwrap_or_default();
    let is_safe = body["RetrySafe"] == true || !is_write(operation);
    match (status, code) {
        (200, _) => Next::Done,
        // Nobody was asked to do anything: a limit, or a gateway that starts, stops, or cannot write its record.
        (429, _) => Next::Again,
        (503, "ServiceUnavailable") if body["RetrySafe"] != false => Next::Again,
        (409, "IdempotentProcessing") => Next::AgainUnderItsKey,
        (400..500, _) => Next::Refused,
        _ if is_safe => Next::Again,
        _ => Next::AgainUnderItsKey,
    }
}

mod tests {
    use super::*;

    #[test]
    fn a_write_is_sent_again_without_a_key_only_where_the_answer_says_that_nothing_was_done() {
        let next = |status, body: Value| next("AddChatGroup", status, &body);
        assert_eq!(next(502, json!({"Code": "Upstream.Unavailable", "RetrySafe": true})), Next::Again);
        assert_eq!(next(504, json!({"Code": "Upstream.Timeout", "RetrySafe": false})), Next::AgainUnderItsKey);
        assert_eq!(next(503, json!({"Code": "ServiceUnavailable"})), Next::Again);
        assert_eq!(next(503, json!({"Code": "ServiceUnavailable", "RetrySafe": false})), Next::AgainUnderItsKey);
        assert_eq!(next(0, Value::Null), Next::AgainUnderItsKey);
        assert_eq!(next(502, Value::Null), Next::AgainUnderItsKey, "nginx says nothing of what was done");
        assert_eq!(next(503, Value::Null), Next::AgainUnderItsKey);
        assert_eq!(next(422, json!({"Code": "Upstream.Rejected"})), Next::Refused);
    }

    #[test]
    fn a_read_is_sent_again_after_any_failure() {
        assert_eq!(next("GetChatGroup", 0, &Value::Null), Next::Again);
        assert_eq!(next("GetChatGroup", 504, &json!({"RetrySafe": false})), Next::Again);
    }
}
