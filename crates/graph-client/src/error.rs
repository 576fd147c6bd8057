//! Why a call gave no answer, and whether its change may have happened all the same.

use std::time::Duration;

use crate::{guard::Held, refusal::Refusal, usage::Usage};

/// Why a call failed. Never holds a token, a proof, or the address with them.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// Meta answered with its error object.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// It was not sent: see [`Held`].
    #[error("the call was not sent: {0}")]
    Held(#[from] Held),
    /// The deadline passed first.
    #[error("the Graph API did not answer in time ({})", sent_words(*sent))]
    Timeout {
        /// Whether the request may have left; always so for a read that was begun.
        sent: bool,
        /// What the call was to do.
        effect: Effect,
    },
    /// No connection, or none in time: the name, the address, the port or TLS.
    #[error("the Graph API cannot be reached: {why}")]
    Connect {
        /// What went wrong.
        why: String,
    },
    /// The connection ended before the answer did.
    #[error("the connection to the Graph API broke off ({}): {why}", sent_words(*sent))]
    Disconnected {
        /// Whether the request may have left.
        sent: bool,
        /// What the call was to do.
        effect: Effect,
        /// What went wrong.
        why: String,
    },
    /// There is an answer, but not one of the Graph API's.
    #[error("the Graph API's answer (HTTP {status}) cannot be read: {why}")]
    Unreadable {
        /// The answer's HTTP status.
        status: u16,
        /// What is wrong with it.
        why: Unreadable,
        /// What the call was to do.
        effect: Effect,
        /// The answer's usage headers.
        usage: Box<Usage>,
    },
    /// Meta answered with a success, and in it that it did not do what was asked: `"success": false`, without a reason.
    #[error("Meta answered HTTP {status}, and that it did not do it")]
    NotDone {
        /// The answer's HTTP status.
        status: u16,
    },
    /// The request could not be made out of what was given. Nothing was sent.
    #[error("the request to the Graph API cannot be built: {why}")]
    Unsendable {
        /// What went wrong.
        why: String,
    },
}

/// What is wrong with an answer. Never holds the answer's text, which may hold an invite link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON, or JSON that ends too early.
    #[error("not JSON (content type {content_type:?}, {length} bytes)")]
    NotJson {
        /// The answer's `Content-Type`, empty where it has none.
        content_type: String,
        /// How much was read, in bytes.
        length: usize,
    },
    /// It is JSON, and lacks what the call needs.
    #[error("JSON of another shape: {0}")]
    Shape(String),
    /// It is an error without Meta's error object.
    #[error("no error object (content type {content_type:?}, {length} bytes): does a proxy answer in Meta's place?")]
    NoErrorObject {
        /// The answer's `Content-Type`, empty where it has none.
        content_type: String,
        /// How much was read, in bytes.
        length: usize,
    },
    /// It ended before its `Content-Length`, or its connection broke.
    #[error("it broke off")]
    CutOff,
    /// It is larger than the settings allow.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// It leads elsewhere, and tokens are not carried elsewhere.
    #[error("it redirects to {to}, and redirects are not followed: is the Graph URL right?")]
    Redirect {
        /// The host that it leads to.
        to: String,
    },
}

/// What a call does when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Read,
    /// It changes something at Meta.
    Change,
}

/// Whether a failed call may have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    /// Nothing has changed: the call may be made again.
    No,
    /// It may have changed: look before the call is made again.
    Unknown,
}

impl GraphError {
    /// Of an answer to a read that was a success by its head, whose figures have been heard, and that says too little.
    pub fn unreadable(why: Unreadable) -> Self {
        Self::Unreadable { status: 200, why, effect: Effect::Read, usage: Box::default() }
    }

    /// Whether the change may have happened. Always [`Acted::No`] for calls that only read.
    pub fn acted(&self) -> Acted {
        match self {
            Self::Refused(refusal) => refusal.acted(),
            Self::Timeout { sent, effect } | Self::Disconnected { sent, effect, .. } => Acted::when(*sent, *effect),
            Self::Unreadable { status, effect, .. } => Acted::when(leaves_open(*status), *effect),
            Self::Held(_) | Self::Connect { .. } | Self::NotDone { .. } | Self::Unsendable { .. } => Acted::No,
        }
    }

    /// How long to wait before calls go through again, by whoever refused: Meta, a proxy in its place, or the guard. `None`
    /// where nobody says.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.usage.retry_after(),
            Self::Held(held) => Some(held.wait()),
            Self::Unreadable { usage, .. } => usage.retry_after(),
            _ => None,
        }
    }
}

impl Acted {
    pub(crate) fn when(open: bool, effect: Effect) -> Self {
        match (open, effect) {
            (true, Effect::Change) => Self::Unknown,
            _ => Self::No,
        }
    }
}

/// Statuses by which a server says that it did not take the request on: its form, the caller, the place, the method, the
/// size, the type, the number of requests ([RFC 9110, 15.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.5),
/// [RFC 6585, 4](https://www.rfc-editor.org/rfc/rfc6585#section-4)). Of all others, redirects too, nobody knows who sent
/// them, and whether Meta had acted before.
fn leaves_open(status: u16) -> bool {
    !matches!(status, 400 | 401 | 403 | 404 | 405 | 413 | 415 | 429)
}

fn sent_words(sent: bool) -> &'static str {
    if sent { "the request may have been sent" } else { "the request was not sent" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreadable(status: u16, effect: Effect) -> GraphError {
        GraphError::Unreadable { status, why: Unreadable::CutOff, effect, usage: Box::default() }
    }

    #[test]
    fn a_change_that_was_not_sent_did_not_happen() {
        let timeout = |sent| GraphError::Timeout { sent, effect: Effect::Change };
        assert_eq!(timeout(false).acted(), Acted::No);
        assert_eq!(timeout(true).acted(), Acted::Unknown);
        assert_eq!(GraphError::Connect { why: "refused".into() }.acted(), Acted::No);
    }

    #[test]
    fn an_unreadable_answer_leaves_a_change_open_unless_its_status_denies_it() {
        for (status, acted) in [
            (200, Acted::Unknown),
            (302, Acted::Unknown),
            (400, Acted::No),
            (404, Acted::No),
            (408, Acted::Unknown),
            (409, Acted::Unknown),
            (410, Acted::Unknown),
            (413, Acted::No),
            (429, Acted::No),
            (499, Acted::Unknown),
            (500, Acted::Unknown),
            (502, Acted::Unknown),
        ] {
            assert_eq!(unreadable(status, Effect::Change).acted(), acted, "{status}");
        }
    }

    #[test]
    fn a_read_never_acts() {
        assert_eq!(unreadable(500, Effect::Read).acted(), Acted::No);
        let timeout = GraphError::Timeout { sent: true, effect: Effect::Read };
        assert_eq!(timeout.acted(), Acted::No);
    }
}
