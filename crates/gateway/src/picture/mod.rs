//! A group's profile picture: read out of a parameter, and checked before anything is sent to Meta.
//!
//! Meta's rule ([group settings](https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/reference)):
//! a square JPEG of at least 192 × 192 pixels and at most 5 MB. Ours beside it: at most 16,384 pixels a side, since a
//! larger one within 5 MB is made to exhaust whoever decodes it. Nothing is decoded here.

mod encoded;
#[doc(hidden)]
pub mod fuzzing;
mod jpeg;

#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use cams_api::identifiers::CustSpaceId;
use cams_api::parameters::ParameterError;
use graph_client::Acted;
use tokio::time::Instant;

use crate::egress::{Egress, EgressError, ExternalUrl, Full, Limits};
use crate::limits::Throttled;
use crate::operations::OperationError;

/// The largest picture, in bytes: 5 MiB, the larger reading of Meta's "5 MB".
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// The smallest side, in pixels.
const MIN_SIDE: u16 = 192;
/// The largest side, in pixels.
const MAX_SIDE: u16 = 16_384;
/// How long a picture may take that is fetched from a URL.
const FETCH: Duration = Duration::from_secs(10);
/// The parameter that a picture comes in.
const PARAMETER: &str = "ProfilePictureFile";

/// A JPEG that Meta takes for a group's picture.
#[derive(Clone, PartialEq, Eq)]
pub struct SquareJpeg(Bytes);

impl SquareJpeg {
    /// The file.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl std::fmt::Debug for SquareJpeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SquareJpeg({} bytes)", self.0.len())
    }
}

/// Why a picture is not taken. The text names the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// There are no bytes.
    #[error("The picture is empty.")]
    Empty,
    /// There are too many.
    #[error("The picture is larger than 5 MB ({MAX_BYTES} bytes).")]
    TooLarge,
    /// It is a file of another kind, by its content.
    #[error("The picture is {what}; it must be a JPEG.")]
    NotJpeg {
        /// What it is.
        what: &'static str,
    },
    /// It is a JPEG that ends early, or breaks the format's rules.
    #[error("The picture is a damaged JPEG: {why}.")]
    Damaged {
        /// How.
        why: &'static str,
    },
    /// It is a JPEG of a rare kind that phones do not show.
    #[error("The picture must be a baseline or progressive JPEG of 8 bits a sample.")]
    Unusual,
    /// Its sides differ.
    #[error("The picture has {width} × {height} pixels; it must be square.")]
    NotSquare {
        /// In pixels.
        width: u16,
        /// In pixels.
        height: u16,
    },
    /// It is too small.
    #[error("The picture has {side} × {side} pixels; it must have at least 192 × 192.")]
    TooSmall {
        /// In pixels.
        side: u16,
    },
    /// It is far too large to look at.
    #[error("The picture has {side} × {side} pixels; it must have at most 16384 × 16384.")]
    TooWide {
        /// In pixels.
        side: u16,
    },
}

/// Why a parameter gave no picture.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Url(#[from] EgressError),
    #[error("It is neither a URL that begins with `https://` nor a picture in base64.")]
    NoBase64,
    #[error(transparent)]
    Picture(#[from] PictureError),
}

/// Checks that a file is a picture that Meta takes, by its content alone. Costs a look at each byte, and no memory.
///
/// # Errors
/// [`PictureError`]
pub fn check(file: Bytes) -> Result<SquareJpeg, PictureError> {
    if file.is_empty() {
        return Err(PictureError::Empty);
    }
    if file.len() > MAX_BYTES {
        return Err(PictureError::TooLarge);
    }
    let jpeg::Frame { width, height } = jpeg::frame(&file)?;
    match width {
        _ if width != height => Err(PictureError::NotSquare { width, height }),
        side if side < MIN_SIDE => Err(PictureError::TooSmall { side }),
        side if side > MAX_SIDE => Err(PictureError::TooWide { side }),
        _ => Ok(SquareJpeg(file)),
    }
}

/// The picture that `ProfilePictureFile` holds or names: base64 of it, as a `data:` URL or plain, or a URL to fetch it
/// from for the tenant, within 10 s and before `deadline`.
///
/// # Errors
/// [`OperationError::Parameter`] about `ProfilePictureFile` where there is none to be had, or one that breaks a rule;
/// [`OperationError::Throttled`] and [`OperationError::Busy`] where as many are being fetched as may be;
/// [`OperationError::Late`] where the caller's time is over first.
pub async fn from_parameter(
    (egress, tenant): (&Egress, &CustSpaceId),
    value: &str,
    deadline: Option<Instant>,
) -> Result<SquareJpeg, OperationError> {
    let read = read((egress, tenant), value.trim(), deadline).await;
    read.map_err(|error| match error {
        Unusable::Url(EgressError::Timeout) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
            OperationError::late(Acted::No)
        }
        Unusable::Url(EgressError::Busy(Full::Tenant)) => Throttled::Fetches.into(),
        Unusable::Url(EgressError::Busy(Full::Gateway)) => OperationError::Busy,
        error => ParameterError::Unusable { parameter: PARAMETER.to_owned(), why: error.to_string() }.into(),
    })
}

async fn read(
    (egress, tenant): (&Egress, &CustSpaceId),
    value: &str,
    deadline: Option<Instant>,
) -> Result<SquareJpeg, Unusable> {
    let file = if value.contains("://") {
        let url = ExternalUrl::try_from(value)?;
        fetch((egress, tenant), &url, deadline).await?
    } else {
        encoded::decode(value).ok_or(Unusable::NoBase64)?
    };
    Ok(check(file)?)
}

async fn fetch(
    (egress, tenant): (&Egress, &CustSpaceId),
    url: &ExternalUrl,
    deadline: Option<Instant>,
) -> Result<Bytes, Unusable> {
    let left = deadline.map_or(FETCH, |deadline| deadline.saturating_duration_since(Instant::now()).min(FETCH));
    match egress.get(tenant, url, Limits { time: left, body: MAX_BYTES }).await {
        Ok(fetched) => Ok(fetched.body),
        Err(EgressError::TooLarge { .. }) => Err(PictureError::TooLarge.into()),
        Err(error) => Err(error.into()),
    }
}
