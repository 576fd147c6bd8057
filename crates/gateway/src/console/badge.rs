//! How a state stands out on a page: by a word, and by a kind that gives it a shape and a colour.

use crate::admin::credentials::ShownState;
use crate::admin::numbers::NumberView;
use crate::admin::tenants::Status;

/// What is shown as a badge.
pub(super) trait Badge {
    /// `good`, `warn`, `bad` or `neutral`.
    fn kind(&self) -> &'static str;

    /// The word.
    fn text(&self) -> &'static str;
}

impl Badge for Status {
    fn kind(&self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::Pending => "warn",
            Self::Suspended => "neutral",
        }
    }

    fn text(&self) -> &'static str {
        self.as_str()
    }
}

impl Badge for ShownState {
    fn kind(&self) -> &'static str {
        match self {
            Self::Valid => "good",
            Self::Expiring => "warn",
            Self::Invalid => "bad",
            Self::Missing => "neutral",
        }
    }

    fn text(&self) -> &'static str {
        self.as_str()
    }
}

/// Whether the number may have groups.
impl Badge for NumberView {
    fn kind(&self) -> &'static str {
        match self.groups_eligible {
            Some(true) => "good",
            Some(false) => "bad",
            None => "neutral",
        }
    }

    fn text(&self) -> &'static str {
        match self.groups_eligible {
            Some(true) => "may have groups",
            Some(false) => "no groups",
            None => "not known yet",
        }
    }
}
