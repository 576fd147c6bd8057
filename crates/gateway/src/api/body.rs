//! Reading a request's body, with a bound.

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::task::Poll;

use crate::bounds;

/// Why a body could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BodyError {
    /// It is larger than the limit.
    #[error("The body is larger than {limit} bytes.")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// It is not of a type that is read here.
    #[error("The body's Content-Type must be `{wanted}`.")]
    MediaType {
        /// The type that is read here.
        wanted: &'static str,
    },
    /// Its sender took too long.
    #[error("The body did not come to its end in time.")]
    Late,
    /// The connection broke, or its framing is wrong.
    #[error("The body could not be read to its end.")]
    Broken,
}

/// The whole body, where it is at most `limit` bytes and comes in time.
pub(crate) async fn read(headers: &HeaderMap, payload: Payload, limit: usize) -> Result<Bytes, BodyError> {
    let mut reading = pin!(read_all(headers, payload, limit));
    if let Some(read) = at_second_look(reading.as_mut()).await {
        return read;
    }
    tokio::time::timeout(bounds::BODY, reading).await.unwrap_or(Err(BodyError::Late))
}

/// What becomes of it without waiting. Most bodies come with their head, and need no timer; but `actix-http` gives them to
/// a handler that has looked once.
async fn at_second_look<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    let mut has_looked = false;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if mem::replace(&mut has_looked, true) => Poll::Ready(None),
        Poll::Pending => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

async fn read_all(headers: &HeaderMap, mut payload: Payload, limit: usize) -> Result<Bytes, BodyError> {
    if announced(headers).is_some_and(|length| length > limit + bounds::DISCARDED) {
        return Err(BodyError::TooLarge { limit });
    }
    let Some(first) = payload.next().await.transpose().map_err(|_| BodyError::Broken)? else {
        return Ok(Bytes::new());
    };
    let mut length = first.len();
    let mut all: Option<BytesMut> = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        length += chunk.len();
        if length > limit + bounds::DISCARDED {
            return Err(BodyError::TooLarge { limit });
        }
        if length <= limit {
            all.get_or_insert_with(|| BytesMut::from(first.as_ref())).extend_from_slice(&chunk);
        }
    }
    if length > limit {
        return Err(BodyError::TooLarge { limit });
    }
    Ok(all.map_or(first, BytesMut::freeze))
}

/// Whether the body is said to be of this type; a body of which nothing is said is taken for it.
pub(super) fn expect_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), BodyError> {
    if !headers.contains_key(CONTENT_TYPE) || media_type(headers).eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        Err(BodyError::MediaType { wanted })
    }
}

/// The body's type without its parameters, as it was written; empty where none is told.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let sent = headers.get(CONTENT_TYPE).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim()
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
