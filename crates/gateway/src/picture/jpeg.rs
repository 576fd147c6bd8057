//! A strict reader of a JPEG's markers ([ITU-T T.81](https://www.w3.org/Graphics/JPEG/itu-t81.pdf), annex B).
//!
//! Decoders read on where a file is damaged, each in its own way, and keep what they find on the way. At a door it is the
//! other way round: a file that two decoders could see differently (two frames, lines counted at the end) is refused,
//! and nothing is kept.

use super::PictureError;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
/// Says at the end how many lines there are, where the frame did not.
const DNL: u8 = 0xDC;

/// What a frame header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// In pixels.
    pub(super) width: u16,
    /// In pixels.
    pub(super) height: u16,
}

/// The one frame of a whole JPEG. What stands behind its end is nobody's concern: phones put videos there.
pub(super) fn frame(file: &[u8]) -> Result<Frame, PictureError> {
    let Some(rest) = file.strip_prefix(&[0xFF, SOI]) else {
        return Err(PictureError::NotJpeg { what: kind(file) });
    };
    let mut reader = Reader { rest };
    let mut frame = None;
    let mut scans = 0;
    loop {
        match reader.marker()? {
            EOI if scans == 0 => return Err(damaged("it ends before its picture")),
            EOI => return frame.ok_or(damaged("it has no frame header")),
            SOS if frame.is_none() => return Err(damaged("it has no frame header")),
            SOS => {
                reader.segment()?;
                reader.skip_scan();
                scans += 1;
            }
            0xC0..=0xC2 if frame.is_some() => return Err(damaged("it has two frame headers")),
            0xC0..=0xC2 => frame = Some(frame_header(reader.segment()?)?),
            DNL => return Err(PictureError::Unusual),
            // Lossless, hierarchical and arithmetic coding.
            code if is_other_frame(code) => return Err(PictureError::Unusual),
            // Tables, applications' data, comments.
            0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE => drop(reader.segment()?),
            _ => return Err(damaged("a marker stands where none may")),
        }
    }
}

const fn is_other_frame(code: u8) -> bool {
    matches!(code, 0xC3 | 0xC5..=0xC7 | 0xC8..=0xCF | 0xDE | 0xDF)
}

/// Precision, lines, samples a line, components (T.81, B.2.2).
fn frame_header(segment: &[u8]) -> Result<Frame, PictureError> {
    let Some((&[precision, h1, h2, w1, w2, components], specified)) = segment.split_first_chunk() else {
        return Err(damaged("its frame header is too short"));
    };
    if specified.len() != 3 * usize::from(components) || !(1..=4).contains(&components) {
        return Err(damaged("its frame header is wrong"));
    }
    let frame = Frame { width: u16::from_be_bytes([w1, w2]), height: u16::from_be_bytes([h1, h2]) };
    match precision {
        8 if frame.width > 0 && frame.height > 0 => Ok(frame),
        _ => Err(PictureError::Unusual),
    }
}

/// What is left of a file.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next marker's code. Any number of fill bytes may stand before it (T.81, B.1.1.2).
    fn marker(&mut self) -> Result<u8, PictureError> {
        let fills = self.rest.iter().take_while(|byte| **byte == 0xFF).count();
        match self.rest.get(fills) {
            None => Err(damaged("it is cut off")),
            Some(_) if fills == 0 => Err(damaged("a marker is missing")),
            Some(code) => {
                self.rest = &self.rest[fills + 1..];
                Ok(*code)
            }
        }
    }

    /// The segment behind a marker, without its length.
    fn segment(&mut self) -> Result<&'a [u8], PictureError> {
        let Some((&[high, low], rest)) = self.rest.split_first_chunk() else { return Err(damaged("it is cut off")) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let length = length.checked_sub(2).ok_or(damaged("a segment's length is wrong"))?;
        let (segment, rest) = rest.split_at_checked(length).ok_or(damaged("it is cut off"))?;
        self.rest = rest;
        Ok(segment)
    }

    /// Goes on to the first marker behind a scan's data, in which `FF` stands only before `00` and restart markers.
    fn skip_scan(&mut self) {
        let ends = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7);
        let end = self.rest.windows(2).position(ends).unwrap_or(self.rest.len());
        self.rest = &self.rest[end..];
    }
}

/// What a file is that is no JPEG, where its first bytes tell.
fn kind(file: &[u8]) -> &'static str {
    match file {
        [0x89, b'P', b'N', b'G', ..] => "a PNG",
        [b'G', b'I', b'F', b'8', ..] => "a GIF",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "a WebP",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "a HEIF or AVIF file, or a video",
        [b'<', ..] => "a page or a drawing",
        _ => "a file of another kind",
    }
}

const fn damaged(why: &'static str) -> PictureError {
    PictureError::Damaged { why }
}
