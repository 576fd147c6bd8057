//! The guards as calls meet them.

use std::sync::atomic::Ordering;

use graph_client::{Effect, GraphError, MOST_CALLS, Refusal, Usage};
use tokio::time::Instant;

use super::*;

/// The lanes of two tenants' numbers, and the way that they share.
fn lanes() -> (Arc<Lane>, Arc<Lane>, Arc<Upstream>) {
    let settings = UpstreamSettings { pause: Duration::from_secs(1), has_breakers: true };
    let upstream = Arc::new(Upstream::new(settings, &Metrics::default()));
    (lane(&upstream, "cams-first1", "1"), lane(&upstream, "cams-second", "2"), upstream)
}

fn lane(upstream: &Arc<Upstream>, cust_space_id: &str, phone_number_id: &str) -> Arc<Lane> {
    upstream.lane(LaneOwner {
        cust_space_id: cust_space_id.parse().unwrap(),
        waba_id: phone_number_id.to_owned(),
        phone_number_id: phone_number_id.parse().unwrap(),
    })
}

fn a_try(nth: u8, at: Instant) -> Try {
    Try { effect: Effect::Read, urgency: Urgency::Caller, nth, at }
}

const SILENCE: GraphError = GraphError::Timeout { sent: true, effect: Effect::Read };

/// Meta's refusal with this code.
pub(crate) fn refused(code: i64, told_wait: Option<Duration>) -> GraphError {
    GraphError::Refused(Box::new(Refusal {
        status: 400,
        code,
        subcode: None,
        error_type: None,
        message: String::new(),
        details: None,
        user_title: None,
        user_message: None,
        is_transient: false,
        fbtrace_id: None,
        usage: Usage { told_wait, ..Usage::default() },
        effect: Effect::Read,
    }))
}

#[test]
fn a_call_that_its_own_breaker_refuses_is_not_the_apps_trial() {
    let (broken, other, _) = lanes();
    let this = a_try(1, Instant::now());
    let under_way: Vec<Try> = (0..10).map(|_| this).collect();
    for this in &under_way {
        broken.admit(*this).unwrap();
    }
    other.admit(this).unwrap();
    other.ended(this, Ended::Failed(&refused(4, Some(Duration::from_millis(1)))));
    let over = Instant::now() + Duration::from_millis(1);
    for this in &under_way {
        broken.ended(*this, Ended::Failed(&SILENCE));
    }
    assert!(matches!(broken.admit(a_try(1, over)), Err(Held::Broken { .. })));
    assert_eq!(other.admit(a_try(1, over)), Ok(()), "the trial is still to be had");
    assert!(matches!(other.admit(a_try(1, over)), Err(Held::Quota { .. })), "and was one");
}

#[test]
fn a_repetition_that_is_refused_is_given_back() {
    let (broken, other, upstream) = lanes();
    let this = a_try(1, Instant::now());
    for _ in 0..100 {
        other.admit(this).unwrap();
        other.ended(this, Ended::Answered(&Usage::default()));
    }
    (0..10).for_each(|_| broken.ended(this, Ended::Failed(&SILENCE)));
    let saved = || upstream.retries.saved.load(Ordering::Relaxed);
    assert_eq!(saved(), 100);
    for _ in 0..5 {
        assert!(broken.may_repeat());
        assert_eq!(saved(), 90);
        assert!(broken.admit(a_try(2, this.at)).is_err());
        assert_eq!(saved(), 100);
    }
}

#[test]
fn one_tenants_failures_do_not_stop_the_others() {
    let (broken, other, _) = lanes();
    let this = a_try(1, Instant::now());
    (0..200).for_each(|_| broken.admit(this).unwrap());
    (0..200).for_each(|_| broken.ended(this, Ended::Failed(&SILENCE)));
    assert!(broken.admit(this).is_err(), "its own number's breaker is open");
    assert_eq!(other.admit(this), Ok(()));
}

#[test]
fn one_tenants_calls_that_wait_for_meta_leave_connections_to_the_others_whichever_its_numbers() {
    let (slow, other, upstream) = lanes();
    let beside_slow = lane(&upstream, "cams-first1", "3");
    let this = a_try(1, Instant::now());
    let until = this.at + Duration::from_secs(1);
    for lane in [&slow, &beside_slow] {
        (0..MOST_CALLS / 8).for_each(|_| lane.admit(this).unwrap());
    }
    assert_eq!(slow.admit(this), Err(Held::Crowded { until }));
    assert_eq!(beside_slow.admit(this), Err(Held::Crowded { until }));
    assert_eq!(other.admit(this), Ok(()));
    beside_slow.ended(this, Ended::GivenUp);
    assert_eq!(slow.admit(this), Ok(()), "one of them has ended");
    assert_eq!(slow.admit(this), Err(Held::Crowded { until }));
}

#[test]
fn calls_about_an_account_count_against_its_quota_as_its_numbers_do() {
    let (of_account, other, upstream) = lanes();
    let tenants = ["cams-first1", "cams-second"].map(|id| id.parse().unwrap());
    let (about, about_other) = (upstream.about(&tenants[0], "1"), upstream.about(&tenants[1], "2"));
    let this = a_try(1, Instant::now());
    about.admit(this).unwrap();
    about.ended(this, Ended::Failed(&refused(80_007, Some(Duration::from_hours(1)))));
    for guard in [&about as &dyn Guard, &*of_account] {
        assert!(matches!(guard.admit(this), Err(Held::Quota { .. })));
    }
    for guard in [&about_other as &dyn Guard, &*other, &*upstream] {
        assert_eq!(guard.admit(this), Ok(()));
    }
}

#[test]
fn calls_about_an_account_count_against_their_tenants_token_as_its_numbers_do() {
    let (of_tenant, other, upstream) = lanes();
    let tenants = ["cams-first1", "cams-second"].map(|id| id.parse().unwrap());
    let (about, about_other) = (upstream.about(&tenants[0], "new"), upstream.about(&tenants[1], "new"));
    let this = a_try(1, Instant::now());
    about.admit(this).unwrap();
    about.ended(this, Ended::Failed(&refused(613, Some(Duration::from_hours(1)))));
    for guard in [&about as &dyn Guard, &*of_tenant] {
        assert!(matches!(guard.admit(this), Err(Held::Quota { .. })));
    }
    for guard in [&about_other as &dyn Guard, &*other, &*upstream] {
        assert_eq!(guard.admit(this), Ok(()));
    }
    other.ended(this, Ended::Failed(&refused(17, Some(Duration::from_hours(1)))));
    assert!(matches!(about_other.admit(this), Err(Held::Quota { .. })), "and hears of them");
}
