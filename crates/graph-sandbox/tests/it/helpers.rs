//! A sandbox with a receiver of webhooks, and short ways to call it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use graph_sandbox::{RunningSandbox, SandboxSettings, Seed, start};
use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) const TOKEN_1: &str = "EAA-token-of-the-first-customer";
pub(crate) const TOKEN_2: &str = "EAA-token-of-the-solution-partner";
pub(crate) const APP_ID: &str = "300000000000001";
pub(crate) const APP_SECRET: &str = "the secret of the app";
/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(45);

/// A status and a body.
pub(crate) type Reply = (u16, Value);

pub(crate) struct TestSandbox {
    pub(crate) sandbox: RunningSandbox,
    pub(crate) receiver: Receiver,
    client: awc::Client,
}

/// What most tests start with: two customers, changes that take a moment.
pub(crate) fn settings() -> SandboxSettings {
    SandboxSettings {
        app_id: APP_ID.to_owned(),
        app_secret: APP_SECRET.to_owned(),
        latency: Duration::from_millis(5)..=Duration::from_millis(30),
        seed: Seed::demo(TOKEN_1, TOKEN_2),
        ..SandboxSettings::default()
    }
}

impl TestSandbox {
    pub(crate) async fn start() -> Self {
        Self::start_with(settings()).await
    }

    pub(crate) async fn start_with(settings: SandboxSettings) -> Self {
        let receiver = Receiver::start();
        let settings = SandboxSettings { webhook_url: Some(receiver.url.clone()), ..settings };
        Self { sandbox: start(settings).await.unwrap(), receiver, client: client() }
    }

    /// A call of Graph under v23.0 with the first customer's token.
    pub(crate) async fn graph(&self, method: Method, path: &str, body: Value) -> Reply {
        self.graph_as(TOKEN_1, method, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.graph(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn graph_as(&self, token: &str, method: Method, path: &str, body: Value) -> Reply {
        let url = format!("{}/v23.0/{path}", self.sandbox.url());
        let request = self.client.request(method, url).bearer_auth(token);
        sent(request, body).await.unwrap()
    }

    /// The same, where the connection may drop.
    pub(crate) async fn try_graph(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Reply, awc::error::SendRequestError> {
        let url = format!("{}/v23.0/{path}", self.sandbox.url());
        sent(self.client.request(method, url).bearer_auth(TOKEN_1), body).await
    }

    /// A call of the control API.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Value) -> Reply {
        let url = format!("{}/_sandbox/{path}", self.sandbox.url());
        sent(self.client.request(method, url), body).await.unwrap()
    }

    pub(crate) async fn join(&self, wa_id: &str, link: &str) -> Reply {
        let path = format!("users/{wa_id}/join");
        self.control(Method::POST, &path, json!({ "invite_link": link })).await
    }

    pub(crate) async fn state(&self) -> Value {
        self.control(Method::GET, "state", Value::Null).await.1
    }

    /// The link of a group.
    pub(crate) async fn link(&self, group: &str) -> String {
        let (_, body) = self.get(&format!("{group}/invite_link")).await;
        body["invite_link"].as_str().unwrap().to_owned()
    }

    /// The link of a group as the state has it, without a call that a fault could hit.
    pub(crate) async fn link_without_faults(&self, group: &str) -> String {
        let state = self.state().await;
        let groups = state["groups"].as_array().unwrap();
        let found = groups.iter().find(|one| one["group_id"] == group).unwrap();
        found["invite_link"].as_str().unwrap().to_owned()
    }

    /// Waits until so many calls of Graph have come in.
    pub(crate) async fn logged(&self, count: usize) {
        self.until_log(|calls| calls.len() >= count).await;
    }

    /// Waits until so many calls of Graph have been answered.
    pub(crate) async fn answered(&self, count: usize) {
        let is_answered = |call: &&Value| !call["status"].is_null();
        self.until_log(|calls| calls.iter().filter(is_answered).count() >= count).await;
    }

    /// Waits until no webhook waits to be delivered.
    pub(crate) async fn all_delivered(&self) {
        let begun = std::time::Instant::now();
        while self.state().await["pending_webhooks"] != json!([]) {
            assert!(begun.elapsed() < PATIENCE, "webhooks are still waiting");
        }
    }

    async fn until_log(&self, so: impl Fn(&[Value]) -> bool) {
        let begun = std::time::Instant::now();
        loop {
            let (_, log) = self.control(Method::GET, "requests", Value::Null).await;
            if so(log["data"].as_array().unwrap()) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "never came to that: {log}");
        }
    }

    /// A call in multipart with one file, as the first customer.
    pub(crate) async fn upload(&self, path: &str, part: &str, kind: &str, content: &[u8]) -> Reply {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
             --x\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"f\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--x--\r\n"].concat();
        let request = self.raw(Method::POST, &format!("/v23.0/{path}"));
        let request = request.insert_header(("Content-Type", "multipart/form-data; boundary=x"));
        let mut response = request.bearer_auth(TOKEN_1).send_body(body).await.unwrap();
        let body = response.body().await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(&body).unwrap())
    }

    /// Makes a group for the first number and waits for its webhook's group object.
    pub(crate) async fn create_group(&self, members: Value) -> Value {
        let mut body = json!({ "messaging_product": "whatsapp", "subject": "A group" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let (status, answer) = self.graph(Method::POST, "100000000000001/groups", body).await;
        assert_eq!(status, 200, "{answer}");
        self.receiver.group_event(|event| event["request_id"] == answer["request_id"]).await
    }

    pub(crate) fn raw(&self, method: Method, path: &str) -> awc::ClientRequest {
        self.client.request(method, format!("{}{path}", self.sandbox.url()))
    }
}

pub(crate) fn client() -> awc::Client {
    awc::Client::builder().timeout(PATIENCE).finish()
}

/// Sends with a JSON body, or none for `null`; `null` too for a body that is not JSON.
pub(crate) async fn sent(request: awc::ClientRequest, body: Value) -> Result<Reply, awc::error::SendRequestError> {
    let mut response = if body.is_null() { request.send().await? } else { request.send_json(&body).await? };
    let bytes = response.body().limit(32 << 20).await.unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok((response.status().as_u16(), body))
}

/// A body for WhatsApp with these members.
pub(crate) fn whatsapp(members: Value) -> Value {
    let mut body = json!({ "messaging_product": "whatsapp" });
    if let Some(members) = members.as_object() {
        body.as_object_mut().unwrap().extend(members.clone());
    }
    body
}

/// A JPEG of this size, as far as its frame header tells.
pub(crate) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([1, 0, 0, 0]);
    bytes
}

pub(crate) fn code(reply: &Reply) -> (u16, i64) {
    (reply.0, reply.1["error"]["code"].as_i64().unwrap_or_default())
}

/// Records what is sent to it, and answers with a status that tests choose.
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: ServerHandle,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    status: Mutex<u16>,
    version: watch::Sender<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The changes of all entries.
    pub(crate) fn changes(&self) -> Vec<Value> {
        let json = self.json();
        let entries = json["entry"].as_array().cloned().unwrap();
        let changes = entries.iter().map(|e| e["changes"].as_array().cloned().unwrap());
        changes.flatten().collect()
    }

    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let hex = self.signature.strip_prefix("sha256=").unwrap();
        hmac::verify(&key, &self.body, &hex::decode(hex).unwrap()).is_ok()
    }
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let shared =
            Arc::new(Shared { received: Mutex::default(), status: Mutex::new(200), version: watch::Sender::new(0) });
        let data = web::Data::from(Arc::clone(&shared));
        let app = move || {
            let app = App::new().app_data(data.clone());
            app.app_data(web::PayloadConfig::new(8 << 20)).default_service(web::to(record))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/webhooks", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, shared, server: handle }
    }

    pub(crate) fn answer_with(&self, status: u16) {
        *self.shared.status.lock().unwrap() = status;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// Every change that was answered with 200, in the order of its coming.
    pub(crate) fn changes(&self) -> Vec<Value> {
        let taken = self.received().into_iter().filter(|one| one.status == 200);
        taken.flat_map(|one| one.changes()).collect()
    }

    /// Waits until what was received is so.
    pub(crate) async fn until<T>(&self, find: impl Fn(&[Received]) -> Option<T>) -> T {
        let mut versions = self.shared.version.subscribe();
        let waiting = async {
            loop {
                if let Some(found) = find(&self.received()) {
                    return found;
                }
                versions.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("never came; received: {:#?}", self.changes()))
    }

    /// Waits for a change.
    pub(crate) async fn change(&self, fits: impl Fn(&Value) -> bool) -> Value {
        self.until(|_| self.changes().into_iter().find(&fits)).await
    }

    /// Waits for the first element of a change's `groups`.
    pub(crate) async fn group_event(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let change = self.change(|change| fits(&change["value"]["groups"][0])).await;
        change["value"]["groups"][0].clone()
    }

    /// Waits for so many requests.
    pub(crate) async fn count(&self, count: usize) -> Vec<Received> {
        self.until(|all| (all.len() >= count).then(|| all.to_vec())).await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn record(request: HttpRequest, body: web::Bytes, shared: web::Data<Shared>) -> HttpResponse {
    if request.method() == Method::GET {
        return challenge(&request);
    }
    let signature = request.headers().get("x-hub-signature-256");
    let status = *shared.status.lock().unwrap();
    shared.received.lock().unwrap().push(Received {
        signature: signature.unwrap().to_str().unwrap().to_owned(),
        body: body.to_vec(),
        status,
    });
    shared.version.send_modify(|version| *version += 1);
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).finish()
}

/// Answers Meta's challenge to whoever knows the token `verify-me`.
fn challenge(request: &HttpRequest) -> HttpResponse {
    let query = web::Query::<std::collections::BTreeMap<String, String>>::from_query(request.query_string());
    let query = query.unwrap();
    if query["hub.mode"] == "subscribe" && query["hub.verify_token"] == "verify-me" {
        return HttpResponse::Ok().body(query["hub.challenge"].clone());
    }
    HttpResponse::Forbidden().finish()
}
