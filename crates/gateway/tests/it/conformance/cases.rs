//! Every operation of the table that calls Meta, with requests that the demo's sandbox does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cams_api::operations::EXAMPLE_MESSAGE_ID;
use cams_api::{Operation, Scope};
use gateway::operations::{Context, OperationError, OperationVisitor, each_operation};
use serde_json::{Value, json};

/// An operation with a request; where Meta confirms by webhook, one that does not wait for that.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) operation: &'static str,
    /// Which of its requests.
    pub(super) name: String,
    pub(super) request: Value,
    pub(super) writes: bool,
}

/// A user by the business-scoped ID.
pub(super) const USER_ID: &str = "US.13491208655302741918";
/// A template with two variables and two buttons.
pub(super) const ORDER_UPDATE: &str = "order_update";

/// What takes Meta other calls than an operation's example does: parameters in the place of the example's.
fn more_requests() -> Vec<(&'static str, &'static str, Value)> {
    let picture = STANDARD.encode(include_bytes!("../../fixtures/pictures/baseline.jpg"));
    let users = json!([{"ParticipantNumber": "+1 (650) 555-1234"}, {"ParticipantNumber": USER_ID}]);
    let mut requests = vec![
        ("GetChatGroup", "without its link", json!({"IncludeInviteLink": false})),
        (
            "AddChatGroup",
            "with all that it takes",
            json!({"Description": "D", "JoinApprovalMode": "approval_required"}),
        ),
        ("UpdateChatGroup", "with a picture", json!({"ProfilePictureFile": picture})),
        ("ListChatGroupJoinRequests", "behind a cursor", json!({"After": "QVFIU"})),
        ("AddChatGroupParticipants", "by number and by ID", json!({"List": users})),
        ("SendChatGroupInvite", "to several", json!({"To": ["+1 650 555 9876", "16505550104", "16505550105"]})),
    ];
    requests.extend(messages().map(|(name, parameters)| ("SendChatappMessage", name, parameters)));
    requests
}

/// Messages of every type.
fn messages() -> impl Iterator<Item = (&'static str, Value)> {
    let link = "https://example.com/a";
    let pin = json!({"type": "pin", "messageId": EXAMPLE_MESSAGE_ID, "expirationDays": "7"});
    let unpin = json!({"type": "unpin", "messageId": EXAMPLE_MESSAGE_ID});
    let place = json!({"latitude": "1.5", "longitude": 2, "name": "N", "address": "A"});
    let contact = json!({"name": {"formattedName": "Mara Lind", "firstName": "Mara"}});
    let reaction = json!({"messageId": EXAMPLE_MESSAGE_ID, "emoji": "👍"});
    let to_group = [
        ("image", "image", json!({"link": link, "caption": "c"})),
        ("pin", "pin", pin),
        ("unpin", "pin", unpin),
        ("link with its preview", "text", json!({"text": link, "previewUrl": true})),
    ];
    let to_person = [
        ("video", json!({"link": link})),
        ("audio", json!({"link": link})),
        ("document", json!({"link": link, "fileName": "a.pdf"})),
        ("sticker", json!({"link": link})),
        ("location", place),
        ("contacts", contact),
        ("reaction", reaction),
    ];
    let number = json!({"To": "+1 (650) 555-1234", "RecipientType": "individual"});
    let of_group = to_group.map(|(name, of, content)| (name, of_type(of, &content)));
    let of_person = to_person.map(|(of, content)| (of, with(&number, &of_type(of, &content))));
    let user = json!({"To": USER_ID, "RecipientType": "userId", "ContextMessageId": EXAMPLE_MESSAGE_ID});
    let template = json!({
        "Type": "template", "TemplateName": ORDER_UPDATE, "Language": "en", "MessageType": null, "Content": null,
        "TemplateParams": {"1": "Mara", "2": "17 h"}, "Payload": ["yes", "no"],
    });
    let others = [("answer to a user by ID", user), ("template", with(&number, &template))];
    of_group.into_iter().chain(of_person).chain(others)
}

fn of_type(message_type: &str, content: &Value) -> Value {
    json!({"MessageType": message_type, "Content": content.to_string()})
}

fn with(first: &Value, more: &Value) -> Value {
    let mut both = first.clone();
    both.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    both
}

/// Taking away what others need, so it comes last.
const LAST: &str = "DeleteChatGroup";

struct Cases(Vec<Case>);

impl OperationVisitor for Cases {
    fn visit<O: Operation>(
        &mut self,
        _: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        if !O::CALLS_UPSTREAM {
            return;
        }
        let (operation, writes) = (O::NAME, O::SCOPE != Scope::GroupsRead);
        let example = ("its example", json!({}));
        let more = more_requests().into_iter().filter(|(of, ..)| *of == operation);
        for (name, parameters) in std::iter::once(example).chain(more.map(|(_, name, parameters)| (name, parameters))) {
            let mut request = O::example();
            request.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
            if schemas::<O>().get("WaitSeconds").is_some() {
                request["WaitSeconds"] = json!(0);
            }
            self.0.push(Case { operation, name: name.to_owned(), request, writes });
        }
    }
}

/// The operation's parameters, each with its schema.
fn schemas<O: Operation>() -> Value {
    json!(O::schema())["properties"].take()
}

impl Case {
    /// The same, waiting for Meta's webhook.
    pub(super) fn patient(&self) -> Self {
        let mut patient = self.clone();
        patient.request.as_object_mut().unwrap().entry("WaitSeconds").and_modify(|wait| *wait = json!(20));
        patient
    }
}

/// An operation of the table.
pub(super) struct Listed {
    pub(super) name: &'static str,
    pub(super) example: Value,
    /// All that it takes.
    pub(super) parameters: Vec<String>,
}

struct All(Vec<Listed>);

impl OperationVisitor for All {
    fn visit<O: Operation>(
        &mut self,
        _: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        let parameters = schemas::<O>().as_object().unwrap().keys().cloned().collect();
        self.0.push(Listed { name: O::NAME, example: O::example(), parameters });
    }
}

/// All operations, also those that do not call Meta.
pub(super) fn operations() -> Vec<Listed> {
    let mut all = All(Vec::new());
    each_operation(&mut all);
    all.0
}

/// All cases, those that read first.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Cases(Vec::new());
    each_operation(&mut cases);
    let mut cases = cases.0;
    cases.sort_by_key(|case| (case.operation == LAST, case.writes));
    cases
}

#[test]
fn every_further_request_is_one_of_an_operation_of_the_table() {
    let cases = cases();
    for (operation, name, _) in more_requests() {
        assert!(cases.iter().any(|case| case.operation == operation && case.name == name), "{operation}: {name}");
    }
}
