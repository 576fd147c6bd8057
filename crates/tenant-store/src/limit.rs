//! A limit as people write it: a rate, and how many calls may be in flight: `100/s;burst=200;in-flight=50`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::Rate;
use crate::rates::number;

/// How many calls are let through, and how many of them may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many in a time.
    pub rate: Rate,
    /// How many at the same time, on each replica; `None` is as many as come.
    pub in_flight: Option<NonZeroU32>,
}

impl Limit {
    /// No limit.
    pub const OFF: Self = Self { rate: Rate::Off, in_flight: None };
}

impl From<Rate> for Limit {
    fn from(rate: Rate) -> Self {
        Self { rate, in_flight: None }
    }
}

/// The text is not a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rate such as 100/s, 20/m or 500/h, with a burst where it differs (100/s;burst=200), or off; and where wanted, how many calls may be in flight (100/s;in-flight=50, off;in-flight=8); numbers from 1 to 9999999"
)]
pub struct InvalidLimit;

impl FromStr for Limit {
    type Err = InvalidLimit;

    /// ```
    /// # use tenant_store::{Limit, Rate};
    /// assert_eq!("20/m".parse(), Ok(Limit::from("20/m".parse::<Rate>().unwrap())));
    /// assert_eq!("off;in-flight=8".parse::<Limit>().unwrap().rate, Rate::Off);
    /// assert!("in-flight=8".parse::<Limit>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let (rate, in_flight) = match text.split_once(";in-flight=") {
            Some((rate, calls)) => (rate, Some(number(calls).map_err(|_| InvalidLimit)?)),
            None => (text, None),
        };
        Ok(Self { rate: rate.parse().map_err(|_| InvalidLimit)?, in_flight })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rate.fmt(f)?;
        self.in_flight.map_or(Ok(()), |calls| write!(f, ";in-flight={calls}"))
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[test]
    fn a_limit_is_written_as_it_was_read() {
        for text in ["off", "100/s;burst=200", "20/m", "100/s;burst=200;in-flight=50", "off;in-flight=8"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        let wrong = [
            "",
            "in-flight=8",
            ";in-flight=8",
            "10/s;in-flight=",
            "10/s;in-flight=0",
            "10/s;in-flight=off",
            "10/s;in-flight=5;burst=20",
            "10/s;in-flight=5;in-flight=5",
            "10/s; in-flight=5",
            "10/s;in-flight=10000000",
            "10/s;in_flight=5",
        ];
        for text in wrong {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
