//! Which types of events an endpoint wants.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AccountField, EventType};

/// What ends a pattern for a whole family of types.
const FAMILY: &str = ".*";

/// The types of events that are wanted, as a list of patterns. A pattern is a type, such as `group.created`, or a family
/// of types, such as `group.*` or `group.participant.*`. An empty list wants every type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<String>")]
#[schema(value_type = Vec<String>, example = json!(["group.*", "message.received"]))]
pub struct TypeFilter(Vec<String>);

/// Why a list of patterns is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeFilterError {
    /// A pattern that no type fits.
    #[error(
        "`{pattern}` is no type of event and no family of types. It must be one of {}, or `account.` and the name of a field \
         of Meta's. For events of every type, leave the list empty.",
        known()
    )]
    Unknown {
        /// The pattern, cut where it is very long.
        pattern: String,
    },
    /// More patterns than a filter may have.
    #[error(
        "{count} types of events are too many: {} are the most. A family such as `group.*` stands for many.",
        TypeFilter::MOST
    )]
    TooMany {
        /// How many there were.
        count: usize,
    },
}

impl TypeFilter {
    /// The most patterns that a filter may have.
    pub const MOST: usize = 64;

    /// Reads a list of patterns; one that stands in it twice is kept once.
    ///
    /// # Errors
    /// [`TypeFilterError`], which says what is allowed.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, TypeFilterError> {
        let mut kept: Vec<String> = Vec::new();
        for pattern in patterns.into_iter().map(str::trim) {
            if !is_pattern(pattern) {
                return Err(TypeFilterError::Unknown { pattern: pattern.chars().take(LONGEST_TOLD).collect() });
            }
            if !kept.iter().any(|other| other == pattern) {
                kept.push(pattern.to_owned());
            }
        }
        if kept.len() > Self::MOST { Err(TypeFilterError::TooMany { count: kept.len() }) } else { Ok(Self(kept)) }
    }

    /// The patterns, as they were written.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// Whether events of this type are wanted.
    pub fn matches(&self, event_type: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| fits(pattern, event_type))
    }
}

impl FromStr for TypeFilter {
    type Err = TypeFilterError;

    /// The patterns with commas between them, as a command line and a query have them. An empty text wants every type.
    fn from_str(text: &str) -> Result<Self, TypeFilterError> {
        if text.trim().is_empty() { Ok(Self::default()) } else { Self::parse(text.split(',')) }
    }
}

impl TryFrom<Vec<String>> for TypeFilter {
    type Error = TypeFilterError;

    fn try_from(patterns: Vec<String>) -> Result<Self, TypeFilterError> {
        Self::parse(patterns.iter().map(String::as_str))
    }
}

/// How much of a wrong pattern its error repeats, in characters.
const LONGEST_TOLD: usize = 80;

fn fits(pattern: &str, event_type: &str) -> bool {
    match pattern.strip_suffix(FAMILY) {
        Some(family) => is_in(event_type, family),
        None => pattern == event_type,
    }
}

/// Whether the type's first parts are the family's.
fn is_in(event_type: &str, family: &str) -> bool {
    event_type.strip_prefix(family).is_some_and(|rest| rest.starts_with('.'))
}

fn is_pattern(pattern: &str) -> bool {
    match pattern.strip_suffix(FAMILY) {
        Some(family) => families().any(|known| known == family),
        None => EventType::from_str(pattern).is_ok(),
    }
}

/// Every family: all that a type has before one of its dots.
fn families() -> impl Iterator<Item = &'static str> {
    let named = EventType::NAMED.iter().map(EventType::as_str);
    let account = AccountField::PREFIX.trim_end_matches('.');
    named.flat_map(|named| named.match_indices('.').map(|(dot, _)| &named[..dot])).chain([account])
}

/// All that a pattern may be, for its reader.
fn known() -> String {
    let mut known: Vec<String> = families().map(|family| format!("`{family}{FAMILY}`")).collect();
    known.sort();
    known.dedup();
    known.extend(EventType::NAMED.iter().map(|named| format!("`{named}`")));
    known.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{TypeFilter, TypeFilterError};
    use crate::events::{AccountField, EventType};

    fn wanted(patterns: &[&str]) -> Vec<String> {
        let filter = TypeFilter::parse(patterns.iter().copied()).unwrap();
        let account = EventType::Account(AccountField::of("account_update"));
        let types = EventType::NAMED.iter().chain([&account]);
        types.filter(|known| filter.matches(known.as_str())).map(ToString::to_string).collect()
    }

    #[test]
    fn an_empty_list_wants_every_type() {
        assert_eq!(wanted(&[]).len(), EventType::NAMED.len() + 1);
    }

    #[test]
    fn a_type_wants_itself_alone() {
        assert_eq!(wanted(&["group.created", "account.account_update"]), ["group.created", "account.account_update"]);
        assert_eq!(wanted(&["account.account_review_update"]), [""; 0]);
    }

    #[test]
    fn a_family_wants_all_that_begin_with_its_parts() {
        assert_eq!(wanted(&["group.*"]).len(), 12);
        assert_eq!(wanted(&["group.join_request.*"]), ["group.join_request.created", "group.join_request.revoked"]);
        assert_eq!(wanted(&["message.*", "number.*"]).len(), 6);
        assert_eq!(wanted(&["account.*"]), ["account.account_update"]);
    }

    #[test]
    fn a_pattern_that_no_type_fits_is_refused_and_told_what_is_allowed() {
        for wrong in ["", "*", "group", "group.", "gro*", "group.created.*", "group.c*", "grouped.*", "Group.*", ".*"] {
            let error = TypeFilter::parse(["message.*", wrong]).unwrap_err().to_string();
            for part in [&format!("`{wrong}` is no type"), "`group.participant.*`", "`message.failed`", "`account.`"] {
                assert!(error.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn a_pattern_that_stands_twice_is_kept_once_and_not_too_many_are_taken() {
        let filter = TypeFilter::parse([" group.* ", "group.*"]).unwrap();
        assert_eq!(filter.patterns(), ["group.*"]);
        assert_eq!(serde_json::to_string(&filter).unwrap(), r#"["group.*"]"#);
        let many: Vec<String> = (0..65).map(|n| format!("account.field_{n}")).collect();
        assert_eq!(TypeFilter::try_from(many), Err(TypeFilterError::TooMany { count: 65 }));
    }

    #[test]
    fn a_filter_is_read_from_json_and_from_a_line() {
        assert_eq!(
            "group.*, message.received".parse::<TypeFilter>().unwrap().patterns(),
            ["group.*", "message.received"]
        );
        assert_eq!(" ".parse(), Ok(TypeFilter::default()));
        assert!("group.*,".parse::<TypeFilter>().is_err());
        let filter: TypeFilter = serde_json::from_str(r#"["group.*", "message.received"]"#).unwrap();
        assert!(filter.matches("message.received") && !filter.matches("message.sent"));
        let error = serde_json::from_str::<TypeFilter>(r#"["groups.*"]"#).unwrap_err().to_string();
        assert!(error.starts_with("`groups.*` is no type of event"), "{error}");
    }
}
