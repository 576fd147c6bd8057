//! What the sandbox remembers: one struct, changed by plain functions that
//! know neither HTTP nor files.

pub(crate) mod groups;
pub(crate) mod joining;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod numbers;
pub(crate) mod queue;
pub(crate) mod schedule;
pub(crate) mod sowing;
pub(crate) mod statuses;
pub(crate) mod templates;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::faults::Failing;
use crate::graph::errors::{Code, GraphError};
use crate::ids::{GroupId, MediaId, PhoneNumberId, TemplateId, WaId, WabaId};
use crate::nature::Nature;
use groups::Group;
use media::Media;
use messages::{LastWords, Outbox, PinnedMessages};
use numbers::{Number, Waba};
use queue::WebhookQueue;
use schedule::Scheduled;
use templates::Template;
use tokens::{SignupCode, Token};
use users::User;

/// All that the sandbox knows. It holds tokens, so it has no `Debug`. A copy is cheap: what there is much of is shared,
/// and copied only where it is changed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) wabas: BTreeMap<WabaId, Waba>,
    pub(crate) numbers: BTreeMap<PhoneNumberId, Number>,
    pub(crate) groups: BTreeMap<GroupId, Arc<Group>>,
    pub(crate) users: BTreeMap<WaId, Arc<User>>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) signup_codes: BTreeMap<String, SignupCode>,
    pub(crate) pins: BTreeMap<GroupId, PinnedMessages>,
    #[serde(default)]
    pub(crate) templates: BTreeMap<TemplateId, Arc<Template>>,
    #[serde(default)]
    pub(crate) media: BTreeMap<MediaId, Media>,
    #[serde(default)]
    pub(crate) outbox: Outbox,
    #[serde(default)]
    pub(crate) last_words: LastWords,
    pub(crate) schedule: Vec<Scheduled>,
    pub(crate) webhooks: WebhookQueue,
    pub(crate) usage: Usage,
    /// The place of the next group or template in its list.
    pub(crate) next_ordinal: u64,
}

/// What later answers say of the app's use, as set by the control API.
#[derive(Debug, Default, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usage {
    /// The content of `X-App-Usage`.
    #[schema(value_type = Option<Object>, example = json!({ "call_count": 28, "total_time": 25, "total_cputime": 25 }))]
    pub(crate) app: Option<Map<String, Value>>,
    /// The content of `X-Business-Use-Case-Usage`.
    #[schema(value_type = Option<Object>)]
    pub(crate) business: Option<Map<String, Value>>,
}

/// What a change of the state needs beside the state: time, dice, the call that asks for it, so that its webhooks can be
/// told from others', and whether what it promises is to fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn<'a> {
    pub(crate) nature: &'a Nature,
    pub(crate) cause: u64,
    pub(crate) failing: Option<Failing>,
}

impl Turn<'_> {
    /// Why all that was asked for fails, where it was told to.
    pub(crate) fn failure(&self) -> Option<GraphError> {
        let failing = self.failing.filter(|failing| failing.part.is_none());
        failing.map(|failing| GraphError::new(Code(failing.code)))
    }
}

impl State {
    /// Whether every change and webhook that `cause` brought about is through.
    pub(crate) fn is_settled(&self, cause: u64) -> bool {
        let scheduled = self.schedule.iter().any(|item| item.cause == cause);
        !scheduled && !self.webhooks.is_waiting(cause)
    }

    /// Brings a state that was read from a file back to life.
    pub(crate) fn awaken(&mut self, nature: &Nature) {
        self.webhooks.awaken(nature.now_ms());
    }
}
