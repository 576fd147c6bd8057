//! A limit by its own clock, and by what another keeper says.

use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, FakeRelativeClock};
use governor::nanos::Nanos;

use super::Limiter;

fn limiter(rate: &str) -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    // A clock that is not at its very beginning, as no clock of a running gateway is.
    clock.advance(Duration::from_hours(1));
    (Limiter::with_clock(rate.parse().unwrap(), clock.clone()).unwrap(), clock)
}

/// How many get through at once.
fn burst(limiter: &Limiter<FakeRelativeClock>) -> u32 {
    (0..1_000).take_while(|_| limiter.take().is_ok()).count().try_into().unwrap()
}

#[test]
fn what_remains_is_exactly_what_gets_through() {
    for rate in ["100/s;burst=200", "3/s;burst=7", "20/m", "7/h;burst=1", "9999999/s;burst=50", "3/m;burst=5"] {
        let (limiter, clock) = limiter(rate);
        for pause in [0, 1, 333, 1_000, 1_001, 61_000, 10_000_000] {
            clock.advance(Duration::from_millis(pause));
            let promised = limiter.look().remaining;
            assert_eq!(burst(&limiter), promised, "{rate} after {pause} ms");
        }
    }
}

#[test]
fn a_caller_who_waits_as_long_as_told_gets_through_and_no_earlier() {
    for rate in ["100/s;burst=200", "3/s;burst=7", "20/m", "7/h;burst=1", "7/h"] {
        let (limiter, clock) = limiter(rate);
        burst(&limiter);
        for _ in 0..50 {
            let wait = limiter.take().unwrap_err();
            assert_eq!(limiter.wait(), Some(wait), "{rate}");
            clock.advance(wait.checked_sub(Duration::from_nanos(1)).unwrap());
            assert!(limiter.take().is_err(), "{rate}");
            clock.advance(Duration::from_nanos(1));
            assert_eq!((limiter.wait(), limiter.take()), (None, Ok(())), "{rate}");
        }
    }
}

#[test]
fn after_the_time_that_is_told_the_whole_burst_gets_through() {
    for (rate, whole) in [("100/s;burst=200", 200), ("3/s;burst=7", 7), ("20/m", 20), ("7/h;burst=1", 1)] {
        let (limiter, clock) = limiter(rate);
        for used in [1, whole / 2, whole] {
            for _ in 0..used {
                limiter.take().unwrap();
            }
            clock.advance(limiter.look().full_in);
            assert_eq!(limiter.look().remaining, whole, "{rate} after {used}");
            assert_eq!(burst(&limiter), whole, "{rate} after {used}");
            clock.advance(limiter.window());
        }
    }
}

#[test]
fn to_look_is_not_to_take() {
    let (limiter, _clock) = limiter("5/s");
    (0..100).for_each(|_| assert_eq!(limiter.look().remaining, 5));
    assert_eq!(limiter.look().full_in, Duration::ZERO);
    assert_eq!(burst(&limiter), 5);
}

#[test]
fn a_refused_call_is_not_counted() {
    let (limiter, clock) = limiter("1/s;burst=1");
    limiter.take().unwrap();
    (0..100).for_each(|_| assert!(limiter.take().is_err()));
    clock.advance(Duration::from_secs(1));
    assert_eq!(limiter.take(), Ok(()));
}

#[test]
fn what_can_wait_leaves_half_of_the_burst_to_others() {
    let (limiter, clock) = limiter("10/s;burst=10");
    let spare = |limiter: &Limiter<_>| limiter.wait_for_spare().is_none() && limiter.take().is_ok();
    assert_eq!((0..20).filter(|_| spare(&limiter)).count(), 5);
    let wait = limiter.wait_for_spare().unwrap();
    assert_eq!(burst(&limiter), 5, "the rest is for callers");
    clock.advance(wait * 6);
    assert!(spare(&limiter));
    let (single, _clock) = self::limiter("1/s");
    assert!(spare(&single), "a burst of one can still be used");
}

#[test]
fn a_call_that_is_given_back_was_never_counted() {
    let (limiter, clock) = limiter("10/s;burst=10");
    burst(&limiter);
    clock.advance(Duration::from_millis(200));
    limiter.take().unwrap();
    limiter.give_back();
    assert_eq!(burst(&limiter), 2);
    limiter.give_back();
    clock.advance(Duration::from_hours(1));
    limiter.give_back();
    assert_eq!(burst(&limiter), 10, "there is never more than the burst");
}

#[test]
fn what_another_keeper_says_holds_here_and_is_never_less_than_what_is_known() {
    let (limiter, clock) = limiter("10/s;burst=10");
    limiter.learn(Duration::from_millis(350), Duration::ZERO);
    assert_eq!(limiter.look().remaining, 6, "three and a half are used");
    limiter.learn(Duration::from_millis(50), Duration::ZERO);
    assert_eq!(limiter.look().remaining, 6);
    let wait = Duration::from_millis(70);
    limiter.learn_refusal(wait, Duration::ZERO);
    assert_eq!(limiter.take(), Err(wait));
    clock.advance(wait);
    assert_eq!(burst(&limiter), 1);
}

#[test]
fn what_another_keeper_says_refuses_no_call_of_his_and_promises_none_that_he_may_refuse() {
    let (limiter, clock) = limiter("10/s;burst=10");
    let [wait, took] = [100, 30].map(Duration::from_millis);
    limiter.learn_refusal(wait, took);
    assert_eq!(limiter.wait(), Some(wait), "he may have said so just now");
    clock.advance(wait.checked_sub(took).unwrap());
    assert_eq!((limiter.wait(), limiter.look().remaining), (None, 0), "or when he was asked");
    clock.advance(took);
    assert_eq!(limiter.look().remaining, 1);
    limiter.learn(Duration::from_millis(950), took);
    assert_eq!((limiter.wait(), limiter.look().remaining), (Some(Duration::from_millis(50)), 0));
}

/// A clock by which time goes by whenever it is looked at.
#[derive(Clone, Default)]
struct Restless(FakeRelativeClock);

impl Clock for Restless {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.advance(Duration::from_millis(700));
        self.0.now()
    }
}

#[test]
fn no_call_is_refused_that_has_to_wait_no_longer() {
    let limiter = Limiter::with_clock("1/s;burst=1".parse().unwrap(), Restless::default()).unwrap();
    limiter.take().unwrap();
    // The time by which it is refused is that by which its wait is told.
    assert_eq!([limiter.take(), limiter.take()], [Err(Duration::from_millis(300)), Ok(())]);
}

#[test]
fn a_burst_of_centuries_is_counted_without_an_overflow() {
    for rate in ["1/h;burst=640511", "1/h;burst=640512", "1/h;burst=5124096", "1/h;burst=9999999", "3/m;burst=9999999"]
    {
        let (limiter, clock) = limiter(rate);
        let full = limiter.look();
        assert_eq!((full.remaining, full.full_in), (limiter.burst().get(), Duration::ZERO), "{rate}");
        assert_eq!(burst(&limiter), 1_000, "{rate}");
        assert_eq!(limiter.look().remaining, limiter.burst().get() - 1_000, "{rate}");
        limiter.learn_refusal(limiter.window(), Duration::ZERO);
        assert!(limiter.wait().is_some_and(|wait| wait >= limiter.window()), "{rate}");
        let used_up = limiter.look();
        assert_eq!(used_up.remaining, 0, "{rate}");
        clock.advance(used_up.full_in);
        assert_eq!(limiter.look().remaining, limiter.burst().get(), "{rate}");
    }
}

#[test]
fn a_limiter_is_kept_as_long_as_its_rate_is_the_same() {
    let rate = "5/s".parse().unwrap();
    let first = Limiter::keep(None, rate).unwrap();
    assert!(Arc::ptr_eq(&first, &Limiter::keep(Some(&first), rate).unwrap()));
    let other = Limiter::keep(Some(&first), "6/s".parse().unwrap()).unwrap();
    assert!(!Arc::ptr_eq(&first, &other));
    assert!(Limiter::keep(Some(&first), "off".parse().unwrap()).is_none());
}
