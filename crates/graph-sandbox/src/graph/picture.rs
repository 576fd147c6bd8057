//! Profile pictures: JPEG, square, at least 192 by 192 pixels, at most 5 MB.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::errors::{Code, GraphError, GraphResult};
use super::params::{Params, UploadedFile};

const MAX_BYTES: usize = 5 << 20;
const MIN_SIDE: u16 = 192;
/// Meta's guide names the part both ways.
const PART_NAMES: [&str; 2] = ["file", "profile_picture_file"];

/// The SHA-256, in base64, of the picture that was sent along, if any.
pub(crate) fn checked(params: &Params) -> GraphResult<Option<String>> {
    if params.get("profile_picture_file").is_some() {
        // The JSON form names a file of Meta's own; nothing can stand there.
        let details = "profile_picture_file names no uploaded file; send it as multipart";
        return Err(GraphError::detailed(Code::VALUE, details));
    }
    let mut files = params.files.iter();
    let picture = files.find(|file| PART_NAMES.contains(&&*file.name));
    let Some(picture) = picture else {
        return Ok(None);
    };
    check(picture)?;
    let sum = digest(&SHA256, &picture.content);
    Ok(Some(STANDARD.encode(sum.as_ref())))
}

fn check(picture: &UploadedFile) -> GraphResult<()> {
    let refused = |details: &str| Err(GraphError::detailed(Code::VALUE, details));
    if picture.content_type.as_deref().is_some_and(|kind| kind != "image/jpeg") {
        return refused("The profile picture must be of type image/jpeg");
    }
    if picture.content.len() > MAX_BYTES {
        return refused("The profile picture is larger than 5 MB");
    }
    match dimensions(&picture.content) {
        None => refused("The profile picture is not a readable JPEG"),
        Some((width, height)) if width != height => Err(GraphError::new(Code::NOT_SQUARE)),
        Some((width, _)) if width < MIN_SIDE => Err(GraphError::new(Code::TOO_SMALL)),
        Some(_) => Ok(()),
    }
}

/// Width and height out of a JPEG's frame header (ITU-T T.81, B.2.2). Any number of
/// fill bytes may stand before a marker (B.1.1.2).
fn dimensions(jpeg: &[u8]) -> Option<(u16, u16)> {
    let mut rest = jpeg.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        while rest.starts_with(&[0xFF, 0xFF]) {
            rest = &rest[1..];
        }
        let (&[0xFF, marker, high, low], _) = rest.split_first_chunk::<4>()? else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if is_frame(marker) {
            let side = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
            return Some((side(7)?, side(5)?));
        }
        rest = rest.get(2 + length..)?;
    }
}

/// Start-of-frame markers: C0 to CF without DHT (C4), JPG (C8) and DAC (CC).
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_jpeg_is_read_from_its_frame_header() {
        let app0 = [0xFF, 0xE0, 0, 4, 1, 2];
        let frame = [0xFF, 0xC0, 0, 11, 8, 0, 192, 1, 0, 1, 0, 0, 0];
        let jpeg = [&[0xFF, 0xD8][..], &app0, &frame].concat();
        assert_eq!(dimensions(&jpeg), Some((256, 192)));
        let filled = [&[0xFF, 0xD8, 0xFF, 0xFF][..], &app0, &[0xFF], &frame].concat();
        assert_eq!(dimensions(&filled), Some((256, 192)), "with fill bytes");
        assert_eq!(dimensions(&jpeg[..12]), None, "cut off");
        assert_eq!(dimensions(&[0xFF; 64]), None);
        assert_eq!(dimensions(b"\x89PNG\r\n"), None);
    }
}
