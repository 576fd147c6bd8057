//! Grants in words.

use std::collections::HashMap;

use super::titled;
use crate::admin::grants::{GrantView, tenant_names};
use crate::admin::keys::KeyView;
use crate::admin::{AdminContext, AdminError};

/// How many tenants of a grant are named in a list.
const MOST_NAMED: usize = 3;
const EVERYBODY: &str = "*";

/// A scope, in words, and with what it allows.
struct Words {
    scope: &'static str,
    short: &'static str,
    long: &'static str,
}

const SCOPES: [Words; 7] = [
    Words {
        scope: "groups.read",
        short: "read groups",
        long: "groups.read – look at groups, participants and requests",
    },
    Words {
        scope: "groups.write",
        short: "change groups",
        long: "groups.write – make, change and end groups, their links, participants and requests; manage templates",
    },
    Words {
        scope: "messages.send",
        short: "send messages",
        long: "messages.send – send messages to groups, and invitations",
    },
    Words { scope: "events.read", short: "read events", long: "events.read – pull and stream events" },
    Words {
        scope: "cams:*",
        short: "every operation",
        long: "cams:* – every operation: groups.read, groups.write and messages.send together",
    },
    Words {
        scope: "admin.read",
        short: "look at the console",
        long: "admin.read – look at everything in the console and the administrator's API",
    },
    Words {
        scope: "admin.write",
        short: "administer",
        long: "admin.write – change everything there; on all tenants, keys and tenants too",
    },
];

/// The scopes that a form offers one by one, with what each allows.
pub(super) const OFFERED: [(&str, &str); 7] = {
    let mut offered = [("", ""); 7];
    let mut at = 0;
    while at < SCOPES.len() {
        offered[at] = (SCOPES[at].scope, SCOPES[at].long);
        at += 1;
    }
    offered
};

/// A tenant that a grant names.
pub(super) struct Whom {
    pub(super) id: String,
    /// `None` where there is no such tenant any longer.
    pub(super) name: Option<String>,
}

/// A grant in words.
pub(super) struct GrantWords {
    pub(super) is_for_all: bool,
    /// Whom it is on, by name.
    pub(super) whom: Vec<Whom>,
    /// And how many more.
    pub(super) more: usize,
    /// What it allows.
    pub(super) what: String,
    /// The same by the scopes' names.
    pub(super) scopes: String,
}

/// A key with its grants in words.
pub(super) struct KeyRow {
    pub(super) key: KeyView,
    pub(super) grants: Vec<GrantWords>,
}

impl KeyRow {
    /// What it is called.
    pub(super) fn title(&self) -> &str {
        titled(&self.key)
    }
}

/// The keys of a list, with the first few tenants of each grant by name.
///
/// # Errors
/// [`AdminError`]
pub(super) async fn rows(ctx: &AdminContext, keys: Vec<KeyView>) -> Result<Vec<KeyRow>, AdminError> {
    let names = tenant_names(ctx, keys.iter().flat_map(|key| &key.grants)).await?;
    let row = |key: KeyView| KeyRow { grants: told(&key.grants, &names, MOST_NAMED), key };
    Ok(keys.into_iter().map(row).collect())
}

/// One key, with all of its tenants by name.
///
/// # Errors
/// [`AdminError`]
pub(super) async fn row(ctx: &AdminContext, key: KeyView) -> Result<KeyRow, AdminError> {
    let names = tenant_names(ctx, &key.grants).await?;
    Ok(KeyRow { grants: told(&key.grants, &names, usize::MAX), key })
}

fn told(grants: &[GrantView], names: &HashMap<String, String>, most: usize) -> Vec<GrantWords> {
    let told = |grant: &GrantView| {
        let is_for_all = grant.cust_space_ids.iter().any(|id| id == EVERYBODY);
        let some = if is_for_all { &[][..] } else { &grant.cust_space_ids[..] };
        let whom = some.iter().take(most).map(|id| Whom { id: id.clone(), name: names.get(id).cloned() });
        let allowed: Vec<String> = grant.scopes.iter().map(|scope| in_words(scope)).collect();
        GrantWords {
            is_for_all,
            whom: whom.collect(),
            more: some.len().saturating_sub(most),
            what: allowed.join(", "),
            scopes: grant.scopes.join(" "),
        }
    };
    grants.iter().map(told).collect()
}

fn in_words(scope: &str) -> String {
    let known = SCOPES.iter().find(|words| words.scope == scope);
    match (known, scope.strip_prefix("cams:")) {
        (Some(words), _) => words.short.to_owned(),
        (None, Some(operation)) => format!("call {operation}"),
        (None, None) => scope.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_there_is_has_words() {
        for scope in cams_api::Scope::ALL {
            assert_ne!(in_words(scope.as_str()), scope.as_str());
        }
        assert_eq!(in_words("cams:AddChatGroup"), "call AddChatGroup");
    }

    #[test]
    fn a_list_names_the_first_few_tenants_and_counts_the_others() {
        let ids = ["a-1", "b-1", "c-1", "d-1"].map(str::to_owned).to_vec();
        let grant = GrantView { cust_space_ids: ids, scopes: vec!["groups.read".to_owned()] };
        let names = HashMap::from([("a-1".to_owned(), "Bakery".to_owned())]);
        let words = told(&[grant], &names, 3).remove(0);
        assert_eq!((words.whom.len(), words.more, words.is_for_all), (3, 1, false));
        assert_eq!(words.whom[0].name.as_deref(), Some("Bakery"));
        assert_eq!(words.whom[1].name, None);
    }
}
