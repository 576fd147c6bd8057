//! Meta's error codes, and what each means for a caller: the one table.
//!
//! Meta says to branch on the code and not on the HTTP status, since throttles come as 400
//! ([Meta: error codes](https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes)).

/// What a refusal means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// There is no such object, or the token does not see it.
    NotFound,
    /// The token is expired, revoked or malformed, or its proof is wrong.
    TokenInvalid,
    /// The token lacks a permission.
    TokenForbidden,
    /// Meta has suspended the group.
    GroupSuspended,
    /// The business number may not have groups.
    NumberNotEligible,
    /// Too many calls: of the app, the account, the number or towards one user.
    Throttled,
    /// Meta's own trouble; worth another try later.
    Transient,
    /// Some of it was done.
    PartialSuccess,
    /// Everything else: the request itself is at fault.
    Rejected,
}

impl RefusalKind {
    /// The kind of an error with this code and subcode.
    pub fn of(code: i64, subcode: Option<i64>) -> Self {
        match (code, subcode) {
            // 100 with subcode 33: "Unsupported get request. Object with ID … does not exist".
            (131_041 | 803, _) | (100, Some(33)) => Self::NotFound,
            (0 | 102 | 104 | 190, _) => Self::TokenInvalid,
            (3 | 10 | 200..=299 | 131_005, _) => Self::TokenForbidden,
            (131_207, _) => Self::GroupSuspended,
            (131_215, _) => Self::NumberNotEligible,
            (code, _) if ThrottleScope::of(code).is_some() => Self::Throttled,
            (1 | 2 | 131_000 | 131_016 | 131_057 | 133_004, _) => Self::Transient,
            (131_201, _) => Self::PartialSuccess,
            _ => Self::Rejected,
        }
    }
}

/// Which quota a refusal says is used up, from the widest to the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThrottleScope {
    /// The app's, which all tokens of it share.
    App,
    /// That of the token, and of whoever stands behind it.
    Token,
    /// The WhatsApp Business Account's.
    Waba,
    /// The number's.
    Number,
    /// What the number may send.
    Sending,
    /// What the number may send to one recipient.
    Pair,
}

impl ThrottleScope {
    /// The quota of a code; `None` where the code is no throttle.
    ///
    /// 4, 17, 32 and 613 are the Graph API's ([Meta: rate limits, error codes][limits]): the app's, the user's, the page's
    /// and a custom one, of which the last three are those of the token and who stands behind it. The others are WhatsApp's
    /// ([Meta: error codes][codes]).
    ///
    /// [limits]: https://developers.facebook.com/docs/graph-api/overview/rate-limiting#error-codes
    /// [codes]: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
    pub fn of(code: i64) -> Option<Self> {
        match code {
            4 => Some(Self::App),
            17 | 32 | 613 => Some(Self::Token),
            80_007 | 80_008 => Some(Self::Waba),
            131_208 => Some(Self::Number),
            130_429 | 131_048 => Some(Self::Sending),
            131_056 => Some(Self::Pair),
            _ => None,
        }
    }
}

/// Subcodes of a token that is good again as it is, once the person behind it has logged in at Facebook (459) or confirmed
/// the account (464) ([Meta: subcodes](https://developers.facebook.com/docs/graph-api/guides/error-handling#errorcodes)).
const AWAITS_A_PERSON: [i64; 2] = [459, 464];

/// Whether a token may be taken again for which Meta has this code now.
pub(crate) fn may_recover(code: i64, subcode: Option<i64>) -> bool {
    matches!(RefusalKind::of(code, subcode), RefusalKind::Transient | RefusalKind::Throttled)
        || subcode.is_some_and(|subcode| AWAITS_A_PERSON.contains(&subcode))
}

/// Whether Meta may have acted although it answered with a code of this kind: its own trouble comes from anywhere on the
/// way, and no page of Meta's says of one of these codes that nothing was done; the others come before anything is done.
pub(crate) fn leaves_open(kind: RefusalKind) -> bool {
    matches!(kind, RefusalKind::Transient | RefusalKind::PartialSuccess)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[(RefusalKind, &[i64])] = &[
        (RefusalKind::NotFound, &[131_041, 803]),
        (RefusalKind::TokenInvalid, &[0, 102, 104, 190]),
        (RefusalKind::TokenForbidden, &[3, 10, 200, 250, 299, 131_005]),
        (RefusalKind::GroupSuspended, &[131_207]),
        (RefusalKind::NumberNotEligible, &[131_215]),
        (RefusalKind::Throttled, &[4, 17, 32, 613, 80_007, 80_008, 130_429, 131_048, 131_056, 131_208]),
        (RefusalKind::Transient, &[1, 2, 131_000, 131_016, 131_057, 133_004]),
        (RefusalKind::PartialSuccess, &[131_201]),
        (
            RefusalKind::Rejected,
            &[
                -1,
                33,
                100,
                199,
                300,
                341,
                368,
                130_403,
                130_472,
                130_497,
                130_501,
                131_008,
                131_009,
                131_020,
                131_021,
                131_026,
                131_031,
                131_037,
                131_042,
                131_045,
                131_047,
                131_049,
                131_050,
                131_051,
                131_052,
                131_053,
                131_055,
                131_059,
                131_062,
                131_063,
                131_064,
                131_202,
                131_203,
                131_204,
                131_209,
                131_210,
                131_211,
                131_212,
                131_213,
                131_214,
                132_000,
                132_001,
                132_005,
                132_007,
                132_012,
                132_015,
                132_016,
                133_000,
                133_005,
                133_006,
                133_008,
                133_009,
                133_010,
                133_015,
                133_016,
                134_011,
                135_000,
                2_494_100,
                i64::MAX,
            ],
        ),
    ];

    #[test]
    fn every_code_of_the_contract_has_its_kind() {
        for (kind, codes) in TABLE {
            for code in *codes {
                assert_eq!(RefusalKind::of(*code, None), *kind, "{code}");
            }
        }
    }

    #[test]
    fn every_throttle_has_the_quota_that_it_is_about() {
        for (code, scope) in [
            (4, ThrottleScope::App),
            (17, ThrottleScope::Token),
            (32, ThrottleScope::Token),
            (613, ThrottleScope::Token),
            (80_007, ThrottleScope::Waba),
            (80_008, ThrottleScope::Waba),
            (131_208, ThrottleScope::Number),
            (130_429, ThrottleScope::Sending),
            (131_048, ThrottleScope::Sending),
            (131_056, ThrottleScope::Pair),
        ] {
            assert_eq!(ThrottleScope::of(code), Some(scope), "{code}");
        }
        for (kind, codes) in TABLE.iter().filter(|(kind, _)| *kind != RefusalKind::Throttled) {
            assert!(codes.iter().all(|code| ThrottleScope::of(*code).is_none()), "{kind:?}");
        }
    }

    #[test]
    fn an_invalid_parameter_is_an_unknown_object_only_with_subcode_33() {
        assert_eq!(RefusalKind::of(100, Some(33)), RefusalKind::NotFound);
        assert_eq!(RefusalKind::of(100, Some(2_494_010)), RefusalKind::Rejected);
        assert_eq!(RefusalKind::of(190, Some(33)), RefusalKind::TokenInvalid);
    }

    #[test]
    fn all_of_metas_own_trouble_leaves_open_what_happened() {
        let open: Vec<i64> = TABLE
            .iter()
            .flat_map(|(_, codes)| codes.iter().copied())
            .filter(|code| leaves_open(RefusalKind::of(*code, None)))
            .collect();
        assert_eq!(open, [1, 2, 131_000, 131_016, 131_057, 133_004, 131_201]);
    }
}
