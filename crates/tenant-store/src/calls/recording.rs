//! Recording: many calls of many tenants in one statement, behind the calls' backs.

use std::collections::HashMap;
use std::time::Duration;

use time::{OffsetDateTime, Time};

use super::CallRecord;
use crate::{
    Partitions, Store, StoreError,
    across_tenants::{self, CountedCalls, RecordedCalls},
    text::storable,
};

/// How long the single calls are kept; what is counted stays.
const KEPT: Duration = Duration::from_hours(7 * 24);

impl Store {
    /// Records calls and counts them. Those of tenants that there are not are left out. To tell of the same calls again
    /// is right where it is not known whether they were recorded: each is counted once.
    pub async fn record_calls<T: AsRef<str>>(&self, calls: impl AsRef<[CallRecord<T>]>) -> Result<(), StoreError> {
        across_tenants::record_calls(self.pool(), &RecordedCalls::of(calls.as_ref())).await
    }

    /// Drops the calls of days that are over for a week. Replicas may do so at once: one does.
    pub async fn drop_old_calls(&self) -> Result<Partitions, StoreError> {
        let mut kept = Partitions { made: 0, dropped: 0, is_put_off: false };
        loop {
            let (dropped, is_put_off) = across_tenants::drop_old_calls(self.pool(), KEPT).await?;
            kept.is_put_off |= is_put_off;
            if !dropped {
                return Ok(kept);
            }
            kept.dropped += 1;
        }
    }
}

impl<'a> RecordedCalls<'a> {
    fn of<T: AsRef<str>>(calls: &'a [CallRecord<T>]) -> Self {
        let storable = |text: &'a Option<T>| text.as_ref().map(|text| storable(text.as_ref()));
        let milliseconds = |call: &CallRecord<T>| i32::try_from(call.milliseconds).unwrap_or(i32::MAX);
        Self {
            request_ids: column(calls, |call| call.request_id),
            cust_space_ids: column(calls, |call| call.cust_space_id.as_ref()),
            access_key_ids: column(calls, |call| storable(&call.access_key_id)),
            operations: column(calls, |call| call.operation.as_ref()),
            codes: column(calls, |call| call.code.as_ref()),
            statuses: column(calls, CallRecord::storable_status),
            upstream_codes: column(calls, |call| call.upstream_code),
            fbtrace_ids: column(calls, |call| storable(&call.fbtrace_id)),
            milliseconds: column(calls, milliseconds),
            counted: CountedCalls::of(calls),
        }
    }
}

impl<'a> CountedCalls<'a> {
    fn of<T: AsRef<str>>(calls: &'a [CallRecord<T>]) -> Self {
        let mut counts = HashMap::new();
        for call in calls {
            let names = (call.cust_space_id.as_ref(), call.operation.as_ref(), call.code.as_ref());
            *counts.entry((names, call.storable_status(), call.hour())).or_default() += 1;
        }
        let mut counted = Self::default();
        for (((cust_space_id, operation, code), status, hour), calls) in counts {
            counted.cust_space_ids.push(cust_space_id);
            counted.hours.push(hour);
            counted.operations.push(operation);
            counted.codes.push(code);
            counted.statuses.push(status);
            counted.calls.push(calls);
        }
        counted
    }
}

impl<T> CallRecord<T> {
    fn storable_status(&self) -> i16 {
        i16::try_from(self.status).unwrap_or(i16::MAX)
    }

    /// When the hour began, in UTC, that it came in.
    fn hour(&self) -> OffsetDateTime {
        let at = self.at();
        at.replace_time(Time::from_hms(at.hour(), 0, 0).unwrap_or(Time::MIDNIGHT))
    }
}

fn column<'a, T, V>(calls: &'a [CallRecord<T>], value: impl Fn(&'a CallRecord<T>) -> V) -> Vec<V> {
    calls.iter().map(value).collect()
}
