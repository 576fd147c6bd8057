//! Meta's error codes.
//!
//! Sources: <https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes>
//! and <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/error-codes>.

/// One of Meta's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

impl Code {
    pub(crate) const CAPABILITY: Self = Self(3);
    pub(crate) const PERMISSION: Self = Self(10);
    pub(crate) const PARAMETER: Self = Self(100);
    pub(crate) const NO_TOKEN: Self = Self(104);
    pub(crate) const TOKEN: Self = Self(190);
    pub(crate) const NOT_FOUND: Self = Self(803);
    pub(crate) const UNKNOWN_PATH: Self = Self(2500);
    pub(crate) const MISSING: Self = Self(131_008);
    pub(crate) const VALUE: Self = Self(131_009);
    pub(crate) const SINGLE_MEMBER: Self = Self(131_020);
    pub(crate) const SENDER_IS_RECIPIENT: Self = Self(131_021);
    pub(crate) const UNDELIVERABLE: Self = Self(131_026);
    pub(crate) const GROUP_UNKNOWN: Self = Self(131_041);
    pub(crate) const WINDOW_CLOSED: Self = Self(131_047);
    pub(crate) const UNSUPPORTED_TYPE: Self = Self(131_051);
    pub(crate) const MEDIA: Self = Self(131_053);
    pub(crate) const CURSOR: Self = Self(131_059);
    pub(crate) const NEEDS_NUMBER: Self = Self(131_062);
    pub(crate) const PARTIAL: Self = Self(131_201);
    pub(crate) const DUPLICATE: Self = Self(131_202);
    pub(crate) const TERMS: Self = Self(131_203);
    pub(crate) const OVER_LIMIT: Self = Self(131_204);
    pub(crate) const SUSPENDED: Self = Self(131_207);
    pub(crate) const NOT_SQUARE: Self = Self(131_209);
    pub(crate) const TOO_SMALL: Self = Self(131_210);
    pub(crate) const TOO_MANY_GROUPS: Self = Self(131_211);
    pub(crate) const NOT_A_PARTICIPANT: Self = Self(131_212);
    pub(crate) const NO_JOIN_REQUEST: Self = Self(131_213);
    pub(crate) const NOT_ELIGIBLE: Self = Self(131_215);
    pub(crate) const TEMPLATE_COUNT: Self = Self(132_000);
    pub(crate) const TEMPLATE_UNKNOWN: Self = Self(132_001);
    pub(crate) const TEMPLATE_FORMAT: Self = Self(132_012);
    pub(crate) const TEMPLATE_PAUSED: Self = Self(132_015);
    pub(crate) const TEMPLATE_DISABLED: Self = Self(132_016);

    /// The HTTP status that Meta's pages print beside the code.
    pub(crate) fn status(self) -> u16 {
        match self.0 {
            0 | 102 | 104 | 190 => 401,
            1 | 3 | 131_000 | 131_016 | 131_045 | 131_057 | 133_000 => 500,
            2 | 133_004 => 503,
            10 | 200..=299 | 368 | 130_403 | 130_497 | 131_005 | 131_031 | 131_207 => 403,
            803 | 132_001 => 404,
            131_201 => 206,
            131_208 => 429,
            _ => 400,
        }
    }

    /// The title of the code.
    pub(crate) fn title(self) -> &'static str {
        match self.0 {
            130_000.. => self.title_of_whatsapp(),
            _ => self.title_of_graph(),
        }
    }

    fn title_of_graph(self) -> &'static str {
        match self.0 {
            0 | 190 => "Invalid OAuth access token",
            1 => "An unknown error occurred",
            2 => "Service temporarily unavailable",
            3 => "Application does not have the capability to make this API call",
            4 => "Application request limit reached",
            10 => "Application does not have permission for this action",
            17 => "User request limit reached",
            33 => "The business phone number has been deleted",
            100 => "Invalid parameter",
            102 => "Session key invalid or no longer valid",
            104 => "An access token is required to request this resource",
            200..=299 => "Permissions error",
            368 => "Temporarily blocked for policies violations",
            803 => "Some of the aliases you requested do not exist",
            2500 => "Unknown path components",
            80_007 => "Rate limit hit",
            80_008 => "There have been too many calls to this WhatsApp Business account",
            _ => "An error occurred",
        }
    }

    fn title_of_whatsapp(self) -> &'static str {
        match self.0 {
            130_429 => "Rate limit hit",
            131_000 => "Something went wrong",
            131_005 => "Access denied",
            131_008 => "Required parameter is missing",
            131_009 => "Parameter value is not valid",
            131_016 => "Service unavailable",
            131_020 => "Invalid group: it has no other member",
            131_021 => "Recipient cannot be sender",
            131_026 => "Message undeliverable",
            131_031 => "Business account locked",
            131_041 => "Group does not exist, or the business is not in it",
            131_042 => "Business eligibility payment issue",
            131_047 => "Re-engagement message",
            131_048 => "Spam rate limit hit",
            131_049 => "Meta chose not to deliver",
            131_051 => "Unsupported message type",
            131_052 => "Media download error",
            131_053 => "Media upload error",
            131_056 => "Pair rate limit hit",
            131_057 => "Account in maintenance mode",
            131_059 => "Invalid or expired cursor",
            131_062 => "Business-scoped user ID recipients are not supported for this message",
            131_201 => "The request succeeded in part",
            131_202 => "Duplicate participant",
            131_203 => "Recipient has not accepted our new Terms of Service",
            131_204 => "Participant limit of the group reached",
            131_207 => "Group is suspended",
            131_208 => "Rate limit for groups hit",
            131_209 => "Profile picture is not square",
            131_210 => "Profile picture is too small",
            131_211 => "Limit of groups reached",
            131_212 => "Participant is not in the group",
            131_213 => "Join request does not exist",
            131_214 => "Creating groups is temporarily disabled",
            131_215 => "Business number is not eligible for groups",
            132_000 => "Number of parameters does not match the expected number of params",
            132_001 => "Template name does not exist in the translation",
            132_005 => "Translated text too long",
            132_007 => "Template format character policy violated",
            132_012 => "Parameter format does not match format in the created template",
            132_015 => "Template is paused",
            132_016 => "Template is disabled",
            133_010 => "Phone number not registered",
            _ => "An error occurred",
        }
    }

    /// Whether the same call may succeed later.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self.0, 2 | 4 | 80_007 | 130_429 | 131_016 | 131_208 | 133_004)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_groups_have_the_status_that_metas_page_prints() {
        let statuses = [
            (131_020, 400),
            (131_041, 400),
            (131_059, 400),
            (131_201, 206),
            (131_202, 400),
            (131_204, 400),
            (131_207, 403),
            (131_208, 429),
            (131_209, 400),
            (131_210, 400),
            (131_211, 400),
            (131_212, 400),
            (131_213, 400),
            (131_214, 400),
            (131_215, 400),
        ];
        for (code, status) in statuses {
            assert_eq!(Code(code).status(), status, "{code}");
            assert_ne!(Code(code).title(), Code(u32::MAX).title(), "{code} has a title");
        }
    }
}
