//! Every sequence of up to two calls under a key, each cut off at some step, and the key asked again at last: where the first
//! call was cut off decides what becomes of it, Meta is asked once, and every answer that says so is the same.
//!
//! The steps: the call goes through; Meta's connection breaks before Meta has acted; it breaks behind that; the process dies
//! before it has written down how its calls ended. Where processes really die, at any step, is `idempotency_kill.rs`.

use serde_json::{Value, json};

use super::{UNLIMITED, is_replayed, keyed};
use crate::support::{META_MAY_TAKE, TestApp, eventually, superuser};

/// Where a call is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Nowhere,
    BeforeMetaActs,
    AfterMetaActed,
    BeforeItsEndIsRecorded,
}

const CUTS: [Cut; 4] = [Cut::Nowhere, Cut::BeforeMetaActs, Cut::AfterMetaActed, Cut::BeforeItsEndIsRecorded];

/// A key's calls, and what was answered to them.
#[derive(Debug)]
struct Tried {
    key: String,
    cuts: Vec<Cut>,
    /// The codes under which a success was told.
    told: Vec<Value>,
}

/// All sequences of one cut or two.
fn sequences() -> Vec<Vec<Cut>> {
    let one = CUTS.map(|cut| vec![cut]);
    let two = CUTS.into_iter().flat_map(|first| CUTS.map(|second| vec![first, second]));
    one.into_iter().chain(two).collect()
}

impl Cut {
    /// What Meta does to the next create.
    fn fault(self) -> Option<Value> {
        let close = |when: &str| json!({"method": "POST", "path": "*/groups", "count": 1, "close": when});
        match self {
            Self::BeforeMetaActs => Some(close("before")),
            Self::AfterMetaActed => Some(close("after")),
            Self::Nowhere | Self::BeforeItsEndIsRecorded => None,
        }
    }
}

impl Tried {
    fn asked(&self) -> Value {
        json!({"Subject": self.key, "WaitSeconds": 0})
    }

    async fn call(&mut self, app: &TestApp, cut: Cut) {
        app.sandbox.calm().await;
        if let Some(fault) = cut.fault() {
            app.sandbox.fail(fault).await;
        }
        let answer = keyed(app, "AddChatGroup", &self.key, self.asked()).await;
        assert!([200, 409, 502].contains(&answer.status), "{self:?}: {}", answer.text);
        if answer.status == 200 {
            self.told.push(answer.body()["UniqueCode"].clone());
        }
        if cut == Cut::BeforeItsEndIsRecorded {
            self.forget_its_end(app).await;
        }
    }

    /// As if the process had died before it could write down how the key's call ended.
    async fn forget_its_end(&self, app: &TestApp) {
        let statement = "update idempotency_keys set state = 'open', claim = null, owner = null, running_until = null,
                                code = null, http_status = null, answer = null, request_id = null where key = $1";
        let forgotten = sqlx::query(statement).bind(&self.key).execute(&mut superuser(&app.database).await).await;
        assert_eq!(forgotten.unwrap().rows_affected(), 1, "{self:?}");
    }

    /// How often Meta was asked for the key's group.
    async fn asked_of_meta(&self, app: &TestApp) -> usize {
        let is_its = |request: &&Value| request["method"] == "POST" && request["body"]["subject"] == self.key.as_str();
        app.sandbox.requests().await.iter().filter(is_its).count()
    }

    /// How many groups Meta has of the key.
    async fn made(&self, app: &TestApp) -> usize {
        let state = app.sandbox.control("GET", "state").await;
        state["groups"].as_array().unwrap().iter().filter(|group| group["subject"] == self.key.as_str()).count()
    }

    /// What the key says when nothing is cut any more is what became of its first call.
    async fn ends_as_its_first_call_did(&self, app: &TestApp) {
        let ask = async || keyed(app, "AddChatGroup", &self.key, self.asked()).await;
        if self.cuts[0] == Cut::BeforeMetaActs {
            assert!(self.told.is_empty(), "a group was told of that nobody made: {self:?}");
            ask().await.expect(409, "IdempotentProcessing");
            assert_eq!(self.made(app).await, 0, "{self:?}");
        } else {
            let end = eventually("the key is settled", async || Some(ask().await).filter(|it| it.status == 200)).await;
            let told = &end.body()["UniqueCode"];
            assert!(self.told.iter().all(|before| before == told), "{told} now: {self:?}");
            let again = ask().await;
            assert!(is_replayed(&again) && again.text == end.text, "{self:?}: {}", again.text);
            assert_eq!(self.made(app).await, 1, "{self:?}");
        }
        assert_eq!(self.asked_of_meta(app).await, 1, "{self:?}");
    }
}

#[actix_web::test]
async fn a_key_has_one_effect_and_one_answer_wherever_its_calls_are_cut_off() {
    let settings: Vec<_> =
        UNLIMITED.into_iter().chain([META_MAY_TAKE, ("GROUPGATE_UPSTREAM_BREAKERS", "false")]).collect();
    let app = TestApp::with(&settings).await;
    let tried = |(nth, cuts)| Tried { key: format!("order-{nth}"), cuts, told: Vec::new() };
    let mut all: Vec<Tried> = sequences().into_iter().enumerate().map(tried).collect();
    for step in 0..2 {
        for tried in &mut all {
            if let Some(cut) = tried.cuts.get(step).copied() {
                tried.call(&app, cut).await;
            }
        }
    }
    app.sandbox.calm().await;
    for tried in &all {
        tried.ends_as_its_first_call_did(&app).await;
    }
}
