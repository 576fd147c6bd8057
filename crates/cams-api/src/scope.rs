//! Scopes: what a grant or a token allows.

use std::fmt;

/// A scope of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `Get…`, `List…`, `Query…`.
    GroupsRead,
    /// Every other operation on groups, links, participants, join requests, templates.
    GroupsWrite,
    /// Sending messages and invitations.
    MessagesSend,
    /// Pulling and streaming events.
    EventsRead,
    /// Reading the administrator's API and console.
    AdminRead,
    /// Changing through the administrator's API and console.
    AdminWrite,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 6] =
        [Self::GroupsRead, Self::GroupsWrite, Self::MessagesSend, Self::EventsRead, Self::AdminRead, Self::AdminWrite];

    /// The scopes that `cams:*` stands for.
    const DATA: [Self; 3] = [Self::GroupsRead, Self::GroupsWrite, Self::MessagesSend];

    /// The scope as grants and tokens write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GroupsRead => "groups.read",
            Self::GroupsWrite => "groups.write",
            Self::MessagesSend => "messages.send",
            Self::EventsRead => "events.read",
            Self::AdminRead => "admin.read",
            Self::AdminWrite => "admin.write",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes, with the operations that RAM-style names such as `cams:AddChatGroup` allow one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeSet {
    scopes: u8,
    operations: Vec<String>,
}

impl ScopeSet {
    /// Every scope there is.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Reads names such as `groups.read`, `cams:*` and `cams:AddChatGroup`; unknown names allow nothing.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Self::default();
        for name in names {
            set.insert(name);
        }
        set
    }

    /// Adds a scope by its name; `false` where there is none of that name.
    pub fn insert(&mut self, name: &str) -> bool {
        match name.strip_prefix("cams:") {
            Some("*") => self.scopes |= Scope::DATA.into_iter().fold(0, |bits, scope| bits | scope.bit()),
            Some(operation) if is_operation_name(operation) => self.operations.push(operation.to_owned()),
            Some(_) => return false,
            None => match Scope::ALL.into_iter().find(|scope| scope.as_str() == name) {
                Some(scope) => self.scopes |= scope.bit(),
                None => return false,
            },
        }
        true
    }

    /// Whether the set holds `scope`.
    pub fn contains(&self, scope: Scope) -> bool {
        self.scopes & scope.bit() != 0
    }

    /// Whether the set allows the operation of this name, which needs `scope`. An administrator's calls are allowed by
    /// their scopes alone, whatever they are named.
    pub fn allows(&self, scope: Scope, operation: &str) -> bool {
        let by_name = !matches!(scope, Scope::AdminRead | Scope::AdminWrite);
        self.contains(scope) || by_name && self.operations.iter().any(|name| name == operation)
    }

    /// Whether everything in `other` is in this set too. A single operation counts as covered by any data scope: which
    /// one it needs is decided when it is called.
    pub fn covers(&self, other: &Self) -> bool {
        let has_data = Scope::DATA.into_iter().any(|scope| self.contains(scope));
        let covered = |operation: &String| has_data || self.operations.contains(operation);
        other.scopes & !self.scopes == 0 && other.operations.iter().all(covered)
    }

    /// Adds everything that `other` holds.
    pub fn extend(&mut self, other: &Self) {
        self.scopes |= other.scopes;
        for operation in &other.operations {
            if !self.operations.contains(operation) {
                self.operations.push(operation.clone());
            }
        }
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self { scopes: scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()), operations: Vec::new() }
    }
}

impl fmt::Display for ScopeSet {
    /// The names, a space between them, as RFC 6749 section 3.3 writes a scope.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes =
            Scope::ALL.into_iter().filter(|scope| self.contains(*scope)).map(|scope| scope.as_str().to_owned());
        let operations = self.operations.iter().map(|operation| format!("cams:{operation}"));
        f.write_str(&scopes.chain(operations).collect::<Vec<_>>().join(" "))
    }
}

fn is_operation_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{Scope, ScopeSet};

    #[test]
    fn names_are_read_and_written_alike() {
        let set = ScopeSet::from_names(["groups.read", "cams:AddChatGroup", "nonsense", "cams:", "cams:a b"]);
        assert_eq!(set.to_string(), "groups.read cams:AddChatGroup");
    }

    #[test]
    fn an_operation_named_alone_is_allowed_alone() {
        let set = ScopeSet::from_names(["cams:AddChatGroup"]);
        assert!(set.allows(Scope::GroupsWrite, "AddChatGroup"));
        assert!(!set.allows(Scope::GroupsWrite, "DeleteChatGroup"));
        assert!(!set.allows(Scope::AdminWrite, "AddChatGroup"));
        assert!(!set.contains(Scope::GroupsWrite));
    }

    #[test]
    fn cams_star_is_the_three_data_scopes_and_nothing_of_an_administrator() {
        let set = ScopeSet::from_names(["cams:*"]);
        assert_eq!(set.to_string(), "groups.read groups.write messages.send");
    }

    #[test]
    fn a_set_covers_what_is_narrower() {
        let wide = ScopeSet::from_names(["cams:*"]);
        assert!(wide.covers(&ScopeSet::from_names(["groups.read", "cams:AddChatGroup"])));
        assert!(!wide.covers(&ScopeSet::from_names(["admin.read"])));
        assert!(!ScopeSet::from_names(["admin.read"]).covers(&ScopeSet::from_names(["cams:AddChatGroup"])));
        assert!(ScopeSet::all().covers(&wide));
    }
}
