//! Time and randomness: the one seam through which both come in.

use std::ops::RangeInclusive;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::{MessageId, RequestId};

/// Where the time, the dice and the slowness of asynchronous changes come from.
#[derive(Debug, Clone)]
pub(crate) struct Nature {
    now: fn() -> OffsetDateTime,
    uuid: fn() -> Uuid,
    latency: RangeInclusive<Duration>,
}

/// The letters of an invite link.
const LINK_ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Nature {
    /// The machine's clock and random numbers; changes take a time within `latency`.
    pub(crate) fn real(latency: RangeInclusive<Duration>) -> Self {
        Self { now: OffsetDateTime::now_utc, uuid: Uuid::new_v4, latency }
    }

    /// Milliseconds since 1970, UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        let ms = (self.now)().unix_timestamp_nanos() / 1_000_000;
        i64::try_from(ms).unwrap_or(i64::MAX)
    }

    /// Seconds since 1970, UTC, as Meta's timestamps count.
    pub(crate) fn now_seconds(&self) -> i64 {
        (self.now)().unix_timestamp()
    }

    /// The moment of now in RFC 3339, for people who read.
    pub(crate) fn now_text(&self) -> String {
        let format = &time::format_description::well_known::Rfc3339;
        (self.now)().format(format).unwrap_or_default()
    }

    /// When an asynchronous change that is asked for now is done, in milliseconds.
    pub(crate) fn change_due_ms(&self) -> i64 {
        let low = whole_ms(*self.latency.start());
        let high = whole_ms(*self.latency.end()).max(low);
        let span = (high - low).unsigned_abs() + 1;
        self.now_ms() + low + self.below(span).cast_signed()
    }

    /// A number from 0 to one less than `end`.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.bits() % end.max(1)
    }

    /// A new `request_id`: 32 upper-case hexadecimal digits, as in Meta's OpenAPI sample.
    pub(crate) fn request_id(&self) -> RequestId {
        let id = (self.uuid)().simple().to_string().to_ascii_uppercase();
        RequestId::from(id)
    }

    /// The random part of an invite link: 22 letters and digits.
    pub(crate) fn link_id(&self) -> String {
        let mut bits = (self.uuid)().as_u128();
        let base = LINK_ALPHABET.len() as u128;
        let mut letter = || {
            let index = usize::try_from(bits % base).unwrap_or_default();
            bits /= base;
            char::from(LINK_ALPHABET[index])
        };
        (0..22).map(|_| letter()).collect()
    }

    /// `count` random decimal digits, the first never a zero.
    pub(crate) fn digits(&self, count: usize) -> String {
        let first = 1 + self.below(9);
        let rest = (1..count).map(|_| self.below(10));
        std::iter::once(first).chain(rest).map(|digit| digit.to_string()).collect()
    }

    /// A message ID in the form of Meta's: `wamid.` and letters.
    pub(crate) fn message_id(&self) -> MessageId {
        MessageId::from(format!("wamid.{}{}", self.link_id(), self.link_id()))
    }

    /// What Meta's support asks for; random here.
    pub(crate) fn trace_id(&self) -> String {
        format!("A{}", &self.link_id()[..14])
    }

    fn bits(&self) -> u64 {
        let (high, low) = (self.uuid)().as_u64_pair();
        // Version and variant bits stand at fixed places in each half: mix them away.
        high.rotate_left(32) ^ low
    }
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn nature(latency: RangeInclusive<u64>) -> Nature {
        let (low, high) = latency.into_inner();
        Nature::real(Duration::from_millis(low)..=Duration::from_millis(high))
    }

    /// Noon of a day, for a clock that stands.
    fn noon() -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::from_hours(12)
    }

    #[test]
    fn a_change_takes_a_time_within_the_latency() {
        let nature = Nature { now: noon, ..nature(50..=300) };
        let taken: BTreeSet<i64> = (0..500).map(|_| nature.change_due_ms() - nature.now_ms()).collect();
        assert!(taken.first() >= Some(&50) && taken.last() <= Some(&300), "{taken:?}");
        assert!(taken.len() > 50, "they differ");
    }

    #[test]
    fn a_latency_of_nothing_and_one_upside_down_still_work() {
        for latency in [0..=0, RangeInclusive::new(9, 3)] {
            let low = i64::try_from(*latency.start()).unwrap();
            let nature = Nature { now: noon, ..nature(latency) };
            assert_eq!(nature.change_due_ms() - nature.now_ms(), low);
        }
    }

    #[test]
    fn random_parts_have_their_form_and_differ() {
        let nature = nature(0..=0);
        let links: BTreeSet<String> = (0..100).map(|_| nature.link_id()).collect();
        assert_eq!(links.len(), 100);
        let is_link = |link: &String| link.len() == 22 && link.bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(links.iter().all(is_link));
        let digits = nature.digits(18);
        assert!(digits.len() == 18 && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn times_are_in_the_units_that_they_say() {
        let nature = Nature { now: noon, ..nature(0..=0) };
        assert_eq!((nature.now_seconds(), nature.now_ms()), (43_200, 43_200_000));
        assert_eq!(nature.now_text(), "1970-01-01T12:00:00Z");
    }
}
