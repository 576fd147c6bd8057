//! The load: the lives of groups, as an ISV's backend and the people in them live them.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt::time::sleep;
use serde_json::{Value, json};

use super::book::{Asked, Call, End};
use super::caller::Caller;
use crate::support::SandboxControl;

/// The pause between two groups of one teller, in milliseconds, at the most.
const PAUSE_MS: u64 = 400;

/// Why a user does not come in, though the link is right.
const EXPLAINED: [&str; 3] = ["group_full", "already_member", "removed_before"];

/// One who makes group after group, and lets things happen in them.
pub(super) struct Teller {
    pub(super) caller: Caller,
    /// Stands before every key and subject of this teller's.
    pub(super) name: String,
    pub(super) meta: Rc<SandboxControl>,
    pub(super) goes_on: Rc<Cell<bool>>,
}

/// A group, and what is known of it.
struct Group {
    id: String,
    /// Stands before all that is done to it.
    name: String,
    /// Whether a link may have been replaced without anybody's knowing: then no link can be relied on.
    link_is_unsure: Cell<bool>,
}

impl Teller {
    /// Tells until it is told to stop.
    pub(super) async fn tell(self) {
        for nth in 0_u64.. {
            if !self.goes_on.get() {
                return;
            }
            if let Some(group) = self.found(nth).await {
                self.live(&group).await;
            }
            sleep(Duration::from_millis(self.caller.below(PAUSE_MS))).await;
        }
    }

    /// Makes a group; nothing where its ID was not told at once.
    async fn found(&self, nth: u64) -> Option<Group> {
        let subject = format!("{}-{nth}", self.name);
        let wait = [0, 10, 10][self.roll(3)];
        let call = self.call("AddChatGroup", json!({"Subject": subject, "WaitSeconds": wait}), &subject);
        let asked = self.ask(call, &subject).await;
        let id = match &asked.end {
            End::Done(answer) => answer["GroupId"].as_str().map(str::to_owned),
            _ => None,
        };
        if let (End::Done(first), Some(_), 0) = (&asked.end, &asked.call.key, self.caller.below(5)) {
            self.is_told_again(&asked.call, first).await;
        }
        self.caller.book.creates.borrow_mut().push(asked);
        Some(Group { id: id?, name: subject, link_is_unsure: Cell::new(false) })
    }

    /// The same call under the same key has the same answer. One that could not be written down is answered with what became
    /// of the same change: that it could not is to be in the log.
    async fn is_told_again(&self, call: &Call, first: &Value) {
        let End::Done(again) = self.caller.make(call).await else { return };
        let is_same = |name: &str| again[name] == first[name];
        if is_same("RequestId") && is_same("UniqueCode") && is_same("GroupId") {
            return;
        }
        match first["UniqueCode"].as_str() {
            Some(code) if is_same("UniqueCode") && (is_same("GroupId") || first["GroupId"].is_null()) => {
                self.caller.book.unwritten.borrow_mut().insert(code.to_owned());
            }
            _ => self.caller.book.wrong(format!("{call:?} was answered {first}, and then {again}")),
        }
    }

    async fn live(&self, group: &Group) {
        self.somebody_comes(group).await;
        for nth in 0..2 + self.caller.below(5) {
            let name = format!("{}-{nth}", group.name);
            match self.caller.below(8) {
                0 => self.somebody_comes(group).await,
                1 => self.somebody_goes(group, &name).await,
                2 | 3 => self.say(group, &name).await,
                4 => self.new_link(group, &name).await,
                5 => self.describe(group, &name).await,
                6 => self.look(group).await,
                _ => self.hear(group).await,
            }
        }
        // Some are left, so that lists grow.
        if self.caller.below(6) != 0 {
            self.delete(group).await;
        }
    }

    /// A user follows the link, and is seen in the group.
    async fn somebody_comes(&self, group: &Group) {
        let of_group = json!({"GroupId": group.id});
        let Some(answer) = self.read("GetChatGroupInviteLink", of_group.clone()).await else { return };
        let user = self.user();
        let (status, joined) = self.meta.join(&user, answer["InviteLink"].as_str().unwrap_or_default()).await;
        if status != 200 {
            let is_explained = EXPLAINED.iter().any(|reason| joined.to_string().contains(reason));
            if !is_explained && !group.link_is_unsure.get() {
                self.caller.book.wrong(format!("{}: {answer} led nowhere: {joined}", group.name));
            }
            return;
        }
        let Some(seen) = self.read("ListChatGroupParticipants", of_group).await else { return };
        if !seen.to_string().contains(&user) {
            self.caller.book.wrong(format!("{}: {user} has come, and is not in {seen}", group.name));
        }
    }

    /// Somebody who is in the group is removed.
    async fn somebody_goes(&self, group: &Group, name: &str) {
        let Some(seen) = self.read("ListChatGroupParticipants", json!({"GroupId": group.id})).await else { return };
        let Some(user) = seen["Data"]["List"][0]["ParticipantNumber"].as_str() else { return };
        let out = json!({"GroupId": group.id, "List": [{"ParticipantNumber": user}], "WaitSeconds": 5});
        self.caller.make(&self.call("DeleteChatGroupParticipants", out, name)).await;
    }

    /// A message to the group; its word comes back in its statuses.
    async fn say(&self, group: &Group, name: &str) {
        let message = json!({
            "To": group.id, "RecipientType": "group", "Type": "message", "MessageType": "text", "TaskId": name,
            "Content": json!({"text": name}).to_string(),
        });
        let sent = self.ask(self.call("SendChatappMessage", message, name), name).await;
        self.caller.book.messages.borrow_mut().push(sent);
    }

    async fn new_link(&self, group: &Group, name: &str) {
        let link = self.ask(self.call("AddChatGroupInviteLink", json!({"GroupId": group.id}), name), &group.id).await;
        if !matches!(link.end, End::Done(_)) {
            group.link_is_unsure.set(true);
        }
        self.caller.book.links.borrow_mut().push(link);
    }

    async fn describe(&self, group: &Group, name: &str) {
        let described = json!({"GroupId": group.id, "Description": name, "WaitSeconds": 5 * self.caller.below(2)});
        let described = self.ask(self.call("UpdateChatGroup", described, name), name).await;
        self.caller.book.descriptions.borrow_mut().push(described);
    }

    /// Makes a call of which Meta does at most once what is found by this mark.
    async fn ask(&self, call: Call, mark: &str) -> Asked {
        let mut trail = Vec::new();
        let end = self.caller.make_and_tell(&call, &mut trail).await;
        Asked { tenant: self.caller.place, call, mark: mark.to_owned(), end, trail }
    }

    async fn look(&self, group: &Group) {
        self.read("GetChatGroup", json!({"GroupId": group.id})).await;
        self.read("ListChatGroup", json!({"Page": {"Index": 1, "Size": 20}})).await;
    }

    /// A user says something in the group.
    async fn hear(&self, group: &Group) {
        let said = json!({"group_id": group.id, "text": format!("Something for {}", group.name)});
        self.meta.post(&format!("users/{}/messages", self.user()), said).await;
    }

    async fn delete(&self, group: &Group) {
        let gone = json!({"GroupId": group.id, "WaitSeconds": 10 * self.caller.below(2)});
        if let End::Done(_) = self.caller.make(&self.call("DeleteChatGroup", gone, &group.name)).await {
            self.caller.book.deleted.borrow_mut().push(group.id.clone());
        }
    }

    async fn read(&self, operation: &'static str, parameters: Value) -> Option<Value> {
        match self.caller.make(&Call { operation, parameters, key: None, within_ms: None }).await {
            End::Done(answer) => Some(answer),
            _ => None,
        }
    }

    /// A call with a key of this name or without, and now and then by a caller who is in a hurry.
    fn call(&self, operation: &'static str, parameters: Value, name: &str) -> Call {
        let key = (self.caller.below(2) == 0).then(|| name.to_owned());
        let within_ms = (self.caller.below(12) == 0).then(|| 200 + self.caller.below(2_000));
        Call { operation, parameters, key, within_ms }
    }

    fn user(&self) -> String {
        format!("16505{:06}", self.caller.below(1_000_000))
    }

    fn roll(&self, count: u64) -> usize {
        usize::try_from(self.caller.below(count)).unwrap()
    }
}
