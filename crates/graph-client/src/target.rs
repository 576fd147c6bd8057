//! The address of a call: what is the same for all calls is made once.

use awc::{
    error::HttpError,
    http::{
        Uri,
        header::HeaderValue,
        uri::{self, Authority, PathAndQuery, Scheme},
    },
};
use url::{Url, form_urlencoded};

use crate::{GraphError, InvalidSettings, settings::GraphSettings, token::Token};

/// The parts of every address that never change.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    scheme: Scheme,
    authority: Authority,
    pub(crate) host: HeaderValue,
    /// What stands before the version: nothing, or the base URL's own path.
    base: String,
    /// `v23.0`
    version: String,
}

impl Upstream {
    pub(crate) fn new(settings: &GraphSettings) -> Result<Self, InvalidSettings> {
        let url = &settings.base_url;
        let authority = plain_authority(url).ok_or(InvalidSettings::BaseUrl)?;
        let version = checked_version(&settings.version)?;
        Ok(Self {
            scheme: if url.scheme() == "https" { Scheme::HTTPS } else { Scheme::HTTP },
            host: HeaderValue::from_str(&authority).map_err(|_| InvalidSettings::BaseUrl)?,
            authority: Authority::try_from(authority).map_err(|_| InvalidSettings::BaseUrl)?,
            base: url.path().trim_end_matches('/').to_owned(),
            version: version.to_owned(),
        })
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The whole address of a target.
    pub(crate) fn uri(&self, target: &Target) -> Result<Uri, HttpError> {
        let path = PathAndQuery::try_from(target.0.as_str())?;
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Ok(Uri::from_parts(parts)?)
    }

    /// A path that begins with the version and `id`.
    pub(crate) fn path(&self, id: &str) -> Path {
        self.path_of_version(&self.version, id)
    }

    /// The same with another version, which is one of Meta's.
    pub(crate) fn path_of_version(&self, version: &str, id: &str) -> Path {
        // Room for an edge, a query and a proof: the hot path then allocates once.
        let mut text = String::with_capacity(self.base.len() + version.len() + id.len() + 130);
        text.extend([&self.base, "/", version, "/"]);
        push_encoded(&mut text, id);
        Path { text, query: false }
    }

    /// Whether an address lies at the same scheme, host and port.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        url.scheme() == self.scheme.as_str()
            && authority(url).is_some_and(|authority| authority == self.authority.as_str())
    }
}

/// A path and query as a request's line has it: visible ASCII alone.
pub(crate) struct Target(String);

impl Target {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A path and query that is being put together.
pub(crate) struct Path {
    text: String,
    query: bool,
}

impl Path {
    /// Adds `/{name}`.
    pub(crate) fn edge(mut self, name: &'static str) -> Self {
        self.text.push('/');
        self.text.push_str(name);
        self
    }

    /// Adds `name=value` to the query, both percent-encoded.
    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.separate();
        push_encoded(&mut self.text, name);
        self.text.push('=');
        push_encoded(&mut self.text, value);
        self
    }

    /// Adds the token's proof.
    ///
    /// # Errors
    /// [`GraphError::Unsendable`] where a part that was taken as it is cannot stand in a request's line.
    pub(crate) fn finish(mut self, token: &Token) -> Result<Target, GraphError> {
        if let Some(proof) = token.proof() {
            self.separate();
            self.text.push_str(proof);
        }
        // Without a branch for each byte, so that many are looked at at once.
        if self.text.bytes().fold(true, |is, byte| is & byte.is_ascii_graphic()) {
            Ok(Target(self.text))
        } else {
            Err(GraphError::Unsendable { why: "its path is no path".to_owned() })
        }
    }

    fn separate(&mut self) {
        self.text.push(if self.query { '&' } else { '?' });
        self.query = true;
    }
}

/// Adds text, percent-encoded. Most IDs need no encoding.
fn push_encoded(into: &mut String, text: &str) {
    if text.bytes().fold(true, |is, byte| is & byte.is_ascii_alphanumeric()) {
        into.push_str(text);
    } else {
        into.extend(form_urlencoded::byte_serialize(text.as_bytes()));
    }
}

/// `host:port` of a URL that has nothing but scheme, host, port and path.
fn plain_authority(url: &Url) -> Option<String> {
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then(|| authority(url))?
}

/// `host:port`, without the port where it is the scheme's own.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn checked_version(version: &str) -> Result<&str, InvalidSettings> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    version
        .strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'))
        .filter(|(major, minor)| digits(major) && digits(minor))
        .map(|_| version)
        .ok_or_else(|| InvalidSettings::Version(version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(url: &str, version: &str) -> Result<Upstream, InvalidSettings> {
        let mut settings = GraphSettings::new(Url::parse(url).unwrap());
        version.clone_into(&mut settings.version);
        Upstream::new(&settings)
    }

    fn token(app_secret: Option<&str>) -> Token {
        Token::new(&"EAAG".into(), app_secret.map(Into::into).as_ref()).unwrap()
    }

    #[test]
    fn a_path_holds_the_version_the_id_and_the_edge() {
        let upstream = upstream("https://graph.facebook.com", "v23.0").unwrap();
        let uri = upstream.uri(&upstream.path("G1").edge("invite_link").finish(&token(None)).unwrap()).unwrap();
        assert_eq!(uri, "https://graph.facebook.com/v23.0/G1/invite_link");
    }

    #[test]
    fn the_proof_stands_at_the_end_of_every_query() {
        let upstream = upstream("http://127.0.0.1:8090/", "v23.0").unwrap();
        let bare = upstream.uri(&upstream.path("G1").finish(&token(Some("s"))).unwrap()).unwrap();
        assert!(bare.to_string().starts_with("http://127.0.0.1:8090/v23.0/G1?appsecret_proof="));
        let path = upstream.path("G1").parameter("fields", "id,subject");
        let query = upstream.uri(&path.finish(&token(Some("s"))).unwrap()).unwrap();
        assert!(query.query().unwrap().starts_with("fields=id%2Csubject&appsecret_proof="));
    }

    #[test]
    fn ids_and_values_are_percent_encoded() {
        let upstream = upstream("http://h/graph", "v23.0").unwrap();
        let path = upstream.path("Zm9v==").parameter("after", "a&b=c d/é");
        let uri = upstream.uri(&path.finish(&token(None)).unwrap()).unwrap();
        assert_eq!(uri, "http://h/graph/v23.0/Zm9v%3D%3D?after=a%26b%3Dc+d%2F%C3%A9");
    }

    #[test]
    fn nothing_ends_the_requests_line_but_its_end() {
        let upstream = upstream("http://h", "v23.0").unwrap();
        for version in ["v23.0 HTTP/1.1\r\nx: y", "v23.0\n", "v23.0 x", "vé"] {
            let finished = upstream.path_of_version(version, "1").finish(&token(None));
            assert!(matches!(finished, Err(GraphError::Unsendable { .. })), "{version}");
        }
        let path = upstream.path("1 2\r\n").parameter("a\n", "b c");
        assert_eq!(path.finish(&token(None)).unwrap().as_bytes(), b"/v23.0/1+2%0D%0A?a%0A=b+c");
    }

    #[test]
    fn a_base_url_of_another_kind_is_refused() {
        for url in ["ftp://h", "http://u:p@h", "http://h/?a=b", "http://h/#f", "data:x"] {
            assert!(matches!(upstream(url, "v23.0"), Err(InvalidSettings::BaseUrl)), "{url}");
        }
    }

    #[test]
    fn a_version_of_another_form_is_refused() {
        for version in ["", "23.0", "v23", "v23.", "v.0", "v23.0/..", "latest"] {
            let refused = upstream("http://h", version);
            assert!(matches!(refused, Err(InvalidSettings::Version(_))), "{version}");
        }
    }
}
