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
            (4 | 17 | 32 | 613 | 80_007 | 80_008 | 130_429 | 131_048 | 131_056 | 131_208, _) => Self::Throttled,
            (1 | 2 | 131_000 | 131_016 | 131_057 | 133_004, _) => Self::Transient,
            (131_201, _) => Self::PartialSuccess,
            _ => Self::Rejected,
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

/// Whether Meta may have acted although it answered with this code: its own trouble comes from anywhere on the way, and
/// no page of Meta's says of one of these codes that nothing was done; the others come before anything is done.
pub(crate) fn leaves_open(code: i64) -> bool {
    matches!(RefusalKind::of(code, None), RefusalKind::Transient | RefusalKind::PartialSuccess)
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
    fn an_invalid_parameter_is_an_unknown_object_only_with_subcode_33() {
        assert_eq!(RefusalKind::of(100, Some(33)), RefusalKind::NotFound);
        assert_eq!(RefusalKind::of(100, Some(2_494_010)), RefusalKind::Rejected);
        assert_eq!(RefusalKind::of(190, Some(33)), RefusalKind::TokenInvalid);
    }

    #[test]
    fn all_of_metas_own_trouble_leaves_open_what_happened() {
        let open: Vec<i64> =
            TABLE.iter().flat_map(|(_, codes)| codes.iter().copied()).filter(|code| leaves_open(*code)).collect();
        assert_eq!(open, [1, 2, 131_000, 131_016, 131_057, 133_004, 131_201]);
    }
}
