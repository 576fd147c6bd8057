//! Which pictures are taken, and which rule refuses the others.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;

use super::encoded::decode;
use super::{MAX_BYTES, PictureError, check};

/// A file that an encoder really made.
fn file(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures");
    fs::read(folder.join(name)).unwrap().into()
}

fn refusal(file: impl Into<Bytes>) -> PictureError {
    check(file.into()).unwrap_err()
}

/// A segment: its marker, its length, its content.
fn segment(code: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, code], &length[..], content].concat()
}

fn frame(code: u8, width: u16, height: u16) -> Vec<u8> {
    let ([h1, h2], [w1, w2]) = (height.to_be_bytes(), width.to_be_bytes());
    segment(code, &[8, h1, h2, w1, w2, 1, 1, 0x11, 0])
}

fn scan() -> Vec<u8> {
    [segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56]].concat()
}

/// A JPEG with these parts between its start and its end.
fn jpeg(parts: &[Vec<u8>]) -> Vec<u8> {
    [&[0xFF, 0xD8], &parts.concat()[..], &[0xFF, 0xD9]].concat()
}

fn sized(width: u16, height: u16) -> Vec<u8> {
    jpeg(&[frame(0xC0, width, height), scan()])
}

#[test]
fn square_jpegs_of_every_usual_kind_are_taken_as_they_are() {
    for name in ["baseline.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg", "rotated.jpg", "restarts.jpg"] {
        let picture = check(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(picture.into_bytes(), file(name), "{name}");
    }
    for side in [192, 193, 16_384] {
        assert!(check(sized(side, side).into()).is_ok(), "{side}");
    }
}

#[test]
fn a_picture_that_is_too_small_or_not_square_is_refused_with_its_size() {
    assert_eq!(refusal(file("1x1.jpg")), PictureError::TooSmall { side: 1 });
    assert_eq!(refusal(file("191x191.jpg")), PictureError::TooSmall { side: 191 });
    assert_eq!(refusal(file("192x193.jpg")), PictureError::NotSquare { width: 192, height: 193 });
    assert_eq!(refusal(sized(193, 192)), PictureError::NotSquare { width: 193, height: 192 });
    let said = refusal(file("191x191.jpg")).to_string();
    assert_eq!(said, "The picture has 191 × 191 pixels; it must have at least 192 × 192.");
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    assert_eq!(refusal(sized(65_535, 65_535)), PictureError::TooWide { side: 65_535 });
    assert_eq!(refusal(sized(16_385, 16_385)), PictureError::TooWide { side: 16_385 });
    // Lines that are counted only at the end.
    assert_eq!(refusal(sized(192, 0)), PictureError::Unusual);
    assert_eq!(refusal(sized(0, 0)), PictureError::Unusual);
    let recounted = jpeg(&[frame(0xC0, 192, 192), scan(), segment(0xDC, &[0xFF, 0xFF])]);
    assert_eq!(refusal(recounted), PictureError::Unusual);
}

#[test]
fn a_file_is_judged_by_its_content_and_not_by_its_name() {
    let html = "<html>ÿØÿ</html>".as_bytes().to_vec();
    let others = [
        ("a PNG", file("picture.png")),
        ("a GIF", file("picture.gif")),
        ("a WebP", file("picture.webp")),
        ("a HEIF or AVIF file, or a video", b"\0\0\0\x18ftypheic\0\0\0\0".to_vec().into()),
        ("a page or a drawing", html.into()),
        ("a file of another kind", b"BM8\0\0\0".to_vec().into()),
        ("a file of another kind", vec![0xFF].into()),
        ("a file of another kind", [&[0x00], &file("baseline.jpg")[..]].concat().into()),
    ];
    for (what, file) in others {
        assert_eq!(refusal(file), PictureError::NotJpeg { what });
    }
    assert_eq!(refusal(Vec::new()), PictureError::Empty);
}

#[test]
fn exactly_5_mb_are_taken_and_a_byte_more_is_not() {
    let mut picture = file("baseline.jpg").to_vec();
    // Behind a JPEG's end may stand anything.
    picture.resize(MAX_BYTES, 0xFF);
    assert!(check(picture.clone().into()).is_ok());
    picture.push(0);
    assert_eq!(refusal(picture), PictureError::TooLarge);
}

#[test]
fn a_picture_that_is_cut_off_anywhere_is_refused() {
    for name in ["baseline.jpg", "progressive.jpg", "rotated.jpg", "restarts.jpg"] {
        let whole = file(name);
        for length in 0..whole.len() {
            assert!(check(whole.slice(..length)).is_err(), "{name} of {length} bytes is taken");
        }
    }
}

#[test]
fn a_file_that_two_decoders_could_see_differently_is_refused() {
    let damaged = |why| PictureError::Damaged { why };
    let frame_of = |side| frame(0xC0, side, side);
    let cases = [
        (jpeg(&[frame_of(192), frame_of(640), scan()]), damaged("it has two frame headers")),
        (jpeg(&[frame_of(192), scan(), frame_of(640), scan()]), damaged("it has two frame headers")),
        (jpeg(&[scan()]), damaged("it has no frame header")),
        (jpeg(&[frame_of(192)]), damaged("it ends before its picture")),
        (jpeg(&[]), damaged("it ends before its picture")),
        (jpeg(&[vec![0xFF, 0xD8], frame_of(192), scan()]), damaged("a marker stands where none may")),
        (jpeg(&[vec![0xFF, 0xD0], frame_of(192), scan()]), damaged("a marker stands where none may")),
        (jpeg(&[vec![0x00], frame_of(192), scan()]), damaged("a marker is missing")),
        (jpeg(&[vec![0xFF, 0xE0, 0, 1], frame_of(192), scan()]), damaged("a segment's length is wrong")),
        (jpeg(&[segment(0xC0, &[8, 0, 192]), scan()]), damaged("its frame header is too short")),
        (jpeg(&[segment(0xC0, &[8, 0, 192, 0, 192, 3, 1, 0x11, 0]), scan()]), damaged("its frame header is wrong")),
        (jpeg(&[segment(0xC0, &[8, 0, 192, 0, 192, 0]), scan()]), damaged("its frame header is wrong")),
        (jpeg(&[segment(0xC0, &[12, 0, 192, 0, 192, 1, 1, 0x11, 0]), scan()]), PictureError::Unusual),
        (jpeg(&[frame(0xC3, 192, 192), scan()]), PictureError::Unusual),
        (jpeg(&[frame(0xC9, 192, 192), scan()]), PictureError::Unusual),
        (jpeg(&[frame(0xF7, 192, 192), scan()]), damaged("a marker stands where none may")),
    ];
    for (file, expected) in cases {
        assert_eq!(refusal(file.clone()), expected, "{file:02x?}");
    }
}

#[test]
fn fill_bytes_tables_and_applications_data_are_passed_over() {
    let hidden = segment(0xE1, &sized(1, 1));
    let parts = [hidden, vec![0xFF, 0xFF], segment(0xFE, b"\xFF\xD9"), frame(0xC2, 200, 200), scan(), scan()];
    assert!(check(jpeg(&parts).into()).is_ok());
}

#[test]
fn no_damage_to_a_picture_makes_the_reader_fail() {
    for name in ["progressive.jpg", "rotated.jpg"] {
        let whole = file(name);
        for at in 0..whole.len() {
            for byte in [0x00, 0x01, 0x7F, 0xC0, 0xD8, 0xD9, 0xDA, 0xFF] {
                let mut damaged = whole.to_vec();
                damaged[at] = byte;
                let _ = check(damaged.into());
            }
        }
    }
}

#[test]
fn base64_is_read_as_callers_write_it() {
    let bytes: Vec<u8> = (0..=255).chain([0xFB, 0xEF, 0xFF, 0xFE]).collect();
    let lines: String = STANDARD
        .encode(&bytes)
        .as_bytes()
        .chunks(76)
        .flat_map(|line| [line, b"\r\n"].concat())
        .map(char::from)
        .collect();
    let written = [
        STANDARD.encode(&bytes),
        STANDARD_NO_PAD.encode(&bytes),
        URL_SAFE.encode(&bytes),
        URL_SAFE_NO_PAD.encode(&bytes),
        format!("data:image/jpeg;base64,{}", STANDARD.encode(&bytes)),
        format!("DATA:image/jpeg;name=a.jpg;BASE64,{}", URL_SAFE_NO_PAD.encode(&bytes)),
        format!("data:;base64,\n  {lines}"),
        lines,
    ];
    for text in written {
        assert_eq!(decode(&text).as_deref(), Some(&bytes[..]), "{text}");
    }
}

#[test]
fn what_is_no_base64_is_not_guessed_at() {
    for text in
        ["picture.jpg", "data:image/jpeg,%FF%D8", "data:image/jpeg;base64", "/9j/4AAQ!", "a", "/9j=/4AA", "日本"]
    {
        assert_eq!(decode(text), None, "{text}");
    }
}
