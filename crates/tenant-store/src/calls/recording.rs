//! Recording: many calls of many tenants in one statement, behind the calls' backs.

use std::time::Duration;

use super::CallRecord;
use crate::{
    Partitions, Store, StoreError,
    across_tenants::{self, RecordedCalls},
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
            days: column(calls, |call| call.at().date()),
            cust_space_ids: column(calls, |call| call.cust_space_id.as_ref()),
            access_key_ids: column(calls, |call| storable(&call.access_key_id)),
            operations: column(calls, |call| call.operation.as_ref()),
            codes: column(calls, |call| call.code.as_ref()),
            statuses: column(calls, |call| i16::try_from(call.status).unwrap_or(i16::MAX)),
            upstream_codes: column(calls, |call| call.upstream_code),
            fbtrace_ids: column(calls, |call| storable(&call.fbtrace_id)),
            milliseconds: column(calls, milliseconds),
        }
    }
}

fn column<'a, T, V>(calls: &'a [CallRecord<T>], value: impl Fn(&'a CallRecord<T>) -> V) -> Vec<V> {
    calls.iter().map(value).collect()
}
