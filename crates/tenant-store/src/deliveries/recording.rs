//! How tries ended, many in one statement.

use super::{AfterTry, TriedDelivery, TriesRecorded, Try};
use crate::{
    Store, StoreError,
    across_tenants::{self, RecordedEnd},
    text::{storable, storable_option},
};

/// How much of an answer is kept, in bytes.
const ANSWER_KEPT: usize = 1024;

impl Store {
    /// Records how tries ended. What was delivered or is dead leaves the queue; where a first try ended, the next delivery
    /// of its lane is ready. An endpoint of which all tries of five days failed, or that is gone, is disabled: what is open
    /// for it is dead, and the ISV's endpoints are told. The end of a claim that was lost changes nothing; so it does no
    /// harm to record the same ends again after an error.
    ///
    /// Where others work on an endpoint's lanes at this moment, its ends come back in [`TriesRecorded::put_off`], so that
    /// they delay no others. Where that is so of all of them, it waits for one endpoint's, a second at the most.
    pub async fn record_tries(
        &self,
        tried: impl IntoIterator<Item = &TriedDelivery>,
    ) -> Result<TriesRecorded, StoreError> {
        self.record(tried, true).await
    }

    /// [`Store::record_tries`] that waits for nobody.
    pub async fn record_tries_at_once(
        &self,
        tried: impl IntoIterator<Item = &TriedDelivery>,
    ) -> Result<TriesRecorded, StoreError> {
        self.record(tried, false).await
    }

    async fn record(
        &self,
        tried: impl IntoIterator<Item = &TriedDelivery>,
        is_to_wait: bool,
    ) -> Result<TriesRecorded, StoreError> {
        let ends: Vec<_> = tried.into_iter().map(recorded).collect();
        if ends.is_empty() {
            return Ok(TriesRecorded::default());
        }
        across_tenants::record_tries(self.pool(), &ends, is_to_wait).await
    }
}

fn recorded(tried: &TriedDelivery) -> RecordedEnd<'_> {
    let (next, after_ms, reason) = match &tried.next {
        AfterTry::Done => ("done", 0, None),
        AfterTry::Again { after } => ("again", millis(*after), None),
        AfterTry::Dead { reason } => ("dead", 0, Some(reason.as_str())),
        AfterTry::Gone => ("gone", 0, Some("the endpoint answered 410 Gone")),
    };
    let TriedDelivery { delivery_id, claim, at, .. } = *tried;
    RecordedEnd { delivery_id, claim, at, next, after_ms, reason, r#try: kept(tried) }
}

fn kept(tried: &TriedDelivery) -> Try {
    let answer = &tried.answer[..tried.answer.floor_char_boundary(ANSWER_KEPT)];
    Try {
        at: tried.at,
        milliseconds: millis(tried.duration),
        status: tried.status,
        error: storable_option(tried.error.as_deref()),
        answer: storable(answer).into_owned(),
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
