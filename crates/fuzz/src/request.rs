//! A request as a corpus has it: the request line without HTTP's version, the headers, an empty line, the body. Lines end
//! with a line feed, so that such files can be read and written by hand.

use cams_api::signatures::RequestParts;

/// A request that may be signed, and changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// The path.
    pub path: String,
    /// What stands behind the first `?`.
    pub query: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads one; `None` for what is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = end.map_or((bytes, &b""[..]), |end| (&bytes[..end], &bytes[end + 2..]));
        let mut lines = std::str::from_utf8(head).ok()?.split('\n');
        let (method, target) = lines.next()?.split_once(' ')?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()))
        };
        Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: lines.map(header).collect::<Option<_>>()?,
            body: body.to_vec(),
        })
    }

    /// Gives the request to a reader of signatures.
    pub fn with_parts<T>(&self, is_form: bool, read: impl FnOnce(&RequestParts<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let Self { method, path, query, body, .. } = self;
        read(&RequestParts { method, path, query, headers: &headers, body, is_form })
    }

    /// The value of the one header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other == name);
        found.next().filter(|_| found.next().is_none()).map(|(_, value)| value.as_str())
    }

    /// Sets a header in the place of all of its name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.into()));
    }

    /// The query's parameters, as they are written.
    pub fn written_pairs(&self) -> Vec<&str> {
        self.query.split('&').filter(|pair| !pair.is_empty()).collect()
    }
}
