//! Several limits of a call at once, each by what this replica knows.

use std::sync::Arc;
use std::thread;

use cams_api::Class;
use tenant_store::{Limit, PerClass};

use super::super::allowance::NO_LIMITS;
use super::super::{Allowance, DefaultLimits, Holder, Limits, SharedLimits, Throttled};
use crate::telemetry::metrics::Metrics;

fn limits() -> Limits {
    let defaults = DefaultLimits { per_key: NO_LIMITS, per_tenant: NO_LIMITS, per_number: NO_LIMITS };
    Limits::new(defaults, Arc::new(SharedLimits::new(None, Metrics::default())))
}

fn allowance(holder: Holder, all: &str, write: &str) -> Allowance {
    let limit = |text: &str| text.parse::<Limit>().unwrap();
    Allowance::new(holder, "x", &PerClass { all: limit(all), write: limit(write), ..NO_LIMITS }, None)
}

fn remaining(allowance: &Allowance, class: Option<Class>) -> u32 {
    allowance.look(class).unwrap().remaining
}

#[tokio::test]
async fn what_one_limit_refuses_is_counted_by_none() {
    let limits = limits();
    let (key, tenant) =
        (allowance(Holder::Key, "1/h;burst=9", "off"), allowance(Holder::Tenant, "1/h;burst=8", "1/h;burst=2"));
    let write = async || limits.take(Some(Class::Write), &[&key, &tenant]).await.map(drop);
    for _ in 0..2 {
        write().await.unwrap();
    }
    for _ in 0..10 {
        let refused = write().await.unwrap_err();
        let is_right =
            |refused| matches!(refused, Throttled::Rate { holder: Holder::Tenant, class: Some(Class::Write), .. });
        assert!(is_right(refused), "{refused:?}");
    }
    assert_eq!((remaining(&key, None), remaining(&tenant, None)), (7, 6));
    limits.take(Some(Class::Read), &[&key, &tenant]).await.map(drop).unwrap();
    assert_eq!((remaining(&key, None), remaining(&tenant, None)), (6, 5));
}

#[tokio::test]
async fn what_is_refused_for_the_calls_in_flight_is_counted_by_no_rate() {
    let limits = limits();
    let (key, tenant) =
        (allowance(Holder::Key, "1/h;burst=9", "off"), allowance(Holder::Tenant, "1/h;burst=9", "off;in-flight=1"));
    let write = async || limits.take(Some(Class::Write), &[&key, &tenant]).await;
    let first = write().await.unwrap();
    let full = Throttled::InFlight { holder: Holder::Tenant, class: Some(Class::Write) };
    for _ in 0..10 {
        assert_eq!(write().await.err(), Some(full));
    }
    let read = limits.take(Some(Class::Read), &[&key, &tenant]).await;
    assert!(read.is_ok(), "another class has its own");
    drop((first, read));
    assert!(write().await.is_ok());
    assert_eq!(remaining(&key, None), 6);
}

#[tokio::test]
async fn the_limit_that_refuses_for_the_longest_time_is_told() {
    let limits = limits();
    let (key, tenant) = (allowance(Holder::Key, "1/m;burst=1", "off"), allowance(Holder::Tenant, "1/h;burst=1", "off"));
    limits.take(None, &[&key, &tenant]).await.map(drop).unwrap();
    let refused = limits.take(None, &[&key, &tenant]).await.unwrap_err();
    assert!(matches!(refused, Throttled::Rate { holder: Holder::Tenant, class: None, .. }), "{refused:?}");
}

#[tokio::test]
async fn what_nobody_waits_for_leaves_half_of_the_burst_of_its_class_too() {
    let limits = limits();
    let number = allowance(Holder::Number, "1/h;burst=100", "1/h;burst=4");
    let mut through = 0;
    while limits.take_spare(Class::Write, &number).await.is_ok() {
        through += 1;
    }
    assert_eq!((through, remaining(&number, Some(Class::Write)), remaining(&number, None)), (2, 2, 98));
}

#[tokio::test]
async fn no_more_calls_are_read_at_the_same_time_than_the_key_has_left() {
    let limits = Arc::new(limits());
    let key = Arc::new(allowance(Holder::Key, "1/h;burst=5", "1/h;burst=2"));
    let tenant = allowance(Holder::Tenant, "1/h;burst=9", "off");
    let writes: Vec<_> = (0..5).map_while(|_| limits.begin(Some(Class::Write), &key).ok()).collect();
    let refused = limits.begin(Some(Class::Write), &key).err().unwrap();
    assert!(matches!(refused, Throttled::Rate { class: Some(Class::Write), .. }), "{refused:?}");
    let reads: Vec<_> = (0..5).map_while(|_| limits.begin(Some(Class::Read), &key).ok()).collect();
    assert_eq!((writes.len(), reads.len(), remaining(&key, None)), (2, 3, 0), "all are kept, and none is counted");
    for (call, class) in writes.iter().zip([Class::Write; 2]).chain(reads.iter().zip([Class::Read; 3])) {
        assert!(call.count(Some(class), &[&tenant]).await.is_ok());
    }
    assert_eq!((remaining(&key, None), remaining(&tenant, None)), (0, 4));
    drop((writes, reads));
    tokio::task::yield_now().await;
    assert_eq!((remaining(&key, None), remaining(&tenant, None)), (0, 4), "each counts once");
}

#[tokio::test]
async fn a_call_that_is_refused_before_it_is_read_counts_against_nobody() {
    let limits = Arc::new(limits());
    let key = Arc::new(allowance(Holder::Key, "1/h;burst=5;in-flight=1", "off"));
    let tenant = allowance(Holder::Tenant, "off", "1/h;burst=1");
    limits.take(Some(Class::Write), &[&tenant]).await.map(drop).unwrap();
    for _ in 0..10 {
        let begun = limits.begin(Some(Class::Write), &key).ok().unwrap();
        let refused = begun.look_ahead(Some(Class::Write), &tenant).err();
        assert!(matches!(refused, Some(Throttled::Rate { holder: Holder::Tenant, .. })), "{refused:?}");
        assert!(begun.is_counted());
        drop(begun);
        tokio::task::yield_now().await;
        assert_eq!(remaining(&key, None), 5);
    }
    let read = limits.begin(Some(Class::Read), &key).ok().unwrap();
    assert_eq!(read.look_ahead(Some(Class::Read), &tenant), Ok(()));
    assert!(!read.is_counted());
    read.forget();
}

#[tokio::test]
async fn a_call_that_its_caller_breaks_off_is_in_flight_until_then_and_counted_against_its_key() {
    let limits = Arc::new(limits());
    let key = Arc::new(allowance(Holder::Key, "1/h;burst=5;in-flight=1", "off"));
    for left in (0..5).rev() {
        let begun = limits.begin(None, &key).ok().unwrap();
        assert_eq!(limits.begin(None, &key).err(), Some(Throttled::InFlight { holder: Holder::Key, class: None }));
        drop(begun);
        tokio::task::yield_now().await;
        assert_eq!(remaining(&key, None), left);
    }
    assert!(matches!(limits.begin(None, &key).err(), Some(Throttled::Rate { .. })));
}

#[tokio::test]
async fn what_nobody_waits_for_leaves_half_of_what_may_be_in_flight() {
    let limits = limits();
    let number = allowance(Holder::Number, "off;in-flight=4", "off");
    let spare = async || limits.take_spare(Class::Read, &number).await;
    let _own = (spare().await.unwrap(), spare().await.unwrap());
    assert_eq!(spare().await.err(), Some(Throttled::InFlight { holder: Holder::Number, class: None }));
    let take = async || limits.take(Some(Class::Write), &[&number]).await;
    assert!((take().await.unwrap(), take().await.unwrap(), take().await).2.is_err());
}

#[test]
fn threads_that_take_at_the_same_time_get_no_more_than_there_is_and_lose_nothing() {
    let limits = limits();
    let (key, tenant) =
        (allowance(Holder::Key, "1/h;burst=1000", "off"), allowance(Holder::Tenant, "1/h;burst=100", "off"));
    let take = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut through = 0;
            for _ in 0..200 {
                through += u32::from(limits.take(None, &[&key, &tenant]).await.is_ok());
            }
            through
        })
    };
    let through: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((through, remaining(&key, None)), (100, 900));
}
