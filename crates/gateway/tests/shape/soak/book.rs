//! What callers asked for, and what they were told.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

/// A call that is sent again and again, under one key where it has one.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    /// Beside the tenant, and its number.
    pub(crate) parameters: Value,
    pub(crate) key: Option<String>,
    /// How long the caller waits, `x-request-timeout-ms`.
    pub(crate) within_ms: Option<u64>,
}

/// How a call ended for who made it.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// 200.
    Done(Value),
    /// It was not done, and never will be.
    #[expect(dead_code, reason = "shown where a test fails")]
    Refused(Value),
    /// It may have been done, and cannot be sent again, having no key.
    Unknown,
    /// It has a key, and no answer that is definite as yet.
    Open,
}

/// Something that Meta does at most once for one call.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The place of its tenant.
    pub(crate) tenant: usize,
    pub(crate) call: Call,
    /// What it is found by at Meta: the subject of a group, the word of a message, the group of a link, the description of a
    /// group.
    pub(crate) mark: String,
    pub(crate) end: End,
    /// Every answer on the way there: status, code and request ID.
    pub(crate) trail: Vec<String>,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Book {
    /// Answers by operation, status and code.
    pub(crate) answers: RefCell<BTreeMap<(&'static str, u16, String), u64>>,
    pub(crate) creates: RefCell<Vec<Asked>>,
    pub(crate) messages: RefCell<Vec<Asked>>,
    pub(crate) links: RefCell<Vec<Asked>>,
    pub(crate) descriptions: RefCell<Vec<Asked>>,
    /// Groups whose deletion was done, as callers were told.
    pub(crate) deleted: RefCell<Vec<String>>,
    /// The codes of the changes that callers were told of.
    pub(crate) codes: RefCell<BTreeSet<String>>,
    /// Those of which they were told only that nobody knows what became of them, with the call: such a change may not even
    /// have been written down, and then was not sent.
    pub(crate) doubtful: RefCell<BTreeMap<String, Call>>,
    /// The codes of changes whose answer a repetition did not give again.
    pub(crate) unwritten: RefCell<BTreeSet<String>>,
    /// How many different keys were sent.
    pub(crate) keys: Cell<u64>,
    /// How many requests were sent to operations that change something.
    pub(crate) writes: Cell<u64>,
    /// How many requests were sent in all.
    pub(crate) requests: Cell<u64>,
    /// The groups that were named in an answer to a tenant, by the tenant and the group's ID.
    pub(crate) shown: RefCell<BTreeSet<(String, String)>>,
    /// How many events were pulled, and came over streams.
    pub(crate) pulled: Cell<u64>,
    pub(crate) streamed: Cell<u64>,
    /// What should never have happened.
    pub(crate) wrong: RefCell<Vec<String>>,
}

impl Book {
    /// All that Meta does at most once for one call.
    pub(super) fn lists(&self) -> [&RefCell<Vec<Asked>>; 4] {
        [&self.creates, &self.messages, &self.links, &self.descriptions]
    }

    /// Notes an answer; a status of 0 where there was none.
    pub(crate) fn answered(&self, call: &Call, status: u16, body: &Value) {
        let operation = call.operation;
        let code = body["Code"].as_str().unwrap_or(if status == 0 { "no answer" } else { "no envelope" });
        *self.answers.borrow_mut().entry((operation, status, code.to_owned())).or_default() += 1;
        add(&self.requests, 1);
        add(&self.writes, u64::from(is_write(operation)));
        let told = body["UniqueCode"].as_str().map(str::to_owned);
        if body["RetrySafe"] == false {
            self.doubtful.borrow_mut().extend(told.map(|code| (code, call.clone())));
        } else {
            self.codes.borrow_mut().extend(told);
        }
    }

    /// Notes what an answer shows to a tenant, and what is in it that no fault accounts for.
    pub(crate) fn look_at(&self, tenant: &str, asked: &dyn fmt::Debug, status: u16, body: &Value) {
        let mut named = Named::default();
        named.read(body);
        self.shown.borrow_mut().extend(named.groups.into_iter().map(|group| (tenant.to_owned(), group)));
        let code = body["Code"].as_str().unwrap_or_default();
        let is_wrong =
            matches!(code, "InternalError" | "InvalidParameter" | "MissingParameter" | "IdempotentParameterMismatch")
                || matches!(status, 401 | 403 | 424)
                || named.tenants.iter().any(|other| other != tenant);
        if is_wrong {
            self.wrong(format!("{asked:?} of {tenant} was answered {status} {body}"));
        }
    }

    /// Notes what should never have happened.
    pub(crate) fn wrong(&self, what: String) {
        self.wrong.borrow_mut().push(what);
    }
}

/// The tenants and groups that JSON names, wherever it does.
#[derive(Default)]
struct Named {
    tenants: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Named {
    fn read(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match (name.as_str(), member) {
                        ("CustSpaceId", Value::String(tenant)) => drop(self.tenants.insert(tenant.clone())),
                        ("GroupId", Value::String(group)) => drop(self.groups.insert(group.clone())),
                        _ => self.read(member),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.read(value)),
            _ => {}
        }
    }
}

/// Adds to a count.
pub(crate) fn add(count: &Cell<u64>, more: u64) {
    count.set(count.get() + more);
}

/// Whether an operation changes something.
pub(crate) fn is_write(operation: &str) -> bool {
    !["Get", "List", "Query"].iter().any(|begins| operation.starts_with(begins))
}

mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_that_names_another_tenant_anywhere_is_wrong_and_its_groups_are_written_down() {
        let book = Book::default();
        let answer = |tenant: &str| json!({"Data": {"List": [{"CustSpaceId": tenant, "Data": {"GroupId": "G1"}}]}});
        book.look_at("one", &"a pull", 200, &answer("one"));
        assert!(book.wrong.take().is_empty());
        book.look_at("one", &"a pull", 200, &answer("other"));
        assert_eq!(book.wrong.take().len(), 1);
        assert_eq!(book.shown.take(), BTreeSet::from([("one".to_owned(), "G1".to_owned())]));
    }

    #[test]
    fn a_refusal_that_no_fault_accounts_for_is_wrong() {
        let book = Book::default();
        book.look_at("one", &"a pull", 503, &json!({"Code": "ServiceUnavailable"}));
        assert!(book.wrong.take().is_empty());
        book.look_at("one", &"a pull", 403, &json!({"Code": "AccessDenied"}));
        book.look_at("one", &"a pull", 500, &json!({"Code": "InternalError"}));
        assert_eq!(book.wrong.take().len(), 2);
    }
}
