//! Pictures: as files, and as callers write them into a parameter.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use gateway::fuzzing::picture::decoded;
use gateway::picture::{MAX_BYTES, PictureError, check};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

/// The sides that are taken, in pixels.
const SIDES: std::ops::RangeInclusive<usize> = 192..=16_384;

pub(super) fn run(bytes: &[u8]) {
    match check(Bytes::copy_from_slice(bytes)) {
        Ok(picture) => is_a_square_jpeg(bytes, &picture.into_bytes()),
        Err(told) => assert!(told.to_string().len() < 256, "{told}"),
    }
    survives_base64(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(file) = decoded(text)
    {
        assert!(file.len() <= text.len());
    }
}

fn is_a_square_jpeg(file: &[u8], kept: &[u8]) {
    assert!(file.len() <= MAX_BYTES && kept == file);
    let more = [file, b"behind its end"].concat();
    assert_eq!(check(more.into()).is_ok(), file.len() + 14 <= MAX_BYTES, "what stands behind its end counts");
    assert!(check(Bytes::copy_from_slice(&file[1..])).is_err());
    // A decoder that can read it at all sees the picture that was checked.
    let mut decoder = JpegDecoder::new(ZCursor::new(file));
    if decoder.decode_headers().is_ok() {
        let Some((width, height)) = decoder.dimensions() else { return };
        assert!(width == height && SIDES.contains(&width), "a decoder sees {width} × {height}");
    }
}

/// However a caller writes a file, it is the same file.
fn survives_base64(file: &[u8]) {
    let standard = STANDARD.encode(file);
    let lines: Vec<&str> = standard.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let written = [
        STANDARD_NO_PAD.encode(file),
        URL_SAFE.encode(file),
        URL_SAFE_NO_PAD.encode(file),
        lines.join("\r\n"),
        format!("data:image/jpeg;base64,{standard}"),
        standard,
    ];
    for text in written {
        assert_eq!(decoded(&text).as_deref(), Some(file), "{text}");
    }
    assert!(file.is_empty() == matches!(check(Bytes::copy_from_slice(file)), Err(PictureError::Empty)));
}
