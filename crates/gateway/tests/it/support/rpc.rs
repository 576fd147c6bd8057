//! A caller of the RPC face, who signs by code of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use awc::http::header::{HeaderMap, HeaderName, HeaderValue};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::{Answered, Client, Credentials};

const FORM: &str = "application/x-www-form-urlencoded";
/// What signs the body.
const CONTENT_SHA256: &str = "x-acs-content-sha256";
/// Each request has its own, when it is signed.
const NONCE: &str = "x-acs-signature-nonce";

/// A request before it is signed. A test may change all of it, also after that.
#[derive(Clone)]
pub(crate) struct RpcRequest {
    pub(crate) method: &'static str,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
    /// In lower case; all of these are signed.
    pub(crate) headers: BTreeMap<String, String>,
}

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct SignedRequest {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl RpcRequest {
    /// A call of this operation, with these parameters in the query; structures as JSON text, as the SDKs write them.
    pub(crate) fn new(action: &str, parameters: &Value) -> Self {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap();
        let headers = [
            ("accept", "application/json"),
            ("user-agent", "a test"),
            ("x-acs-action", action),
            ("x-acs-version", "2020-06-06"),
            ("x-acs-date", &now),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { method: "POST", query: as_text(parameters), form: Vec::new(), headers }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// By `GET` in place of `POST`.
    pub(crate) fn by_get(self) -> Self {
        Self { method: "GET", ..self }
    }

    /// The same with all parameters in a form.
    pub(crate) fn in_form(mut self) -> Self {
        self.form.append(&mut self.query);
        self
    }

    /// Unless the test has given one.
    fn add_nonce(&mut self) {
        self.headers.entry(NONCE.to_owned()).or_insert_with(|| Uuid::new_v4().simple().to_string());
    }

    /// Signed for the host that `client` calls.
    pub(crate) fn sign(mut self, client: &Client, key: &Credentials) -> SignedRequest {
        let body = joined(&self.form);
        self.add_nonce();
        self.headers.insert("host".to_owned(), client.host().to_owned());
        self.headers.insert(CONTENT_SHA256.to_owned(), sha256(&body));
        let names: Vec<&str> = self.headers.keys().map(String::as_str).collect();
        let signed = names.join(";");
        let mut block = String::new();
        for (name, value) in &self.headers {
            writeln!(block, "{name}:{}", value.trim()).unwrap();
        }
        self.query.sort();
        let query = joined(&self.query);
        let canonical = [self.method, "/", &query, &block, &signed, &self.headers[CONTENT_SHA256]].join("\n");
        let key_bytes = hmac::Key::new(hmac::HMAC_SHA256, key.secret.as_bytes());
        let text = format!("ACS3-HMAC-SHA256\n{}", sha256(&canonical));
        let signature = hex::encode(hmac::sign(&key_bytes, text.as_bytes()));
        let authorization =
            format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={signed},Signature={signature}", key.id);
        let mut headers: Vec<(String, String)> = self.headers.into_iter().collect();
        headers.push(("authorization".to_owned(), authorization));
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), FORM.to_owned()));
        }
        SignedRequest { method: self.method, target: format!("/?{query}"), headers, body }
    }

    /// Signed in the older way: in the parameters.
    pub(crate) fn sign_hmac_sha1(mut self, key: &Credentials) -> SignedRequest {
        self.add_nonce();
        let header = |name: &str| self.headers[name].clone();
        let own = [
            ("AccessKeyId", key.id.clone()),
            ("Action", header("x-acs-action")),
            ("Format", "JSON".to_owned()),
            ("SignatureMethod", "HMAC-SHA1".to_owned()),
            ("SignatureNonce", header(NONCE)),
            ("SignatureVersion", "1.0".to_owned()),
            ("Timestamp", header("x-acs-date")),
            ("Version", header("x-acs-version")),
        ];
        self.query.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let mut all = [self.query.clone(), self.form.clone()].concat();
        all.sort();
        let text = format!("{}&%2F&{}", self.method, encoded(&joined(&all)));
        let hmac_key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, format!("{}&", key.secret).as_bytes());
        let signature = BASE64_STANDARD.encode(hmac::sign(&hmac_key, text.as_bytes()));
        self.query.push(("Signature".to_owned(), signature));
        let body = joined(&self.form);
        let headers = if body.is_empty() { Vec::new() } else { vec![("content-type".to_owned(), FORM.to_owned())] };
        SignedRequest { method: self.method, target: format!("/?{}", joined(&self.query)), headers, body }
    }
}

impl SignedRequest {
    /// The value of its header of this name.
    pub(crate) fn header(&mut self, name: &str) -> &mut String {
        self.headers.iter_mut().find(|(other, _)| other == name).map(|(_, value)| value).unwrap()
    }

    /// The same to another host's gateway: as it was signed, to the byte.
    pub(crate) async fn send(&self, client: &Client) -> Answered {
        let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            write!(head, "host: {}\r\n", client.host()).unwrap();
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "content-length: {}\r\n\r\n", self.body.len()).unwrap();
        let mut stream = TcpStream::connect(client.host()).await.unwrap();
        stream.write_all(&[head.as_bytes(), self.body.as_bytes()].concat()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answered(&String::from_utf8(answer).unwrap())
    }
}

fn answered(answer: &str) -> Answered {
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    }
    Answered { status, headers, text: text.to_owned() }
}

impl Client {
    /// What follows `http://`.
    pub(crate) fn host(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Calls an operation over RPC with a key, with exactly these parameters in the query.
    pub(crate) async fn rpc(&self, key: &Credentials, action: &str, parameters: &Value) -> Answered {
        RpcRequest::new(action, parameters).sign(self, key).send(self).await
    }
}

/// Parameters as the SDKs write them: texts as they are, and everything else as JSON text.
fn as_text(parameters: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    parameters.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn joined(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded
}

fn sha256(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}
