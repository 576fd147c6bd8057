//! For the fuzz targets: pictures as callers write them.

use bytes::Bytes;

/// The bytes of a picture that stands in a parameter itself; `None` where it is no base64.
pub fn decoded(text: &str) -> Option<Bytes> {
    super::encoded::decode(text)
}
