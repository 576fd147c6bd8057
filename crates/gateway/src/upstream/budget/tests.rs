//! The budget as the calls of several numbers meet it, on a clock of the test's.

mod replicas;

use std::sync::Arc;
use std::time::Duration;

use graph_client::{
    AppUsage, BusinessUsage, Effect, Ended, GraphError, Held, ThrottleScope, Try, Unreadable, Urgency, Usage,
};
use prometheus_client::metrics::counter::Counter;
use tokio::time::Instant;

use super::{Account, Budget, LaneOwner};
use crate::upstream::refused;

/// Two tenants with a number each in an account each; the first has a second number in the same account, and a third in
/// another.
struct World {
    first: Account,
    beside_first: Account,
    elsewhere_of_first: Account,
    second: Account,
    budget: Arc<Budget>,
    now: Instant,
}

fn owner(tenant: &str, waba_id: &str, phone_number_id: &str) -> LaneOwner {
    LaneOwner {
        cust_space_id: tenant.parse().unwrap(),
        waba_id: waba_id.to_owned(),
        phone_number_id: phone_number_id.parse().unwrap(),
    }
}

impl World {
    fn new() -> Self {
        let budget = Arc::new(Budget::new(Duration::from_secs(1)));
        Self {
            first: budget.account(&owner("cams-first1", "A", "1")),
            beside_first: budget.account(&owner("cams-first1", "A", "2")),
            elsewhere_of_first: budget.account(&owner("cams-first1", "B", "3")),
            second: budget.account(&owner("cams-second", "C", "4")),
            budget,
            now: Instant::now(),
        }
    }

    fn a(&self, effect: Effect, urgency: Urgency) -> Try {
        Try { effect, urgency, nth: 1, at: self.now }
    }

    /// Whether a try may be made, which is made then.
    fn admit(account: &Account, this: Try) -> Result<(), Held> {
        account.check(this)?;
        account.enter(this);
        Ok(())
    }

    fn read(&self) -> Try {
        self.a(Effect::Read, Urgency::Caller)
    }

    fn write(&self) -> Try {
        self.a(Effect::Change, Urgency::Caller)
    }

    /// Two writes that Meta refuses with this code.
    fn refuse(&self, account: &Account, code: i64, told_wait: Option<Duration>) {
        let refusal = refused(code, told_wait);
        (0..2).for_each(|_| Self::admit(account, self.write()).unwrap());
        (0..2).for_each(|_| account.ended_at(self.write(), Ended::Failed(&refusal), self.now));
    }

    /// A write that Meta refuses with this code.
    fn refuse_once(&self, account: &Account, code: i64, told_wait: Option<Duration>) {
        Self::admit(account, self.write()).unwrap();
        account.ended_at(self.write(), Ended::Failed(&refused(code, told_wait)), self.now);
    }

    /// A read whose answer has these headers.
    fn hear(&self, account: &Account, usage: &Usage) {
        Self::admit(account, self.read()).unwrap();
        account.ended_at(self.read(), Ended::Answered(usage), self.now);
    }

    fn writes(&self, account: &Account, count: usize) {
        for _ in 0..count {
            Self::admit(account, self.write()).unwrap();
            account.ended_at(self.write(), Ended::Answered(&Usage::default()), self.now);
        }
    }

    /// Whether reads, and whether writes of the four numbers go through.
    fn open(&self) -> [(bool, bool); 4] {
        [&self.first, &self.beside_first, &self.elsewhere_of_first, &self.second].map(|account| self.is_open(account))
    }

    fn is_open(&self, account: &Account) -> (bool, bool) {
        (Self::admit(account, self.read()).is_ok(), Self::admit(account, self.write()).is_ok())
    }
}

fn app(percent: i64) -> Usage {
    let app = AppUsage { call_count: Some(percent), ..AppUsage::default() };
    Usage { app: Some(app), ..Usage::default() }
}

fn account(id: &str, percent: i64, minutes: i64) -> Usage {
    let account = BusinessUsage {
        id: id.to_owned(),
        total_time: Some(percent),
        estimated_time_to_regain_access: Some(minutes),
        ..BusinessUsage::default()
    };
    Usage { business: Some(vec![account]), ..Usage::default() }
}

const OPEN: (bool, bool) = (true, true);
const HELD: (bool, bool) = (false, false);
const READS_ONLY: (bool, bool) = (true, false);

#[test]
fn each_code_holds_those_whose_quota_it_is_about() {
    for (code, open) in [
        (4, [HELD, HELD, HELD, HELD]),
        (17, [HELD, HELD, HELD, OPEN]),
        (613, [HELD, HELD, HELD, OPEN]),
        (80_007, [HELD, HELD, OPEN, OPEN]),
        (80_008, [HELD, HELD, OPEN, OPEN]),
        (131_208, [HELD, OPEN, OPEN, OPEN]),
        (130_429, [READS_ONLY, OPEN, OPEN, OPEN]),
        (131_048, [READS_ONLY, OPEN, OPEN, OPEN]),
        (131_056, [OPEN, OPEN, OPEN, OPEN]),
        (100, [OPEN, OPEN, OPEN, OPEN]),
    ] {
        let world = World::new();
        world.refuse(&world.first, code, None);
        assert_eq!(world.open(), open, "{code}, {:?}", ThrottleScope::of(code));
    }
}

#[test]
fn a_time_of_metas_holds_until_then_and_is_what_the_caller_is_told() {
    let mut world = World::new();
    world.hear(&world.first, &account("A", 100, 19));
    let until = world.now + Duration::from_mins(19);
    assert_eq!(World::admit(&world.first, world.read()), Err(Held::Quota { until }));
    assert_eq!(World::admit(&world.second, world.read()), Ok(()));
    world.now = until - Duration::from_millis(1);
    assert_eq!(world.open(), [HELD, HELD, OPEN, OPEN]);
    world.now = until;
    assert_eq!(World::admit(&world.first, world.read()), Ok(()), "one goes first");
    assert!(World::admit(&world.beside_first, world.read()).is_err(), "and the others after its success");
    world.first.ended_at(world.read(), Ended::Answered(&Usage::default()), world.now);
    assert_eq!(World::admit(&world.beside_first, world.read()), Ok(()));
}

#[test]
fn a_refusals_own_time_holds_whom_its_code_is_about() {
    let mut world = World::new();
    world.refuse(&world.first, 4, Some(Duration::from_secs(90)));
    world.now += Duration::from_secs(89);
    assert_eq!(world.open(), [HELD; 4]);
    world.now += Duration::from_secs(1);
    assert_eq!(World::admit(&world.second, world.write()), Ok(()));
}

#[test]
fn what_the_number_may_send_is_heard_of_reads_that_are_refused_for_it_and_not_of_others() {
    for code in [130_429, 131_048] {
        let mut world = World::new();
        for _ in 0..2 {
            World::admit(&world.first, world.read()).unwrap();
            world.first.ended_at(world.read(), Ended::Failed(&refused(code, None)), world.now);
        }
        assert_eq!(world.open(), [READS_ONLY, OPEN, OPEN, OPEN], "{code}");
        world.now += Duration::from_secs(1);
        world.hear(&world.first, &Usage::default());
        assert_eq!(World::admit(&world.first, world.write()), Ok(()), "{code}");
        world.hear(&world.first, &Usage::default());
        assert_eq!(world.is_open(&world.first), READS_ONLY, "{code}: the write is the trial still");
    }
}

#[test]
fn an_accounts_header_is_heard_by_its_account_whoever_made_the_call() {
    let world = World::new();
    world.hear(&world.second, &account("A", 100, 5));
    assert_eq!(world.open(), [HELD, HELD, OPEN, OPEN]);
    world.hear(&world.second, &account("not known yet", 100, 5));
    let new = world.budget.account(&owner("cams-third1", "not known yet", "5"));
    assert_eq!(world.is_open(&new), HELD);
}

#[test]
fn the_gateways_own_calls_stop_at_half_and_the_callers_go_on() {
    let world = World::new();
    let own = world.a(Effect::Read, Urgency::Background);
    world.hear(&world.first, &account("A", 49, 0));
    assert_eq!(World::admit(&world.first, own), Ok(()));
    world.hear(&world.first, &account("A", 50, 0));
    assert!(World::admit(&world.first, own).is_err());
    assert_eq!(World::admit(&world.second, own), Ok(()), "of another account");
    world.hear(&world.first, &app(50));
    assert!(World::admit(&world.second, own).is_err(), "of the app");
    assert!(world.budget.check(None, own).is_err(), "and those that are about no number");
    assert_eq!(world.open(), [OPEN; 4]);
}

#[test]
fn near_the_end_the_greediest_tenants_writes_stop_first_and_reads_last() {
    let world = World::new();
    world.writes(&world.first, 60);
    world.writes(&world.beside_first, 60);
    world.writes(&world.second, 10);
    for (percent, first, second) in [
        (74, OPEN, OPEN),
        (84, READS_ONLY, OPEN),
        (85, HELD, OPEN),
        (94, HELD, OPEN),
        (95, HELD, READS_ONLY),
        (99, HELD, READS_ONLY),
        (100, HELD, HELD),
    ] {
        world.hear(&world.second, &app(percent));
        assert_eq!(world.is_open(&world.beside_first), first, "{percent}");
        assert_eq!(world.is_open(&world.second), second, "{percent}");
        world.budget.app.lock().levels = super::level::Levels::default();
    }
}

#[test]
fn within_an_account_its_numbers_share_and_others_are_not_concerned() {
    let world = World::new();
    world.writes(&world.first, 100);
    world.writes(&world.beside_first, 5);
    world.writes(&world.second, 1_000);
    world.hear(&world.second, &account("A", 84, 0));
    assert_eq!(world.open(), [READS_ONLY, OPEN, OPEN, OPEN]);
}

#[test]
fn whoever_is_alone_may_use_nearly_all() {
    let world = World::new();
    world.writes(&world.first, 1_000);
    world.hear(&world.first, &app(94));
    assert_eq!(World::admit(&world.first, world.write()), Ok(()));
}

#[test]
fn whoever_was_greedy_goes_on_when_it_has_had_no_more_than_the_others() {
    let mut world = World::new();
    let start = world.now;
    world.writes(&world.first, 200);
    for second in 0..180 {
        world.now = start + Duration::from_secs(second);
        world.writes(&world.second, 1);
        world.hear(&world.second, &app(85));
        if second < 30 {
            assert!(World::admit(&world.first, world.write()).is_err(), "{second}");
        }
    }
    assert_eq!(World::admit(&world.first, world.write()), Ok(()));
}

#[test]
fn what_was_held_is_counted_by_its_reason() {
    let world = World::new();
    world.hear(&world.first, &app(100));
    for (effect, urgency) in
        [(Effect::Read, Urgency::Caller), (Effect::Change, Urgency::Caller), (Effect::Read, Urgency::Background)]
    {
        assert!(World::admit(&world.first, world.a(effect, urgency)).is_err());
    }
    world.hear_foreign_time();
    assert!(World::admit(&world.second, world.read()).is_err());
    let counts: Vec<u64> = world.budget.figures().counters().iter().map(Counter::get).collect();
    assert_eq!(counts, [1, 1, 1, 1, 0]);
}

impl World {
    /// Meta's word for the second tenant's account comes while all calls are held: with the answer of one under way.
    fn hear_foreign_time(&self) {
        self.second.ended_at(self.read(), Ended::Answered(&account("C", 100, 600)), self.now);
    }
}

#[test]
fn how_quotas_stand_can_be_asked() {
    let world = World::new();
    world.hear(&world.first, &account("A", 100, 19));
    world.hear(&world.second, &app(40));
    let waba = world.first.waba();
    assert_eq!(waba.level, 100);
    assert!(waba.held_for.unwrap() > Duration::from_mins(18));
    assert_eq!((world.budget.app().level, world.budget.app().held_for), (40, None));
    let surveys = world.budget.surveys().map(|(scope, survey)| (scope, survey.level, survey.held));
    assert_eq!(surveys, [("app", 40, 0), ("waba", 100, 1), ("token", 0, 0), ("number", 0, 0)]);
}

/// The end of a try that says nothing of any quota.
const LOST: Ended<'_> = Ended::GivenUp;

#[test]
fn a_try_that_is_not_made_is_no_trial_and_no_share() {
    let mut world = World::new();
    world.refuse(&world.first, 4, None);
    world.now += Duration::from_secs(1);
    (0..10).for_each(|_| assert_eq!(world.first.check(world.write()), Ok(()), "its own breaker refuses it then"));
    assert_eq!(World::admit(&world.second, world.write()), Ok(()), "the trial is still to be had");
    world.second.ended_at(world.write(), Ended::Answered(&Usage::default()), world.now);
    (0..1_000).for_each(|_| world.first.check(world.write()).unwrap());
    assert_eq!(world.first.tenant.count(world.now).calls, 2, "those that Meta refused");
}

#[test]
fn a_trial_that_says_nothing_of_the_apps_quota_lets_the_next_one_go_at_once() {
    let mut world = World::new();
    world.refuse(&world.first, 4, None);
    world.now += Duration::from_secs(1);
    assert_eq!(World::admit(&world.first, world.write()), Ok(()));
    assert!(world.second.check(world.write()).is_err(), "one goes first");
    world.first.ended_at(world.write(), LOST, world.now);
    assert_eq!(world.second.check(world.write()), Ok(()));
}

#[test]
fn a_narrower_quotas_refusal_shows_that_the_apps_let_the_call_through() {
    let mut world = World::new();
    world.refuse(&world.first, 4, None);
    world.now += Duration::from_secs(1);
    world.refuse_once(&world.first, 131_056, None);
    assert_eq!(world.open(), [OPEN; 4]);
}

#[test]
fn a_dead_token_says_nothing_of_quotas() {
    let mut world = World::new();
    world.refuse(&world.first, 4, None);
    world.now += Duration::from_secs(1);
    world.refuse_once(&world.first, 190, None);
    assert_eq!(World::admit(&world.second, world.write()), Ok(()));
    assert!(world.first.check(world.write()).is_err(), "the next one is the trial");
}

#[test]
fn what_became_of_changes_is_looked_up_until_nine_tenths_are_used() {
    let world = World::new();
    let overdue = world.a(Effect::Read, Urgency::Overdue);
    world.hear(&world.first, &app(89));
    assert_eq!(world.first.check(overdue), Ok(()));
    world.hear(&world.first, &app(90));
    assert!(world.first.check(overdue).is_err());
}

#[test]
fn an_answer_that_cannot_be_read_is_heard_for_its_figures() {
    let world = World::new();
    World::admit(&world.first, world.read()).unwrap();
    let GraphError::Unreadable { status, why, effect, .. } = GraphError::unreadable(Unreadable::CutOff) else {
        unreachable!()
    };
    let error = GraphError::Unreadable { status, why, effect, usage: Box::new(account("A", 100, 19)) };
    world.first.ended_at(world.read(), Ended::Failed(&error), world.now);
    assert_eq!(world.open(), [HELD, HELD, OPEN, OPEN]);
}
