//! Why a call has to wait.

use std::time::Duration;

use cams_api::{Class, Code};

use super::Holder;

/// How long a caller is asked to wait for a call of its own to end.
const A_MOMENT: Duration = Duration::from_secs(1);

/// How long a caller is asked to wait for a stream to end.
const A_WHILE: Duration = Duration::from_secs(10);

/// A limit is reached. The text is the message that the caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Throttled {
    /// That of an access key, a tenant or a number: of all calls, or of a class of them.
    #[error("{} Send the call again after {} ms.", used_up(*.holder, *.class), milliseconds(*.wait))]
    Rate {
        /// Whose.
        holder: Holder,
        /// Of which calls; `None` is of all of them.
        class: Option<Class>,
        /// How long until a call gets through.
        wait: Duration,
    },
    /// The same, of calls at the same time.
    #[error("{} Send the call again when one of them has ended.", all_in_flight(*.holder, *.class))]
    InFlight {
        /// Whose.
        holder: Holder,
        /// Of which calls; `None` is of all of them.
        class: Option<Class>,
    },
    /// The tenant's, of calls at the same time to URLs that it gives.
    #[error(
        "As many URLs are being fetched for this CustSpaceId as may be at once. Send the call again when one of them has been."
    )]
    Fetches,
    /// The access key's, of streams at the same time.
    #[error("The access key has as many streams open as it may. Close one of them, or come back when one has ended.")]
    StreamsOfKey,
    /// The tenant's, of streams at the same time.
    #[error(
        "As many streams are open for this CustSpaceId as may be. Close one of them, or come back when one has ended."
    )]
    StreamsOfTenant,
    /// The gateway's, of streams at the same time.
    #[error("The gateway has as many streams open as it can. Come back later, or pull with `GET /v1/events`.")]
    Streams,
    /// The client address's, of wrong secrets.
    #[error(
        "Too many wrong secrets came from this address, so this one was not looked at. Send the call again after {} ms.",
        milliseconds(*.0)
    )]
    Address(Duration),
}

impl Throttled {
    /// The contract's code.
    pub const fn code(self) -> Code {
        match self {
            Self::Rate { holder, .. } | Self::InFlight { holder, .. } => match holder {
                Holder::Key => Code::ThrottlingUser,
                Holder::Tenant => Code::ThrottlingTenant,
                Holder::Number => Code::ThrottlingUpstream,
            },
            Self::Address(_) | Self::StreamsOfKey | Self::Streams => Code::ThrottlingUser,
            Self::Fetches | Self::StreamsOfTenant => Code::ThrottlingTenant,
        }
    }

    /// How long to wait before the call is sent again.
    pub const fn retry_after(&self) -> Duration {
        match *self {
            Self::Rate { wait, .. } | Self::Address(wait) => wait,
            Self::InFlight { .. } | Self::Fetches => A_MOMENT,
            Self::StreamsOfKey | Self::StreamsOfTenant | Self::Streams => A_WHILE,
        }
    }
}

fn used_up(holder: Holder, class: Option<Class>) -> String {
    let calls = calls(class);
    match holder {
        Holder::Key => format!("The access key has made as many {calls} as it may."),
        Holder::Tenant => format!("As many {calls} were made for this CustSpaceId as may be made."),
        Holder::Number => {
            format!("As many {calls} were made to Meta for this BusinessNumber as may be made; this one was not sent.")
        }
    }
}

fn all_in_flight(holder: Holder, class: Option<Class>) -> String {
    let calls = calls(class);
    match holder {
        Holder::Key => format!("The access key has as many {calls} in flight as it may."),
        Holder::Tenant => format!("As many {calls} are in flight for this CustSpaceId as may be."),
        Holder::Number => {
            format!("As many {calls} to Meta are in flight for this BusinessNumber as may be; this one was not sent.")
        }
    }
}

const fn calls(class: Option<Class>) -> &'static str {
    match class {
        None => "calls",
        Some(Class::Read) => "calls that read",
        Some(Class::Write) => "calls that write",
        Some(Class::Message) => "calls about messages",
    }
}

/// Whole milliseconds, rounded up: who waits that long has waited long enough.
pub(crate) fn milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Whole seconds, rounded up.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{milliseconds, seconds};

    #[test]
    fn waits_are_rounded_up() {
        let cases = [(0, 0, 0), (1, 1, 1), (1_000_000, 1, 1), (1_000_001, 2, 1), (1_000_000_001, 1001, 2)];
        for (nanoseconds, in_milliseconds, in_seconds) in cases {
            let wait = Duration::from_nanos(nanoseconds);
            assert_eq!((milliseconds(wait), seconds(wait)), (in_milliseconds, in_seconds), "{nanoseconds}");
        }
    }
}
