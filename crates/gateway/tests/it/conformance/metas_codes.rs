//! Meta's error codes, each with the HTTP status that Meta's pages print beside it, and what a caller gets for it.
//!
//! Written from the contract and not from the program, which has a table of its own.

use serde_json::{Value, json};

/// A code as Meta throws it, and what is to become of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct MetasCode {
    pub(super) code: i64,
    pub(super) subcode: Option<i64>,
    pub(super) http_status: u16,
    /// The `Code` that the caller gets, and its HTTP status.
    pub(super) ours: (&'static str, u16),
}

impl MetasCode {
    /// Meta's error object, with words that nobody else has.
    pub(super) fn body(self) -> Value {
        let Self { code, subcode, .. } = self;
        let mut error = json!({
            "message": format!("(#{code}) Words of Meta's about {code}"),
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": format!("Details of {code}")},
            "is_transient": false,
            "fbtrace_id": format!("Trace{code}"),
        });
        if let Some(subcode) = subcode {
            error["error_subcode"] = json!(subcode);
        }
        json!({ "error": error })
    }

    /// What `Upstream` is then.
    pub(super) fn told(self) -> Value {
        let Self { code, subcode, .. } = self;
        let mut told = json!({
            "Code": code,
            "Type": "OAuthException",
            "Message": format!("(#{code}) Words of Meta's about {code}"),
            "Details": format!("Details of {code}"),
            "FbtraceId": format!("Trace{code}"),
        });
        if let Some(subcode) = subcode {
            told["Subcode"] = json!(subcode);
        }
        told
    }

    /// Whether Meta may have done what was asked before it answered so: all of its own trouble, of which no page says
    /// that it comes before anything is done.
    pub(super) fn leaves_open(self) -> bool {
        matches!(self.code, 1 | 2 | 131_000 | 131_016 | 131_057 | 133_004)
    }
}

/// Codes by what a caller gets for them, and by the HTTP status that Meta's pages print; where two are printed, a code
/// stands twice.
type Row = ((&'static str, u16), &'static [(u16, &'static [i64])]);

const TABLE: &[Row] = &[
    (("Group.NotFound", 404), &[(400, &[131_041]), (404, &[803])]),
    (("Credential.Invalid", 424), &[(401, &[0, 102, 104, 190])]),
    (("Credential.Forbidden", 424), &[(500, &[3]), (403, &[10, 200, 294, 299, 131_005])]),
    (("Group.Suspended", 409), &[(403, &[131_207])]),
    (("BusinessNumber.NotEligible", 422), &[(400, &[131_215])]),
    (
        ("Throttling.Upstream", 429),
        &[(400, &[4, 17, 32, 613, 80_007, 80_008, 130_429, 131_048, 131_056]), (429, &[4, 131_208])],
    ),
    (("Upstream.Unavailable", 502), &[(400, &[1]), (500, &[1, 2, 131_000, 131_016, 131_057]), (503, &[2, 133_004])]),
    (
        ("Upstream.Rejected", 422),
        &[
            (400, &[33, 100, 130_472, 131_008, 131_009, 131_021, 131_026, 131_037, 131_042, 131_047, 131_049]),
            (400, &[131_050, 131_051, 131_052, 131_053, 131_055, 131_062, 131_063, 131_064, 130_403]),
            (400, &[132_000, 132_005, 132_007, 132_012, 132_015, 132_016, 133_005, 133_006, 133_008, 133_009]),
            (400, &[133_010, 133_015, 133_016, 134_011, 135_000]),
            (403, &[368, 130_497, 131_031]),
            (404, &[132_001]),
            (500, &[131_045, 133_000]),
            // No status is printed.
            (400, &[341, 131_203, 2_494_100]),
            // Of groups.
            (400, &[131_020, 131_059, 131_202, 131_204, 131_209, 131_210, 131_211, 131_212, 131_213, 131_214]),
            // Of no page.
            (400, &[2_500, 999_999]),
        ],
    ),
];

/// Codes whose subcode is printed: an object that does not exist, the ways in which a token ends, the app's limit.
const WITH_SUBCODE: &[(i64, i64, u16, (&str, u16))] = &[
    (100, 33, 400, ("Group.NotFound", 404)),
    (100, 2_494_010, 400, ("Upstream.Rejected", 422)),
    (190, 458, 401, ("Credential.Invalid", 424)),
    (190, 459, 401, ("Credential.Invalid", 424)),
    (190, 460, 401, ("Credential.Invalid", 424)),
    (190, 463, 401, ("Credential.Invalid", 424)),
    (190, 464, 401, ("Credential.Invalid", 424)),
    (190, 467, 401, ("Credential.Invalid", 424)),
    (4, 2_446_079, 429, ("Throttling.Upstream", 429)),
    (130_429, 2_494_055, 400, ("Throttling.Upstream", 429)),
];

/// All codes of Meta's pages that are an answer's, but for 131201, by which some was done and some was not.
pub(super) fn all() -> Vec<MetasCode> {
    let plain = TABLE.iter().flat_map(|(ours, statuses)| {
        let of_status = move |(http_status, codes): &(u16, &'static [i64])| {
            let http_status = *http_status;
            codes.iter().map(move |code| MetasCode { code: *code, subcode: None, http_status, ours: *ours })
        };
        statuses.iter().flat_map(of_status)
    });
    let with_subcode = WITH_SUBCODE.iter().map(|(code, subcode, http_status, ours)| MetasCode {
        code: *code,
        subcode: Some(*subcode),
        http_status: *http_status,
        ours: *ours,
    });
    plain.chain(with_subcode).collect()
}
