//! Every turn of a breaker, on a clock that the tests move.

use graph_client::Effect;

use super::*;

struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn pass(&mut self, time: Duration) {
        self.0 += time;
    }

    fn a_try(&self, urgency: Urgency) -> Try {
        Try { effect: Effect::Read, urgency, nth: 1, at: self.0 }
    }
}

fn party(nth: u64) -> Parties {
    Parties::one(nth)
}

/// A try from its beginning to its end, at once.
fn tried_by(party: Parties, breaker: &Breaker, clock: &Clock, sign: Sign) -> Result<Option<Turned>, Held> {
    let this = clock.a_try(Urgency::Caller);
    breaker.admit(&this)?;
    Ok(breaker.ended(&this, sign, party, clock.0))
}

fn tried(breaker: &Breaker, clock: &Clock, sign: Sign) -> Result<Option<Turned>, Held> {
    tried_by(party(0), breaker, clock, sign)
}

fn opened(clock: &Clock) -> Breaker {
    let breaker = Breaker::by_streak();
    (1..STREAK).for_each(|_| assert_eq!(tried(&breaker, clock, Sign::Ill), Ok(None)));
    assert_eq!(tried(&breaker, clock, Sign::Ill), Ok(Some(Turned::Open)));
    breaker
}

fn is_held(breaker: &Breaker, this: &Try) -> bool {
    matches!(breaker.admit(this), Err(Held::Broken { until }) if until > this.at)
}

#[test]
fn a_success_now_and_then_keeps_a_streak_from_opening() {
    let (breaker, clock) = (Breaker::by_streak(), Clock::start());
    for _ in 0..10 {
        (1..STREAK).for_each(|_| assert_eq!(tried(&breaker, &clock, Sign::Ill), Ok(None)));
        assert_eq!(tried(&breaker, &clock, Sign::Well), Ok(None));
    }
    assert!(!breaker.is_open());
}

#[test]
fn half_of_enough_tries_opens_and_less_than_half_does_not() {
    for (well, ill, opens) in [(0, 19, false), (0, 20, true), (10, 10, true), (11, 10, false), (200, 199, false)] {
        let (breaker, clock) = (Breaker::by_half(), Clock::start());
        (0..well).for_each(|nth| assert_eq!(tried_by(party(nth % 2), &breaker, &clock, Sign::Well), Ok(None)));
        let mut ends = (0..ill).map(|nth| tried_by(party(nth % 2), &breaker, &clock, Sign::Ill));
        let turned = ends.any(|turned| turned == Ok(Some(Turned::Open)));
        assert_eq!((turned, breaker.is_open()), (opens, opens), "{well} well, {ill} ill");
    }
}

/// Whether a breaker of many is open after so many tries of each of these parties, which all end alike.
fn opens_after(tries: &[(u64, usize, Sign)]) -> bool {
    let (breaker, clock) = (Breaker::by_half(), Clock::start());
    for (nth, count, sign) in tries {
        (0..*count).for_each(|_| _ = tried_by(party(*nth), &breaker, &clock, *sign));
    }
    breaker.is_open()
}

#[test]
fn one_partys_failures_do_not_open_what_others_share_however_many_they_are() {
    assert!(!opens_after(&[(1, 10_000, Sign::Ill)]));
    let quiet = |nth| (nth, 1, Sign::Well);
    assert!(!opens_after(&[quiet(2), quiet(3), quiet(4), (5, 1, Sign::Ill), (1, 10_000, Sign::Ill)]), "two of five");
    assert!(opens_after(&[(2, 10, Sign::Ill), (1, 10, Sign::Ill)]));
}

#[test]
fn what_cannot_be_reached_at_all_opens_whoever_met_it() {
    assert!(opens_after(&[(1, 20, Sign::Unreachable)]));
    assert!(opens_after(&[(2, 10, Sign::Well), (1, 10, Sign::Unreachable)]));
    assert!(!opens_after(&[(2, 11, Sign::Well), (1, 10, Sign::Unreachable)]), "less than half");
    let well = [(2, 1, Sign::Well), (3, 1, Sign::Well), (4, 1, Sign::Well), (5, 1, Sign::Well)];
    let once = [&well[..], &[(1, 1, Sign::Unreachable), (1, 10_000, Sign::Ill)]].concat();
    assert!(!opens_after(&once), "one refused connection does not make one party's failures everybody's");
}

#[test]
fn failures_that_are_long_over_do_not_open() {
    let (breaker, mut clock) = (Breaker::by_half(), Clock::start());
    for _ in 0..5 {
        (0..19).for_each(|nth| assert_eq!(tried_by(party(nth), &breaker, &clock, Sign::Ill), Ok(None)));
        clock.pass(Duration::from_secs(11));
    }
}

#[test]
fn what_says_nothing_neither_opens_nor_helps() {
    let (breaker, clock) = (Breaker::by_streak(), Clock::start());
    (1..STREAK).for_each(|_| assert_eq!(tried(&breaker, &clock, Sign::Ill), Ok(None)));
    (0..100).for_each(|_| assert_eq!(tried(&breaker, &clock, Sign::None), Ok(None)));
    assert_eq!(tried(&breaker, &clock, Sign::Ill), Ok(Some(Turned::Open)));
}

#[test]
fn an_open_one_lets_a_single_trial_through_whose_success_closes_it() {
    let mut clock = Clock::start();
    let breaker = opened(&clock);
    assert!(is_held(&breaker, &clock.a_try(Urgency::Caller)));
    clock.pass(FIRST_PAUSE);
    let trial = clock.a_try(Urgency::Caller);
    assert_eq!(breaker.admit(&trial), Ok(()));
    assert!(is_held(&breaker, &clock.a_try(Urgency::Caller)), "one at a time");
    assert_eq!(breaker.ended(&trial, Sign::Well, party(0), clock.0), Some(Turned::Closed));
    assert_eq!(tried(&breaker, &clock, Sign::Ill), Ok(None), "it begins to count anew");
}

#[test]
fn each_trial_that_fails_doubles_the_pause_up_to_half_a_minute() {
    let mut clock = Clock::start();
    let breaker = opened(&clock);
    let mut pause = FIRST_PAUSE;
    for _ in 0..10 {
        let Err(held) = tried(&breaker, &clock, Sign::Ill) else { panic!("a trial before its time") };
        let Held::Broken { until } = held else { panic!("{held:?}") };
        let wait = until - clock.0;
        assert!(wait >= pause / 2 && wait <= pause, "{wait:?} of {pause:?}");
        clock.pass(pause);
        assert_eq!(tried(&breaker, &clock, Sign::Ill), Ok(None));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    assert_eq!(pause, LONGEST_PAUSE);
}

#[test]
fn a_trial_that_is_given_up_makes_place_for_the_next() {
    let mut clock = Clock::start();
    let breaker = opened(&clock);
    clock.pass(FIRST_PAUSE);
    assert_eq!(tried(&breaker, &clock, Sign::None), Ok(None));
    assert_eq!(tried(&breaker, &clock, Sign::Well), Ok(Some(Turned::Closed)));
}

#[test]
fn a_trial_that_hangs_keeps_others_for_one_pause_only_and_its_failure_then_means_nothing() {
    let mut clock = Clock::start();
    let breaker = opened(&clock);
    clock.pass(FIRST_PAUSE);
    let hangs = clock.a_try(Urgency::Caller);
    assert_eq!(breaker.admit(&hangs), Ok(()));
    clock.pass(FIRST_PAUSE);
    let second = clock.a_try(Urgency::Caller);
    assert_eq!(breaker.admit(&second), Ok(()));
    assert_eq!(breaker.ended(&hangs, Sign::Ill, party(0), clock.0), None);
    assert_eq!(breaker.ended(&second, Sign::Well, party(0), clock.0), Some(Turned::Closed));
}

#[test]
fn in_an_outage_by_silence_trials_become_rarer_up_to_half_a_minute() {
    let mut clock = Clock::start();
    let breaker = opened(&clock);
    clock.pass(FIRST_PAUSE);
    assert_eq!(breaker.admit(&clock.a_try(Urgency::Caller)), Ok(()));
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let Err(Held::Broken { until }) = breaker.admit(&clock.a_try(Urgency::Caller)) else {
            panic!("a second trial")
        };
        pauses.push((until - clock.0).as_secs());
        clock.0 = until;
        assert_eq!(breaker.admit(&clock.a_try(Urgency::Caller)), Ok(()), "nothing is heard of the one before");
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
}

#[test]
fn failures_of_what_began_before_it_closed_do_not_open_it_again() {
    let mut clock = Clock::start();
    let early: Vec<Try> = (0..STREAK).map(|_| clock.a_try(Urgency::Caller)).collect();
    let breaker = opened(&clock);
    clock.pass(FIRST_PAUSE);
    assert_eq!(tried(&breaker, &clock, Sign::Well), Ok(Some(Turned::Closed)));
    clock.pass(Duration::from_secs(1));
    for late in early {
        assert_eq!(breaker.ended(&late, Sign::Ill, party(0), clock.0), None);
    }
    (1..STREAK).for_each(|_| assert_eq!(tried(&breaker, &clock, Sign::Ill), Ok(None)));
    assert_eq!(tried(&breaker, &clock, Sign::Ill), Ok(Some(Turned::Open)), "what began later does");
}

#[test]
fn what_began_before_it_opened_says_nothing_of_now() {
    let mut clock = Clock::start();
    let early = clock.a_try(Urgency::Caller);
    clock.pass(Duration::from_millis(1));
    let breaker = opened(&clock);
    assert_eq!(breaker.ended(&early, Sign::Well, party(0), clock.0), None);
    assert!(breaker.is_open());
}

#[test]
fn what_nobody_waits_for_is_a_trial_only_where_no_caller_comes() {
    let mut clock = Clock::start();
    let breaker = opened(&clock);
    clock.pass(FIRST_PAUSE);
    assert!(is_held(&breaker, &clock.a_try(Urgency::Background)));
    clock.pass(FIRST_PAUSE);
    assert_eq!(breaker.admit(&clock.a_try(Urgency::Background)), Ok(()));
}
