//! `GET /v1/events`: events that there are, or the first that comes.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use cams_api::parameters;
use cams_api::pull::{After, EventList, PULL, PullEvents, PulledEvents};
use tokio::time::{Instant, timeout_at};

use super::reader::{Reader, caller};
use super::refusal;
use crate::api::admission::Admitted;
use crate::api::render::render;
use crate::api::{ApiError, Worker, headers};
use crate::events::{FeedError, Follower};

/// How many events are read at once.
const PAGE: usize = 100;
/// An answer that holds so many bytes of events gets no further page.
const LARGE: usize = 4 * 1024 * 1024;

/// Its handler.
pub(super) async fn pull(http: HttpRequest, worker: Data<Worker>) -> HttpResponse {
    let pulled = pulled(&http, &worker).await;
    render(&http, pulled)
}

async fn pulled(http: &HttpRequest, worker: &Worker) -> Result<PulledEvents, ApiError> {
    let admitted = caller(http, worker, PULL).await?;
    let pulled = gathered(http, worker, &admitted).await;
    admitted.settled(http, pulled).await
}

async fn gathered(http: &HttpRequest, worker: &Worker, admitted: &Admitted) -> Result<PulledEvents, ApiError> {
    let asked: PullEvents = parameters::from_query(http.query_string())?;
    let given_up = headers::deadline(http.headers())?;
    let (limit, waited) = (asked.limit(), Instant::now() + asked.wait());
    let end = given_up.map_or(waited, |given_up| given_up.min(waited));
    let after = asked.after.map(After::sequence);
    let (mut reader, taken) = Reader::admit(http, worker, admitted, asked.cust_space_id, PULL).await?;

    let mut follower = worker.services.feeds.follow(reader.cust_space_id());
    let mut taken = Some(taken);
    loop {
        let data = gather(&follower, after, limit).await.map_err(|error| refusal("After", after, error))?;
        if !data.list.is_empty() || Instant::now() >= end || follower.is_stopping() {
            return Ok(PulledEvents { data });
        }
        // Whoever waits keeps no other call from being made.
        taken.take();
        // Told or not, it looks once more.
        let _ = timeout_at(end, follower.ahead_of(data.next)).await;
        reader.check().await?;
    }
}

/// Page by page, so that neither the answer nor what is read for it grows without a bound.
async fn gather(follower: &Follower, mut after: Option<i64>, limit: usize) -> Result<EventList, FeedError> {
    let mut gathered = EventList { list: Vec::new(), next: 0 };
    let mut size = 0;
    loop {
        let wanted = (limit - gathered.list.len()).min(PAGE);
        let page = match follower.page(after, wanted).await {
            // What was gathered is an answer; the next call is told why there is no more.
            Err(_) if !gathered.list.is_empty() => return Ok(gathered),
            page => page?,
        };
        size += page.events().iter().map(|event| event.json.get().len()).sum::<usize>();
        gathered.list.extend(page.events().iter().map(|event| event.json.clone()));
        gathered.next = page.next();
        if page.events().len() < wanted || gathered.list.len() == limit || size >= LARGE {
            return Ok(gathered);
        }
        after = Some(gathered.next);
    }
}
