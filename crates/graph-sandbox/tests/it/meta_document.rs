//! Every answer against Meta's own OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use actix_web::http::Method;
use graph_sandbox::{
    DEMO_GROUP_ID_1, DEMO_GROUP_ID_2, DEMO_PARTICIPANT, DEMO_PHONE_NUMBER_ID_1, DEMO_SPARE_GROUP_ID_1, DEMO_WABA_ID_1,
};
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSandbox, jpeg, whatsapp};

const DOCUMENT: &str = include_str!("../meta/groups-openapi.yaml");

const NUMBER_GROUPS: &str = "/{Version}/{Phone-Number-ID}/groups";
const GROUP: &str = "/{Version}/{group_id}";
const LINK: &str = "/{Version}/{group_id}/invite_link";
const REQUESTS: &str = "/{Version}/{group_id}/join_requests";
const PARTICIPANTS: &str = "/{Version}/{group_id}/participants";
const NUMBERS: &str = "/{Version}/{WABA-ID}/phone_numbers";
const APPS: &str = "/{Version}/{WABA-ID}/subscribed_apps";
const MEDIA: &str = "/{Version}/{Phone-Number-ID}/media";
const ONE_MEDIUM: &str = "/{Version}/{Media-ID}";

/// What the document has and the sandbox does not serve, or only reads.
const NOT_SERVED: [(&str, &str, &str); 2] = [
    ("POST", NUMBERS, "registering numbers is no part of what the gateway uses"),
    ("POST", "/whatsapp/webhooks", "the receiver's side of webhooks"),
];

/// Where an answer departs from the document on purpose: method, path, and a part of what the validator says.
const EXCEPTIONS: [(&str, &str, &str, &str); 1] = [(
    "GET",
    NUMBERS,
    "\"status\" is a required property",
    "Graph answers only the fields that are asked for, and Meta's sample of the default ones has no status",
)];

/// The same for the elements of webhooks of groups; Meta's guide is what is sent.
const WEBHOOK_EXCEPTIONS: [(&str, &str); 3] = [
    ("is not of type \"integer\"", "the guide writes timestamps as strings, and so do the document's own examples"),
    ("\"request_id\" is a required property", "the guide has none where a user acted"),
    ("is not one of \"group_create\"", "the guide has more types, and other names for those of participants"),
];

/// The document, and which of its calls were seen to succeed and to fail.
struct Document {
    openapi: Value,
    seen: Mutex<BTreeMap<(String, String), BTreeSet<bool>>>,
    used: Mutex<BTreeSet<usize>>,
}

impl Document {
    fn read() -> Self {
        let openapi = serde_norway::from_str(DOCUMENT).unwrap();
        Self { openapi, seen: Mutex::default(), used: Mutex::default() }
    }

    /// The schema of an answer, where the document has one. It has none of HTTP 206, whose members stand under 200, and
    /// of few refusals: those have one form everywhere.
    fn schema(&self, method: &str, path: &str, status: u16) -> Option<Value> {
        if status >= 400 {
            return Some(json!({ "$ref": "#/components/schemas/GraphAPIError" }));
        }
        let responses = &self.openapi["paths"][path][method.to_lowercase()]["responses"];
        let schema = &responses["200"]["content"]["application/json"]["schema"];
        assert!(responses.is_object(), "the document has no {method} {path}");
        (!schema.is_null()).then(|| schema.clone())
    }

    fn validator(&self, mut schema: Value) -> Validator {
        schema["components"] = self.openapi["components"].clone();
        jsonschema::options().with_draft(Draft::Draft202012).build(&schema).unwrap()
    }

    /// Holds an answer against the document.
    fn check(&self, method: &Method, path: &str, (status, body): &Reply) {
        let method = method.as_str();
        self.seen.lock().unwrap().entry((method.to_owned(), path.to_owned())).or_default().insert(*status < 400);
        let Some(schema) = self.schema(method, path, *status) else {
            return;
        };
        for error in self.validator(schema).iter_errors(body) {
            let message = format!("{error}");
            let excepted =
                EXCEPTIONS.iter().position(|(m, p, what, _)| (*m, *p) == (method, path) && message.contains(what));
            let Some(index) = excepted else {
                panic!("{method} {path} answered {status}: {message} at {}\n{body:#}", error.instance_path());
            };
            self.used.lock().unwrap().insert(index);
        }
    }

    /// Every call of the document, but those that are not served.
    fn calls(&self) -> BTreeSet<(String, String)> {
        let paths = self.openapi["paths"].as_object().unwrap().iter();
        let calls = paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().filter(|key| ["get", "post", "delete"].contains(&&***key));
            methods.map(|method| (method.to_uppercase(), path.clone()))
        });
        let served = |(method, path): &(String, String)| {
            !NOT_SERVED.iter().any(|(m, p, _)| (*m, *p) == (method.as_str(), path.as_str()))
        };
        calls.filter(served).collect()
    }
}

/// A sandbox whose every answer is held against the document.
struct Checked {
    sandbox: TestSandbox,
    document: Document,
}

impl Checked {
    async fn call(&self, method: Method, template: &str, path: &str, body: Value) -> Reply {
        let reply = self.sandbox.graph(method.clone(), path, body).await;
        self.document.check(&method, template, &reply);
        reply
    }

    /// The same, which must succeed.
    async fn done(&self, method: Method, template: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, template, path, body).await;
        assert!(status < 300, "{template}: {status} {answer}");
        answer
    }

    /// The same, which must be refused.
    async fn refused(&self, method: Method, template: &str, path: &str, body: Value) {
        let (status, answer) = self.call(method, template, path, body).await;
        assert!(status >= 400, "{template}: {status} {answer}");
    }

    async fn groups(&self) {
        let path = format!("{DEMO_PHONE_NUMBER_ID_1}/groups");
        self.done(Method::POST, NUMBER_GROUPS, &path, whatsapp(json!({ "subject": "S" }))).await;
        self.refused(Method::POST, NUMBER_GROUPS, &path, whatsapp(json!({}))).await;
        self.done(Method::GET, NUMBER_GROUPS, &format!("{path}?limit=1"), Value::Null).await;
        self.refused(Method::GET, NUMBER_GROUPS, &format!("{path}?after=nothing"), Value::Null).await;
        let fields =
            "subject,description,suspended,creation_timestamp,participants,total_participant_count,join_approval_mode";
        self.done(Method::GET, GROUP, &format!("{DEMO_GROUP_ID_1}?fields={fields}"), Value::Null).await;
        self.done(Method::GET, GROUP, DEMO_GROUP_ID_1, Value::Null).await;
        self.refused(Method::GET, GROUP, DEMO_GROUP_ID_2, Value::Null).await;
        self.done(Method::POST, GROUP, DEMO_GROUP_ID_1, whatsapp(json!({ "subject": "T" }))).await;
        self.refused(Method::POST, GROUP, DEMO_GROUP_ID_1, whatsapp(json!({ "subject": "" }))).await;
        for (side, succeeds) in [(192, true), (191, false)] {
            let picture = jpeg(side, side);
            let reply = self.sandbox.upload(DEMO_GROUP_ID_1, "file", "image/jpeg", &picture).await;
            assert_eq!(reply.0 < 300, succeeds);
            self.document.check(&Method::POST, GROUP, &reply);
        }
        self.done(Method::POST, LINK, &format!("{DEMO_GROUP_ID_1}/invite_link"), whatsapp(json!({}))).await;
        self.refused(Method::POST, LINK, &format!("{DEMO_GROUP_ID_1}/invite_link"), json!({})).await;
        self.done(Method::DELETE, LINK, &format!("{DEMO_GROUP_ID_1}/invite_link"), whatsapp(json!({}))).await;
        self.refused(Method::DELETE, LINK, &format!("{DEMO_GROUP_ID_1}/invite_link"), json!({})).await;
        self.done(Method::DELETE, GROUP, DEMO_SPARE_GROUP_ID_1, Value::Null).await;
        self.refused(Method::DELETE, GROUP, DEMO_GROUP_ID_2, Value::Null).await;
    }

    async fn participants(&self) {
        let path = format!("{DEMO_GROUP_ID_1}/participants");
        let users = whatsapp(json!({ "participants": [{ "user": DEMO_PARTICIPANT }] }));
        self.done(Method::DELETE, PARTICIPANTS, &path, users.clone()).await;
        self.refused(Method::DELETE, PARTICIPANTS, &path, whatsapp(json!({ "participants": [] }))).await;
        self.refused(Method::POST, PARTICIPANTS, &path, users).await;
    }

    async fn join_requests(&self) {
        let group = self.sandbox.create_group(json!({ "join_approval_mode": "approval_required" })).await;
        let path = format!("{}/join_requests", group["group_id"].as_str().unwrap());
        let mut ids = Vec::new();
        for user in ["16505550001", "16505550002"] {
            let (_, asked) = self.sandbox.join(user, group["invite_link"].as_str().unwrap()).await;
            ids.push(asked["join_request_id"].clone());
        }
        self.sandbox.control(Method::PUT, "users/16505550003", json!({ "hide_wa_id": true })).await;
        self.sandbox.join("16505550003", group["invite_link"].as_str().unwrap()).await;
        self.done(Method::GET, REQUESTS, &path, Value::Null).await;
        self.refused(Method::GET, REQUESTS, &format!("{path}?after=x"), Value::Null).await;
        let body = |ids: &[&Value]| whatsapp(json!({ "join_requests": ids }));
        let unknown = json!("MTY0NjcwNDM1OTU6MQ");
        let (status, _) = self.call(Method::POST, REQUESTS, &path, body(&[&ids[0], &unknown])).await;
        assert_eq!(status, 206);
        let (status, _) = self.call(Method::DELETE, REQUESTS, &path, body(&[&ids[1], &unknown])).await;
        assert_eq!(status, 206);
        self.refused(Method::POST, REQUESTS, &path, body(&[&unknown])).await;
        self.refused(Method::DELETE, REQUESTS, &path, body(&[])).await;
    }

    async fn accounts(&self) {
        let path = format!("{DEMO_WABA_ID_1}/phone_numbers");
        self.done(Method::GET, NUMBERS, &path, Value::Null).await;
        let all = "id,display_phone_number,verified_name,status,quality_rating,country_code,country_dial_code,\
                   code_verification_status,account_mode,host_platform,messaging_limit_tier,is_official_business_account";
        self.done(Method::GET, NUMBERS, &format!("{path}?fields={all}"), Value::Null).await;
        self.refused(Method::GET, NUMBERS, &format!("{path}?fields=colour"), Value::Null).await;
        for method in [Method::POST, Method::GET, Method::DELETE] {
            self.done(method.clone(), APPS, &format!("{DEMO_WABA_ID_1}/subscribed_apps"), Value::Null).await;
            self.refused(method, APPS, "200000000000002/subscribed_apps", Value::Null).await;
        }
    }

    async fn media(&self) {
        let path = format!("{DEMO_PHONE_NUMBER_ID_1}/media");
        let reply = self.sandbox.upload(&path, "file", "image/jpeg", &jpeg(1, 1)).await;
        self.document.check(&Method::POST, MEDIA, &reply);
        self.refused(Method::POST, MEDIA, &path, whatsapp(json!({}))).await;
        let id = reply.1["id"].as_str().unwrap();
        self.done(Method::GET, ONE_MEDIUM, id, Value::Null).await;
        self.refused(Method::GET, ONE_MEDIUM, &format!("{id}?phone_number_id=1"), Value::Null).await;
        self.done(Method::DELETE, ONE_MEDIUM, id, Value::Null).await;
        self.refused(Method::DELETE, ONE_MEDIUM, id, Value::Null).await;
    }
}

#[actix_web::test]
async fn every_answer_is_what_metas_document_says_but_for_the_exceptions_that_are_named() {
    let checked = Checked { sandbox: TestSandbox::start().await, document: Document::read() };
    checked.groups().await;
    checked.participants().await;
    checked.join_requests().await;
    checked.media().await;
    checked.accounts().await;

    let seen = checked.document.seen.lock().unwrap();
    for (method, path) in checked.document.calls() {
        // Meta refuses this one always.
        let never_succeeds = (&*method, &*path) == ("POST", PARTICIPANTS);
        let outcomes = seen.get(&(method.clone(), path.clone())).cloned().unwrap_or_default();
        assert!(outcomes.contains(&false), "{method} {path} was never refused");
        assert!(never_succeeds || outcomes.contains(&true), "{method} {path} never succeeded");
    }
    let used = checked.document.used.lock().unwrap();
    assert_eq!(used.len(), EXCEPTIONS.len(), "an exception that is not needed any more");
}

#[test]
fn the_document_catches_an_answer_of_another_shape() {
    let document = Document::read();
    let schema = document.schema("DELETE", LINK, 200).unwrap();
    let validator = document.validator(schema);
    assert!(validator.is_valid(&json!({ "messaging_product": "whatsapp", "success": "true" })));
    assert!(!validator.is_valid(&json!({ "messaging_product": "whatsapp", "success": true })));
    let refusal = document.validator(document.schema("GET", GROUP, 400).unwrap());
    assert!(!refusal.is_valid(&json!({ "error": { "message": "no code", "type": "OAuthException" } })));
}

/// Its schemas of incoming messages are of outgoing ones by mistake, so those are left out.
#[actix_web::test]
async fn every_webhook_of_groups_and_statuses_is_what_metas_document_says_but_for_named_exceptions() {
    let sandbox = TestSandbox::start().await;
    let group = sandbox.create_group(json!({ "join_approval_mode": "approval_required", "description": "D" })).await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    sandbox.join("16505550001", &link).await;
    sandbox.join("16505550002", group["invite_link"].as_str().unwrap()).await;
    let user = whatsapp(json!({ "participants": [{ "user": DEMO_PARTICIPANT }] }));
    sandbox.graph(Method::DELETE, &format!("{DEMO_GROUP_ID_1}/participants"), user).await;
    sandbox.upload(DEMO_GROUP_ID_1, "file", "image/jpeg", &jpeg(192, 192)).await;
    for to in [json!({ "recipient_type": "group", "to": DEMO_GROUP_ID_1 }), json!({ "to": "16505550009" })] {
        let mut message = whatsapp(json!({ "text": { "body": "Hi" } }));
        message.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        sandbox.graph(Method::POST, &format!("{DEMO_PHONE_NUMBER_ID_1}/messages"), message).await;
    }
    sandbox.graph(Method::DELETE, DEMO_SPARE_GROUP_ID_1, Value::Null).await;
    sandbox.receiver.group_event(|event| event["type"] == "group_delete").await;
    sandbox.receiver.group_event(|event| event["type"] == "group_settings_update").await;
    sandbox.receiver.group_event(|event| event["type"] == "group_participants_remove").await;
    sandbox.all_delivered().await;

    let document = Document::read();
    let mut used = BTreeSet::new();
    for change in sandbox.receiver.changes() {
        let of_groups = change["value"]["groups"].is_array();
        let name = if of_groups { "GroupValue" } else { "StatusMessageValue" };
        let validator = document.validator(json!({ "$ref": format!("#/components/schemas/{name}") }));
        for error in validator.iter_errors(&change["value"]) {
            let message = format!("{error}");
            let excepted = WEBHOOK_EXCEPTIONS.iter().position(|(what, _)| of_groups && message.contains(what));
            used.insert(excepted.unwrap_or_else(|| panic!("{message}\n{change:#}")));
        }
    }
    assert_eq!(used.len(), WEBHOOK_EXCEPTIONS.len(), "an exception that is not needed any more");
}
