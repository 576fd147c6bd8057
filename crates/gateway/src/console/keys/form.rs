//! The form of a key: what it shows, and what it asks for.

use serde_json::{Map, Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::grants::{self, Asked, Block, words};
use crate::admin::keys::KeyView;
use crate::admin::{AdminError, FieldError};
use crate::console::fields::{Fields, in_utc};

/// As `<input type="datetime-local">` has it, in UTC.
const LOCAL: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// A form that shows, or asks for, a key.
#[derive(Clone)]
pub(super) struct Form {
    pub(super) fields: Fields,
}

impl Form {
    /// Of a key to make, for this tenant where one is named.
    pub(super) fn new(tenant: Option<&str>) -> Self {
        let for_whom = tenant.map(|id| ("grants.0.cust_space_ids", id.to_owned()));
        let reach = ("grants.0.reach", "named".to_owned());
        Self { fields: Fields::of(for_whom.into_iter().chain([reach])) }
    }

    /// Of a key that stands.
    pub(super) fn of(key: &KeyView) -> Self {
        let mut pairs = grants::shown(&key.grants);
        pairs.push(("name".to_owned(), key.name.clone()));
        pairs.push(("expires_at".to_owned(), local(key.expires_at)));
        pairs.push(("allowed_networks".to_owned(), networks(key).join("\n")));
        Self { fields: Fields::of(pairs.iter().map(|(name, value)| (name.as_str(), value.clone()))) }
    }

    /// Its blocks of grants.
    pub(super) fn blocks(&self) -> Vec<Block> {
        grants::blocks(&self.fields)
    }

    /// The body that makes the key.
    pub(super) fn to_create(&self) -> Value {
        json!({
            "name": self.fields.value("name"),
            "grants": self.grants().grants,
            "expires_at": self.fields.instant("expires_at"),
            "allowed_networks": self.networks(),
        })
    }

    /// The body that changes what is no longer as the key was shown. What stays is not sent: a key whose time is over, or
    /// whose tenant is gone, can be named anew.
    pub(super) fn to_change(&self, key: &KeyView) -> Value {
        let mut changed = Map::new();
        let asked = self.grants();
        if self.fields.value("name").trim() != key.name {
            changed.insert("name".to_owned(), self.fields.value("name").into());
        }
        // A browser leaves out seconds that are zero.
        if in_utc(self.fields.value("expires_at").trim()) != in_utc(&local(key.expires_at)) {
            changed.insert("expires_at".to_owned(), self.fields.instant("expires_at"));
        }
        if !asked.is_same_as(&key.grants) {
            changed.insert("grants".to_owned(), json!(asked.grants));
        }
        if self.networks() != networks(key) {
            changed.insert("allowed_networks".to_owned(), self.networks().into());
        }
        changed.into()
    }

    /// The same error, with what is wrong beside the controls.
    pub(super) fn placed(&self, error: AdminError) -> AdminError {
        match error {
            AdminError::Invalid(wrong) => {
                let (asked, networks) = (self.grants(), self.networks());
                AdminError::Invalid(wrong.into_iter().map(|error| asked.placed(of_network(error, &networks))).collect())
            }
            other => other,
        }
    }

    fn grants(&self) -> Asked {
        grants::asked(&self.fields)
    }

    fn networks(&self) -> Vec<String> {
        words(self.fields.value("allowed_networks"))
    }
}

/// All networks stand in one field.
fn of_network(error: FieldError, networks: &[String]) -> FieldError {
    let Some(at) = error.field.strip_prefix("allowed_networks.") else { return error };
    let text = at.parse::<usize>().ok().and_then(|at| networks.get(at));
    FieldError::new("allowed_networks", format!("{}: {}", text.map_or("", String::as_str), error.message))
}

fn networks(key: &KeyView) -> Vec<String> {
    key.allowed_networks.iter().map(ToString::to_string).collect()
}

fn local(at: Option<OffsetDateTime>) -> String {
    at.and_then(|at| at.to_offset(UtcOffset::UTC).format(LOCAL).ok()).unwrap_or_default()
}
