//! Traffic on a page: the figures of the last day, a chart of the calls and one of the errors, and the same as a table.

use std::borrow::Borrow;

use super::chart::Chart;
use crate::admin::traffic::{Counts, DayView, HourView};

/// The last 24 hours, as `console/_traffic.html` shows them.
pub(super) struct TrafficShown {
    /// All of it together.
    pub(super) total: Counts,
    /// The calls.
    pub(super) calls: Chart,
    /// What went wrong of them.
    pub(super) errors: Chart,
    /// The hours, the last one first.
    pub(super) hours: Vec<HourView>,
}

impl From<DayView> for TrafficShown {
    fn from(day: DayView) -> Self {
        let values = |value: fn(Counts) -> i64| day.hours.iter().map(|hour| value(hour.counts)).collect::<Vec<_>>();
        let calls = Chart::of_hours("calls", "Calls an hour", "chart-a", &values(|counts| counts.calls));
        let errors = Chart::of_hours("errors", "Errors an hour", "chart-b", &values(Counts::errors));
        Self { total: day.total(), calls, errors, hours: day.hours.into_iter().rev().collect() }
    }
}

/// A count, with its digits in groups. Templates give what stands in a field by reference.
pub(super) fn grouped(count: impl Borrow<i64>) -> String {
    let count = *count.borrow();
    let digits = count.unsigned_abs().to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    let sign = if count < 0 { "−" } else { "" };
    // A space that does not break, as narrow as fonts have one.
    format!("{sign}{}", groups.collect::<Vec<_>>().join("\u{202f}"))
}

/// How large a part is of the whole, in percent; no figure where there is no whole.
pub(super) fn share(part: impl Borrow<i64>, whole: impl Borrow<i64>) -> String {
    let (part, whole) = (*part.borrow(), *whole.borrow());
    let tenths = (i128::from(part) * 1_000).checked_div(i128::from(whole));
    match tenths {
        None => "–".to_owned(),
        Some(0) if part > 0 => "below 0.1 %".to_owned(),
        Some(tenths) => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        for (count, told) in [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (12_345_678, "12\u{202f}345\u{202f}678")]
        {
            assert_eq!(grouped(count), told);
        }
    }

    #[test]
    fn a_share_is_told_to_a_tenth_of_a_percent_and_a_little_is_not_nothing() {
        for (part, whole, told) in
            [(0, 0, "–"), (0, 7, "0.0 %"), (1, 3, "33.3 %"), (7, 7, "100.0 %"), (1, 100_000, "below 0.1 %")]
        {
            assert_eq!(share(part, whole), told);
        }
    }
}
