//! Heads as they stand on the wire: a request's is written, an answer's is read.

use std::{mem::MaybeUninit, ops::Range};

use awc::http::{Method, StatusCode, header::HeaderValue};
use httparse::{ParserConfig, Response, Status};

use super::{body::Framing, connection::Broken};
use crate::{
    headers::{Header, Headers},
    transport::Message,
};

/// The largest head of an answer, in bytes.
pub(super) const MOST: usize = 64 * 1024;

/// How many headers an answer may have.
const MOST_HEADERS: usize = 96;

/// The head of an answer: what there is to know of it without its bytes.
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// How long it is, in bytes.
    pub(super) length: usize,
    /// What says where the body ends that follows it.
    pub(super) framing: Framing,
    /// Whether the server takes another request on the connection.
    pub(super) keeps: bool,
    /// Where in its bytes the headers stand that anybody reads.
    places: [Option<Range<usize>>; Header::COUNT],
}

/// The head of an answer with its bytes.
pub(super) struct Fields<'a> {
    head: &'a Head,
    bytes: &'a [u8],
}

impl Head {
    /// Its headers, which stand in the bytes that it was read from.
    pub(super) fn headers<'a>(&'a self, bytes: &'a [u8]) -> Fields<'a> {
        Fields { head: self, bytes }
    }
}

impl Headers for Fields<'_> {
    fn value(&self, header: Header) -> Option<&[u8]> {
        self.bytes.get(self.head.places[header as usize].clone()?)
    }
}

/// Writes a request's head, with room for a body of `length` bytes behind it.
pub(super) fn write(message: &Message<'_>, host: &HeaderValue, length: usize, into: &mut Vec<u8>) {
    let lines: [(&[u8], &[u8]); 5] = [
        (message.method.as_str().as_bytes(), b" "),
        (message.target.as_bytes(), b" HTTP/1.1\r\nhost: "),
        (host.as_bytes(), b"\r\nuser-agent: "),
        (message.agent.as_bytes(), b"\r\nauthorization: "),
        (message.token.authorization().as_bytes(), b"\r\n"),
    ];
    let traced = [
        (&b"traceparent: "[..], message.trace.map(|trace| &trace.parent)),
        (b"tracestate: ", message.trace.and_then(|trace| trace.state.as_ref())),
    ];
    let about_trace = traced.iter().filter_map(|(name, value)| Some(name.len() + (*value)?.len() + b"\r\n".len()));
    let size: usize = lines.iter().map(|(value, end)| value.len() + end.len()).chain(about_trace).sum();
    // At once: each time that it grew, a copy of the token would be left in memory.
    into.reserve(size + length + ABOUT_A_BODY);
    for (value, end) in lines {
        into.extend_from_slice(value);
        into.extend_from_slice(end);
    }
    for (name, value) in traced {
        if let Some(value) = value {
            put(into, name, value.as_bytes());
        }
    }
    if let Some(content_type) = message.content_type {
        put(into, b"content-type: ", content_type.as_bytes());
    }
    if let Some(body) = message.body {
        put(into, b"content-length: ", body.len().to_string().as_bytes());
    }
    into.extend_from_slice(b"\r\n");
}

/// Room for the headers about a body.
const ABOUT_A_BODY: usize = 256;

fn put(into: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for piece in [name, value, b"\r\n"] {
        into.extend_from_slice(piece);
    }
}

/// Reads the head of an answer to such a request; `None` where it has not come to its end.
pub(super) fn parse(bytes: &[u8], method: &Method) -> Result<Option<Head>, Broken> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut headers);
    let Status::Complete(length) = parsed? else { return Ok(None) };
    let code = response.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = code.ok_or(Broken::Framing("no status"))?;
    let mut said = Said::default();
    let mut places = [const { None }; Header::COUNT];
    for header in &*response.headers {
        if !said.hear(header.name, header.value)?
            && let Some(known) = Header::named(header.name)
        {
            places[known as usize].get_or_insert_with(|| place(header.value, bytes));
        }
    }
    let is_newest = response.version == Some(1);
    let framing = said.framing(status, method, is_newest)?;
    // Behind a 204 there is no body, whatever it announces; but whoever announces one may send it.
    let is_certain = framing != Framing::Closed && !(status == StatusCode::NO_CONTENT && said.announces_body());
    let keeps = is_newest && !said.closes && is_certain;
    Ok(Some(Head { status, length, framing, keeps, places }))
}

/// Where in the whole a part of it stands.
fn place(part: &[u8], whole: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// Whether a head may end in these bytes.
pub(super) fn may_end_in(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|end| end == b"\n\n") || bytes.windows(3).any(|end| end == b"\n\r\n")
}

/// What the headers say of the body's end and the connection's.
#[derive(Default)]
struct Said {
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
}

impl Said {
    /// Hears a header, and says whether it was one of these.
    fn hear(&mut self, name: &str, value: &[u8]) -> Result<bool, Broken> {
        if name.eq_ignore_ascii_case("content-length") {
            let length = decimal(value).ok_or(Broken::Framing("a content length that is no number"))?;
            if self.length.is_some_and(|other| other != length) {
                return Err(Broken::Framing("two content lengths"));
            }
            self.length = Some(length);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Broken::Framing("a transfer encoding other than chunked"));
            }
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            let mut options = value.split(|byte| *byte == b',');
            self.closes |= options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn announces_body(&self) -> bool {
        self.is_chunked || self.length.is_some_and(|length| length > 0)
    }

    /// The rules of [RFC 9112, 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3), but that nothing is guessed.
    fn framing(&self, status: StatusCode, method: &Method, is_newest: bool) -> Result<Framing, Broken> {
        let has_no_body = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || *method == Method::HEAD;
        match (self.is_chunked, self.length) {
            (true, Some(_)) => Err(Broken::Framing("a content length beside chunks")),
            (true, None) if !is_newest => Err(Broken::Framing("chunks in HTTP/1.0")),
            _ if status == StatusCode::SWITCHING_PROTOCOLS => Err(Broken::Framing("another protocol")),
            _ if status.is_informational() && self.announces_body() => {
                Err(Broken::Framing("an interim answer with one"))
            }
            _ if has_no_body => Ok(Framing::Length(0)),
            (true, None) => Ok(Framing::Chunked),
            (false, Some(length)) => Ok(Framing::Length(length)),
            (false, None) => Ok(Framing::Closed),
        }
    }
}

/// A number of digits alone.
fn decimal(digits: &[u8]) -> Option<u64> {
    // Rust's own reading takes a sign, too.
    let is_plain = digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits).ok().filter(|_| is_plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Head>, Broken> {
        parse(bytes, &Method::GET)
    }

    /// The framing of an answer with this status line and these headers, and whether its connection is kept.
    fn framing(line: &str, headers: &str) -> Option<(Framing, bool)> {
        let bytes = format!("{line}\r\n{headers}\r\n");
        let head = read(bytes.as_bytes()).ok()?.unwrap();
        Some((head.framing, head.keeps))
    }

    #[test]
    fn a_head_is_read_when_its_last_byte_has_come() {
        let bytes =
            b"HTTP/1.1 200 OK\r\nRetry-After:  7 \r\nx-other: 1\r\nretry-after: 8\r\ncontent-length: 2\r\n\r\n{}";
        let length = bytes.len() - 2;
        for cut in 0..length {
            assert!(read(&bytes[..cut]).unwrap().is_none(), "{cut}");
            assert!(!may_end_in(&bytes[..cut]), "{cut}");
        }
        assert!(may_end_in(&bytes[length - 3..length]) && may_end_in(b"x\n\n"));
        let head = read(bytes).unwrap().unwrap();
        assert_eq!((head.status.as_u16(), head.length, head.framing), (200, length, Framing::Length(2)));
        let headers = head.headers(bytes);
        assert_eq!(headers.value(Header::RetryAfter), Some(&b"7"[..]), "the first one, without blanks");
        assert_eq!(headers.value(Header::Location), None);
    }

    #[test]
    fn the_body_ends_where_the_standard_says() {
        use Framing::{Chunked, Closed, Length};
        for (line, headers, expected) in [
            ("HTTP/1.1 200 OK", "content-length: 12\r\n", (Length(12), true)),
            ("HTTP/1.1 200 OK", "content-length: 12\r\nContent-Length: 12\r\n", (Length(12), true)),
            ("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked\r\n", (Chunked, true)),
            ("HTTP/1.1 200 OK", "", (Closed, false)),
            ("HTTP/1.1 204 No Content", "", (Length(0), true)),
            ("HTTP/1.1 204 No Content", "content-length: 0\r\n", (Length(0), true)),
            ("HTTP/1.1 204 No Content", "content-length: 12\r\n", (Length(0), false)),
            ("HTTP/1.1 204 No Content", "transfer-encoding: chunked\r\n", (Length(0), false)),
            ("HTTP/1.1 304 Not Modified", "content-length: 12\r\n", (Length(0), true)),
            ("HTTP/1.1 100 Continue", "", (Length(0), true)),
            ("HTTP/1.1 103 Early Hints", "content-length: 0\r\n", (Length(0), true)),
            ("HTTP/1.1 200 OK", "connection: keep-alive, Close\r\ncontent-length: 0\r\n", (Length(0), false)),
            ("HTTP/1.0 200 OK", "connection: keep-alive\r\ncontent-length: 0\r\n", (Length(0), false)),
            ("HTTP/1.0 200 OK", "", (Closed, false)),
        ] {
            assert_eq!(framing(line, headers), Some(expected), "{line} {headers}");
        }
        let of_head = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n", &Method::HEAD).unwrap().unwrap();
        assert_eq!(of_head.framing, Length(0));
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for headers in [
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
            "content-length: 5\r\ncontent-length: 6\r\n",
            "content-length: 5, 5\r\n",
            "content-length: +5\r\n",
            "content-length: -5\r\n",
            "content-length: 0x5\r\n",
            "content-length: \r\n",
            "content-length: 99999999999999999999\r\n",
            "transfer-encoding: gzip, chunked\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: identity\r\n",
            "x: folded\r\n and on\r\n",
            "x : blank before the colon\r\n",
            " x: blank before the name\r\n",
            "no colon\r\n",
            "x: \0\r\n",
        ] {
            assert_eq!(framing("HTTP/1.1 200 OK", headers), None, "{headers}");
        }
        assert_eq!(framing("HTTP/1.0 200 OK", "transfer-encoding: chunked\r\n"), None);
        assert_eq!(framing("HTTP/1.1 101 Switching Protocols", "upgrade: x\r\n"), None);
        for headers in ["content-length: 5\r\n", "transfer-encoding: chunked\r\n"] {
            assert_eq!(framing("HTTP/1.1 103 Early Hints", headers), None, "{headers}");
        }
        for line in ["HTTP/2.0 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 -20 OK", "SSH-2.0-x", "{}"] {
            assert_eq!(framing(line, ""), None, "{line}");
        }
    }

    #[test]
    fn headers_are_counted() {
        let headers = |count| "x: y\r\n".repeat(count);
        assert!(framing("HTTP/1.1 204 X", &headers(MOST_HEADERS)).is_some());
        assert!(framing("HTTP/1.1 204 X", &headers(MOST_HEADERS + 1)).is_none());
    }
}
