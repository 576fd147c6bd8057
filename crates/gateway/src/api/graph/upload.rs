//! Files on their way to Meta: passed on as they come, never held.

mod parts;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, Payload};
use awc::body::{BodyStream, BoxBody, SizedStream};
use futures_util::{Stream, StreamExt, stream};
use graph_client::ForwardBody;
use tokio::time::timeout;

use parts::Parts;

use super::body::content_type;
use super::errors::FaceError;
use crate::api::body::BodyError;

/// The largest file, and what stands around it in the form.
const LARGEST: u64 = 100 * 1024 * 1024 + 64 * 1024;
/// How long the next piece of a file may take.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Begins to read a form with a file in it.
///
/// # Errors
/// [`FaceError`] where it is none, or is said to be too large.
pub(super) fn begin(headers: &HeaderMap, payload: Payload) -> Result<Upload, FaceError> {
    let wanted = "multipart/form-data";
    let sent = headers.get(CONTENT_TYPE).filter(|_| content_type(headers) == wanted);
    let content_type = sent.cloned().ok_or(BodyError::MediaType { wanted })?;
    let parts = Parts::of(content_type.to_str().unwrap_or_default())?;
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > LARGEST) {
        return Err(too_large().into());
    }
    let fault = Rc::new(Cell::new(None));
    let pieces = pieces(payload, parts, fault.clone());
    let body = match length {
        Some(length) => BoxBody::new(SizedStream::new(length, Box::pin(pieces))),
        None => BoxBody::new(BodyStream::new(Box::pin(pieces))),
    };
    Ok(Upload { body: ForwardBody::Stream { content_type, body }, fault })
}

/// The pieces as they come, until the end, a fault, or the limit.
fn pieces(
    payload: Payload,
    parts: Parts,
    fault: Rc<Cell<Option<FaceError>>>,
) -> impl Stream<Item = Result<Bytes, BrokenOff>> + 'static {
    stream::unfold((payload, parts, 0_u64), move |(mut payload, mut parts, so_far)| {
        let fault = fault.clone();
        async move {
            let piece = next(&mut payload, &mut parts, so_far).await.transpose()?;
            let so_far = so_far + piece.as_ref().map_or(0, |piece| piece.len() as u64);
            let piece = piece.map_err(|error| {
                fault.set(Some(error));
                BrokenOff
            });
            Some((piece, (payload, parts, so_far)))
        }
    })
}

/// The next piece, where it may be passed on; `None` at the end.
async fn next(payload: &mut Payload, parts: &mut Parts, so_far: u64) -> Result<Option<Bytes>, FaceError> {
    let piece = timeout(PATIENCE, payload.next()).await.map_err(|_| BodyError::Late)?;
    let Some(piece) = piece.transpose().map_err(|_| BodyError::Broken)? else { return Ok(None) };
    if so_far + piece.len() as u64 > LARGEST {
        return Err(too_large().into());
    }
    parts.look(&piece)?;
    Ok(Some(piece))
}

fn too_large() -> BodyError {
    BodyError::TooLarge { limit: usize::try_from(LARGEST).unwrap_or(usize::MAX) }
}
