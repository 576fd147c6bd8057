//! Files on their way to Meta: passed on as they come, never held.

mod header;
mod pace;
mod parts;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, Payload};
use awc::body::{BodyStream, BoxBody, SizedStream};
use futures_util::{Stream, StreamExt, stream};
use graph_client::ForwardBody;
use tokio::time::{Instant, timeout};

use pace::Pace;
use parts::Parts;

use super::errors::FaceError;
use crate::api::body::{BodyError, media_type};

/// The largest file, and what stands around it in the form.
const LARGEST: u64 = 100 * 1024 * 1024 + 64 * 1024;

/// A file that comes, and why it stopped, if it did.
pub(super) struct Upload {
    /// What goes on to Meta.
    pub body: ForwardBody,
    /// Set where the caller is to blame that it did not come to its end.
    pub fault: Rc<Cell<Option<FaceError>>>,
}

/// The file did not come to its end; why stands in [`Upload::fault`].
#[derive(Debug, thiserror::Error)]
#[error("the caller's file did not come to its end")]
struct BrokenOff;

/// How long the next piece of a file may take: less than Meta may, so that a caller who stands still is not told that
/// Meta is away.
pub(super) fn patience(upstream_timeout: Duration) -> Duration {
    upstream_timeout * 3 / 4
}

/// Begins to read a form with a file in it, each piece of which comes within `patience`.
///
/// # Errors
/// [`FaceError`] where it is none, or is said to be too large.
pub(super) fn begin(headers: &HeaderMap, payload: Payload, patience: Duration) -> Result<Upload, FaceError> {
    let wanted = "multipart/form-data";
    let sent = headers.get(CONTENT_TYPE).filter(|_| media_type(headers).eq_ignore_ascii_case(wanted));
    let content_type = sent.cloned().ok_or(BodyError::MediaType { wanted })?;
    let parts = Parts::of(content_type.to_str().unwrap_or_default())?;
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > LARGEST) {
        return Err(too_large().into());
    }
    let fault = Rc::new(Cell::new(None));
    let coming = Coming { payload, parts, pace: Pace::default(), patience };
    let pieces = pieces(coming, fault.clone());
    let body = match length {
        Some(length) => BoxBody::new(SizedStream::new(length, Box::pin(pieces))),
        None => BoxBody::new(BodyStream::new(Box::pin(pieces))),
    };
    Ok(Upload { body: ForwardBody::Stream { content_type, body }, fault })
}

/// A file, as far as it has come.
struct Coming {
    payload: Payload,
    parts: Parts,
    pace: Pace,
    patience: Duration,
}

/// The pieces as they come, until the end, a fault, or the limit.
fn pieces(
    coming: Coming,
    fault: Rc<Cell<Option<FaceError>>>,
) -> impl Stream<Item = Result<Bytes, BrokenOff>> + 'static {
    stream::unfold(coming, move |mut coming| {
        let fault = fault.clone();
        async move {
            let piece = coming.next().await.transpose()?;
            let piece = piece.map_err(|error| {
                fault.set(Some(error));
                BrokenOff
            });
            Some((piece, coming))
        }
    })
}

impl Coming {
    /// The next piece, where it may be passed on; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, FaceError> {
        let asked = Instant::now();
        let piece = timeout(self.patience, self.payload.next()).await.map_err(|_| BodyError::Late)?;
        let Some(piece) = piece.transpose().map_err(|_| BodyError::Broken)? else { return Ok(None) };
        self.pace.came(piece.len(), asked.elapsed());
        if self.pace.bytes() > LARGEST {
            return Err(too_large().into());
        }
        if self.pace.is_too_slow() {
            return Err(BodyError::Late.into());
        }
        self.parts.look(&piece)?;
        Ok(Some(piece))
    }
}

fn too_large() -> BodyError {
    BodyError::TooLarge { limit: usize::try_from(LARGEST).unwrap_or(usize::MAX) }
}
