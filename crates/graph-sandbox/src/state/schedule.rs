//! Asynchronous changes: promised in an answer, done later, told by webhook.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::groups::NewGroup;
use super::numbers::Number;
use super::webhook::{GroupEvent, LIFECYCLE, PARTICIPANTS, SETTINGS};
use super::{State, Turn};
use crate::faults::{Failing, SettingsPart};
use crate::graph::errors::{Code, GraphError};
use crate::ids::{GroupId, PhoneNumberId, RequestId, TemplateId, WaId};
use crate::nature::Nature;

/// A change that has been promised.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scheduled {
    /// When it will be done, in milliseconds since 1970.
    pub(crate) due_ms: i64,
    pub(crate) request_id: RequestId,
    pub(crate) change: Change,
    /// Where it was told to fail.
    #[serde(default)]
    pub(crate) failing: Option<Failing>,
    /// The call that asked for it; calls are forgotten over a restart.
    #[serde(skip)]
    pub(crate) cause: u64,
}

/// What will be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Create(NewGroup),
    Delete(GroupId),
    Update(GroupId, NewSettings),
    /// The users as the caller wrote them.
    Remove(GroupId, Vec<String>),
    /// A template is looked at by Meta.
    Review(TemplateId),
}

/// The parts of a group's settings that are to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct NewSettings {
    pub(crate) subject: Option<String>,
    pub(crate) description: Option<String>,
    /// The SHA-256 of the picture, in base64, as Meta's webhook shows it.
    pub(crate) picture_sha256: Option<String>,
}

impl State {
    /// Promises a change; the ID that its webhook will carry.
    pub(crate) fn promise(&mut self, change: Change, turn: &Turn<'_>) -> RequestId {
        let request_id = turn.nature.request_id();
        self.schedule.push(Scheduled {
            due_ms: turn.nature.change_due_ms(),
            request_id: request_id.clone(),
            change,
            failing: turn.failing,
            cause: turn.cause,
        });
        request_id
    }

    /// When the next change is due, in milliseconds.
    pub(crate) fn next_change_ms(&self) -> Option<i64> {
        self.schedule.iter().map(|item| item.due_ms).min()
    }

    /// Whether a change is due.
    pub(crate) fn has_due_change(&self, now_ms: i64) -> bool {
        self.next_change_ms().is_some_and(|due_ms| due_ms <= now_ms)
    }

    /// How many groups of a number are promised and not yet born.
    pub(crate) fn creations_under_way(&self, number: &PhoneNumberId) -> usize {
        let creates = |item: &&Scheduled| matches!(&item.change, Change::Create(new) if new.phone_number_id == *number);
        self.schedule.iter().filter(creates).count()
    }

    /// Does every change that is due, in the order of their times.
    pub(crate) fn do_due_changes(&mut self, nature: &Nature) {
        let now_ms = nature.now_ms();
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.schedule).into_iter().partition(|item| item.due_ms <= now_ms);
        self.schedule = later;
        due.sort_by_key(|item| item.due_ms);
        for item in due {
            let turn = Turn { nature, cause: item.cause, failing: item.failing };
            self.do_change(item.change, &item.request_id, &turn);
        }
    }

    fn do_change(&mut self, change: Change, request: &RequestId, turn: &Turn<'_>) {
        match change {
            Change::Create(new) => self.do_create(new, request, turn),
            Change::Delete(group) => self.do_delete(&group, request, turn),
            Change::Update(group, settings) => self.do_update(&group, settings, request, turn),
            Change::Remove(group, users) => self.do_remove(&group, &users, request, turn),
            Change::Review(template) => self.review(&template, turn),
        }
    }

    fn do_create(&mut self, new: NewGroup, request: &RequestId, turn: &Turn<'_>) {
        let number = new.phone_number_id.clone();
        if let Some(error) = turn.failure() {
            return self.tell_of_no_group(&new, request, &error, turn);
        }
        let Some(id) = self.create_group(new, turn) else {
            return;
        };
        let Some(group) = self.groups.get(&id) else {
            return;
        };
        let mut event = GroupEvent::new(LIFECYCLE, "group_create", &number)
            .group(&id)
            .request(request)
            .with("subject", &*group.subject)
            .with("join_approval_mode", group.join_approval_mode.as_str())
            .with("invite_link", group.invite_link.as_deref());
        if let Some(description) = &group.description {
            event = event.with("description", &**description);
        }
        self.tell(event, turn);
    }

    /// A group was not made. Meta's sample of that has a `group_id` all the same, which leads nowhere.
    fn tell_of_no_group(&mut self, new: &NewGroup, request: &RequestId, error: &GraphError, turn: &Turn<'_>) {
        let digits = self.numbers.get(&new.phone_number_id).map(Number::digits).unwrap_or_default();
        let mut event = GroupEvent::new(LIFECYCLE, "group_create", &new.phone_number_id)
            .group(&GroupId::of(&digits, &turn.nature.digits(18)))
            .request(request)
            .with("subject", &*new.subject)
            .failed_with(error);
        if let Some(description) = &new.description {
            event = event.with("description", &**description);
        }
        self.tell(event, turn);
    }

    fn do_delete(&mut self, id: &GroupId, request: &RequestId, turn: &Turn<'_>) {
        let Some(event) = self.event_of(id, LIFECYCLE, "group_delete", request) else {
            return;
        };
        let unknown = || GraphError::new(Code::GROUP_UNKNOWN);
        let failure = turn.failure().or_else(|| (!self.delete_group(id)).then(unknown));
        let event = failure.iter().fold(event, GroupEvent::failed_with);
        self.tell(event, turn);
    }

    fn do_update(&mut self, id: &GroupId, settings: NewSettings, request: &RequestId, turn: &Turn<'_>) {
        let Some(event) = self.event_of(id, SETTINGS, SETTINGS, request) else {
            return;
        };
        let gone = self.living_group(id).is_none().then(|| GraphError::new(Code::GROUP_UNKNOWN));
        let failing = turn.failing.filter(|failing| gone.is_none() && settings.has(failing.part));
        let error = gone.or_else(|| failing.map(|failing| GraphError::new(Code(failing.code))));
        // Where no part is named, an error is about all of them.
        let part = failing.and_then(|failing| failing.part);
        let fails = |one| error.as_ref().filter(|_| part.is_none_or(|part| part == one));
        let event = event.and(settings.outcome(fails));
        let event = error.iter().fold(event, GroupEvent::failed_with);
        if error.is_none() || part.is_some() {
            self.apply(id, settings.without(part));
        }
        self.tell(event, turn);
    }

    fn apply(&mut self, id: &GroupId, settings: NewSettings) {
        if let Some(group) = self.living_group_mut(id) {
            group.apply(settings);
        }
    }

    fn do_remove(&mut self, id: &GroupId, users: &[String], request: &RequestId, turn: &Turn<'_>) {
        let kind = "group_participants_remove";
        let Some(event) = self.event_of(id, PARTICIPANTS, kind, request) else {
            return;
        };
        let (removed, failed) = self.remove_each(id, users, turn.failure().as_ref());
        let mut event = event.with("initiated_by", "business");
        if !removed.is_empty() {
            event = event.with("removed_participants", removed);
        }
        if !failed.is_empty() {
            let error = turn.failure().unwrap_or_else(|| GraphError::new(Code::NOT_A_PARTICIPANT));
            event = event.with("failed_participants", failed).failed_with(&error);
        }
        self.tell(event, turn);
    }

    /// Removes each user for good; those who went, and those who were not there, or are not to go.
    fn remove_each(
        &mut self,
        id: &GroupId,
        users: &[String],
        failure: Option<&GraphError>,
    ) -> (Vec<Value>, Vec<Value>) {
        let not_there = GraphError::new(Code::NOT_A_PARTICIPANT);
        let error = failure.unwrap_or(&not_there);
        let (mut removed, mut failed) = (Vec::new(), Vec::new());
        for input in users {
            let wa_id = self.user_meant(input).filter(|_| failure.is_none());
            if wa_id.is_some_and(|wa_id| self.remove_participant(id, &wa_id)) {
                removed.push(json!({ "input": input }));
            } else {
                failed.push(json!({ "input": input, "errors": [error.in_webhook()] }));
            }
        }
        (removed, failed)
    }

    fn remove_participant(&mut self, id: &GroupId, wa_id: &WaId) -> bool {
        let Some(group) = self.living_group_mut(id) else {
            return false;
        };
        let was_there = group.take_out(wa_id);
        if was_there {
            group.removed.insert(wa_id.clone());
        }
        was_there
    }

    /// An event of a group, dead or alive, in answer to a call.
    fn event_of(&self, id: &GroupId, field: &'static str, kind: &str, request: &RequestId) -> Option<GroupEvent> {
        let number = &self.groups.get(id)?.phone_number_id;
        Some(GroupEvent::new(field, kind, number).group(id).request(request))
    }
}

impl NewSettings {
    /// Whether nothing is to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.subject.is_none() && self.description.is_none() && self.picture_sha256.is_none()
    }

    /// Whether this part is to change; all of them are one, too.
    fn has(&self, part: Option<SettingsPart>) -> bool {
        match part {
            None => true,
            Some(SettingsPart::GroupSubject) => self.subject.is_some(),
            Some(SettingsPart::GroupDescription) => self.description.is_some(),
            Some(SettingsPart::ProfilePicture) => self.picture_sha256.is_some(),
        }
    }

    /// All but one part.
    fn without(self, part: Option<SettingsPart>) -> Self {
        match part {
            None => self,
            Some(SettingsPart::GroupSubject) => Self { subject: None, ..self },
            Some(SettingsPart::GroupDescription) => Self { description: None, ..self },
            Some(SettingsPart::ProfilePicture) => Self { picture_sha256: None, ..self },
        }
    }

    /// Each part with whether it was changed; only the parts that were asked for.
    fn outcome<'a>(&self, error_of: impl Fn(SettingsPart) -> Option<&'a GraphError>) -> Map<String, Value> {
        let text = |text: &String| json!({ "text": text });
        let picture = |sha256: &String| json!({ "mime_type": "image/jpeg", "sha256": sha256 });
        let parts = [
            (SettingsPart::GroupSubject, self.subject.as_ref().map(text)),
            (SettingsPart::GroupDescription, self.description.as_ref().map(text)),
            (SettingsPart::ProfilePicture, self.picture_sha256.as_ref().map(picture)),
        ];
        let told = |(part, value): (SettingsPart, Option<Value>)| {
            let mut value = value?;
            let error = error_of(part);
            value["update_successful"] = error.is_none().into();
            if let Some(error) = error {
                value["errors"] = json!([error.in_webhook()]);
            }
            Some((part.as_str().to_owned(), value))
        };
        parts.into_iter().filter_map(told).collect()
    }
}
