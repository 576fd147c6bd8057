//! Charts: values become the parts of a drawing, which a template writes as SVG.

/// What a drawing is as wide as. It is small, so that its words can be read where it is drawn on a phone.
const WIDTH: u32 = 360;
const HEIGHT: u32 = 132;
/// Where the bars stand: from here to the right, and from the top down to the line that they stand on.
const LEFT: u32 = 40;
const TOP: u32 = 12;
const FLOOR: u32 = 112;
/// Where the words below the line stand.
const BELOW: u32 = 126;
/// How much lower than its line a word beside it stands.
const DROP: u32 = 4;

/// A chart of bars, each of them an hour, the last of which is the one that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    /// What tells it from the others of its page.
    pub(super) id: &'static str,
    /// What is shown.
    pub(super) title: &'static str,
    /// The same for who does not see it: how much, and when most.
    pub(super) summary: String,
    /// The class of its bars.
    pub(super) class: &'static str,
    /// One for each value that is not zero.
    pub(super) bars: Vec<Bar>,
    /// Lines across, with what they stand for.
    pub(super) lines: Vec<Line>,
    /// Words below.
    pub(super) marks: Vec<Mark>,
}

/// A bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A line across.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) y: u32,
    pub(super) text_y: u32,
    pub(super) text: String,
}

/// A word below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) anchor: &'static str,
    pub(super) text: String,
}

impl Chart {
    /// How large the drawing is.
    pub(super) const SIZE: (u32, u32) = (WIDTH, HEIGHT);
    /// Where its lines begin.
    pub(super) const LEFT: u32 = LEFT;
    /// Where their words end.
    pub(super) const WORDS: u32 = LEFT - 6;

    /// The values of hours, oldest first.
    pub(super) fn of_hours(id: &'static str, title: &'static str, class: &'static str, values: &[i64]) -> Self {
        let top = round_up(values.iter().copied().max().unwrap_or_default());
        let count = u32::try_from(values.len()).unwrap_or(1).max(1);
        let step = (WIDTH - LEFT) / count;
        let bars =
            (0..count).zip(values).filter(|(_, value)| **value > 0).map(|(at, value)| bar(at, step, *value, top));
        let lines = if top % 2 == 0 { vec![0, top / 2, top] } else { vec![0, top] };
        Self {
            id,
            title,
            summary: summary(values),
            class,
            bars: bars.collect(),
            lines: lines.into_iter().map(|value| line(value, top)).collect(),
            marks: marks(count, step),
        }
    }
}

/// What is there, however little, is seen.
fn bar(at: u32, step: u32, value: i64, top: i64) -> Bar {
    let height = reach(value, top).max(2);
    Bar { x: LEFT + at * step + 1, y: FLOOR - height, width: step.saturating_sub(2).max(1), height }
}

fn line(value: i64, top: i64) -> Line {
    let y = FLOOR - reach(value, top);
    Line { y, text_y: y + DROP, text: short(value) }
}

/// How high a value reaches above the floor.
fn reach(value: i64, top: i64) -> u32 {
    let height = i128::from(FLOOR - TOP) * i128::from(value) / i128::from(top.max(1));
    u32::try_from(height).unwrap_or_default().min(FLOOR - TOP)
}

/// How long ago, every six hours: the reader's zone is not known here.
fn marks(count: u32, step: u32) -> Vec<Mark> {
    let ago = (1..count).rev().filter(|ago| ago % 6 == 0 || *ago == count - 1 && count < 6);
    let mut marks: Vec<Mark> = ago
        .map(|ago| Mark {
            x: LEFT + (count - 1 - ago) * step + step / 2,
            y: BELOW,
            anchor: "middle",
            text: format!("−{ago} h"),
        })
        .collect();
    marks.push(Mark { x: LEFT + count * step, y: BELOW, anchor: "end", text: "now".to_owned() });
    marks
}

/// The lowest of 1, 2, 4, 6, 8, 10, 20, … that is not below `most`.
fn round_up(most: i64) -> i64 {
    let mut unit = 1;
    loop {
        let found = [1, 2, 4, 6, 8, 10].into_iter().map(|times| unit * times).find(|rounded| *rounded >= most);
        match found {
            Some(rounded) => return rounded,
            // Beyond that it is no matter how the line is rounded.
            None if unit > i64::MAX / 100 => return most,
            None => unit *= 10,
        }
    }
}

/// As short as it can be told beside a line.
fn short(value: i64) -> String {
    match value {
        ..1_000 => value.to_string(),
        1_000..1_000_000 => tenths(value, 1_000, "k"),
        _ => tenths(value, 1_000_000, "M"),
    }
}

fn tenths(value: i64, unit: i64, word: &str) -> String {
    match value % unit * 10 / unit {
        0 => format!("{} {word}", value / unit),
        tenth => format!("{}.{tenth} {word}", value / unit),
    }
}

fn summary(values: &[i64]) -> String {
    let total: i64 = values.iter().sum();
    let most = values.iter().copied().enumerate().max_by_key(|(_, value)| *value).filter(|(_, value)| *value > 0);
    match most {
        None => "None in these hours.".to_owned(),
        Some((at, most)) => {
            let when = match values.len() - 1 - at {
                0 => "in this hour".to_owned(),
                1 => "an hour ago".to_owned(),
                ago => format!("{ago} hours ago"),
            };
            format!("{total} in all, at the most {most} in an hour, {when}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[i64]) -> Chart {
        Chart::of_hours("calls", "Calls", "chart-a", values)
    }

    fn day(last: i64) -> Vec<i64> {
        let mut hours = vec![0; 24];
        hours[23] = last;
        hours
    }

    #[test]
    fn a_day_without_calls_has_no_bar_and_says_so() {
        let empty = chart(&day(0));
        assert_eq!((empty.bars, empty.summary.as_str()), (vec![], "None in these hours."));
        assert_eq!(chart(&[]).bars, []);
    }

    #[test]
    fn bars_stand_on_the_floor_and_within_the_drawing_and_the_least_is_seen() {
        let mut values: Vec<i64> = (0..24).map(|hour| hour * 40_000).collect();
        values[1] = 1;
        let drawn = chart(&values);
        assert_eq!(drawn.bars.len(), 23);
        for bar in &drawn.bars {
            assert_eq!(bar.y + bar.height, FLOOR, "{bar:?}");
            assert!(bar.height >= 2 && bar.y >= TOP && bar.x >= LEFT && bar.x + bar.width <= WIDTH, "{bar:?}");
        }
        assert_eq!(drawn.summary, "11000001 in all, at the most 920000 in an hour, in this hour.");
        let words: Vec<_> = drawn.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(words, ["0", "500 k", "1 M"]);
    }

    #[test]
    fn the_highest_line_is_a_round_number_that_no_bar_exceeds() {
        for (most, top) in [(0, 1), (1, 1), (2, 2), (3, 4), (7, 8), (9, 10), (11, 20), (101, 200), (700, 800)] {
            assert_eq!(round_up(most), top, "{most}");
        }
        assert_eq!(round_up(i64::MAX), i64::MAX);
        assert_eq!((short(1_500), short(999), short(2_000_000)), ("1.5 k".into(), "999".into(), "2 M".into()));
    }

    #[test]
    fn hours_are_told_by_how_long_ago_they_were() {
        let marks: Vec<_> = chart(&day(5)).marks.into_iter().map(|mark| mark.text).collect();
        assert_eq!(marks, ["−18 h", "−12 h", "−6 h", "now"]);
    }
}
