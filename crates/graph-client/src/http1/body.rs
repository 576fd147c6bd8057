//! Where an answer's body ends, and a body in chunks ([RFC 9112, 6 and 7](https://www.rfc-editor.org/rfc/rfc9112#section-6)).

use super::connection::take_out;
use crate::error::Unreadable;

/// The longest line between chunks, with its extensions, in bytes.
const MOST_LINE: usize = 1024;

/// How many fields may stand behind the last chunk.
const MOST_TRAILERS: usize = 64;

/// What says where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// It has so many bytes.
    Length(u64),
    /// Its last chunk.
    Chunked,
    /// The connection's end.
    Closed,
}

/// Takes a body out of its chunks, in the buffer into which it is read.
pub(super) struct Chunks {
    begin: usize,
    /// Where the body ends that has been taken out so far. Behind it stands what is still to be looked at.
    end: usize,
    /// The largest body.
    most: usize,
    next: Next,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Next {
    Size,
    Data(usize),
    DataEnd,
    Trailers(usize),
}

impl Chunks {
    /// Of a body that begins there in the buffer and may have so many bytes.
    pub(super) fn new(begin: usize, most: usize) -> Self {
        Self { begin, end: begin, most, next: Next::Size }
    }

    /// Where the body ends in the buffer.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Takes out what has come. Whether it was all; what then still stands behind the body is no part of it.
    pub(super) fn decode(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Unreadable> {
        let mut at = self.end;
        let mut is_whole = false;
        while let Some(taken) = self.step(buffer, at)? {
            at += taken;
            if matches!(self.next, Next::Trailers(0)) {
                is_whole = true;
                break;
            }
        }
        take_out(buffer, self.end..at);
        Ok(is_whole)
    }

    /// Takes the next piece, which begins at `at`, and says how long it was; `None` where it has not come yet.
    fn step(&mut self, buffer: &mut [u8], at: usize) -> Result<Option<usize>, Unreadable> {
        match self.next {
            Next::Size => {
                let Some(line) = line(&buffer[at..])? else { return Ok(None) };
                self.next = self.after_size(size(line).ok_or(Unreadable::CutOff)?)?;
                Ok(Some(line.len() + 2))
            }
            Next::Data(left) => {
                let come = left.min(buffer.len() - at);
                buffer.copy_within(at..at + come, self.end);
                self.end += come;
                self.next = if come < left { Next::Data(left - come) } else { Next::DataEnd };
                Ok((come > 0).then_some(come))
            }
            Next::DataEnd => match buffer[at..] {
                [b'\r', b'\n', ..] => {
                    self.next = Next::Size;
                    Ok(Some(2))
                }
                [] | [b'\r'] => Ok(None),
                _ => Err(Unreadable::CutOff),
            },
            Next::Trailers(left) => {
                let Some(line) = line(&buffer[at..])? else { return Ok(None) };
                let left = if line.is_empty() { 0 } else { left - 1 };
                if left == 0 && !line.is_empty() {
                    return Err(Unreadable::CutOff);
                }
                self.next = Next::Trailers(left);
                Ok(Some(line.len() + 2))
            }
        }
    }

    fn after_size(&self, size: usize) -> Result<Next, Unreadable> {
        match size {
            0 => Ok(Next::Trailers(MOST_TRAILERS + 1)),
            _ if size > self.most - (self.end - self.begin) => Err(Unreadable::TooLarge { limit: self.most }),
            _ => Ok(Next::Data(size)),
        }
    }
}

/// The first line, without the CRLF that ends it; `None` where that has not come yet.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, Unreadable> {
    match bytes.iter().take(MOST_LINE).position(|byte| *byte == b'\n') {
        Some(at) => match bytes[..at].strip_suffix(b"\r") {
            Some(line) if !line.contains(&b'\r') => Ok(Some(line)),
            _ => Err(Unreadable::CutOff),
        },
        None if bytes.len() < MOST_LINE => Ok(None),
        None => Err(Unreadable::CutOff),
    }
}

/// A chunk's size, in bytes. What extends it is nothing to us.
fn size(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, rest) = line.split_at(digits);
    let rest = rest.trim_ascii_start();
    let is_extended = rest.is_empty() || rest.starts_with(b";");
    usize::from_str_radix(str::from_utf8(digits).ok()?, 16).ok().filter(|_| is_extended)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 20;

    /// A body, and what was left behind it.
    type Decoded = (Vec<u8>, Vec<u8>);

    /// What comes of a body in chunks that comes in these pieces behind a head; `None` where it has not come to its end.
    fn decoded<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Decoded>, Unreadable> {
        let mut buffer = b"HEAD".to_vec();
        let mut chunks = Chunks::new(buffer.len(), LIMIT);
        let mut is_whole = false;
        for piece in pieces {
            buffer.extend_from_slice(piece);
            is_whole = is_whole || chunks.decode(&mut buffer)?;
        }
        assert!(buffer.starts_with(b"HEAD"));
        Ok(is_whole.then(|| (buffer[4..chunks.end()].to_vec(), buffer[chunks.end()..].to_vec())))
    }

    #[test]
    fn a_body_is_the_same_wherever_its_pieces_end() {
        let bytes = b"5;name=\"v\"\r\nab\r\nc\r\nA \t;x\r\n0123456789\r\n000\r\nExpires: never\r\nx: y\r\n\r\nrest";
        let body = b"ab\r\nc0123456789";
        for split in 0..bytes.len() {
            let (first, second) = bytes.split_at(split);
            assert_eq!(decoded([first, second]).unwrap().unwrap(), (body.to_vec(), b"rest".to_vec()), "{split}");
        }
        let (body_by_bytes, rest) = decoded(bytes.chunks(1)).unwrap().unwrap();
        assert_eq!((&body_by_bytes[..], &rest[..]), (&body[..], &b"rest"[..]));
        for cut in 0..bytes.len() - "rest".len() {
            assert_eq!(decoded([&bytes[..cut]]), Ok(None), "{cut}");
        }
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for bytes in [
            &b"5\nabcde\r\n0\r\n\r\n"[..],
            b"5\r\nabcde\n0\r\n\r\n",
            b"5\r\nabcdef\r\n0\r\n\r\n",
            b"5\r\nabcdeX\r\n",
            b"-5\r\n",
            b"+5\r\n",
            b"0x5\r\n",
            b" 5\r\n",
            b"5 5\r\n",
            b"\r\n",
            b";x\r\n",
            b"5;a\rb\r\n",
            b"fffffffffffffffff\r\n",
            b"10000000000000005\r\n",
            b"0\r\nx: y\n\r\n",
        ] {
            assert_eq!(decoded([bytes]), Err(Unreadable::CutOff), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn sizes_lines_and_trailers_have_bounds() {
        let too_large = Err(Unreadable::TooLarge { limit: LIMIT });
        assert_eq!(decoded([&b"15\r\n"[..]]), too_large);
        assert_eq!(decoded([&b"a\r\n0123456789\r\nb\r\n"[..]]), too_large);
        assert_eq!(decoded([&b"ffffffffffffffff\r\n"[..]]), too_large);
        assert!(decoded([&b"14\r\n01234567890123456789\r\n0\r\n\r\n"[..]]).unwrap().is_some());
        let long = [b"1;".to_vec(), vec![b'x'; MOST_LINE]].concat();
        assert_eq!(decoded([&long[..]]), Err(Unreadable::CutOff));
        for (trailers, expected) in [(MOST_TRAILERS, true), (MOST_TRAILERS + 1, false)] {
            let bytes = format!("0\r\n{}\r\n", "x: y\r\n".repeat(trailers));
            assert_eq!(decoded([bytes.as_bytes()]).is_ok_and(|come| come.is_some()), expected, "{trailers}");
        }
    }
}
