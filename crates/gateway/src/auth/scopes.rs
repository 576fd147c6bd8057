//! Scopes by their names, where somebody asks for them: for a new access key, or for a token.

use cams_api::{Scope, ScopeSet};

use crate::operations::operation_names;

/// Before the name of one operation.
const ONE_OPERATION: &str = "cams:";

/// A name that is no scope's. Keys that were stored with one stay readable: it allows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such scope; the nearest is {nearest} (scopes are {}, cams:*, and cams:<Operation>)",
    Scope::ALL.map(Scope::as_str).join(", ")
)]
pub struct UnknownScope {
    /// The known name that is most like it.
    pub nearest: String,
}

/// Adds the scope of this name.
///
/// # Errors
/// [`UnknownScope`], also for `cams:` with the name of no operation.
pub fn insert_scope(scopes: &mut ScopeSet, name: &str) -> Result<(), UnknownScope> {
    let is_known = Scope::ALL.iter().any(|scope| scope.as_str() == name) || is_of_operations(name);
    if is_known && scopes.insert(name) { Ok(()) } else { Err(UnknownScope { nearest: nearest(name) }) }
}

fn is_of_operations(name: &str) -> bool {
    let operation = name.strip_prefix(ONE_OPERATION);
    operation.is_some_and(|operation| operation == "*" || operation_names().contains(&operation))
}

fn nearest(name: &str) -> String {
    let all = Scope::ALL.iter().map(|scope| scope.as_str().to_owned());
    let each = operation_names().into_iter().chain(["*"]).map(|operation| format!("{ONE_OPERATION}{operation}"));
    // The list of scopes is never empty.
    all.chain(each).min_by_key(|known| strsim::damerau_levenshtein(known, name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inserted(name: &str) -> Result<String, UnknownScope> {
        let mut scopes = ScopeSet::default();
        insert_scope(&mut scopes, name).map(|()| scopes.to_string())
    }

    #[test]
    fn every_scope_and_every_operation_of_the_table_is_known() {
        for scope in Scope::ALL {
            assert_eq!(inserted(scope.as_str()).unwrap(), scope.as_str());
        }
        for operation in operation_names() {
            let name = format!("cams:{operation}");
            assert_eq!(inserted(&name).unwrap(), name);
        }
        assert!(inserted("cams:*").is_ok());
    }

    #[test]
    fn a_name_that_is_none_gets_the_nearest_that_is_one() {
        for (name, nearest) in [
            ("cams:AddChatGroupInviteLnk", "cams:AddChatGroupInviteLink"),
            ("cams:addchatgroup", "cams:AddChatGroup"),
            ("group.read", "groups.read"),
            ("cams:", "cams:*"),
            ("groups.read ", "groups.read"),
        ] {
            assert_eq!(inserted(name).unwrap_err().nearest, nearest, "{name}");
        }
    }

    #[test]
    fn a_name_that_an_older_key_was_stored_with_stays_readable() {
        let stored = ScopeSet::from_names(["cams:NoLongerThere", "groups.read"]);
        assert_eq!(stored.to_string(), "groups.read cams:NoLongerThere");
    }
}
