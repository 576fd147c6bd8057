//! Filters of lists, read so that all mistakes are told at once.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::FieldError;

/// A time.
pub(super) fn instant(wrong: &mut Vec<FieldError>, field: &str, text: Option<&str>) -> Option<OffsetDateTime> {
    let rule = "a time in RFC 3339, such as `2026-11-21T22:00:00Z`";
    parsed(wrong, field, text, rule, |text| OffsetDateTime::parse(text, &Rfc3339).ok())
}

/// What a filter says, where it is there; what it must be goes to what is `wrong` where it is not that.
pub(super) fn parsed<T>(
    wrong: &mut Vec<FieldError>,
    field: &str,
    text: Option<&str>,
    rule: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = text?;
    let parsed = parse(text);
    if parsed.is_none() {
        wrong.push(FieldError::new(field, rule));
    }
    parsed
}
