//! Rates as people write them: `100/s;burst=200`, `20/m`, or `off`.

use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

use serde::{Serialize, Serializer};

/// More calls than this in a period, or at once, are no limit any more.
pub const MOST_CALLS: u32 = 9_999_999;

/// How many calls are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// All of them.
    Off,
    /// So many in a period, evenly; and so many at once after a pause.
    Limited {
        /// In each period.
        calls: NonZeroU32,
        /// How long a period is.
        per: Period,
        /// At once.
        burst: NonZeroU32,
    },
}

/// What a rate counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
}

impl Period {
    /// How long it is.
    pub const fn duration(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
        }
    }

    const fn letter(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
        }
    }

    fn of_letter(letter: &str) -> Option<Self> {
        [Self::Second, Self::Minute, Self::Hour].into_iter().find(|period| period.letter() == letter)
    }
}

/// The text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rate such as 100/s, 20/m or 500/h, with a burst where it differs (100/s;burst=200), or off; numbers from 1 to {MOST_CALLS}"
)]
pub struct InvalidRate;

impl FromStr for Rate {
    type Err = InvalidRate;

    /// ```
    /// # use tenant_store::Rate;
    /// assert_eq!("20/m".parse(), "20/m;burst=20".parse::<Rate>());
    /// assert_eq!("off".parse(), Ok(Rate::Off));
    /// assert!("20 per minute".parse::<Rate>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (rate, burst) = match text.split_once(";burst=") {
            Some((rate, burst)) => (rate, Some(number(burst)?)),
            None => (text, None),
        };
        let (calls, period) = rate.split_once('/').ok_or(InvalidRate)?;
        let calls = number(calls)?;
        Ok(Self::Limited { calls, per: Period::of_letter(period).ok_or(InvalidRate)?, burst: burst.unwrap_or(calls) })
    }
}

/// A number of a rate or of a limit, as it is written and no other way.
pub(crate) fn number(text: &str) -> Result<NonZeroU32, InvalidRate> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = text.parse::<NonZeroU32>().ok().filter(|number| is_plain && number.get() <= MOST_CALLS);
    number.ok_or(InvalidRate)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Limited { calls, per, burst } if burst == calls => write!(f, "{calls}/{}", per.letter()),
            Self::Limited { calls, per, burst } => write!(f, "{calls}/{};burst={burst}", per.letter()),
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;

    #[test]
    fn a_rate_is_written_as_it_was_read() {
        for text in ["off", "100/s;burst=200", "20/m", "1/h", "9999999/s;burst=1"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("20/m;burst=20".parse::<Rate>().unwrap().to_string(), "20/m");
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        let wrong = [
            "",
            "0/s",
            "10",
            "10/",
            "/s",
            "10/d",
            "10/S",
            "-1/s",
            "+1/s",
            "01/s",
            "1.5/s",
            "10 /s",
            "10/s;burst=",
            "10/s;burst=0",
            "10/s;Burst=5",
            "10/s;burst=5;burst=5",
            "10000000/s",
            "99999999999/s",
            "Off",
            "none",
        ];
        for text in wrong {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
