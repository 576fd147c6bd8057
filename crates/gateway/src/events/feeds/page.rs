//! What is read of a tenant's events at once: in order, and without a gap.

use serde_json::value::RawValue;
use tenant_store::{EventPage, PublishedEvent, StoreError};

use crate::events::render;

/// Events of a tenant that follow each other.
pub struct Page {
    after: Option<i64>,
    limit: usize,
    next: i64,
    events: Vec<FeedEvent>,
}

/// An event, as everybody gets it.
pub struct FeedEvent {
    /// Counts the tenant's events.
    pub sequence: i64,
    /// What kind of event it is.
    pub event_type: String,
    /// The event itself.
    pub json: Box<RawValue>,
}

/// Why there are no events to be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The next one is kept no longer.
    #[error("the events are kept no longer")]
    Expired {
        /// The first that is kept.
        oldest: i64,
    },
    /// The place is none that an event of the tenant has had.
    #[error("the tenant has had no such event")]
    Ahead {
        /// The last that it has had.
        last: i64,
    },
    /// The store did not answer in time.
    #[error("the store did not answer in time")]
    Slow,
    /// They could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event could not be written as JSON, which is a mistake of ours.
    #[error("an event cannot be written")]
    Unwritable,
}

impl Page {
    /// What was `read` behind `after`, up to where the next event is missing: dropping what is old may leave one that came
    /// late before others of its age.
    ///
    /// # Errors
    /// [`FeedError::Expired`] where the first is missing, [`FeedError::Ahead`], [`FeedError::Unwritable`].
    pub(super) fn new(after: Option<i64>, limit: usize, read: EventPage) -> Result<Self, FeedError> {
        let EventPage { events, oldest, last } = read;
        let first = events.iter().find_map(|event| event.sequence).unwrap_or(oldest);
        let begin = after.map_or(first, |after| after.saturating_add(1));
        if begin > last.saturating_add(1) {
            return Err(FeedError::Ahead { last });
        }
        if begin < first {
            return Err(FeedError::Expired { oldest: first });
        }
        let in_order = (begin..).zip(&events).take_while(|(expected, event)| event.sequence == Some(*expected));
        let events =
            in_order.map(|(sequence, event)| FeedEvent::new(sequence, event)).collect::<Result<Vec<_>, _>>()?;
        let next = events.last().map_or(begin - 1, |event| event.sequence);
        Ok(Self { after, limit, next, events })
    }

    /// The events, in the order of their `Sequence`.
    pub fn events(&self) -> &[FeedEvent] {
        &self.events
    }

    /// Behind which the next page begins.
    pub fn next(&self) -> i64 {
        self.next
    }

    /// Whether it is what is read there. Where nothing was, there may be something by now.
    pub(super) fn answers(&self, after: Option<i64>, limit: usize) -> bool {
        (self.after, self.limit) == (after, limit) && !self.events.is_empty()
    }
}

impl FeedEvent {
    fn new(sequence: i64, event: &PublishedEvent) -> Result<Self, FeedError> {
        let json = render(event).ok().and_then(|json| String::from_utf8(json).ok());
        let json = json.and_then(|json| RawValue::from_string(json).ok()).ok_or_else(|| {
            tracing::error!(event = %event.id, "an event cannot be written as JSON");
            FeedError::Unwritable
        })?;
        Ok(Self { sequence, event_type: event.event_type.clone(), json })
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn event(sequence: i64) -> PublishedEvent {
        PublishedEvent {
            id: Uuid::nil(),
            sequence: Some(sequence),
            event_type: "group.suspended".to_owned(),
            cust_space_id: Some("cams-demo1".to_owned()),
            business_number: None,
            phone_number_id: None,
            waba_id: None,
            group_id: None,
            unique_code: None,
            field: "group_status_update".to_owned(),
            value: r#"{"groups":[{}]}"#.to_owned(),
            occurred_at: OffsetDateTime::UNIX_EPOCH,
            received_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// What is read behind `after` where these are kept: the sequences, and where it goes on.
    fn read(after: Option<i64>, kept: &[i64], last: i64) -> Result<(Vec<i64>, i64), FeedError> {
        let oldest = kept.first().copied().unwrap_or(last + 1);
        let events = kept.iter().filter(|sequence| after.is_none_or(|after| **sequence > after)).map(|s| event(*s));
        let page = Page::new(after, 100, EventPage { events: events.collect(), oldest, last })?;
        Ok((page.events.iter().map(|event| event.sequence).collect(), page.next()))
    }

    #[test]
    fn a_page_goes_on_where_it_ends() {
        assert_eq!(read(None, &[1, 2, 3], 3).unwrap(), (vec![1, 2, 3], 3));
        assert_eq!(read(Some(0), &[1, 2, 3], 3).unwrap(), (vec![1, 2, 3], 3));
        assert_eq!(read(Some(2), &[1, 2, 3], 3).unwrap(), (vec![3], 3));
        assert_eq!(read(Some(3), &[1, 2, 3], 3).unwrap(), (vec![], 3));
        assert_eq!(read(None, &[7, 8], 8).unwrap(), (vec![7, 8], 8));
        assert_eq!(read(None, &[], 0).unwrap(), (vec![], 0));
        assert_eq!(read(None, &[], 8).unwrap(), (vec![], 8), "all of them are too old");
    }

    #[test]
    fn whoever_would_miss_one_is_told_of_the_oldest_that_is_kept() {
        for (after, kept, first) in [(0, &[7, 8][..], 7), (5, &[7, 8], 7), (5, &[], 9)] {
            let told = read(Some(after), kept, 8);
            assert!(matches!(told, Err(FeedError::Expired { oldest }) if oldest == first), "{after} {kept:?}");
        }
        assert_eq!(read(Some(6), &[7, 8], 8).unwrap().0, [7, 8]);
        assert_eq!(read(Some(8), &[], 8).unwrap(), (vec![], 8));
    }

    #[test]
    fn a_page_ends_before_a_hole() {
        assert_eq!(read(None, &[1, 2, 5, 6], 6).unwrap(), (vec![1, 2], 2));
        assert!(matches!(read(Some(2), &[1, 2, 5, 6], 6), Err(FeedError::Expired { oldest: 5 })));
        assert_eq!(read(Some(4), &[1, 2, 5, 6], 6).unwrap(), (vec![5, 6], 6));
    }

    #[test]
    fn nobody_waits_for_what_was_never_counted() {
        for after in [9, i64::MAX] {
            assert!(matches!(read(Some(after), &[7, 8], 8), Err(FeedError::Ahead { last: 8 })), "{after}");
        }
        assert!(matches!(read(Some(1), &[], 0), Err(FeedError::Ahead { last: 0 })));
    }
}
