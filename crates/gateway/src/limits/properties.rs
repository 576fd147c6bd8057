//! Properties of a limit that hold for every rate and every way of calling.

use std::time::Duration;

use governor::clock::FakeRelativeClock;
use proptest::prelude::*;
use tenant_store::Rate;

use super::Limiter;

/// What is done with a limiter.
#[derive(Debug, Clone)]
enum Step {
    /// Time goes by.
    Pause(Duration),
    /// So many calls come at once.
    Calls(u32),
    /// So many that can wait.
    Spare(u32),
    /// One call that another limit refuses, so that it is given back.
    GivenBack,
    /// Another keeper of the limit says how it stands there.
    Told(Duration),
}

fn rates() -> impl Strategy<Value = Rate> {
    (1_u32..2_000, prop::sample::select(vec!["s", "m", "h"]), 1_u32..300)
        .prop_map(|(calls, per, burst)| format!("{calls}/{per};burst={burst}").parse().unwrap())
}

/// Rates whose burst takes about as long to come back as can be counted, and longer.
fn rates_of_centuries() -> impl Strategy<Value = Rate> {
    (1_u32..4, prop::sample::select(vec!["m", "h"]), 600_000_u32..=9_999_999)
        .prop_map(|(calls, per, burst)| format!("{calls}/{per};burst={burst}").parse().unwrap())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_u64..20_000_000_000).prop_map(|pause| Step::Pause(Duration::from_nanos(pause))),
        4 => (1_u32..400).prop_map(Step::Calls),
        1 => (1_u32..50).prop_map(Step::Spare),
        1 => Just(Step::GivenBack),
        1 => (0_u64..5_000).prop_map(|left| Step::Told(Duration::from_millis(left))),
    ];
    prop::collection::vec(step, 1..40)
}

/// The limiter, its clock, and when calls got through.
struct Watched {
    limiter: Limiter<FakeRelativeClock>,
    clock: FakeRelativeClock,
    now: Duration,
    through: Vec<Duration>,
}

impl Watched {
    fn new(rate: Rate) -> Self {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(rate, clock.clone()).unwrap();
        Self { limiter, clock, now: Duration::ZERO, through: Vec::new() }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Pause(pause) => {
                self.clock.advance(pause);
                self.now += pause;
            }
            Step::Calls(calls) => self.calls(calls),
            Step::Spare(calls) => {
                for _ in 0..calls {
                    if self.limiter.wait_for_spare().is_none() {
                        self.calls(1);
                    }
                }
            }
            Step::GivenBack => {
                if self.limiter.take().is_ok() {
                    self.limiter.give_back();
                }
            }
            Step::Told(full_in) => self.limiter.learn(full_in, Duration::ZERO),
        }
    }

    fn calls(&mut self, calls: u32) {
        for _ in 0..calls {
            if self.limiter.take().is_ok() {
                self.through.push(self.now);
            }
        }
    }
}

/// Far more than a limit lets through are asked of another keeper, whose answers take a while: who only remembers them
/// holds nobody up that the keeper would let through.
#[test]
fn what_is_remembered_of_another_keepers_answers_costs_no_call() {
    const ONE_WAY: Duration = Duration::from_micros(250);
    let rate = "50/s;burst=1".parse().unwrap();
    let (mut keeper, here) = (Watched::new(rate), FakeRelativeClock::default());
    let remembered = Limiter::with_clock(rate, here.clone()).unwrap();
    let wait = |keeper: &mut Watched, pause| {
        keeper.step(&Step::Pause(pause));
        here.advance(pause);
    };
    while keeper.now < Duration::from_secs(20) {
        wait(&mut keeper, Duration::from_micros(50));
        if remembered.wait().is_some() {
            continue;
        }
        wait(&mut keeper, ONE_WAY);
        let told = keeper.limiter.take();
        keeper.through.extend(told.is_ok().then_some(keeper.now));
        let full_in = keeper.limiter.look().full_in;
        wait(&mut keeper, ONE_WAY);
        match told {
            Ok(()) => remembered.learn(full_in, 2 * ONE_WAY),
            Err(wait) => remembered.learn_refusal(wait, 2 * ONE_WAY),
        }
    }
    assert!(keeper.through.len() >= 990, "{} of 1,000", keeper.through.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_no_window_do_more_get_through_than_the_burst_and_what_comes_back_in_it(rate in rates(), steps in steps()) {
        let mut watched = Watched::new(rate);
        for step in &steps {
            watched.step(step);
        }
        let Rate::Limited { calls, per, burst } = rate else { unreachable!() };
        let interval = (per.duration() / calls.get()).as_nanos();
        // A window begins and ends with a call; every fifth is looked at as a beginning.
        for (before, begin) in watched.through.iter().enumerate().step_by(5) {
            for (index, end) in watched.through.iter().enumerate().skip(before) {
                let through = (index - before + 1) as u128;
                let bound = u128::from(burst.get()) + end.saturating_sub(*begin).as_nanos() / interval;
                prop_assert!(through <= bound, "{through} in {:?}", end.saturating_sub(*begin));
            }
        }
    }

    #[test]
    fn what_is_promised_gets_through_and_not_one_more(rate in rates(), steps in steps()) {
        let mut watched = Watched::new(rate);
        for step in &steps {
            watched.step(step);
        }
        let promised = watched.limiter.look();
        watched.through.clear();
        watched.calls(promised.remaining + 1);
        prop_assert_eq!(watched.through.len(), promised.remaining as usize);
        let window = watched.limiter.look().full_in;
        watched.step(&Step::Pause(window));
        prop_assert_eq!(watched.limiter.look().remaining, watched.limiter.burst().get());
    }

    #[test]
    fn who_waits_as_long_as_told_gets_through(
        rate in prop_oneof![rates(), rates_of_centuries()],
        steps in steps(),
        refusal in prop::option::of(0_u64..=u64::MAX / 8),
    ) {
        let mut watched = Watched::new(rate);
        for step in &steps {
            watched.step(step);
        }
        if let Some(wait) = refusal {
            let longest = watched.limiter.window();
            watched.limiter.learn_refusal(Duration::from_nanos(wait).min(longest), Duration::ZERO);
        }
        if let Some(wait) = watched.limiter.wait() {
            watched.step(&Step::Pause(wait));
            prop_assert_eq!(watched.limiter.take(), Ok(()));
        }
    }
}
