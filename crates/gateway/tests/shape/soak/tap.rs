//! What Meta told: a tap between the sandbox and the balancer, which writes down every webhook, and loses some answers.
//! Its reading of webhooks is its own, and none of the gateway's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use crate::dice::Dice;
use crate::support::http_client;

/// Of so many answers one is lost on the way back: Meta sends the webhook again.
const LOST_OF: u64 = 25;
/// The lists whose elements are events of their own.
const LISTS: [&str; 3] = ["groups", "messages", "statuses"];

/// An event, known by the hash of its field and its element.
pub(super) type Print = [u8; 32];

/// All that was told.
#[derive(Default)]
pub(super) struct Told {
    /// Every event, with the phone number ID that it was told of, and how often it was sent.
    pub(super) events: HashMap<Print, (String, u64)>,
    /// The IDs of the groups that were made with a subject.
    pub(super) made: BTreeMap<String, BTreeSet<String>>,
    /// The phone number ID of each group.
    pub(super) owners: HashMap<String, String>,
    /// Groups that were deleted.
    pub(super) deleted: BTreeSet<String>,
    /// The IDs of the requests by which a group was given a description.
    pub(super) described: BTreeMap<String, BTreeSet<String>>,
    /// The IDs of the messages that were sent under a word of the caller's.
    pub(super) messages: BTreeMap<String, BTreeSet<String>>,
    /// Webhooks that came.
    pub(super) posts: u64,
    /// Those of them that were not taken.
    pub(super) refused: u64,
    /// Those of them that were taken, which Meta was not told of.
    pub(super) answers_lost: u64,
}

/// The tap; it ends when it is dropped.
pub(super) struct Tap {
    pub(super) url: String,
    told: Arc<Mutex<Told>>,
    handle: ServerHandle,
}

/// What a request is handled with.
struct Pipe {
    balancer: String,
    told: Arc<Mutex<Told>>,
    dice: Mutex<Dice>,
}

impl Tap {
    /// In front of the gateway at this address.
    pub(super) fn start(balancer: &str, seed: u64) -> Self {
        let told = Arc::<Mutex<Told>>::default();
        let dice = Mutex::new(Dice(seed));
        let pipe = Data::new(Pipe { balancer: balancer.to_owned(), told: Arc::clone(&told), dice });
        let app = move || {
            let client = Data::new(http_client());
            App::new()
                .app_data(pipe.clone())
                .app_data(client)
                .app_data(PayloadConfig::new(4 << 20))
                .default_service(web::to(pass_on))
        };
        let server = HttpServer::new(app).workers(1).keep_alive(Duration::from_secs(75)).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { url, told, handle }
    }

    /// Looks at what was told.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Told) -> T) -> T {
        look(&self.told.lock().unwrap())
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn pass_on(request: HttpRequest, body: Bytes, pipe: Data<Pipe>, http: Data<awc::Client>) -> HttpResponse {
    let is_webhook = request.method() == "POST";
    if is_webhook {
        pipe.told.lock().unwrap().note(&body);
    }
    let mut onwards =
        http.request(request.method().as_str().parse().unwrap(), format!("{}{}", pipe.balancer, request.uri()));
    for name in ["content-type", "x-hub-signature-256"] {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        onwards = value.into_iter().fold(onwards, |onwards, value| onwards.insert_header((name, value)));
    }
    // Nobody may answer at all, since replicas end.
    let (status, answer) = match onwards.send_body(body).await {
        Ok(mut answer) => (answer.status().as_u16(), answer.body().await.unwrap_or_default()),
        Err(_) => (502, Bytes::new()),
    };
    let is_lost = is_webhook && pipe.dice.lock().unwrap().below(LOST_OF) == 0;
    pipe.told.lock().unwrap().count(is_webhook, status, is_lost);
    let status = if is_lost { 504 } else { status };
    HttpResponse::build(status.try_into().unwrap()).body(answer)
}

impl Told {
    fn count(&mut self, is_webhook: bool, status: u16, is_lost: bool) {
        self.posts += u64::from(is_webhook);
        self.refused += u64::from(is_webhook && status != 200);
        self.answers_lost += u64::from(is_lost && status == 200);
    }

    fn note(&mut self, body: &[u8]) {
        let webhook: Value = serde_json::from_slice(body).unwrap();
        for change in members(&webhook, "entry").flat_map(|entry| members(entry, "changes")) {
            let (field, value) = (text(&change["field"]), &change["value"]);
            let phone = text(&value["metadata"]["phone_number_id"]);
            for (list, element) in LISTS.iter().flat_map(|list| members(value, list).map(move |one| (*list, one))) {
                let event = self.events.entry(print(&field, element)).or_insert_with(|| (phone.clone(), 0));
                event.1 += 1;
                self.learn(list, element, &phone);
            }
        }
    }

    fn learn(&mut self, list: &str, element: &Value, phone: &str) {
        let group = text(&element["group_id"]);
        match (list, element["type"].as_str()) {
            ("groups", Some("group_create")) if element["errors"].is_null() => {
                self.owners.insert(group.clone(), phone.to_owned());
                self.made.entry(text(&element["subject"])).or_default().insert(group);
            }
            ("groups", Some("group_delete")) if element["errors"].is_null() => drop(self.deleted.insert(group)),
            ("groups", Some("group_settings_update")) if element["errors"].is_null() => {
                let description = text(&element["group_description"]["text"]);
                self.described.entry(description).or_default().insert(text(&element["request_id"]));
            }
            ("statuses", _) => {
                let word = text(&element["biz_opaque_callback_data"]);
                self.messages.entry(word).or_default().insert(text(&element["id"]));
            }
            _ => {}
        }
    }
}

/// What an event is known by, of a row of the inbox as of a webhook: its field and its element. `None` where it has none.
pub(super) fn print_of_row(field: &str, value: &Value) -> Option<Print> {
    let element = LISTS.iter().find_map(|list| members(value, list).next())?;
    Some(print(field, element))
}

fn print(field: &str, element: &Value) -> Print {
    let canonical = format!("{field}\n{}", sorted(element));
    digest(&SHA256, canonical.as_bytes()).as_ref().try_into().unwrap()
}

/// The same JSON with the members of every object in their order.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().map(|(name, value)| (name, sorted(value))).collect();
            format!("{members:?}")
        }
        Value::Array(values) => format!("{:?}", values.iter().map(sorted).collect::<Vec<_>>()),
        other => other.to_string(),
    }
}

fn members<'a>(value: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    value[list].as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
