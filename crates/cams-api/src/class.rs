//! The classes of calls, each of which can have a limit of its own.

use crate::Scope;

/// The class of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It changes nothing.
    Read,
    /// It changes something.
    Write,
    /// It sends a message, or has to do with the files that are sent with one.
    Message,
}

impl Class {
    /// All of them, in the order in which documentation lists them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Message];

    /// The class of what takes this scope.
    pub const fn of(scope: Scope) -> Self {
        match scope {
            Scope::MessagesSend => Self::Message,
            Scope::GroupsRead | Scope::EventsRead | Scope::AdminRead => Self::Read,
            Scope::GroupsWrite | Scope::AdminWrite => Self::Write,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Message => "message",
        }
    }
}
