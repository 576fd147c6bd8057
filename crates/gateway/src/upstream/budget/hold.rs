//! Until when nothing is sent: by Meta's word, or after a refusal by a time of ours that grows.

use std::time::Duration;

use tokio::time::Instant;

use super::heard::Word;

/// The longest time of ours, unless the first is longer.
const LONGEST: Duration = Duration::from_mins(1);
/// The longest that Meta is believed: its quotas are of an hour, or of a day
/// ([Meta: rate limits](https://developers.facebook.com/docs/graph-api/overview/rate-limiting)).
const LONGEST_NAMED: Duration = Duration::from_hours(24);
/// The shortest time of Meta's that the other replicas are told, and by how much it must grow to be told again.
const WORTH_TELLING: Duration = Duration::from_secs(1);
/// For how long one try goes alone at the most, to find out whether calls go through again.
const TRIAL: Duration = Duration::from_secs(1);

/// A try that goes alone.
#[derive(Debug, Clone, Copy)]
struct Trial {
    /// When it began, by which it is known.
    began: Instant,
    /// Until when others wait for its end.
    until: Instant,
}

/// Whether calls are held, and what happens when that is over: one try goes alone, and the others go with its success.
#[derive(Debug, Default)]
pub(super) struct Hold {
    /// How many refusals without a time there were since Meta last took a call.
    refused: u32,
    /// Until when they are, or were; `None` once Meta has taken a call again.
    not_before: Option<Instant>,
    /// Until when they are by Meta's own word to this replica.
    named: Option<Instant>,
    /// Until when the other replicas know them to be.
    known: Option<Instant>,
    trial: Option<Trial>,
}

impl Hold {
    /// Until when a try is held; `None` where it may go.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        let trial = self.trial.map(|trial| trial.until);
        self.not_before.into_iter().chain(trial).filter(|until| *until > now).max()
    }

    /// Until when Meta, or our own time, lets nothing through.
    pub(super) fn not_before(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|until| *until > now)
    }

    /// Whether it has anything to say, now or when its time has come.
    pub(super) fn is_set(&self) -> bool {
        self.refused > 0 || self.not_before.is_some()
    }

    /// A try begins; where calls were held, as the one that finds out.
    pub(super) fn enter(&mut self, began: Instant) {
        if self.not_before.is_some() {
            self.trial = Some(Trial { began, until: began + TRIAL });
        }
    }

    /// A try that began then has ended, and said this.
    pub(super) fn ended(&mut self, began: Instant, word: Word, first: Duration, now: Instant) {
        // Whoever was alone is so no longer, also where nothing was learned: then the next one goes.
        self.trial.take_if(|trial| trial.began == began);
        match word {
            Word::Taken => self.taken(began),
            Word::Refused(told) => self.refused(began, told, first, now),
            Word::Silence => {}
        }
    }

    /// Meta took a call. One that began before calls were let through again had gone before the refusal, and says nothing.
    fn taken(&mut self, began: Instant) {
        if self.not_before(began).is_none() {
            *self = Self::default();
        }
    }

    /// Meta refused a call, and told how long to wait, or did not.
    ///
    /// Without a time, one refusal holds nobody: it may have been one moment's. The next holds for `first`, and each further
    /// one twice as long. Of calls that were under way when calls were held, none counts, however late its end.
    fn refused(&mut self, began: Instant, told: Option<Duration>, first: Duration, now: Instant) {
        if let Some(told) = told {
            return self.named(told, now);
        }
        if self.not_before(began).is_some() || first.is_zero() {
            return;
        }
        self.refused = self.refused.saturating_add(1);
        if let Some(doublings) = self.refused.checked_sub(2) {
            self.not_before = Some(now + first.saturating_mul(1 << doublings.min(16)).min(LONGEST.max(first)));
        }
    }

    /// Meta said to wait so long.
    pub(super) fn named(&mut self, wait: Duration, now: Instant) {
        let until = Some(now + wait.min(LONGEST_NAMED));
        self.not_before = self.not_before.max(until);
        self.named = self.named.max(until);
    }

    /// Meta said to another replica to wait so long.
    pub(super) fn heard_of(&mut self, wait: Duration, now: Instant) {
        let until = Some(now + wait.min(LONGEST_NAMED));
        self.not_before = self.not_before.max(until);
        self.known = self.known.max(until);
    }

    /// Until when the other replicas are to hold calls, too, where they do not know it; they are told then.
    pub(super) fn news(&mut self, now: Instant) -> Option<Instant> {
        let before = self.known.map_or(now, |known| known.max(now));
        let until = self.named.filter(|until| *until >= before + WORTH_TELLING)?;
        self.known = Some(until);
        Some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);

    /// How long calls are held after each of so many refused trials in a row, in seconds.
    fn waits(count: usize) -> Vec<u64> {
        let (mut hold, mut now) = (Hold::default(), Instant::now());
        hold.refused(now, None, FIRST, now);
        assert_eq!(hold.until(now), None, "one refusal holds nobody");
        let mut refuse = || {
            hold.enter(now);
            hold.refused(now, None, FIRST, now);
            let wait = hold.until(now).unwrap() - now;
            now += wait;
            wait.as_secs()
        };
        (0..count).map(|_| refuse()).collect()
    }

    #[test]
    fn calls_are_held_twice_as_long_after_each_refused_trial_up_to_a_minute() {
        assert_eq!(waits(9), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(waits(100).last(), Some(&60));
    }

    #[test]
    fn one_try_goes_alone_and_the_others_go_with_its_success() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        (0..2).for_each(|_| hold.refused(start, None, FIRST, start));
        let over = hold.until(start).unwrap();
        assert_eq!(hold.until(over), None);
        hold.enter(over);
        assert_eq!(hold.until(over), Some(over + TRIAL));
        hold.taken(over + TRIAL / 2);
        assert_eq!(hold.until(over + TRIAL / 2), None);
        hold.enter(over + TRIAL / 2);
        assert_eq!(hold.until(over + TRIAL / 2), None, "no call is a trial any more");
    }

    #[test]
    fn a_trial_that_ends_without_a_word_makes_place_for_the_next_at_once() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        (0..2).for_each(|_| hold.refused(start, None, FIRST, start));
        let over = hold.until(start).unwrap();
        hold.enter(over);
        let soon = over + TRIAL / 4;
        hold.ended(start, Word::Silence, FIRST, soon);
        assert_eq!(hold.until(soon), Some(over + TRIAL), "another's end is not its own");
        hold.ended(over, Word::Silence, FIRST, soon);
        assert_eq!(hold.until(soon), None);
        hold.enter(soon);
        assert_eq!(hold.until(soon), Some(soon + TRIAL), "and that one goes alone, too");
    }

    #[test]
    fn a_trial_that_nobody_hears_of_again_holds_nobody_up() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        (0..2).for_each(|_| hold.refused(start, None, FIRST, start));
        let over = hold.until(start).unwrap();
        hold.enter(over);
        assert_eq!(hold.until(over + TRIAL), None);
    }

    #[test]
    fn refusals_and_successes_of_calls_that_were_under_way_change_nothing() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        (0..50).for_each(|_| hold.refused(start, None, FIRST, start));
        hold.taken(start);
        assert_eq!(hold.until(start), Some(start + FIRST));
        let late = start + 2 * FIRST;
        hold.ended(start, Word::Refused(None), FIRST, late);
        assert_eq!(hold.until(late), None, "nor does a refusal that comes when the time is over");
        hold.ended(start, Word::Taken, FIRST, late);
        hold.enter(late);
        assert!(hold.until(late).is_some(), "nor such a success");
        hold.ended(late, Word::Refused(None), FIRST, late);
        assert_eq!(hold.until(late), Some(late + 2 * FIRST), "the trial's refusal counts");
    }

    #[test]
    fn metas_time_holds_and_is_not_cut_short() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        let until = start + Duration::from_mins(19);
        hold.named(Duration::from_mins(19), start);
        hold.named(Duration::from_mins(1), start);
        hold.refused(start, None, FIRST, start);
        hold.taken(start + Duration::from_mins(18));
        assert_eq!(hold.until(start + Duration::from_mins(18)), Some(until));
        assert_eq!(hold.until(until), None);
        hold.enter(until);
        assert!(hold.until(until).is_some(), "then one goes first");
    }

    #[test]
    fn without_a_first_pause_only_metas_time_holds() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        hold.refused(start, None, Duration::ZERO, start);
        assert_eq!(hold.until(start), None);
        hold.refused(start, Some(FIRST), Duration::ZERO, start);
        assert_eq!(hold.until(start), Some(start + FIRST));
    }

    #[test]
    fn others_are_told_of_metas_time_once_and_again_when_it_has_grown() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        (0..9).for_each(|_| hold.refused(start, None, FIRST, start));
        assert_eq!(hold.news(start), None, "a time of ours is of this replica's calls");
        let millis = |millis| start + Duration::from_millis(millis);
        let mut told = |wait, at| {
            hold.named(Duration::from_millis(wait), at);
            hold.news(at)
        };
        assert_eq!(told(999, start), None, "it is over before they could hear of it");
        assert_eq!(told(1_000, start), Some(millis(1_000)));
        assert_eq!(told(1_000, millis(500)), None, "others were refused with it");
        assert_eq!(told(1_000, millis(999)), None);
        assert_eq!(told(60_000, millis(999)), Some(millis(60_999)));
        assert_eq!(told(60_000, millis(1_500)), None);
        assert_eq!(told(60_000, millis(1_999)), Some(millis(61_999)));
    }

    #[test]
    fn what_another_replica_was_told_holds_here_is_not_told_on_and_cuts_nothing_short() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        hold.named(Duration::from_secs(10), start);
        hold.heard_of(Duration::from_secs(5), start);
        assert_eq!(hold.until(start), Some(start + Duration::from_secs(10)));
        assert_eq!(hold.news(start), Some(start + Duration::from_secs(10)), "theirs is shorter");
        hold.heard_of(Duration::from_mins(1), start);
        assert_eq!(hold.until(start), Some(start + Duration::from_mins(1)));
        assert_eq!(hold.news(start), None);
        hold.named(Duration::from_millis(60_900), start);
        assert_eq!(hold.news(start), None, "they know");
        hold.taken(start);
        assert!(hold.until(start).is_some(), "a call that was under way clears nothing");
        hold.heard_of(Duration::MAX, start);
        assert_eq!(hold.until(start), Some(start + LONGEST_NAMED));
    }

    #[test]
    fn a_time_beyond_belief_is_a_day() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        hold.named(Duration::MAX, start);
        assert_eq!(hold.until(start), Some(start + Duration::from_hours(24)));
    }
}
