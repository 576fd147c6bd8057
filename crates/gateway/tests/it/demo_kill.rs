//! A demo that is killed at random while groups are being made loses nothing: what Meta made is known in the end, and
//! every change that a caller was told of is settled.
//!
//! `GROUPGATE_KILL_ROUNDS` (10) says how often it is killed, `GROUPGATE_KILL_SEED` (1) when.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{
    demo::{LAST_LINE, Place, basic},
    dice::{Dice, number},
    program::{http, try_http, wait_until},
};

/// How many callers make groups at once.
const CALLERS: u64 = 4;
/// The latest moment of a kill: after the start where it may hit the start, after the first answer otherwise.
const LATEST_MS: u64 = 1_500;
/// A lost answer is waited for 2 seconds in place of 20, and nobody is told to call more slowly.
const SETTINGS: [(&str, &str); 3] =
    [("GROUPGATE_UPSTREAM_TIMEOUT", "2s"), ("GROUPGATE_RATE_PER_KEY", "off"), ("GROUPGATE_RATE_PER_TENANT", "off")];

/// The first demo tenant, as a caller sees it.
struct Tenant<'a> {
    place: &'a Place,
    values: BTreeMap<String, String>,
}

impl Tenant<'_> {
    fn head(&self, operation: &str) -> [String; 3] {
        let key = basic(&self.values["GROUPGATE_ACCESS_KEY_ID"], &self.values["GROUPGATE_ACCESS_KEY_SECRET"]);
        [format!("POST /v1/{operation} HTTP/1.1"), key, "Content-Type: application/json".to_owned()]
    }

    /// Its answer, where one came whole.
    fn try_call(&self, operation: &str, parameters: &Value) -> Option<Value> {
        let mut body = json!({
            "CustSpaceId": self.values["GROUPGATE_CUST_SPACE_ID"],
            "BusinessNumber": self.values["GROUPGATE_BUSINESS_NUMBER"],
        });
        body.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let head = self.head(operation);
        let answer = try_http(self.place.gateway(), &head.each_ref().map(String::as_str), &body.to_string());
        serde_json::from_str(&answer.ok()?.1).ok()
    }

    fn call(&self, operation: &str, parameters: &Value) -> Value {
        self.try_call(operation, parameters).expect("an answer")
    }

    /// What became of a change.
    fn state_of(&self, unique_code: &str) -> Value {
        self.call("QueryChatGroupRequest", &json!({ "UniqueCode": unique_code }))
    }

    /// The groups of its number that Meta has made.
    fn groups_at_meta(&self) -> BTreeSet<String> {
        let (status, body) = http(self.place.sandbox(), &["GET /_sandbox/state HTTP/1.1"], "");
        assert_eq!(status, 200, "{body}");
        let state: Value = serde_json::from_str(&body).unwrap();
        let groups = state["groups"].as_array().unwrap().iter();
        let ours = groups.filter(|group| group["phone_number_id"] == self.values["GROUPGATE_PHONE_NUMBER_ID"].as_str());
        ours.map(|group| group["group_id"].as_str().unwrap().to_owned()).collect()
    }

    /// The groups in the gateway's list.
    fn listed_groups(&self) -> BTreeSet<String> {
        let mut listed = BTreeSet::new();
        for index in 1.. {
            let page = self.call("ListChatGroup", &json!({ "Page": { "Index": index, "Size": 100 } }));
            let groups = page["Data"]["List"].as_array().unwrap_or_else(|| panic!("{page}"));
            // Those that are still being made have no ID yet.
            listed.extend(groups.iter().filter_map(|group| Some(group["GroupId"].as_str()?.to_owned())));
            if groups.is_empty() {
                break;
            }
        }
        listed
    }

    /// Makes groups until told to stop; the codes that it was given.
    fn make_groups(&self, caller: u64, next: &AtomicU64, told: &AtomicBool, stop: &AtomicBool) -> Vec<String> {
        let mut given = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let subject = format!("Group {}", next.fetch_add(1, Ordering::Relaxed));
            // Some wait for the webhook, some do not.
            let parameters = json!({ "Subject": subject, "WaitSeconds": (caller % 2) * 5 });
            let answer = self.try_call("AddChatGroup", &parameters).unwrap_or_default();
            given.extend(answer["UniqueCode"].as_str().map(str::to_owned));
            told.fetch_or(!given.is_empty(), Ordering::Relaxed);
        }
        given
    }
}

/// One life of the demo, ended by a kill; the codes that callers were given in it.
fn live_and_be_killed(place: &Place, dice: &mut Dice, next: &AtomicU64) -> Vec<String> {
    let mut demo = place.spawn(&[], &SETTINGS);
    let moment = Duration::from_millis(dice.below(LATEST_MS));
    let hits_the_start = dice.below(5) == 0;
    if hits_the_start {
        thread::sleep(moment);
        demo.signal(Signal::SIGKILL);
        return Vec::new();
    }
    demo.lines_until(LAST_LINE);
    let tenant = Tenant { place, values: place.environment() };
    let (told, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let make = |caller| {
            let (tenant, told, stop) = (&tenant, &told, &stop);
            scope.spawn(move || tenant.make_groups(caller, next, told, stop))
        };
        let callers: Vec<_> = (0..CALLERS).map(make).collect();
        wait_until("a caller is answered", || told.load(Ordering::Relaxed));
        thread::sleep(moment);
        demo.signal(Signal::SIGKILL);
        stop.store(true, Ordering::Relaxed);
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    })
}

#[test]
fn killed_at_random_it_knows_every_group_that_meta_made_and_settles_every_change_that_it_told_of() {
    let (rounds, seed) = (number("GROUPGATE_KILL_ROUNDS", 10), number("GROUPGATE_KILL_SEED", 1));
    let (place, mut dice, next) = (Place::new(), Dice(seed), AtomicU64::new(0));
    let given: Vec<String> = (0..rounds).flat_map(|_| live_and_be_killed(&place, &mut dice, &next)).collect();
    assert!(!given.is_empty(), "no group was asked for: seed {seed}");
    let mut demo = place.spawn(&[], &SETTINGS);
    demo.lines_until(LAST_LINE);
    let tenant = Tenant { place: &place, values: place.environment() };
    for unique_code in &given {
        wait_until(&format!("{unique_code} is settled (seed {seed})"), || {
            !["SENDING", "PENDING"].contains(&tenant.state_of(unique_code)["Status"].as_str().unwrap())
        });
        let state = tenant.state_of(unique_code);
        assert_eq!(state["Status"], "SUCCEEDED", "seed {seed}: {state}");
        let made = state["GroupId"].as_str().unwrap();
        assert!(tenant.groups_at_meta().contains(made), "seed {seed}: Meta has no such group: {state}");
    }
    let is_same = || tenant.listed_groups() == tenant.groups_at_meta();
    wait_until(&format!("the list has the groups that Meta has, and no other (seed {seed})"), is_same);
}
