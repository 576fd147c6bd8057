//! Who is held back first as a quota nears its end.
//!
//! The gateway's own calls stop while half of it is left. Callers' writes stop next, those of whoever uses the most before
//! the others': the more of the last minute's calls were somebody's, the earlier. Reads go on for longer, since they tell
//! what has been done: until nothing is left. But whoever uses the most reads no more while the others still write.

use graph_client::{Effect, Try, Urgency};

use super::shares::Shares;

/// Below this, in percent, nothing is held.
pub(super) const LEAST: u8 = BACKGROUND;
/// From here on, in percent, nothing of the gateway's own is sent.
const BACKGROUND: u8 = 50;
/// Nor from here on what tells what became of callers' changes.
const OVERDUE: u8 = 90;
/// The writes of whoever uses five times as much as the others, or more.
const GREEDIEST_WRITES: u8 = 75;
/// The writes of whoever uses no more than the others.
const WRITES: u8 = 95;
/// The reads of whoever uses five times as much as the others, or more.
const GREEDIEST_READS: u8 = 85;
/// The reads of whoever uses no more than the others: all that is left.
const READS: u8 = 100;
/// What is added to both sides before they are compared, in calls a minute: three calls beside one are no greed.
const FEW: u32 = 5;

/// From how much of a quota on, in percent, a try of somebody with these shares of it is held.
pub(super) fn held_from(this: Try, shares: Shares) -> u8 {
    match (this.urgency, this.effect) {
        (Urgency::Background, _) => BACKGROUND,
        (Urgency::Overdue, _) => OVERDUE,
        (Urgency::Caller, Effect::Change) => between(GREEDIEST_WRITES, WRITES, shares),
        (Urgency::Caller, Effect::Read) => between(GREEDIEST_READS, READS, shares),
    }
}

/// `last` for whoever uses no more than the others do in the mean, and less the more it is, down to `first` for five times
/// as much.
fn between(first: u8, last: u8, Shares { own, others }: Shares) -> u8 {
    let (own, others) = (own.saturating_add(FEW), others.saturating_add(FEW));
    let excess = u64::from(own.saturating_sub(others)) * u64::from(last - first) * 5 / (4 * u64::from(own));
    last.saturating_sub(u8::try_from(excess).unwrap_or(u8::MAX)).max(first)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use Effect::{Change, Read};
    use Urgency::{Background, Caller, Overdue};

    fn from(effect: Effect, urgency: Urgency, (own, others): (u32, u32)) -> u8 {
        held_from(Try { effect, urgency, nth: 1, at: Instant::now() }, Shares { own, others })
    }

    #[test]
    fn the_table_of_who_is_held_back_when() {
        for (effect, urgency, shares, expected) in [
            // The gateway's own, whoever it is for.
            (Read, Background, (0, 0), 50),
            (Change, Background, (0, 900), 50),
            // What became of a change.
            (Read, Overdue, (900, 0), 90),
            // Writes: nobody else there, a quiet one, an equal one.
            (Change, Caller, (0, 0), 95),
            (Change, Caller, (1, 600), 95),
            (Change, Caller, (600, 600), 95),
            // A little above the others, twice, three times, and more than five times what they use.
            (Change, Caller, (660, 600), 93),
            (Change, Caller, (1_200, 600), 83),
            (Change, Caller, (1_800, 600), 79),
            (Change, Caller, (3_100, 600), 75),
            (Change, Caller, (u32::MAX, 0), 75),
            // A few calls in a quiet minute.
            (Change, Caller, (1, 0), 91),
            (Change, Caller, (3, 1), 89),
            // Reads: the same, and later.
            (Read, Caller, (0, 0), 100),
            (Read, Caller, (600, 600), 100),
            (Read, Caller, (660, 600), 99),
            (Read, Caller, (1_200, 600), 91),
            (Read, Caller, (3_100, 600), 85),
            (Read, Caller, (u32::MAX, 0), 85),
            (Read, Caller, (2, 1), 98),
        ] {
            assert_eq!(from(effect, urgency, shares), expected, "{effect:?}, {urgency:?}, {shares:?}");
        }
    }

    #[test]
    fn whoever_uses_more_is_held_no_later() {
        for (others, effect) in
            [0, 1, 10, 100, 10_000].into_iter().flat_map(|others| [(others, Read), (others, Change)])
        {
            let held: Vec<u8> = (0..2_000).map(|own| from(effect, Caller, (own, others))).collect();
            assert!(held.is_sorted_by(|less, more| less >= more), "{others} {effect:?}");
        }
    }

    #[test]
    fn a_greedy_readers_reads_are_held_before_a_quiet_ones_writes() {
        assert!(from(Read, Caller, (1_000, 10)) < from(Change, Caller, (10, 1_000)));
    }
}
