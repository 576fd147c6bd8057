//! What the end of a try says of each quota: the one table.
//!
//! Meta asks the quotas from the widest to the narrowest, so that a call which a narrow one refused has passed the wider
//! ones. A call that was refused for its token, or met Meta's own trouble, may not have come to any of them.

use std::time::Duration;

use graph_client::{Ended, GraphError, Refusal, RefusalKind, ThrottleScope, Usage};

/// What a try says of one quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// It let the call through.
    Taken,
    /// It is used up, until this time has passed where Meta told one.
    Refused(Option<Duration>),
    /// Nothing.
    Silence,
}

/// What is to be learned from an end.
pub(super) struct Heard<'a> {
    /// Meta's figures, where Meta answered.
    pub(super) usage: Option<&'a Usage>,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Taken,
    Refused { by: ThrottleScope, told: Option<Duration> },
    Silence,
}

impl<'a> Heard<'a> {
    pub(super) fn of(how: Ended<'a>) -> Self {
        match how {
            Ended::Answered(usage) => Self { usage: Some(usage), end: End::Taken },
            Ended::Failed(GraphError::Refused(refusal)) => {
                Self { usage: Some(&refusal.usage), end: End::of_refusal(refusal) }
            }
            Ended::Failed(GraphError::Unreadable { usage, .. }) => Self { usage: Some(usage), end: End::Silence },
            Ended::Failed(_) | Ended::GivenUp => Self { usage: None, end: End::Silence },
        }
    }

    /// What it says of the quota of this kind that it counts against.
    pub(super) fn word_on(&self, quota: ThrottleScope) -> Word {
        match self.end {
            End::Taken => Word::Taken,
            End::Refused { by, .. } if quota < by => Word::Taken,
            End::Refused { by, told } if quota == by => Word::Refused(told),
            End::Refused { .. } | End::Silence => Word::Silence,
        }
    }
}

impl End {
    fn of_refusal(refusal: &Refusal) -> Self {
        match refusal.throttle_scope() {
            // Under which ID Meta names the account's time is Meta's to choose.
            Some(by @ ThrottleScope::Waba) => Self::Refused { by, told: refusal.usage.retry_after() },
            Some(by) => Self::Refused { by, told: refusal.usage.told_wait },
            None => match refusal.kind() {
                RefusalKind::TokenInvalid | RefusalKind::TokenForbidden | RefusalKind::Transient => Self::Silence,
                _ => Self::Taken,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use graph_client::{BusinessUsage, Effect, Unreadable};

    use super::*;
    use crate::upstream::refused;
    use ThrottleScope::{App, Number, Pair, Sending, Token, Waba};

    const TOLD: Option<Duration> = Some(Duration::from_secs(7));

    fn words(how: Ended<'_>) -> [Word; 5] {
        let heard = Heard::of(how);
        [App, Token, Waba, Number, Sending].map(|quota| heard.word_on(quota))
    }

    #[test]
    fn the_table_of_what_an_end_says_of_the_apps_tokens_accounts_numbers_quota_and_what_it_sends() {
        const T: Word = Word::Taken;
        const R: Word = Word::Refused(TOLD);
        const S: Word = Word::Silence;
        for (code, expected) in [
            (4, [R, S, S, S, S]),
            (613, [T, R, S, S, S]),
            (80_007, [T, T, R, S, S]),
            (131_208, [T, T, T, R, S]),
            (130_429, [T, T, T, T, R]),
            (131_056, [T, T, T, T, T]),
            (100, [T; 5]),
            (190, [S; 5]),
            (200, [S; 5]),
            (2, [S; 5]),
        ] {
            assert_eq!(words(Ended::Failed(&refused(code, TOLD))), expected, "{code}");
        }
        assert_eq!(words(Ended::Answered(&Usage::default())), [T; 5]);
        assert_eq!(words(Ended::GivenUp), [S; 5]);
        assert_eq!(words(Ended::Failed(&GraphError::Timeout { sent: true, effect: Effect::Read })), [S; 5]);
        assert_eq!(words(Ended::Failed(&GraphError::unreadable(Unreadable::CutOff))), [S; 5]);
        assert_eq!(Heard::of(Ended::Failed(&refused(131_056, TOLD))).word_on(Pair), R);
    }

    #[test]
    fn a_code_that_nobody_knows_holds_the_number_where_its_status_is_a_throttles() {
        let GraphError::Refused(mut refusal) = refused(999_999, TOLD) else { unreachable!() };
        refusal.status = 429;
        let [number, wider @ ..] = [Number, App, Token, Waba]
            .map(|quota| Heard::of(Ended::Failed(&GraphError::Refused(refusal.clone()))).word_on(quota));
        assert_eq!(number, Word::Refused(TOLD));
        assert_eq!(wider, [Word::Taken; 3]);
    }

    #[test]
    fn an_accounts_time_holds_under_whatever_id_it_is_named() {
        let named = |code| {
            let GraphError::Refused(mut refusal) = refused(code, TOLD) else { unreachable!() };
            let of_business = BusinessUsage {
                id: "the business's".to_owned(),
                estimated_time_to_regain_access: Some(19),
                ..BusinessUsage::default()
            };
            refusal.usage.business = Some(vec![of_business]);
            GraphError::Refused(refusal)
        };
        let nineteen = Some(Duration::from_mins(19));
        assert_eq!(Heard::of(Ended::Failed(&named(80_007))).word_on(Waba), Word::Refused(nineteen));
        assert_eq!(Heard::of(Ended::Failed(&named(4))).word_on(App), Word::Refused(TOLD), "it is an account's alone");
    }
}
