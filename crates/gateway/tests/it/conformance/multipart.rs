//! A multipart body, taken apart ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)).

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) content: Vec<u8>,
}

/// The parts of a body with this `Content-Type`, in order.
pub(super) fn parts(content_type: &str, body: &[u8]) -> Vec<Part> {
    let (_, boundary) = content_type.split_once("boundary=").unwrap();
    let delimiter = format!("--{}", boundary.trim_matches('"'));
    let pieces = split(body, delimiter.as_bytes());
    assert_eq!(pieces.first(), Some(&&b""[..]), "it begins with the boundary");
    assert_eq!(pieces.last(), Some(&&b"--\r\n"[..]), "it ends with the boundary");
    pieces[1..pieces.len() - 1].iter().map(|piece| part(piece)).collect()
}

fn part(piece: &[u8]) -> Part {
    let piece = piece.strip_prefix(b"\r\n").and_then(|piece| piece.strip_suffix(b"\r\n")).unwrap();
    let head_ends = piece.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(piece[..head_ends].to_vec()).unwrap();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let disposition = header("content-disposition").unwrap();
    let parameter = |name: &str| {
        let (_, rest) = disposition.split_once(&format!("; {name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    Part {
        name: parameter("name").unwrap(),
        file_name: parameter("filename"),
        content_type: header("content-type"),
        content: piece[head_ends + 4..].to_vec(),
    }
}

fn split<'a>(mut body: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while let Some(at) = body.windows(delimiter.len()).position(|window| window == delimiter) {
        pieces.push(&body[..at]);
        body = &body[at + delimiter.len()..];
    }
    pieces.push(body);
    pieces
}

#[test]
fn a_form_is_taken_apart() {
    let body = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"p.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\r\n\r\n--B--\r\n";
    let parts = parts("multipart/form-data; boundary=B", body.as_bytes());
    assert_eq!((parts[0].name.as_str(), parts[0].content.as_slice()), ("a", &b"1"[..]));
    assert_eq!(parts[1].file_name.as_deref(), Some("p.jpg"));
    assert_eq!(parts[1].content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(parts[1].content, b"\r\n");
}
