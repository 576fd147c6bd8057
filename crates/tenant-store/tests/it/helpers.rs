//! One database a test, a store in the gateway's role, and events small enough to read.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sqlx::PgPool;
use tenant_store::{
    Actor, ChangeOutcome, ChangeStatus, GroupUpdate, InboxEvent, MasterKeys, NewChange, NewKey, NewNumber, NewTenant,
    Outcome, Received, ReceivedEvent, Routed, Routing, Store, StoreSettings, ToldSetting, UniqueCode,
    private_server::{TestDatabase, test_database},
};
use time::OffsetDateTime;

/// Two master keys, for tests that replace one by the other.
pub(crate) const KEY_A: &str = "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const KEY_B: &str = "b:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// The first tenant of [`World::with_tenants`].
pub(crate) const ALPHA: &str = "cams-alpha";
pub(crate) const ALPHA_PHONE: &str = "100000000000001";
/// The second.
pub(crate) const BETA: &str = "cams-beta";
pub(crate) const BETA_PHONE: &str = "100000000000002";
pub(crate) const WABA: &str = "200000000000001";

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: TestDatabase,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = test_database().await;
        let store = connect(&database, KEY_A).await;
        Self { store, database }
    }

    /// With `cams-alpha` and `cams-beta`, each with a number of its own.
    pub(crate) async fn with_tenants() -> Self {
        let world = Self::new().await;
        world.add_tenant(ALPHA, "15550000001", ALPHA_PHONE).await;
        world.add_tenant(BETA, "15550000002", BETA_PHONE).await;
        world
    }

    pub(crate) async fn add_tenant(&self, cust_space_id: &str, business_number: &str, phone_number_id: &str) {
        self.store.add_tenant(&new_tenant(cust_space_id), &actor()).await.unwrap();
        let number = new_number(business_number, phone_number_id);
        self.store.space(cust_space_id).add_number(&number, &actor()).await.unwrap();
    }

    /// As the owner of the tables, whom no policy binds.
    pub(crate) async fn owner(&self) -> PgPool {
        PgPool::connect(self.database.owner_url.expose_secret()).await.unwrap()
    }

    /// In the gateway's role, without the store.
    pub(crate) async fn plain_gateway(&self) -> PgPool {
        PgPool::connect(self.database.app_url.expose_secret()).await.unwrap()
    }

    pub(crate) async fn receive(&self, events: &[TestEvent]) -> Received {
        let payloads: Vec<String> = events.iter().map(|event| event.payload.to_string()).collect();
        let received: Vec<_> = events.iter().zip(&payloads).map(|(event, value)| event.received(value)).collect();
        self.store.receive_events(&received).await.unwrap()
    }

    pub(crate) async fn route(&self) -> Routed {
        self.store.route_events(1_000, interpret).await.unwrap()
    }
}

pub(crate) async fn connect(database: &TestDatabase, master_keys: &str) -> Store {
    connect_to(&database.app_url, master_keys).await
}

pub(crate) async fn connect_to(url: &SecretString, master_keys: &str) -> Store {
    let settings = StoreSettings { url: url.clone(), connections: 8, acquire_timeout: Duration::from_secs(30) };
    Store::connect(&settings, MasterKeys::parse(master_keys).unwrap()).await.unwrap()
}

pub(crate) fn actor() -> Actor {
    Actor { name: "test".to_owned(), address: Some([192, 0, 2, 7].into()), request_id: None }
}

pub(crate) fn new_tenant(cust_space_id: &str) -> NewTenant {
    NewTenant {
        cust_space_id: cust_space_id.to_owned(),
        name: format!("Tenant {cust_space_id}"),
        ..NewTenant::default()
    }
}

pub(crate) fn new_number(business_number: &str, phone_number_id: &str) -> NewNumber {
    NewNumber {
        business_number: business_number.to_owned(),
        phone_number_id: phone_number_id.to_owned(),
        waba_id: WABA.to_owned(),
    }
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub(crate) fn create(subject: &str) -> NewChange {
    NewChange {
        operation: "AddChatGroup".to_owned(),
        business_number: "15550000001".to_owned(),
        phone_number_id: ALPHA_PHONE.to_owned(),
        group_id: None,
        subject: Some(subject.to_owned()),
        request: json!({"Subject": subject}),
        answer_due: Duration::from_mins(1),
        trace: None,
    }
}

pub(crate) fn delete(group_id: &str) -> NewChange {
    NewChange {
        operation: "DeleteChatGroup".to_owned(),
        group_id: Some(group_id.to_owned()),
        subject: None,
        request: json!({"GroupId": group_id}),
        ..create("")
    }
}

/// A call of `AddChatGroup` under this key, always with the same request.
pub(crate) fn new_key(key: &str) -> NewKey<'_> {
    let lease = Duration::from_mins(1);
    NewKey { operation: "AddChatGroup", key, fingerprint: [7; 32], lease, unique_code: UniqueCode::new() }
}

/// An event whose payload says outright what it means; see [`interpret`].
#[derive(Clone)]
pub(crate) struct TestEvent {
    fingerprint: [u8; 32],
    pub(crate) phone_number_id: Option<String>,
    pub(crate) payload: Value,
}

impl TestEvent {
    pub(crate) fn new(payload: Value) -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(1);
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        Self { fingerprint, phone_number_id: Some(ALPHA_PHONE.to_owned()), payload }
    }

    /// The create of this subject succeeded.
    pub(crate) fn created(request_id: Option<&str>, subject: &str, group_id: &str) -> Self {
        let link = format!("https://chat.whatsapp.com/{group_id}");
        Self::new(json!({"kind": "AddChatGroup", "request_id": request_id, "subject": subject,
                         "group_id": group_id, "invite_link": link}))
    }

    pub(crate) fn deleted(request_id: Option<&str>, group_id: &str) -> Self {
        Self::new(json!({"kind": "DeleteChatGroup", "request_id": request_id, "group_id": group_id}))
    }

    pub(crate) fn of_number(self, phone_number_id: Option<&str>) -> Self {
        Self { phone_number_id: phone_number_id.map(str::to_owned), ..self }
    }

    fn received<'a>(&'a self, value: &'a str) -> ReceivedEvent<'a> {
        ReceivedEvent {
            fingerprint: self.fingerprint,
            field: "group_lifecycle_update",
            waba_id: WABA,
            phone_number_id: self.phone_number_id.as_deref(),
            value,
            entry_time: None,
        }
    }
}

/// Reads what a [`TestEvent`]'s payload says.
pub(crate) fn interpret(event: &InboxEvent) -> Routing {
    let value: Value = serde_json::from_str(&event.value).unwrap();
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let group_id = text("group_id");
    let is_creation = value["kind"] == "AddChatGroup";
    let change = text("kind").map(|kind| ChangeOutcome {
        kind,
        request_id: text("request_id"),
        group_id: group_id.clone(),
        subject: text("subject"),
        participants: serde_json::from_value(value["participants"].clone()).unwrap(),
        settings: told_settings(&value),
        outcome: succeeded(group_id.as_deref(), text("invite_link")),
    });
    let group = value["at"].as_i64().zip(group_id).map(|(at, group_id)| GroupUpdate {
        group_id,
        occurred_at: Some(at_second(at)),
        subject: text("subject"),
        description: text("description"),
        suspended: value["suspended"].as_bool(),
        participants_delta: value["joined"].as_i64().map_or(0, |joined| i32::try_from(joined).unwrap()),
        creation_timestamp: is_creation.then(|| at_second(at)),
        ..GroupUpdate::default()
    });
    let event_type = text("type").unwrap_or_else(|| "account.test".to_owned());
    let group_id = text("group_id");
    Routing { change, group, event_type, group_id, ..Routing::default() }
}

/// Each of `settings` with its text, none of which was changed where the event is one of what `failed`.
fn told_settings(value: &Value) -> BTreeMap<String, ToldSetting> {
    let is_changed = value["failed"] != true;
    let texts: Option<BTreeMap<String, Option<String>>> = serde_json::from_value(value["settings"].clone()).unwrap();
    texts.unwrap_or_default().into_iter().map(|(name, text)| (name, ToldSetting { text, is_changed })).collect()
}

pub(crate) fn succeeded(group_id: Option<&str>, invite_link: Option<String>) -> Outcome {
    Outcome {
        status: ChangeStatus::Succeeded,
        group_id: group_id.map(str::to_owned),
        invite_link,
        failed: None,
        fields: None,
        errors: None,
    }
}

pub(crate) fn at_second(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000 + seconds).unwrap()
}
