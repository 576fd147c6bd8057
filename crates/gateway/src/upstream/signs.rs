//! What the end of a try says of Meta's host, and of the number that it was for: the one table.
//!
//! One tenant's trouble must not be taken for Meta's: of Meta's own codes of trouble only the one that means all of Meta
//! counts for the host. What a caller can bring about by its request counts for nobody.

use graph_client::{Effect, Ended, GraphError, Refusal, RefusalKind, Unreadable};

/// Meta's "temporary issue due to downtime or due to being overloaded"
/// ([Meta: error codes](https://developers.facebook.com/docs/graph-api/guides/error-handling#errorcodes)).
const ALL_OF_META: i64 = 2;
/// Meta's "unknown error", of which the same page says that it may be about the request.
const UNKNOWN: i64 = 1;

/// What a try says of one of those that it depended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It works.
    Well,
    /// It does not, for whoever met that.
    Ill,
    /// It does not for anybody: what a call is about had no part in it.
    Unreachable,
    /// Nothing.
    None,
}

impl Sign {
    /// Whether it is a failure.
    pub(super) fn is_ill(self) -> bool {
        matches!(self, Self::Ill | Self::Unreachable)
    }
}

/// What the end of a try says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    /// Of the host.
    pub host: Sign,
    /// Of the number, or what else of Meta's the call was for.
    pub number: Sign,
}

impl Signs {
    pub(super) const NONE: Self = Self { host: Sign::None, number: Sign::None };
    const WELL: Self = Self { host: Sign::Well, number: Sign::Well };
    const BOTH_ILL: Self = Self { host: Sign::Ill, number: Sign::Ill };
    const HOST_UNREACHABLE: Self = Self { host: Sign::Unreachable, number: Sign::None };
    const HOST_ILL: Self = Self { host: Sign::Ill, number: Sign::None };
    const HOST_WELL: Self = Self { host: Sign::Well, number: Sign::None };
    const NUMBER_ILL: Self = Self { host: Sign::Well, number: Sign::Ill };
    const ONLY_NUMBER_ILL: Self = Self { host: Sign::None, number: Sign::Ill };

    /// What a try says that ended so.
    pub(super) fn of(ended: Ended<'_>) -> Self {
        match ended {
            Ended::Answered(_) => Self::WELL,
            Ended::Failed(error) => Self::of_failure(error),
            Ended::GivenUp => Self::NONE,
        }
    }

    fn of_failure(error: &GraphError) -> Self {
        match error {
            GraphError::Refused(refusal) => Self::of_refusal(refusal),
            GraphError::Connect { .. } => Self::HOST_UNREACHABLE,
            GraphError::Disconnected { sent: false, .. } | GraphError::Timeout { sent: false, .. } => Self::HOST_ILL,
            // A server hangs up on a body that it does not like, and that is its sender's doing.
            GraphError::Disconnected { sent: true, effect: Effect::Change, .. } => Self::ONLY_NUMBER_ILL,
            GraphError::Disconnected { sent: true, .. } | GraphError::Timeout { sent: true, .. } => Self::BOTH_ILL,
            GraphError::Unreadable { status, why, .. } => Self::of_unreadable(*status, why),
            GraphError::NotDone { .. } => Self::WELL,
            GraphError::Held(_) | GraphError::Unsendable { .. } => Self::NONE,
        }
    }

    fn of_refusal(refusal: &Refusal) -> Self {
        match refusal.kind() {
            RefusalKind::Transient if refusal.code == ALL_OF_META => Self::BOTH_ILL,
            RefusalKind::Transient if refusal.code == UNKNOWN => Self::HOST_WELL,
            RefusalKind::Transient => Self::NUMBER_ILL,
            _ => Self::WELL,
        }
    }

    fn of_unreadable(status: u16, why: &Unreadable) -> Self {
        match why {
            Unreadable::CutOff | Unreadable::NotJson { .. } => Self::BOTH_ILL,
            Unreadable::NoErrorObject { .. } if status >= 500 => Self::BOTH_ILL,
            // Whatever answers there is not Meta.
            Unreadable::Redirect { .. } => Self::HOST_ILL,
            Unreadable::NoErrorObject { .. } => Self::NONE,
            Unreadable::Shape(_) | Unreadable::TooLarge { .. } => Self::WELL,
        }
    }
}

#[cfg(test)]
mod tests {
    use graph_client::{Held, Usage};
    use tokio::time::Instant;

    use super::*;
    use crate::upstream::refused;

    #[test]
    fn only_what_is_metas_counts_against_meta_and_only_what_may_be_a_numbers_against_the_number() {
        let (effect, why) = (Effect::Change, String::new);
        let (content_type, length) = (String::new(), 0);
        let unreadable = |status, why| GraphError::Unreadable { status, why, effect, usage: Box::default() };
        let no_object = Unreadable::NoErrorObject { content_type: content_type.clone(), length };
        for (error, signs) in [
            (GraphError::Connect { why: why() }, Signs::HOST_UNREACHABLE),
            (GraphError::Disconnected { sent: false, effect, why: why() }, Signs::HOST_ILL),
            (GraphError::Disconnected { sent: true, effect, why: why() }, Signs::ONLY_NUMBER_ILL),
            (GraphError::Disconnected { sent: true, effect: Effect::Read, why: why() }, Signs::BOTH_ILL),
            (GraphError::Timeout { sent: false, effect }, Signs::HOST_ILL),
            (GraphError::Timeout { sent: true, effect }, Signs::BOTH_ILL),
            (refused(2, None), Signs::BOTH_ILL),
            (refused(1, None), Signs::HOST_WELL),
            (refused(131_000, None), Signs::NUMBER_ILL),
            (refused(100, None), Signs::WELL),
            (refused(190, None), Signs::WELL),
            (refused(130_429, None), Signs::WELL),
            (unreadable(502, no_object.clone()), Signs::BOTH_ILL),
            (unreadable(404, no_object), Signs::NONE),
            (unreadable(200, Unreadable::CutOff), Signs::BOTH_ILL),
            (unreadable(200, Unreadable::NotJson { content_type, length }), Signs::BOTH_ILL),
            (unreadable(302, Unreadable::Redirect { to: why() }), Signs::HOST_ILL),
            (unreadable(200, Unreadable::TooLarge { limit: 1 }), Signs::WELL),
            (unreadable(200, Unreadable::Shape(why())), Signs::WELL),
            (GraphError::NotDone { status: 200 }, Signs::WELL),
            (GraphError::Unsendable { why: why() }, Signs::NONE),
            (Held::Broken { until: Instant::now() }.into(), Signs::NONE),
        ] {
            assert_eq!(Signs::of(Ended::Failed(&error)), signs, "{error:?}");
        }
        assert_eq!(Signs::of(Ended::Answered(&Usage::default())), Signs::WELL);
        assert_eq!(Signs::of(Ended::GivenUp), Signs::NONE);
    }
}
