//! Faults: what goes wrong on demand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::ids::shortened;

/// When the connection of a call drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Close {
    /// Before anything was done.
    Before,
    /// After it was done: the answer is lost.
    After,
}

/// A part of a group's settings, as the webhook names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SettingsPart {
    GroupSubject,
    GroupDescription,
    ProfilePicture,
}

impl SettingsPart {
    /// As the webhook names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::GroupSubject => "group_subject",
            Self::GroupDescription => "group_description",
            Self::ProfilePicture => "profile_picture",
        }
    }
}

/// How what a call asks for fails, after it was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failing {
    /// Meta's code, in the webhook.
    #[schema(example = 131_000)]
    pub(crate) code: u32,
    /// Only this part of a group's settings; all that was asked for, unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub(crate) part: Option<SettingsPart>,
}

/// What happens to a call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Effect {
    /// Meta's code: gives its status and error object, and nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 131_016)]
    pub(crate) code: Option<u32>,
    /// The answer's status; nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 200, maximum = 599)]
    pub(crate) http_status: Option<u16>,
    /// The answer's body: a text as it stands, anything else as JSON. Nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Value>,
    /// How long the call waits before anything else; no longer than until all faults are dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
    /// The connection drops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) close: Option<Close>,
    /// The answer's body comes a byte at a time, this long apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drip_ms: Option<u64>,
    /// The answer's `Retry-After`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u32>,
    /// The call is answered as if all were well, and its webhook then tells that it failed: the making and deleting of a
    /// group, the removal of participants, new settings, a message, the review of a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub(crate) later: Option<Failing>,
}

/// Which calls fail, how often, and how.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Fault {
    /// Given by the sandbox.
    #[serde(default)]
    #[schema(read_only)]
    pub(crate) id: u64,
    /// Only calls of this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "POST")]
    pub(crate) method: Option<String>,
    /// Only calls of paths that begin so, or that fit where it has a `*`, which stands for any characters, `/` too. The
    /// path has its version and no query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "*/invite_link")]
    pub(crate) path: Option<String>,
    /// Only calls with this token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// How many calls fail.
    #[serde(default = "one")]
    #[schema(minimum = 1, default = 1)]
    pub(crate) count: u64,
    #[serde(flatten)]
    pub(crate) effect: Effect,
}

fn one() -> u64 {
    1
}

impl Effect {
    /// How long the call waits before anything else.
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or_default())
    }

    /// Whether the call is answered without being done.
    pub(crate) fn replaces_the_answer(&self) -> bool {
        self.code.is_some() || self.http_status.is_some() || self.body.is_some()
    }

    /// Whether it does anything at all.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Fault {
    fn matches(&self, method: &str, path: &str, token: Option<&str>) -> bool {
        let any = |given: &Option<String>, fits: &dyn Fn(&str) -> bool| given.as_deref().is_none_or(fits);
        any(&self.method, &|wanted| wanted.eq_ignore_ascii_case(method))
            && any(&self.path, &|wanted| path_fits(wanted, path))
            && any(&self.token, &|wanted| Some(wanted) == token)
    }
}

/// A prefix, or a pattern of the whole path where a `*` stands for any characters.
fn path_fits(wanted: &str, path: &str) -> bool {
    let mut pieces = wanted.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return true;
    };
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// The faults that are still to come.
#[derive(Default)]
pub(crate) struct Faults {
    waiting: Mutex<Waiting>,
    dropped: watch::Sender<()>,
}

/// What a call waits with for its fault's delay: taken before its fault is, it misses no drop of all faults.
pub(crate) struct Patience(watch::Receiver<()>);

impl Patience {
    /// Waits so long, or until all faults are dropped.
    pub(crate) async fn wait(mut self, delay: Duration) {
        let _ = tokio::time::timeout(delay, self.0.changed()).await;
    }
}

#[derive(Default)]
struct Waiting {
    last_id: u64,
    faults: Vec<Fault>,
}

impl Faults {
    /// Adds one; its ID.
    pub(crate) fn add(&self, mut fault: Fault) -> u64 {
        let mut waiting = self.lock();
        waiting.last_id += 1;
        fault.id = waiting.last_id;
        waiting.faults.push(fault);
        waiting.last_id
    }

    /// The first that fits a call; it counts as used.
    pub(crate) fn take(&self, method: &str, path: &str, token: Option<&str>) -> Option<Effect> {
        let mut waiting = self.lock();
        let mut faults = waiting.faults.iter_mut();
        let fault = faults.find(|fault| fault.matches(method, path, token))?;
        fault.count -= 1;
        let effect = fault.effect.clone();
        waiting.faults.retain(|fault| fault.count > 0);
        Some(effect)
    }

    /// All that are still to come, their tokens shortened.
    pub(crate) fn list(&self) -> Vec<Fault> {
        let shown = |fault: &Fault| Fault { token: fault.token.as_deref().map(shortened), ..fault.clone() };
        self.lock().faults.iter().map(shown).collect()
    }

    /// Drops all, and lets those calls go on that wait; how many there were.
    pub(crate) fn clear(&self) -> usize {
        let count = self.lock().faults.drain(..).count();
        self.dropped.send_replace(());
        count
    }

    /// For a call that comes now.
    pub(crate) fn patience(&self) -> Patience {
        Patience(self.dropped.subscribe())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_prefix_or_a_pattern_with_stars() {
        assert!(path_fits("/v23.0/1", "/v23.0/100/groups"));
        assert!(!path_fits("/v24.0", "/v23.0/100/groups"));
        assert!(path_fits("*/groups", "/v23.0/100/groups"));
        assert!(path_fits("/v23.0/*/groups*", "/v23.0/100/groups"));
        assert!(!path_fits("*/groups", "/v23.0/100/groups/more"));
        assert!(!path_fits("/v23.0/*/messages", "/v23.0/100/groups"));
    }

    #[test]
    fn a_fault_is_used_up_after_its_count() {
        let faults = Faults::default();
        let fault = serde_json::json!({ "method": "get", "count": 2, "code": 4 });
        faults.add(serde_json::from_value(fault).unwrap());
        assert!(faults.take("POST", "/1", None).is_none());
        assert_eq!(faults.take("GET", "/1", None).unwrap().code, Some(4));
        assert!(faults.take("GET", "/2", None).is_some());
        assert!(faults.take("GET", "/3", None).is_none());
    }

    #[actix_web::test]
    async fn a_delay_ends_by_itself_or_when_all_faults_are_dropped() {
        let (faults, for_ever) = (Faults::default(), Duration::from_hours(1));
        faults.patience().wait(Duration::from_millis(1)).await;
        let delayed = faults.patience();
        faults.clear();
        tokio::time::timeout(Duration::from_mins(1), delayed.wait(for_ever)).await.expect("it goes on");
        let comes_later = faults.patience().wait(for_ever);
        assert!(tokio::time::timeout(Duration::from_millis(20), comes_later).await.is_err(), "it waits");
    }
}
