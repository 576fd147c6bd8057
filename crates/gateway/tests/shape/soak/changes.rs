//! What must be true of changes in the end: Meta did each at most once, what a caller was told is so at Meta, and none is open.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::book::{Asked, Book, Call, End};
use super::tap::{Tap, Told};
use crate::support::SandboxControl;
use crate::world::{Postgres, Tenant};

/// The status and group of each change, by its code.
pub(super) struct Changes(HashMap<String, (String, Option<String>)>);

impl Changes {
    /// All that there are.
    pub(super) async fn read(postgres: &Postgres) -> Self {
        let all = "select unique_code::text, status, group_id from changes";
        let rows: Vec<(String, String, Option<String>)> =
            sqlx::query_as(all).fetch_all(&mut postgres.superuser().await).await.unwrap();
        Self(rows.into_iter().map(|(code, status, group)| (code, (status, group))).collect())
    }

    /// How many ended how.
    pub(super) fn by_status(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (status, _) in self.0.values() {
            *counts.entry(status.as_str()).or_default() += 1;
        }
        counts
    }

    fn status(&self, code: &str) -> Option<&str> {
        self.0.get(code).map(|(status, _)| status.as_str())
    }

    /// What is open, what callers were told of and is not there, and groups that Meta made without a record.
    pub(super) fn wrong(&self, book: &Book, tap: &Tap) -> Vec<String> {
        let open = self.0.iter().filter(|(_, (status, _))| ["SENDING", "PENDING"].contains(&status.as_str()));
        let open = open.map(|(code, (status, _))| format!("the change {code} is {status}"));
        let codes = book.codes.borrow();
        let lost = codes.iter().filter(|code| !self.0.contains_key(*code));
        let lost = lost.map(|code| format!("a caller was told of {code}, which is nowhere"));
        let doubtful = book.doubtful.borrow();
        let unwritten = doubtful.iter().filter(|(code, call)| !self.0.contains_key(*code) && is_at_meta(call, tap));
        let unwritten = unwritten.map(|(code, call)| format!("Meta did {call:?}, and {code} is nowhere"));
        open.chain(lost).chain(unwritten).collect()
    }
}

/// Whether Meta made the group that a call asked for.
fn is_at_meta(call: &Call, tap: &Tap) -> bool {
    let mark = call.parameters["Subject"].as_str().filter(|_| call.operation == "AddChatGroup");
    tap.look(|told| mark.is_some_and(|mark| told.made.contains_key(mark)))
}

/// What is wrong with groups: one that was made twice for one call, one that a caller was told of and is not Meta's, one that
/// was made for a call that was refused.
pub(super) fn wrong_creates(book: &Book, changes: &Changes, tap: &Tap, tenants: &[Tenant]) -> Vec<String> {
    let creates = book.creates.borrow();
    tap.look(|told| creates.iter().filter_map(|asked| wrong_create(asked, changes, told, tenants)).collect())
}

fn wrong_create(asked: &Asked, changes: &Changes, told: &Told, tenants: &[Tenant]) -> Option<String> {
    let none = BTreeSet::new();
    let made = told.made.get(&asked.mark).unwrap_or(&none);
    let phone = &tenants[asked.tenant].phone_number_id;
    let is_right = made.len() <= 1
        && made.iter().all(|group| told.owners.get(group) == Some(phone))
        && match &asked.end {
            End::Done(answer) => match (answer["GroupId"].as_str(), answer["UniqueCode"].as_str()) {
                (Some(group), _) => made.contains(group),
                (None, Some(code)) => (changes.status(code) == Some("SUCCEEDED")) == (made.len() == 1),
                (None, None) => false,
            },
            // What Meta has made, a call with a key is told of.
            End::Refused(_) | End::Open => made.is_empty(),
            End::Unknown => true,
        };
    (!is_right).then(|| format!("Meta made {made:?} for {asked:?}"))
}

/// What is wrong with messages: one that was sent twice for one call, one that a caller was told of and was not sent.
pub(super) fn wrong_messages(book: &Book, tap: &Tap) -> Vec<String> {
    let messages = book.messages.borrow();
    tap.look(|told| messages.iter().filter_map(|asked| wrong_message(asked, told)).collect())
}

fn wrong_message(asked: &Asked, told: &Told) -> Option<String> {
    let none = BTreeSet::new();
    let sent = told.messages.get(&asked.mark).unwrap_or(&none);
    let is_right = sent.len() <= 1
        && match &asked.end {
            End::Done(answer) => answer["MessageId"].as_str().is_some_and(|id| sent.contains(id)),
            End::Refused(_) => sent.is_empty(),
            // Nothing tells the gateway of a message whose answer was lost.
            End::Open | End::Unknown => true,
        };
    (!is_right).then(|| format!("Meta sent {sent:?} for {asked:?}"))
}

/// What is wrong with descriptions: one that was given twice for one call, one that a caller was told of otherwise than it went.
pub(super) fn wrong_descriptions(book: &Book, changes: &Changes, tap: &Tap) -> Vec<String> {
    let descriptions = book.descriptions.borrow();
    tap.look(|told| descriptions.iter().filter_map(|asked| wrong_description(asked, changes, told)).collect())
}

fn wrong_description(asked: &Asked, changes: &Changes, told: &Told) -> Option<String> {
    let none = BTreeSet::new();
    let given = told.described.get(&asked.mark).unwrap_or(&none);
    let is_right = given.len() <= 1
        && match &asked.end {
            End::Done(answer) => {
                let succeeded = answer["UniqueCode"].as_str().map(|code| changes.status(code) == Some("SUCCEEDED"));
                succeeded.unwrap_or(true) == (given.len() == 1)
            }
            End::Refused(_) => given.is_empty(),
            End::Open | End::Unknown => true,
        };
    (!is_right).then(|| format!("Meta did {given:?} for {asked:?}"))
}

/// What is wrong with invite links: more of a group's were replaced than calls asked for, or fewer than callers were told, or
/// a caller was told of one that is not the group's.
pub(super) fn wrong_links(book: &Book, at_meta: &Links) -> Vec<String> {
    let links = book.links.borrow();
    let mut of_groups: BTreeMap<&str, Vec<&Asked>> = BTreeMap::new();
    for asked in links.iter() {
        of_groups.entry(&asked.mark).or_default().push(asked);
    }
    of_groups.iter().filter_map(|(group, asked)| at_meta.wrong(group, asked)).collect()
}

/// Every invite link that each group has had, the last one behind the others.
pub(super) struct Links(HashMap<String, Vec<String>>);

impl Links {
    /// All that Meta knows of.
    pub(super) async fn read(meta: &SandboxControl) -> Self {
        let state = meta.control("GET", "state").await;
        let links = |group: &Value| {
            let dead = group["dead_links"].as_array().into_iter().flatten();
            dead.chain([&group["invite_link"]]).filter_map(|link| link.as_str().map(str::to_owned)).collect()
        };
        let groups = state["groups"].as_array().unwrap().iter();
        Self(groups.map(|group| (group["group_id"].as_str().unwrap().to_owned(), links(group))).collect())
    }

    fn wrong(&self, group: &str, asked: &[&Asked]) -> Option<String> {
        let (none, mut told, mut unsure) = (Vec::new(), BTreeSet::new(), 0);
        let mut done = 0;
        for one in asked {
            match &one.end {
                End::Done(answer) => {
                    done += 1;
                    told.extend(answer["InviteLink"].as_str());
                }
                End::Refused(_) => {}
                End::Open | End::Unknown => unsure += 1,
            }
        }
        let links = self.0.get(group).unwrap_or(&none);
        // The first came with the group.
        let replaced = links.len().saturating_sub(1);
        let is_right = told.len() == done
            && (done..=done + unsure).contains(&replaced)
            && told.iter().all(|link| links.iter().skip(1).any(|had| had == link));
        (!is_right).then(|| format!("the group {group} has had {links:?} for {asked:?}"))
    }
}

/// Groups that are there, though a caller was told that they were deleted.
pub(super) fn not_deleted(book: &Book, tap: &Tap) -> Vec<String> {
    let deleted = book.deleted.borrow();
    tap.look(|told| {
        let left = deleted.iter().filter(|group| !told.deleted.contains(*group));
        left.map(|group| format!("the group {group} was deleted, and is there")).collect()
    })
}
