//! A groupgate on which things go wrong, without limits of its own, and what is asked of it.

use serde_json::{Value, json};

use super::cases::Case;
use super::own_document::documented;
use super::props::{Props, USER};
use crate::support::{Answered, Credentials, TestApp, eventually};

/// To whom the cases' messages go, some of them through a group.
const ADDRESSEES: [&str; 3] = ["16505551234", "16505559876", USER];

/// One gateway and one sandbox for many calls.
pub(super) struct Stage {
    pub(super) app: TestApp,
    key: Credentials,
    bearer: String,
    props: Option<Props>,
}

impl Stage {
    /// One whose groups nobody has asked for yet.
    pub(super) async fn new(settings: &[(&str, &str)]) -> Self {
        let unlimited = ["GROUPGATE_RATE_PER_KEY", "GROUPGATE_RATE_PER_TENANT", "GROUPGATE_RATE_PER_NUMBER"];
        // What Meta refuses once would hold up the calls beside it and behind it.
        let pause = [("GROUPGATE_UPSTREAM_PAUSE", "off"), ("GROUPGATE_UPSTREAM_BREAKERS", "false")];
        let app = TestApp::with(&[&unlimited.map(|rate| (rate, "off")), &pause[..], settings].concat()).await;
        let key = app.key("key-for-everything", &[("*", &["cams:*"])]).await;
        let token = app.client.token(&key, None).await.body()["access_token"].as_str().unwrap().to_owned();
        Self { app, key, bearer: format!("Bearer {token}"), props: None }
    }

    /// One with everything that the cases' requests name, known to the gateway, so that each operation makes its own
    /// calls alone.
    pub(super) async fn set() -> Self {
        let mut stage = Self::new(&[]).await;
        stage.prepare().await;
        stage
    }

    /// Makes everything that the cases' requests name.
    pub(super) async fn prepare(&mut self) {
        self.props = Some(Props::make(&self.app).await);
    }

    fn request(&self, case: &Case) -> Value {
        self.props.as_ref().map_or_else(|| case.request.clone(), |props| props.request(case))
    }

    /// A call whose answer is one that the document has.
    pub(super) async fn call(&self, case: &Case) -> Answered {
        let answer = self.app.client.call_as(&self.key, case.operation, self.request(case)).await;
        documented(case.operation, &answer);
        answer
    }

    /// A call that ends when its caller's time is over.
    pub(super) async fn call_within(&self, case: &Case, milliseconds: &str) -> Answered {
        self.send(case.operation, &[("x-request-timeout-ms", milliseconds)], self.request(case).to_string()).await
    }

    /// The same with any body.
    pub(super) async fn send(&self, operation: &str, more: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answered {
        let mut headers = vec![("authorization", self.bearer.as_str()), ("content-type", "application/json")];
        headers.extend_from_slice(more);
        let answer = self.app.client.send("POST", &format!("/v1/{operation}"), &headers, body.into()).await;
        documented(operation, &answer);
        answer
    }

    /// All cases at once.
    pub(super) async fn call_all<'a>(&self, cases: &'a [Case]) -> Vec<(&'a Case, Answered)> {
        let answers = futures_util::future::join_all(cases.iter().map(|case| self.call(case))).await;
        cases.iter().zip(answers).collect()
    }

    /// The calls that fit fail so, until [`Stage::recover`].
    pub(super) async fn fail(&self, fault: Value) {
        let mut fault = fault;
        fault["count"] = json!(1_000_000);
        self.app.sandbox.fail(fault).await;
    }

    /// Nothing fails any more.
    pub(super) async fn recover(&self) {
        self.app.sandbox.calm().await;
    }

    /// All that Meta holds for its customers, once nothing is under way any more: what a write changes is in here.
    pub(super) async fn meta(&self) -> Value {
        let mut state = eventually("nothing is under way", async || {
            let state = self.app.sandbox.control("GET", "state").await;
            (state["changes_under_way"] == 0).then_some(state)
        })
        .await;
        for volatile in ["pending_webhooks", "webhook_receiver"] {
            state.as_object_mut().unwrap().remove(volatile);
        }
        for user in ADDRESSEES {
            state[user] = self.app.sandbox.control("GET", &format!("users/{user}/messages")).await["data"].clone();
        }
        state
    }
}

/// Asserts that an answer is in the envelope, with the status of its code.
#[track_caller]
pub(super) fn in_envelope(answer: &Answered, about: &str) -> Value {
    let body = answer.body();
    assert!(body["Code"].is_string() && body["Message"].is_string(), "{about}: {} {}", answer.status, answer.text);
    assert_eq!(body["RequestId"].as_str(), answer.header("x-request-id"), "{about}: {body}");
    assert_eq!(body["Success"], json!(answer.status == 200), "{about}: {body}");
    let in_part = body["Upstream"]["Code"] == 131_201 && body["RetrySafe"] == false;
    assert_eq!(body["RetrySafe"].is_boolean(), in_part || matches!(answer.status, 502 | 504), "{about}: {body}");
    body
}
