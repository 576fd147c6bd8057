//! Callers who call at a steady pace, whatever becomes of their calls, and write down what did.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{Write as _, stdout};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::Tenant;
use super::beside::{Beside, Notes};
use crate::support::http_client;

/// What stands for the code of a call that got no answer of the gateway's.
const NO_ANSWER: &str = "no answer";

/// How many calls of one load run at once at the most: on a machine that is too slow for the pace the load is less, and
/// does not grow into a heap of calls that wait for each other.
const AT_ONCE: usize = 90;

/// The name of a pull among the operations.
pub(crate) const PULL: &str = "pull";

/// A call that a load makes.
pub(crate) enum Call {
    /// An operation, with its parameters beside tenant and number.
    Operation(&'static str, Value),
    /// The same under this `Idempotency-Key`.
    Keyed(&'static str, Value, String),
    /// A pull of the events behind those that were pulled, which waits for them so many seconds.
    Pull { wait: u64 },
}

/// Which call is the `n`th, of this tenant. Deterministic, so that a load can be told again.
pub(crate) type Mix = fn(n: u64, tenant: &Tenant) -> Call;

/// What became of one call.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) operation: &'static str,
    /// 0 where there was no answer.
    pub(crate) status: u16,
    /// The envelope's code, or [`NO_ANSWER`].
    pub(crate) code: String,
    pub(crate) retry_safe: Option<bool>,
    /// Of the group that was asked for; no other call of the world's asks for one of this subject.
    pub(crate) subject: Option<String>,
    /// When it was made.
    pub(crate) begun: Instant,
    pub(crate) took: Duration,
    /// The answer, where it was no success, or what kept it from coming.
    #[expect(dead_code, reason = "shown where a test fails")]
    pub(crate) told: String,
}

/// What became of all calls of a load.
pub(crate) struct Record(pub(crate) Vec<Outcome>);

/// A load that goes on until it is stopped.
pub(crate) struct Load(Beside<Outcome>);

impl Load {
    /// So many calls a second at the address, by the tenants in turn.
    pub(crate) fn start(url: &str, tenants: &[Tenant], per_second: u32, mix: Mix) -> Self {
        let (url, tenants) = (url.to_owned(), tenants.to_vec());
        Self(Beside::start(move |notes| {
            let places = tenants.iter().map(|_| Cell::new(0)).collect();
            Callers { url, tenants, places, mix, notes }.call(Duration::from_secs(1) / per_second)
        }))
    }

    /// What has become of calls so far.
    pub(crate) fn so_far(&self) -> Record {
        Record(self.0.so_far())
    }

    /// Makes no call any more, and waits for the answers of those that were made.
    pub(crate) async fn stop(self) -> Record {
        Record(self.0.stop().await)
    }
}

impl Call {
    /// The operation's name.
    fn name(&self) -> &'static str {
        match self {
            Self::Operation(name, _) | Self::Keyed(name, ..) => name,
            Self::Pull { .. } => PULL,
        }
    }

    /// The subject of the group that it asks for.
    fn subject(&self) -> Option<String> {
        match self {
            Self::Operation("AddChatGroup", parameters) | Self::Keyed("AddChatGroup", parameters, _) => {
                parameters["Subject"].as_str().map(str::to_owned)
            }
            _ => None,
        }
    }
}

struct Callers {
    url: String,
    tenants: Vec<Tenant>,
    /// The last event that each has pulled.
    places: Vec<Cell<u64>>,
    mix: Mix,
    notes: Notes<Outcome>,
}

impl Callers {
    async fn call(self, pause: Duration) {
        let (callers, http, begun) = (Rc::new(self), http_client(), Instant::now());
        let seats = Arc::new(Semaphore::new(AT_ONCE));
        let mut calls = Vec::new();
        for nth in 0.. {
            if !callers.notes.go_on() {
                break;
            }
            // By the clock, so that a pause of the machine is made good and not summed up.
            rt::time::sleep_until((begun + pause * nth).into()).await;
            let (callers, http, seat) = (Rc::clone(&callers), http.clone(), seats.clone().acquire_owned().await);
            calls.push(rt::spawn(async move {
                callers.one(&http, u64::from(nth)).await;
                drop(seat);
            }));
        }
        for call in calls {
            call.await.unwrap();
        }
    }

    /// The status and the body of the answer, or what kept it from coming.
    async fn send(&self, http: &awc::Client, place: usize, call: Call) -> Result<(u16, String), String> {
        let tenant = &self.tenants[place];
        let key = ("authorization", tenant.key.basic());
        let sent = match call {
            Call::Operation(name, parameters) => {
                let request = http.post(format!("{}/v1/{name}", self.url)).insert_header(key);
                request.send_json(&tenant.parameters(parameters)).await
            }
            Call::Keyed(name, parameters, once) => {
                let request = http.post(format!("{}/v1/{name}", self.url)).insert_header(key);
                let request = request.insert_header(("idempotency-key", once));
                request.send_json(&tenant.parameters(parameters)).await
            }
            Call::Pull { wait } => {
                let after = self.places[place].get();
                let about = format!("CustSpaceId={}&After={after}&WaitSeconds={wait}", tenant.cust_space_id);
                http.get(format!("{}/v1/events?{about}", self.url)).insert_header(key).send().await
            }
        };
        let mut answer = sent.map_err(|error| error.to_string())?;
        let body = answer.body().await.map_err(|error| error.to_string())?;
        Ok((answer.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
    }

    async fn one(&self, http: &awc::Client, nth: u64) {
        let place = usize::try_from(nth).unwrap() % self.tenants.len();
        let call = (self.mix)(nth / self.tenants.len() as u64, &self.tenants[place]);
        let (operation, subject, begun) = (call.name(), call.subject(), Instant::now());
        let (status, text) = self.send(http, place, call).await.unwrap_or_else(|error| (0, error));
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(next) = body["Data"]["Next"].as_u64() {
            self.places[place].set(next.max(self.places[place].get()));
        }
        let outcome = Outcome {
            operation,
            status,
            code: body["Code"].as_str().unwrap_or(NO_ANSWER).to_owned(),
            retry_safe: body["RetrySafe"].as_bool(),
            subject,
            begun,
            took: begun.elapsed(),
            told: if status == 200 { String::new() } else { text },
        };
        self.notes.add(outcome);
    }
}

impl Record {
    /// Those of an operation that were made between two moments.
    pub(crate) fn during(&self, from: Instant, until: Instant) -> impl Iterator<Item = &Outcome> {
        self.0.iter().filter(move |outcome| outcome.begun >= from && outcome.begun < until)
    }

    /// How many calls were made a second.
    pub(crate) fn rate(&self) -> f64 {
        rate(self.0.iter().map(|outcome| outcome.begun))
    }

    /// Writes it on standard output, which is shown where a test fails, or with `--nocapture`.
    pub(crate) fn print(&self, what: &str) {
        let _ = write!(stdout(), "{what}:\n{self}");
    }

    /// Fails where a call ended otherwise than `may` allows.
    #[track_caller]
    pub(crate) fn expect(&self, may: impl Fn(&Outcome) -> bool) {
        let others: Vec<_> = self.0.iter().filter(|outcome| !may(outcome)).collect();
        assert!(
            others.is_empty(),
            "{} calls ended otherwise, such as {:?}\n{self}",
            others.len(),
            &others[..others.len().min(3)]
        );
    }
}

/// How many calls were made a second, which began at these moments.
pub(crate) fn rate(begun: impl Iterator<Item = Instant> + Clone) -> f64 {
    let length = begun.clone().max().zip(begun.clone().min()).map_or(Duration::ZERO, |(last, first)| last - first);
    f64::from(u32::try_from(begun.count()).unwrap()) / length.as_secs_f64().max(1.0)
}

/// How many calls of each operation ended with each code, how long the slowest took, and how many were made a second.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<_, (usize, Duration)> = BTreeMap::new();
        for outcome in &self.0 {
            let seen = counts.entry((outcome.operation, outcome.status, &outcome.code)).or_default();
            *seen = (seen.0 + 1, seen.1.max(outcome.took));
        }
        for ((operation, status, code), (count, longest)) in counts {
            writeln!(f, "{count:6} {operation} {status} {code}, {longest:.1?} at the most")?;
        }
        writeln!(f, "{:6.0} calls a second", self.rate())
    }
}

/// Looks at the tenant's group: it needs no record, so that it goes on without PostgreSQL.
pub(crate) fn reads(_: u64, tenant: &Tenant) -> Call {
    Call::Operation("GetChatGroupInviteLink", json!({"GroupId": tenant.group_id}))
}

/// Reads mostly; one call in ten makes a group and waits for it, every other one of these under a key, one makes an invite
/// link, and one waits for the next events.
pub(crate) fn mixed(nth: u64, tenant: &Tenant) -> Call {
    match nth % 10 {
        0 => {
            let subject = format!("Group {nth} of {}", tenant.cust_space_id);
            let parameters = json!({"Subject": subject, "WaitSeconds": 20});
            if nth.is_multiple_of(20) {
                Call::Keyed("AddChatGroup", parameters, subject)
            } else {
                Call::Operation("AddChatGroup", parameters)
            }
        }
        1 => Call::Operation("AddChatGroupInviteLink", json!({"GroupId": tenant.group_id})),
        2 => Call::Operation("ListChatGroup", json!({"Page": {"Index": 1, "Size": 10}})),
        3 => Call::Operation("GetChatGroup", json!({"GroupId": tenant.group_id})),
        4 => Call::Pull { wait: 2 },
        _ => reads(nth, tenant),
    }
}
