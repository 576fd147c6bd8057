//! A token that is replaced while calls go on, on two replicas, the old one revoked a second later.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{Answered, Client, TestApp, superuser};

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
    clients: [&'a Client; 2],
    is_over: Cell<bool>,
    calls: Cell<u32>,
    failures: RefCell<Vec<String>>,
}

impl Callers<'_> {
    async fn call(&self) {
        join_all(self.clients.iter().flat_map(|client| [client; 2]).map(async |client| {
            while !self.is_over.get() {
                let group = json!({"GroupId": self.app.first.group_id});
                self.note(&client.call("GetChatGroupInviteLink", &self.app.first, group).await);
                sleep(PAUSE).await;
            }
        }))
        .await;
    }

    fn note(&self, answered: &Answered) {
        self.calls.set(self.calls.get() + 1);
        if answered.status != 200 {
            self.failures.borrow_mut().push(answered.text.clone());
        }
    }
}

/// Ends the connections on which the replicas hear of changes.
async fn deafen(app: &TestApp) {
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity
               where datname = current_database() and query ilike 'listen %' and pid <> pg_backend_pid()";
    let ended: i64 = sqlx::query_scalar(end).fetch_one(&mut superuser(&app.database).await).await.unwrap();
    assert_eq!(ended, 2, "each replica listens");
}

async fn replace(is_heard: bool) {
    let app = TestApp::with(&SETTINGS).await;
    let admin = app.admin().await;
    let (replica, running) = app.replica_with(&SETTINGS).await;
    let waba = json!({"waba_id": app.first.waba_id, "numbers": [], "token": NEW});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);
    let callers = Callers {
        app: &app,
        clients: [&app.client, &replica],
        is_over: Cell::new(false),
        calls: Cell::default(),
        failures: RefCell::default(),
    };
    let replacing = async {
        while callers.calls.get() < 20 {
            sleep(PAUSE).await;
        }
        if !is_heard {
            deafen(&app).await;
        }
        let put = admin.change("PUT", "/tenants/cams-demo1/credential", "*", json!({"access_token": NEW})).await;
        let replaced = Instant::now();
        put.done(200);
        // The promise: a second later no replica uses the one before.
        tokio::time::sleep_until(replaced + Duration::from_secs(1)).await;
        app.sandbox.control("POST", &format!("tokens/{}/revoke", app.first.graph_token)).await;
        let until = callers.calls.get() + 40;
        while callers.calls.get() < until {
            sleep(PAUSE).await;
        }
        callers.is_over.set(true);
    };
    join(callers.call(), replacing).await;
    assert_eq!(*callers.failures.borrow(), [""; 0], "of {} calls", callers.calls.get());
    assert_eq!(admin.get("/tenants/cams-demo1/credential").await.done(200)["state"], "valid");
    running.stop(Duration::ZERO).await;
}

#[actix_web::test]
async fn a_replaced_token_is_used_by_every_replica_within_a_second_and_no_call_fails() {
    replace(true).await;
}

#[actix_web::test]
async fn nor_does_one_where_the_replicas_lose_the_connection_on_which_they_would_hear_of_it() {
    replace(false).await;
}
