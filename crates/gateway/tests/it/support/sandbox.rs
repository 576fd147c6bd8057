//! What a phone does, and what goes wrong at Meta: the sandbox's control API.

use serde_json::{Value, json};

/// Controls the sandbox of a test.
pub(crate) struct SandboxControl {
    pub(crate) url: String,
    http: awc::Client,
}

/// How the next matching call fails, as the control API has it.
pub(crate) type Fault = Value;

impl SandboxControl {
    pub(crate) fn new(url: String) -> Self {
        Self { url, http: super::http_client() }
    }

    /// A user follows an invite link; answers with the status and the body.
    pub(crate) async fn join(&self, wa_id: &str, invite_link: &str) -> (u16, Value) {
        self.post(&format!("users/{wa_id}/join"), json!({"invite_link": invite_link})).await
    }

    /// How webhooks are sent from now on.
    pub(crate) async fn webhooks(&self, setting: Value) {
        let mut answer = self.http.put(format!("{}/_sandbox/webhooks", self.url)).send_json(&setting).await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.body().await);
    }

    /// Sends those that were held back.
    pub(crate) async fn release(&self) -> u64 {
        let (status, body) = self.post("webhooks/release", json!({})).await;
        assert_eq!(status, 200, "{body}");
        body["sent"].as_u64().unwrap()
    }

    /// The next matching calls fail so.
    pub(crate) async fn fail(&self, fault: Fault) {
        let (status, body) = self.post("faults", fault).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Nothing fails any more, and what was delayed goes on.
    pub(crate) async fn calm(&self) {
        self.control("DELETE", "faults").await;
    }

    /// What was asked of Meta's paths.
    pub(crate) async fn requests(&self) -> Vec<Value> {
        let address = format!("{}/_sandbox/requests?limit=1000", self.url);
        let body: Value = self.http.get(address).send().await.unwrap().json().limit(1 << 28).await.unwrap();
        body["data"].as_array().unwrap().clone()
    }

    /// How often something was asked whose method and path contain these.
    pub(crate) async fn count(&self, method: &str, path: &str) -> usize {
        let asked = |request: &&Value| request["method"] == method && request["path"].as_str().unwrap().contains(path);
        self.requests().await.iter().filter(asked).count()
    }

    /// Asks Meta's own paths, past the gateway.
    pub(crate) async fn graph(&self, token: &str, method: &str, path: &str) -> Value {
        let method = awc::http::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}/v23.0/{path}", self.url)).bearer_auth(token);
        let mut answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.body().await);
        answer.json().await.unwrap()
    }

    /// Asks the control API for what takes no body.
    pub(crate) async fn control(&self, method: &str, path: &str) -> Value {
        let method = awc::http::Method::from_bytes(method.as_bytes()).unwrap();
        let mut answer = self.http.request(method, format!("{}/_sandbox/{path}", self.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.body().await);
        answer.json().limit(1 << 28).await.unwrap()
    }

    /// Changes how a user appears, or what else the control API has a `PUT` for.
    pub(crate) async fn put(&self, path: &str, body: Value) {
        let mut answer = self.http.put(format!("{}/_sandbox/{path}", self.url)).send_json(&body).await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.body().await);
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let mut answer = self.http.post(format!("{}/_sandbox/{path}", self.url)).send_json(&body).await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }
}
