//! What `Debug` shows of values that belong to somebody: phone numbers, invite links, the texts of messages.
//!
//! Requests and answers may end in a log, by a mistake or in the message of a failed assertion. Their `Debug` then
//! tells two values apart, and gives none away.

use std::fmt;

/// So many characters are shown before the gap: a country's code has up to three digits.
const BEFORE: usize = 3;
/// So many are shown behind it.
const BEHIND: usize = 2;
/// At least so many are not shown.
const HIDDEN: usize = 4;

/// A phone number or user ID as `Debug` shows it: `155…01`; `…` where it is too short to be shortened.
#[derive(Clone, Copy)]
pub struct ShortId<'a>(pub &'a str);

impl fmt::Debug for ShortId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.chars().count();
        let Some(behind) = length.checked_sub(BEHIND).filter(|before| *before >= HIDDEN) else {
            return f.write_str("…");
        };
        let before = BEFORE.min(behind - HIDDEN);
        write!(f, "{}…{}", part(self.0, 0, before), part(self.0, behind, length))
    }
}

/// An invite link as `Debug` shows it: its last two characters.
#[derive(Clone, Copy)]
pub struct ShortLink<'a>(pub &'a str);

impl fmt::Debug for ShortLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.chars().count();
        let Some(behind) = length.checked_sub(BEHIND).filter(|before| *before >= HIDDEN) else {
            return f.write_str("…");
        };
        write!(f, "…{}", part(self.0, behind, length))
    }
}

/// A text as `Debug` shows it: how long it is, in characters.
#[derive(Clone, Copy)]
pub struct HiddenText<'a>(pub &'a str);

impl fmt::Debug for HiddenText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} characters", self.0.chars().count())
    }
}

fn part(text: &str, from: usize, to: usize) -> &str {
    let byte = |nth: usize| text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at);
    &text[byte(from)..byte(to)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifiers::BusinessNumber;
    use crate::operations::AddChatGroup;
    use crate::parameters::from_json;
    use crate::text::InviteLink;

    #[test]
    fn a_number_shows_where_it_is_from_and_its_end() {
        for (number, shown) in [
            ("15550000001", "155…01"),
            ("4915112345678", "491…78"),
            ("12345678", "12…78"),
            ("1234567", "1…67"),
            ("12345", "…"),
            ("", "…"),
            ("US.13491208655302741918", "US.…18"),
            ("üüüüüüüüüü", "üüü…üü"),
        ] {
            assert_eq!(format!("{:?}", ShortId(number)), shown);
        }
    }

    #[test]
    fn a_link_shows_its_last_two_characters() {
        let link = InviteLink::from_upstream("https://chat.whatsapp.com/AbCdEf9");
        assert_eq!(format!("{link:?}"), "InviteLink(…f9)");
        assert_eq!(format!("{:?}", InviteLink::from_upstream("ab")), "InviteLink(…)");
    }

    #[test]
    fn a_request_shows_none_of_its_texts() {
        let body = br#"{"CustSpaceId": "cams-demo1", "BusinessNumber": "15550000001", "Subject": "Heart clinic",
                        "Description": "For patients", "GroupLink": "https://chat.whatsapp.com/AbCdEf9"}"#;
        let shown = format!("{:?}", from_json::<AddChatGroup>(body).unwrap());
        for hidden in ["15550000001", "Heart", "patients", "AbCdEf9"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("BusinessNumber(155…01)") && shown.contains("Subject(12 characters)"), "{shown}");
        assert!(shown.contains("cams-demo1"), "{shown}");
    }

    #[test]
    fn a_mistake_shows_what_was_sent_to_its_sender_alone() {
        let error = "+16505551234x".parse::<BusinessNumber>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("16505551234"));
        let body = br#"{"CustSpaceId": "cams-demo1", "BusinessNumber": "16505551234x", "Subject": "S"}"#;
        let error = from_json::<AddChatGroup>(body).unwrap_err();
        assert!(error.to_string().contains("16505551234x"), "{error}");
        assert!(!format!("{error:?}").contains("16505551234"), "{error:?}");
    }
}
