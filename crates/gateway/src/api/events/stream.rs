//! `GET /v1/events/stream`: events as they come, for as long as the caller may have them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::None as NoBody;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use cams_api::Code;
use cams_api::parameters::{self, ParameterError};
use cams_api::pull::{After, STREAM, StreamEvents};
use futures_util::stream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};
use uuid::Uuid;

use super::frames::{COMMENT, frame, greeting};
use super::reader::{Reader, caller};
use super::refusal;
use crate::api::admission::Admitted;
use crate::api::render::{learn, refused, request_id};
use crate::api::{ApiError, Worker};
use crate::events::{FeedError, Follower, Page};
use crate::limits::StreamSeat;

/// How often something goes over a stream at the least.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked whether the caller may still read.
const CHECK_EVERY: Duration = Duration::from_secs(2);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(1);
/// How many events a stream holds at the most.
const PAGE: usize = 50;

const LAST_EVENT_ID: &str = "Last-Event-ID";
static X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Its handler.
pub(super) async fn stream(http: HttpRequest, worker: Data<Worker>) -> HttpResponse {
    match EventStream::open(&http, &worker).await {
        Ok(events) => answer(&http, events),
        Err(error) => refused(&http, &error),
    }
}

fn answer(http: &HttpRequest, events: EventStream) -> HttpResponse {
    learn(http, |learned| learned.code = Some(Code::Ok));
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "text/event-stream")).insert_header((CACHE_CONTROL, "no-store"));
    // nginx would keep events back until it has a few thousand bytes of them.
    response.insert_header((X_ACCEL_BUFFERING.clone(), "no"));
    if http.method() == Method::HEAD { response.body(NoBody::new()) } else { streaming(&mut response, events) }
}

fn streaming(response: &mut HttpResponseBuilder, events: EventStream) -> HttpResponse {
    response.streaming(stream::unfold((Some(greeting(events.after)), events), |(greeting, mut events)| async move {
        let next = match greeting {
            Some(greeting) => Some(greeting),
            None => events.next().await,
        };
        next.map(|bytes| (Ok::<_, Infallible>(bytes), (None, events)))
    }))
}

/// A stream that is open. It makes one frame when the last has been taken, so that a slow caller holds a page and no more.
struct EventStream {
    request_id: Uuid,
    reader: Reader,
    follower: Follower,
    _seat: StreamSeat,
    /// The last event that was sent, or behind which it began.
    after: i64,
    /// What was read, and how much of it was sent.
    page: Option<(Arc<Page>, usize)>,
    /// When the next page may be read.
    read_again: Instant,
    check_again: Instant,
    comments: Interval,
    sent: u64,
    /// Why it ended, in the log.
    end: &'static str,
}

impl EventStream {
    async fn open(http: &HttpRequest, worker: &Worker) -> Result<Self, ApiError> {
        let admitted = caller(http, worker, STREAM).await?;
        let begun = Self::begin(http, worker, &admitted).await;
        admitted.settled(http, begun).await
    }

    async fn begin(http: &HttpRequest, worker: &Worker, admitted: &Admitted) -> Result<Self, ApiError> {
        let asked: StreamEvents = parameters::from_query(http.query_string())?;
        let (parameter, after) = begin(http.headers(), asked.after)?;
        let (reader, _in_flight) = Reader::admit(http, worker, admitted, asked.cust_space_id, STREAM).await?;
        let seat = worker.streams.enter(reader.access_key_id(), reader.cust_space_id())?;
        let follower = worker.services.feeds.follow(reader.cust_space_id());
        let (after, page) = first_page(&follower, after).await.map_err(|error| refusal(parameter, after, error))?;
        let now = Instant::now();
        let mut comments = interval_at(now + COMMENT_EVERY, COMMENT_EVERY);
        comments.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            request_id: request_id(http),
            reader,
            follower,
            _seat: seat,
            after,
            page: page.map(|page| (page, 0)),
            read_again: now,
            check_again: now + CHECK_EVERY,
            comments,
            sent: 0,
            end: "the caller has gone",
        })
    }

    /// What goes over the stream next; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.is_over().await {
                return None;
            }
            if let Some(frame) = self.next_of_page() {
                return Some(frame);
            }
            let (read_again, after) = (self.read_again, self.after);
            tokio::select! {
                _ = self.comments.tick() => return Some(COMMENT),
                () = sleep_until(self.check_again) => {}
                () = more(&mut self.follower, read_again, after) => self.read().await?,
            }
        }
    }

    fn next_of_page(&mut self) -> Option<Bytes> {
        let (page, sent) = self.page.as_mut()?;
        let Some(event) = page.events().get(*sent) else {
            self.page = None;
            return None;
        };
        *sent += 1;
        self.after = event.sequence;
        self.sent += 1;
        Some(frame(event))
    }

    async fn is_over(&mut self) -> bool {
        if self.follower.is_stopping() {
            self.end = "the gateway stops";
            return true;
        }
        if Instant::now() < self.check_again {
            return false;
        }
        self.check_again = Instant::now() + CHECK_EVERY;
        match self.reader.check().await {
            Ok(()) => false,
            Err(error) => {
                self.end = error.code().as_str();
                true
            }
        }
    }

    /// Reads the next page; `None` where there can be none. A store that is away is tried again.
    async fn read(&mut self) -> Option<()> {
        match self.follower.page(Some(self.after), PAGE).await {
            Ok(page) => {
                if page.events().is_empty() {
                    self.read_again = Instant::now() + PAUSE;
                }
                self.page = Some((page, 0));
                Some(())
            }
            Err(FeedError::Store(_) | FeedError::Slow) => {
                self.read_again = Instant::now() + PAUSE;
                Some(())
            }
            Err(FeedError::Expired { .. } | FeedError::Ahead { .. } | FeedError::Unwritable) => {
                self.end = "the next event is not to be had";
                None
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        tracing::info!(
            request_id = %self.request_id,
            cust_space_id = self.reader.cust_space_id(),
            access_key_id = self.reader.access_key_id(),
            sent = self.sent,
            end = self.end,
            "a stream of events ended"
        );
    }
}

async fn more(follower: &mut Follower, read_again: Instant, after: i64) {
    sleep_until(read_again).await;
    follower.ahead_of(after).await;
}

/// Behind which event the stream begins, and by which parameter the caller says so. A client that comes back sends its
/// first address again, so that the header counts.
fn begin(headers: &HeaderMap, after: Option<After>) -> Result<(&'static str, Option<i64>), ParameterError> {
    let sent = headers.get(LAST_EVENT_ID).map(|sent| String::from_utf8_lossy(sent.as_bytes()));
    let Some(sent) = sent.filter(|sent| !sent.is_empty()) else {
        return Ok(("After", after.map(After::sequence)));
    };
    let sequence = sent.parse().ok().filter(|sequence| *sequence >= 0);
    let wrong = || ParameterError::wrong(LAST_EVENT_ID, &sent, "the `id` of an event of this stream, an integer");
    Ok((LAST_EVENT_ID, Some(sequence.ok_or_else(wrong)?)))
}

/// Where the stream begins, and what there is behind it already.
async fn first_page(follower: &Follower, after: Option<i64>) -> Result<(i64, Option<Arc<Page>>), FeedError> {
    match after {
        Some(after) => Ok((after, Some(follower.page(Some(after), PAGE).await?))),
        None => Ok((follower.last().await?, None)),
    }
}
