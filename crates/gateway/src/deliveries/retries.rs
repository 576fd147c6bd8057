//! How long is waited between the tries of a delivery.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::config::parse_duration;

/// The pauses of the contract; the retries that Standard Webhooks proposes.
const USUAL: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];
/// The longest pause that is taken.
const LONGEST: Duration = Duration::from_hours(30 * 24);
/// How many pauses are taken at the most.
const MOST: usize = 32;
/// A pause is this much shorter, or longer, or between: what failed together is not tried again together.
const SPREAD: f64 = 0.2;

/// The pauses between the tries of a delivery, in their order. When the last has been waited, and the try behind it has
/// failed, the delivery is given up.
///
/// ```
/// use gateway::deliveries::Retries;
///
/// let retries: Retries = "5s, 5m".parse()?;
/// assert_eq!(retries.to_string(), "5s,5m");
/// assert_eq!(Retries::default().to_string(), "5s,5m,30m,2h,5h,10h,10h");
/// # Ok::<(), gateway::deliveries::InvalidRetries>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries(Vec<Duration>);

/// Why a text is no [`Retries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("up to {MOST} durations of 30 days at the most, by comma, such as 5s,5m,30m,2h")]
pub struct InvalidRetries;

impl Retries {
    /// The pause behind a try that failed, where `before` others had been made before it; `None` where it was the last.
    /// `chance`, between 0 and 1, says where in its spread the pause lies.
    pub(super) fn pause(&self, before: u16, chance: f64) -> Option<Duration> {
        let pause = self.0.get(usize::from(before))?;
        Some(pause.mul_f64(1.0 - SPREAD + 2.0 * SPREAD * chance.clamp(0.0, 1.0)))
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self(USUAL.to_vec())
    }
}

impl FromStr for Retries {
    type Err = InvalidRetries;

    fn from_str(text: &str) -> Result<Self, InvalidRetries> {
        let pause = |text: &str| parse_duration(text.trim()).filter(|pause| !pause.is_zero() && *pause <= LONGEST);
        let pauses: Option<Vec<Duration>> = text.split(',').map(pause).collect();
        pauses.filter(|pauses| pauses.len() <= MOST).map(Self).ok_or(InvalidRetries)
    }
}

impl fmt::Display for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pauses: Vec<String> = self.0.iter().map(|pause| in_largest_unit(*pause)).collect();
        f.write_str(&pauses.join(","))
    }
}

/// As [`parse_duration`] reads it, in the largest unit that leaves a whole number.
fn in_largest_unit(pause: Duration) -> String {
    let milliseconds = pause.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let whole = units.into_iter().find(|(unit, _)| milliseconds.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "ms"));
    format!("{}{name}", milliseconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(text: &str) -> Retries {
        text.parse().unwrap()
    }

    #[test]
    fn a_delivery_is_tried_eight_times_in_28_hours() {
        let waited: Vec<Duration> = (0..).map_while(|before| Retries::default().pause(before, 0.5)).collect();
        assert_eq!(waited.len(), 7);
        assert_eq!(waited.iter().sum::<Duration>(), Duration::from_secs(5 + (5 + 30 + 27 * 60) * 60));
    }

    #[test]
    fn a_pause_is_up_to_a_fifth_shorter_or_longer() {
        let retries = pauses("10s");
        let within = |chance, seconds: f64| {
            let pause = retries.pause(0, chance).unwrap().as_secs_f64();
            assert!((pause - seconds).abs() < 1e-6, "{chance}: {pause}");
        };
        for (chance, seconds) in [(0.0, 8.0), (0.25, 9.0), (0.5, 10.0), (1.0, 12.0), (-3.0, 8.0), (7.0, 12.0)] {
            within(chance, seconds);
        }
        assert_eq!(retries.pause(1, 0.5), None);
    }

    #[test]
    fn pauses_are_written_as_they_are_read() {
        for text in ["5s", "250ms,1s", "1m,90s,2h,1d", "5s,5m,30m,2h,5h,10h,10h"] {
            assert_eq!(pauses(text).to_string(), text);
        }
        assert_eq!(pauses(" 60s , 24h ").to_string(), "1m,1d");
        assert_eq!(pauses(&Retries::default().to_string()), Retries::default());
    }

    #[test]
    fn what_is_no_list_of_pauses_is_refused() {
        for text in ["", "5", "5s,", "5s;5m", "0s", "31d", "-5s", "5s,soon"] {
            assert_eq!(text.parse::<Retries>(), Err(InvalidRetries), "{text}");
        }
        assert_eq!(["5s"; MOST + 1].join(",").parse::<Retries>(), Err(InvalidRetries));
    }
}
