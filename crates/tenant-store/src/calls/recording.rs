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
        let mut recorded = RecordedCalls::default();
        for call in calls.as_ref() {
            recorded.push(call);
        }
        across_tenants::record_calls(self.pool(), &recorded).await
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
    fn push<T: AsRef<str>>(&mut self, call: &'a CallRecord<T>) {
        let storable = |text: &'a Option<T>| text.as_ref().map(|text| storable(text.as_ref()));
        self.days.push(call.at().date());
        self.request_ids.push(call.request_id);
        self.cust_space_ids.push(call.cust_space_id.as_ref());
        self.access_key_ids.push(storable(&call.access_key_id));
        self.operations.push(call.operation.as_ref());
        self.codes.push(call.code.as_ref());
        self.statuses.push(i16::try_from(call.status).unwrap_or(i16::MAX));
        self.upstream_codes.push(call.upstream_code);
        self.fbtrace_ids.push(storable(&call.fbtrace_id));
        self.milliseconds.push(i32::try_from(call.milliseconds).unwrap_or(i32::MAX));
    }
}
