//! A token that is replaced while calls go on, on two replicas, and the old one revoked when it is used no longer: that
//! is a second later.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::sleep;

use crate::support::{Answered, Client, Measured, TestApp, eventually, one_is_within, superuser};

const SETTINGS: [(&str, &str); 4] = [
    ("GROUPGATE_APP_ID", "300000000000001"),
    ("GROUPGATE_RATE_PER_KEY", "off"),
    ("GROUPGATE_RATE_PER_TENANT", "off"),
    ("GROUPGATE_RATE_PER_NUMBER", "off"),
];
const NEW: &str = "EAAthe-second-token-of-the-first-which-is-longer";
/// Between two calls of a caller.
const PAUSE: Duration = Duration::from_millis(10);

/// Callers of both replicas who never cease, and what went wrong for them.
struct Callers<'a> {
    app: &'a TestApp,
    clients: [&'a Client; 4],
    is_over: Cell<bool>,
    /// How many calls each has made.
    calls: [Cell<u32>; 4],
    failures: RefCell<Vec<String>>,
}

impl Callers<'_> {
    async fn call(&self) {
        join_all(self.clients.iter().zip(&self.calls).map(async |(client, calls)| {
            while !self.is_over.get() {
                let group = json!({"GroupId": self.app.first.group_id});
                self.note(&client.call("GetChatGroupInviteLink", &self.app.first, group).await);
                calls.set(calls.get() + 1);
                sleep(PAUSE).await;
            }
        }))
        .await;
    }

    /// Waits until each has made as many calls more.
    async fn go_on_for(&self, calls: u32) {
        for of_one in &self.calls {
            let until = of_one.get() + calls;
            eventually("a caller goes on", async || (of_one.get() >= until).then_some(())).await;
        }
    }

    fn note(&self, answered: &Answered) {
        if answered.status != 200 {
            self.failures.borrow_mut().push(answered.text.clone());
        }
    }
}

/// Waits until no caller's call is made with the token before. When the last one was, as Meta saw it.
async fn last_use(app: &TestApp, callers: &Callers<'_>) -> Option<OffsetDateTime> {
    let (mut seen, mut last) = (0, None);
    eventually("the token before is used no longer", async || {
        // Each caller has begun and ended some in between.
        callers.go_on_for(5).await;
        let asked = app.sandbox.control("GET", &format!("requests?after={seen}&limit=1000")).await;
        let asked = asked["data"].as_array().unwrap();
        seen = asked.last().map_or(seen, |request| request["seq"].as_u64().unwrap());
        let length = format!("({})", app.first.graph_token.len());
        let with_it =
            |request: &&Value| request["headers"]["authorization"].as_str().is_some_and(|text| text.ends_with(&length));
        let used = asked.iter().rfind(with_it);
        let time = used.map(|request| OffsetDateTime::parse(request["time"].as_str().unwrap(), &Rfc3339).unwrap());
        last = time.or(last);
        (asked.len() < 1000 && used.is_none()).then_some(())
    })
    .await;
    last
}

/// Ends the connections on which the replicas hear of changes.
async fn deafen(app: &TestApp) {
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity
               where datname = current_database() and query ilike 'listen %' and pid <> pg_backend_pid()";
    let ended: i64 = sqlx::query_scalar(end).fetch_one(&mut superuser(&app.database).await).await.unwrap();
    assert_eq!(ended, 2, "each replica listens");
}

/// Measures for how long the token before was used.
async fn replace(is_heard: bool) -> Measured {
    let app = TestApp::with(&SETTINGS).await;
    let admin = app.admin().await;
    let (replica, running) = app.replica_with(&SETTINGS).await;
    let waba = json!({"waba_id": app.first.waba_id, "numbers": [], "token": NEW});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);
    let callers = Callers {
        app: &app,
        clients: [&app.client, &app.client, &replica, &replica],
        is_over: Cell::new(false),
        calls: Default::default(),
        failures: RefCell::default(),
    };
    let replacing = async {
        callers.go_on_for(5).await;
        if !is_heard {
            deafen(&app).await;
        }
        let put = admin.change("PUT", "/tenants/cams-demo1/credential", "*", json!({"access_token": NEW})).await;
        let replaced = OffsetDateTime::now_utc();
        put.done(200);
        let last = last_use(&app, &callers).await;
        app.sandbox.control("POST", &format!("tokens/{}/revoke", app.first.graph_token)).await;
        let begun = Instant::now();
        callers.go_on_for(10).await;
        let plain = begun.elapsed();
        callers.is_over.set(true);
        let time = last.map_or(Duration::ZERO, |last| (last - replaced).try_into().unwrap_or_default());
        Measured { time, plain }
    };
    let ((), measured) = join(callers.call(), replacing).await;
    assert_eq!(*callers.failures.borrow(), [""; 0], "of {:?} calls", callers.calls);
    assert_eq!(admin.get("/tenants/cams-demo1/credential").await.done(200)["state"], "valid");
    running.stop(Duration::ZERO).await;
    measured
}

#[actix_web::test]
async fn a_replaced_token_is_used_by_every_replica_within_a_second_and_no_call_fails() {
    one_is_within(Duration::from_secs(1), async || replace(true).await).await;
}

#[actix_web::test]
async fn nor_does_one_where_the_replicas_lose_the_connection_on_which_they_would_hear_of_it() {
    one_is_within(Duration::from_secs(1), async || replace(false).await).await;
}
