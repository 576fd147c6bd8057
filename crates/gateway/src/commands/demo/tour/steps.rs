//! The steps of the tour, as data: one group's life.
//!
//! In bodies and expectations `"{Name}"` stands for what the tour knows by that name: the tenant's parameters, and what
//! earlier answers brought.

use serde_json::{Value, json};

/// Whom a step calls.
#[derive(Debug, Clone, Copy)]
pub(super) enum Callee {
    /// The gateway: an operation of the public API, with the tenant's key and its `CustSpaceId` and `BusinessNumber`.
    Gateway(&'static str),
    /// The sandbox, as a user's phone: `POST` to this path.
    Phone(&'static str),
}

/// One call with what must come of it.
#[derive(Debug)]
pub(super) struct Step {
    /// What happens, in a sentence.
    pub(super) story: &'static str,
    pub(super) callee: Callee,
    pub(super) body: Value,
    pub(super) status: u16,
    /// Whether it may take a moment until the answer is so, since a webhook must come first.
    pub(super) in_the_end: bool,
    /// Where something stands in the answer (a JSON pointer), and what it must be.
    pub(super) shows: Vec<(&'static str, Value)>,
    /// Where something stands in the answer that later steps use, and its name from then on.
    pub(super) learns: Vec<(&'static str, &'static str)>,
}

impl Step {
    fn new(story: &'static str, callee: Callee, body: Value) -> Self {
        Self { story, callee, body, status: 200, in_the_end: false, shows: Vec::new(), learns: Vec::new() }
    }

    fn answered(self, status: u16) -> Self {
        Self { status, ..self }
    }

    fn in_the_end(self) -> Self {
        Self { in_the_end: true, ..self }
    }

    fn showing(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.shows.push((pointer, value.into()));
        self
    }

    fn learning(mut self, pointer: &'static str, name: &'static str) -> Self {
        self.learns.push((pointer, name));
        self
    }
}

/// The user who joins.
const CASEY: &str = "16505559999";
const CASEY_JOINS: &str = "/_sandbox/users/16505559999/join";
const ROBIN_JOINS: &str = "/_sandbox/users/16505558888/join";

/// All of them, in order.
pub(super) fn all() -> Vec<Step> {
    use Callee::{Gateway, Phone};
    let group = || json!({ "GroupId": "{GroupId}" });
    vec![
        Step::new(
            "A group is made. Meta does it a little later and says so by webhook; the call waits for that.",
            Gateway("AddChatGroup"),
            json!({ "Subject": "Order 1042", "Description": "Questions about your order" }),
        )
        .showing("/GroupStatus", "ACTIVE")
        .learning("/GroupId", "GroupId")
        .learning("/InviteLink", "FirstLink"),
        Step::new("Its invite link can be asked for at any time.", Gateway("GetChatGroupInviteLink"), group())
            .showing("/InviteLink", "{FirstLink}"),
        Step::new("A user follows the link on a phone.", Phone(CASEY_JOINS), json!({ "invite_link": "{FirstLink}" }))
            .showing("/result", "joined"),
        Step::new("The group has a participant.", Gateway("GetChatGroup"), group())
            .showing("/Data/TotalParticipantCount", 1)
            .showing("/Data/Participants/0/ParticipantNumber", CASEY),
        Step::new(
            "The list of groups, newest first, is the gateway's own record, which webhooks keep.",
            Gateway("ListChatGroup"),
            json!({ "Page": { "Index": 1, "Size": 1 } }),
        )
        .in_the_end()
        .showing("/Data/List/0/GroupId", "{GroupId}")
        .showing("/Data/List/0/TotalParticipantCount", 1),
        Step::new("A new link takes the old one's place.", Gateway("AddChatGroupInviteLink"), group())
            .showing("/Code", "OK"),
        Step::new("The old link no longer admits anyone.", Phone(ROBIN_JOINS), json!({ "invite_link": "{FirstLink}" }))
            .answered(409)
            .showing("/error/reason", "link_reset"),
        Step::new(
            "The participant is removed, and Meta says by webhook that it is done.",
            Gateway("DeleteChatGroupParticipants"),
            json!({ "GroupId": "{GroupId}", "List": [{ "ParticipantNumber": CASEY }] }),
        )
        .showing("/Result", 1)
        .showing("/Failed", json!([])),
        Step::new("The group is deleted, with all its participants.", Gateway("DeleteChatGroup"), group())
            .showing("/GroupStatus", "INACTIVE"),
        Step::new("It is gone.", Gateway("GetChatGroup"), group()).answered(404).showing("/Code", "Group.NotFound"),
    ]
}
