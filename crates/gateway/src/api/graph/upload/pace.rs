//! How fast a file comes: one that comes a byte at a time would hold its caller's seat for ever.

use std::time::Duration;

/// How long a file may come at any pace.
const GRACE: Duration = Duration::from_secs(30);
/// The slowest pace after that, on the whole, in bytes a second.
const SLOWEST: u64 = 16 * 1024;

/// What has come, and how long it was waited for. The time that Meta takes to read is not the caller's.
#[derive(Debug, Default)]
pub(super) struct Pace {
    bytes: u64,
    waited: Duration,
}

impl Pace {
    /// A piece of so many bytes came after such a wait.
    pub(super) fn came(&mut self, bytes: usize, waited: Duration) {
        self.bytes += bytes as u64;
        self.waited += waited;
    }

    /// How many bytes have come.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it is not worth waiting any longer.
    pub(super) fn is_too_slow(&self) -> bool {
        self.waited > GRACE && self.bytes < SLOWEST * self.waited.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many pieces it is too slow, if it is before `most`.
    fn too_slow_after(bytes: usize, waited: Duration, most: usize) -> Option<usize> {
        let mut pace = Pace::default();
        (1..=most).find(|_| {
            pace.came(bytes, waited);
            pace.is_too_slow()
        })
    }

    #[test]
    fn a_hundred_megabytes_at_one_a_second_are_fast_enough() {
        assert_eq!(too_slow_after(1_000_000, Duration::from_secs(1), 100), None);
    }

    #[test]
    fn a_small_file_has_half_a_minute_at_any_pace() {
        assert_eq!(too_slow_after(1, Duration::from_secs(1), 30), None);
    }

    #[test]
    fn a_byte_now_and_then_does_not_hold_a_seat() {
        assert_eq!(too_slow_after(1, Duration::from_secs(14), 100), Some(3));
    }
}
