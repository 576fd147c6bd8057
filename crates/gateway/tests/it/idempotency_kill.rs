//! A gateway that is killed at random while calls with keys run. Sent again under their keys, to the gateway's next life
//! or to a replica that lives, none of them is made twice, and each ends in what Meta did or in an honest "unknown".
//!
//! `GROUPGATE_KILL_ROUNDS` (5) says how often it is killed, `GROUPGATE_KILL_SEED` (1) when.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Write as _, stdout};
use std::time::Duration;

use futures_util::future::{join, join_all};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::dice::{Dice, number};
use crate::idempotency::UNLIMITED;
use crate::program::{Running, free_port, groupgate};
use crate::support::{TestApp, eventually, gateway_environment, http_client, with_tenant};

/// How many callers call at once.
const CALLERS: usize = 4;
/// The latest moment of a kill after the gateway is ready.
const LATEST_MS: u64 = 600;
/// How long Meta takes over a call, so that a good part of the kills comes between its beginning and its end.
const META_MS: u64 = 20;
/// How often a call is lost before it is set aside.
const PATIENCE: u32 = 2;
/// A lost answer is waited for 2 seconds in place of 20.
const LOST: (&str, &str) = ("GROUPGATE_UPSTREAM_TIMEOUT", "2s");

/// A call with a key.
#[derive(Clone)]
struct Call {
    operation: &'static str,
    key: String,
    parameters: Value,
    /// How often its answer was lost.
    lost: u32,
}

impl Call {
    fn create(number: u64) -> Self {
        let subject = format!("Group {number}");
        Self {
            operation: "AddChatGroup",
            key: subject.clone(),
            // Some wait for the webhook, some do not.
            parameters: json!({"Subject": subject, "WaitSeconds": number % 2}),
            lost: 0,
        }
    }

    /// What comes after a group was made: some get another link, some are deleted.
    fn after(created: &Value) -> Option<Self> {
        let group = created["GroupId"].as_str()?;
        let (operation, parameters) = if group.bytes().map(u32::from).sum::<u32>().is_multiple_of(2) {
            ("AddChatGroupInviteLink", json!({"GroupId": group}))
        } else {
            ("DeleteChatGroup", json!({"GroupId": group, "WaitSeconds": 1}))
        };
        Some(Self { operation, key: group.to_owned(), parameters, lost: 0 })
    }
}

/// What callers asked for, and what they were told.
#[derive(Default)]
struct Book {
    /// To be sent, for the first time or again.
    open: RefCell<VecDeque<Call>>,
    /// Unknown as yet, or lost again and again: looked at in the end.
    aside: RefCell<Vec<Call>>,
    turn: Cell<usize>,
    /// Each with the answer that ended it.
    ended: RefCell<Vec<(Call, Value)>>,
    made: Cell<u64>,
    /// Answers that never came.
    lost: Cell<u64>,
}

impl Book {
    /// By turns one that is to be sent again, where there is one, and a new one.
    fn next(&self) -> Call {
        let turn = self.turn.replace(self.turn.get() + 1);
        let open = if turn.is_multiple_of(2) { self.open.borrow_mut().pop_front() } else { None };
        open.unwrap_or_else(|| Call::create(self.made.replace(self.made.get() + 1)))
    }

    fn lose(&self, mut call: Call) {
        self.lost.set(self.lost.get() + 1);
        call.lost += 1;
        if call.lost < PATIENCE { self.open.borrow_mut().push_back(call) } else { self.aside.borrow_mut().push(call) }
    }

    fn note(&self, call: Call, answer: Option<(u16, Value)>) {
        match answer {
            Some((200 | 404 | 422, answer)) => {
                self.open.borrow_mut().extend(Call::after(&answer).filter(|_| call.operation == "AddChatGroup"));
                self.ended.borrow_mut().push((call, answer));
            }
            Some((409, answer)) if is_unknown(&answer) => self.aside.borrow_mut().push(call),
            Some((409 | 502 | 503 | 504, _)) => self.open.borrow_mut().push_back(call),
            Some((status, answer)) => panic!("{} {}: {status} {answer}", call.operation, call.key),
            None => self.lose(call),
        }
    }
}

/// The replica that lives, the one that is killed again and again, and Meta.
struct Scene {
    app: TestApp,
    http: awc::Client,
    port: u16,
}

impl Scene {
    async fn new() -> Self {
        let settings: Vec<_> = UNLIMITED.into_iter().chain([LOST]).collect();
        let app = TestApp::with(&settings).await;
        for method in ["POST", "DELETE"] {
            app.sandbox.fail(json!({"method": method, "count": 1_000_000, "delay_ms": META_MS})).await;
        }
        Self { app, http: http_client(), port: free_port() }
    }

    fn mortal_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The mortal gateway, as a process of its own, ready.
    async fn give_life(&self) -> Running {
        let bind = format!("127.0.0.1:{}", self.port);
        let mut environment = gateway_environment(&self.app.database.app_url, &self.app.sandbox.url).to_vec();
        environment.extend(UNLIMITED.into_iter().chain([LOST, ("GROUPGATE_BIND", &bind), ("GROUPGATE_LOG", "error")]));
        let process = Running::spawn(groupgate(&["serve"], &environment));
        let ready = format!("{}/health/ready", self.mortal_url());
        eventually("the gateway is ready", async || self.http.get(&ready).send().await.ok().map(|_| ())).await;
        process
    }

    /// The answer, where one came whole.
    async fn send(&self, url: &str, call: &Call) -> Option<(u16, Value)> {
        let request = self.http.post(format!("{url}/v1/{}", call.operation));
        let request = request.insert_header(("authorization", self.app.first.key.basic()));
        let request = request.insert_header(("idempotency-key", call.key.as_str()));
        let mut answer = request.send_json(&with_tenant(&self.app.first, call.parameters.clone())).await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    /// Calls the mortal gateway until it is dead; what was lost is asked of the living one at once, or later.
    async fn call(&self, book: &Book, is_dead: &Cell<bool>, asks_at_once: bool) {
        while !is_dead.get() {
            let call = book.next();
            let answer = self.send(&self.mortal_url(), &call).await;
            if answer.is_some() || !asks_at_once {
                book.note(call, answer);
                continue;
            }
            book.lost.set(book.lost.get() + 1);
            let answer = self.send(&self.app.client.url, &call).await;
            assert!(answer.is_some(), "the living replica answers");
            book.note(call, answer);
        }
    }

    /// One life of the mortal gateway, ended by a kill.
    async fn live_and_be_killed(&self, book: &Book, dice: &mut Dice) {
        let process = self.give_life().await;
        let webhooks_to = if dice.below(2) == 0 { self.mortal_url() } else { self.app.client.url.clone() };
        self.app.sandbox.webhooks(json!({"url": format!("{webhooks_to}/webhooks/graph")})).await;
        let is_dead = Cell::new(false);
        let moment = Duration::from_millis(dice.below(LATEST_MS));
        let callers = (0..CALLERS).map(|caller| self.call(book, &is_dead, caller % 2 == 0));
        let kill = async {
            tokio::time::sleep(moment).await;
            process.signal(Signal::SIGKILL);
            is_dead.set(true);
        };
        join(join_all(callers), kill).await;
    }

    /// The groups that Meta has, by subject.
    async fn groups_at_meta(&self) -> BTreeMap<String, Vec<String>> {
        let state = self.app.sandbox.control("GET", "state").await;
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for group in state["groups"].as_array().unwrap() {
            let text = |name: &str| group[name].as_str().unwrap().to_owned();
            groups.entry(text("subject")).or_default().push(text("group_id"));
        }
        groups
    }
}

/// How often Meta was asked for each thing that is asked for once.
#[derive(Default)]
struct Asked {
    seq: u64,
    counts: BTreeMap<String, usize>,
}

impl Asked {
    /// Reads on in Meta's log, which forgets.
    async fn read_on(&mut self, scene: &Scene) {
        loop {
            let page = scene.app.sandbox.control("GET", &format!("requests?after={}&limit=1000", self.seq)).await;
            let page = page["data"].as_array().unwrap();
            let Some(last) = page.last() else { return };
            self.seq = last["seq"].as_u64().unwrap();
            for request in page.iter().filter(|request| request["method"] != "GET") {
                let subject = request["body"]["subject"].as_str().unwrap_or_default();
                let what = format!("{} {} {subject}", request["method"], request["path"]);
                *self.counts.entry(what).or_default() += 1;
            }
        }
    }
}

/// Sends what has no end to the living replica, until it has one or is rightly unknown; how many are that.
async fn settle(scene: &Scene, book: &Book) -> usize {
    let mut unknown = 0;
    loop {
        let calls: Vec<_> = book.open.take().into_iter().chain(book.aside.take()).collect();
        if calls.is_empty() {
            return unknown;
        }
        for some in calls.chunks(CALLERS) {
            for (call, ended) in some.iter().zip(join_all(some.iter().map(|call| end_of(scene, call))).await) {
                match ended {
                    Some(ended) => book.note(call.clone(), Some(ended)),
                    None => unknown += 1,
                }
            }
        }
    }
}

/// How a call ended; `None` where it is rightly unknown.
async fn end_of(scene: &Scene, call: &Call) -> Option<(u16, Value)> {
    let what = format!("{} {} has an end", call.operation, call.key);
    let ended = eventually(&what, async || {
        let (status, answer) = scene.send(&scene.app.client.url, call).await.unwrap();
        match status {
            200 | 404 | 422 => Some(Some((status, answer))),
            409 if is_unknown(&answer) && !shows_at_meta(scene, call).await => Some(None),
            _ => None,
        }
    });
    ended.await
}

fn is_unknown(answer: &Value) -> bool {
    answer["Message"].as_str().unwrap().starts_with("Outcome unknown")
}

/// Whether something came of a call at Meta that a webhook has told or will tell.
async fn shows_at_meta(scene: &Scene, call: &Call) -> bool {
    let groups = scene.groups_at_meta().await;
    match call.operation {
        "AddChatGroup" => groups.contains_key(&call.key),
        "DeleteChatGroup" => !groups.values().flatten().any(|group| *group == call.key),
        // Nothing tells of a link.
        _ => false,
    }
}

#[actix_web::test]
async fn killed_at_random_it_makes_nothing_twice_under_one_key_and_loses_nothing_that_meta_made() {
    let (rounds, seed) = (number("GROUPGATE_KILL_ROUNDS", 5), number("GROUPGATE_KILL_SEED", 1));
    let (scene, book, mut dice, mut asked) = (Scene::new().await, Book::default(), Dice(seed), Asked::default());
    for _ in 0..rounds {
        scene.live_and_be_killed(&book, &mut dice).await;
        asked.read_on(&scene).await;
    }
    let webhooks = format!("{}/webhooks/graph", scene.app.client.url);
    scene.app.sandbox.webhooks(json!({"url": webhooks})).await;
    let left_open = book.open.borrow().len() + book.aside.borrow().len();
    let unknown = settle(&scene, &book).await;
    asked.read_on(&scene).await;
    for (what, times) in &asked.counts {
        assert_eq!(*times, 1, "seed {seed}: {what}");
    }
    let groups = scene.groups_at_meta().await;
    let ended = book.ended.borrow();
    for (call, answer) in ended.iter().filter(|(call, _)| call.operation == "AddChatGroup") {
        if let Some(made) = answer["GroupId"].as_str().and_then(|id| Some((id, groups.get(&call.key)?))) {
            assert_eq!(made.1, &[made.0], "seed {seed}: {answer}");
        }
        assert_eq!(answer["Code"], "OK", "seed {seed}: {answer}");
    }
    let told = format!(
        "{rounds} kills (seed {seed}): {} calls ended, {} answers lost, {left_open} open after the last kill, {unknown} rightly unknown",
        ended.len(),
        book.lost.get()
    );
    let _ = writeln!(stdout(), "{told}");
    assert!(!ended.is_empty() && book.lost.get() > 0, "{told}");
}
