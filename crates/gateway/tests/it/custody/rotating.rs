//! The master key is replaced while calls go through, by a process that is killed twice in the middle.
//!
//! `GROUPGATE_ROTATE_RATE` (200) says how many calls a second, `GROUPGATE_ROTATE_TENANTS` (60) how many tenants have a data key
//! beside the two that calls are made for.

use std::{cell::RefCell, rc::Rc, time::Duration};

use actix_web::rt::{self, task::JoinHandle, time};
use nix::sys::signal::Signal;
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenant_store::{NewTenant, Store};

use super::{NEW_KEY, both_keys};
use crate::{
    dice::number,
    program::{Running, groupgate, run},
    support::{TestApp, actor, connect_with, eventually},
};

/// Slow enough that a kill hits the middle.
const SLOWLY: [&str; 6] = ["secrets", "rotate", "--batch", "1", "--pause", "20ms"];

/// Callers of both tenants, whose tenants and keys are read and opened anew all the time.
struct Callers {
    calls: Rc<RefCell<Vec<JoinHandle<String>>>>,
    beat: JoinHandle<()>,
}

impl Callers {
    async fn begin(app: &Rc<TestApp>, rate: u64) -> Self {
        let calls: Rc<RefCell<Vec<_>>> = Rc::default();
        let mut owner = PgConnection::connect(app.database.owner_url.expose_secret()).await.unwrap();
        let (app, begun) = (Rc::clone(app), Rc::clone(&calls));
        let beat = rt::spawn(async move {
            let mut beat = time::interval(Duration::from_micros(1_000_000 / rate));
            for turn in 0_u64.. {
                beat.tick().await;
                if turn.is_multiple_of(4) {
                    forget(&mut owner, turn / 4).await;
                }
                begun.borrow_mut().push(rt::spawn(call(Rc::clone(&app), turn)));
            }
        });
        Self { calls, beat }
    }

    /// How many calls were answered.
    fn answered(&self) -> usize {
        self.calls.borrow().iter().filter(|call| call.is_finished()).count()
    }

    /// Waits for as many calls more.
    async fn go_on_for(&self, calls: usize) {
        let until = self.answered() + calls;
        eventually("more calls are answered", async || (self.answered() >= until).then_some(())).await;
    }

    /// Waits for all calls that were begun; what those were answered that were not answered well.
    async fn end(self) -> Vec<String> {
        self.beat.abort();
        let mut failures = Vec::new();
        for call in self.calls.take() {
            failures.extend(Some(call.await.unwrap()).filter(|outcome| outcome != "200 OK"));
        }
        failures
    }
}

/// Has the gateway read tenants and keys anew.
async fn forget(owner: &mut PgConnection, turn: u64) {
    let statement = if turn.is_multiple_of(2) {
        "update tenants set name = name where cust_space_id like 'cams-demo%'"
    } else {
        "update access_keys set name = name"
    };
    sqlx::query(statement).execute(owner).await.unwrap();
}

async fn call(app: Rc<TestApp>, turn: u64) -> String {
    let tenant = if turn.is_multiple_of(2) { &app.first } else { &app.second };
    let answer = app.client.call("GetChatGroupInviteLink", tenant, json!({"GroupId": tenant.group_id})).await;
    format!("{} {}", answer.status, answer.code())
}

/// Tenants with a token, on both sides of those that calls are made for.
async fn fill(store: &Store, tenants: u64) {
    for nth in 0..tenants {
        let side = if nth.is_multiple_of(2) { "cams-a" } else { "cams-z" };
        let cust_space_id = format!("{side}{nth}");
        store
            .add_tenant(&NewTenant { cust_space_id: cust_space_id.clone(), ..NewTenant::default() }, &actor())
            .await
            .unwrap();
        store.space(&cust_space_id).set_credential(&"EAAtoken".into(), &actor()).await.unwrap();
    }
}

/// How many data keys the old master key still wraps.
async fn left(store: &Store) -> u64 {
    store.master_keys_in_use().await.unwrap().into_iter().filter(|key| !key.seals).map(|key| key.data_keys).sum()
}

#[actix_web::test]
async fn no_call_fails_while_the_master_key_is_replaced_by_a_process_that_is_killed_twice_in_the_middle() {
    let (rate, tenants) = (number("GROUPGATE_ROTATE_RATE", 200), number("GROUPGATE_ROTATE_TENANTS", 60));
    let both = both_keys();
    let settings = [
        ("GROUPGATE_MASTER_KEY", both.as_str()),
        ("GROUPGATE_RATE_PER_KEY", "off"),
        ("GROUPGATE_RATE_PER_TENANT", "off"),
        ("GROUPGATE_RATE_PER_NUMBER", "off"),
    ];
    let app = Rc::new(TestApp::with(&settings).await);
    fill(&app.store, tenants).await;
    let rotating = connect_with(&app.database.app_url, both.parse().unwrap()).await;
    let environment = [("DATABASE_URL", app.database.app_url.expose_secret()), ("GROUPGATE_MASTER_KEY", both.as_str())];
    let callers = Callers::begin(&app, rate).await;
    for _ in 0..2 {
        let before = left(&rotating).await;
        let process = Running::spawn(groupgate(&SLOWLY, &environment));
        let third = before - before / 3;
        eventually("a third is done", async || (left(&rotating).await < third).then_some(())).await;
        process.signal(Signal::SIGKILL);
        drop(process);
        assert!(left(&rotating).await > 0, "the kill came when all was done");
        callers.go_on_for(20).await;
    }
    let environment = environment.map(|(name, value)| (name, value.to_owned()));
    let done = actix_web::web::block(move || {
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        run(&["secrets", "rotate"], &environment, "")
    });
    let done = done.await.unwrap();
    callers.go_on_for(20).await;
    assert_eq!(callers.end().await, Vec::<String>::new());
    assert!(done.stdout.contains("k1 is no longer needed"), "{done:?}");
    with_the_new_key_alone(&app).await;
}

async fn with_the_new_key_alone(app: &TestApp) {
    let new = [("DATABASE_URL", app.database.app_url.expose_secret()), ("GROUPGATE_MASTER_KEY", NEW_KEY)];
    let verified = run(&["secrets", "verify", "--json"], &new, "");
    assert_eq!((verified.code, &verified.json()["unreadable"]), (Some(0), &json!([])), "{verified:?}");
    let (client, _replica) = app.replica_with(&[("GROUPGATE_MASTER_KEY", NEW_KEY)]).await;
    for tenant in [&app.first, &app.second] {
        let group = json!({"GroupId": tenant.group_id});
        client.call("GetChatGroupInviteLink", tenant, group).await.expect(200, "OK");
    }
}
