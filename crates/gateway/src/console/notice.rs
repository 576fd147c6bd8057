//! What was done right before, in a line on the page that is looked at next. The address names it, so that nothing is kept;
//! only what stands here is shown.

/// What was done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notice {
    /// As the address names it.
    pub(super) key: &'static str,
    /// As the page says it.
    pub(super) text: &'static str,
}

macro_rules! notices {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $text:literal;)*) => {
        $($(#[$doc])* pub(super) const $name: Notice = Notice { key: $key, text: $text };)*
        const ALL: &[&Notice] = &[$(&$name),*];
    };
}

notices! {
    /// Fields of what stands were changed.
    SAVED = "saved", "Saved. Running gateways obey within a second.";
    /// What was there is there no longer.
    REMOVED = "removed", "Removed.";
    /// A key was revoked.
    REVOKED = "revoked", "Revoked. It is refused within a second, with every token that was made with it.";
    /// A tenant was suspended.
    SUSPENDED = "suspended", "Suspended. Every call in its name is refused within a second.";
    /// A suspension was ended.
    RESUMED = "resumed", "Resumed. Running gateways take its calls within a second.";
    /// A tenant was erased.
    ERASED = "erased", "Erased, with everything that was its own. Its entries of the audit log stay.";
    /// A number was added.
    NUMBER_ADDED = "number-added", "Added. What Meta says of it, and its groups, are here within a minute or so.";
    /// A token was stored.
    TOKEN_STORED = "token-stored", "Stored. Running gateways use it within a second.";
    /// Meta was asked about a token.
    TOKEN_CHECKED = "token-checked", "Meta was asked just now; this is what it says.";
    /// Meta's lists of groups are asked for.
    COMPARING = "comparing", "The lists are compared within a few seconds. Load this page again to see when it was done.";
    /// An endpoint gets events again.
    ENDPOINT_ENABLED = "endpoint-enabled", "The endpoint is enabled, and gets what is published from now on.";
    /// An endpoint gets none any more.
    ENDPOINT_DISABLED = "endpoint-disabled", "The endpoint is disabled.";
    /// A test event is on its way to an endpoint.
    TEST_SENT = "test-sent", "The test event is on its way. Look again in a moment to see how it ended.";
    /// Events are on their way to an endpoint once more.
    REPLAYED = "replayed", "The events are on their way. The newest deliveries are on top.";
    /// One event is on its way to an endpoint once more.
    SENT_AGAIN = "sent-again", "The event is sent again: its newest delivery is on top.";
    /// The form had been sent before.
    DONE_BEFORE = "done-before", "This was done already, and was not done again.";
}

/// The one that the address names.
pub(super) fn named(key: &str) -> Option<&'static Notice> {
    ALL.iter().find(|notice| notice.key == key).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own() {
        for notice in ALL {
            assert_eq!(named(notice.key), Some(*notice));
        }
        assert_eq!(named("<script>"), None);
    }
}
