//! A caller of the gateway.

use std::time::Duration;

use awc::http::header::HeaderMap;
use awc::http::{Method, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{PATIENCE, Tenant};

/// An access key.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Credentials {
    pub(crate) fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned() }
    }

    /// The header `Authorization` that shows it.
    pub(crate) fn basic(&self) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }

    /// The same on Meta's own paths, in the place of Meta's token.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}:{}", self.id, self.secret)
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answered {
    /// The body as JSON; `null` where it is none.
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub(crate) fn code(&self) -> String {
        self.body()["Code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Asserts that it is this code with the status that the contract has for it, in the envelope.
    #[track_caller]
    pub(crate) fn expect(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text);
        let body = self.body();
        assert_eq!(body["Success"], json!(status < 300), "{body}");
        assert_eq!(body["RequestId"].as_str(), self.header("x-request-id"), "{body}");
        assert_eq!(self.header("x-acs-request-id"), self.header("x-request-id"));
        body
    }
}

/// Who waits long enough for connections and answers, and leaves a connection before the server does: both may end it
/// after 5 s without a call.
pub(crate) fn http_client() -> awc::Client {
    let connector =
        awc::Connector::new().timeout(PATIENCE).handshake_timeout(PATIENCE).conn_keep_alive(Duration::from_secs(3));
    awc::Client::builder().connector(connector).timeout(PATIENCE).disable_redirects().finish()
}

/// Calls one gateway.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    http: awc::Client,
}

impl Client {
    pub(crate) fn new(url: String) -> Self {
        Self { url, http: http_client() }
    }

    /// Calls an operation for a tenant with its own key; `parameters` stand beside the tenant and the number.
    pub(crate) async fn call(&self, operation: &str, tenant: &Tenant, parameters: Value) -> Answered {
        self.call_as(&tenant.key, operation, with_tenant(tenant, parameters)).await
    }

    /// Calls an operation with a key, with exactly these parameters.
    pub(crate) async fn call_as(&self, key: &Credentials, operation: &str, parameters: Value) -> Answered {
        let request = self.http.post(format!("{}/v1/{operation}", self.url)).basic_auth(&key.id, &key.secret);
        answered(request.send_json(&parameters).await.unwrap()).await
    }

    /// Calls an operation with a token.
    pub(crate) async fn call_with_token(&self, token: &str, operation: &str, parameters: Value) -> Answered {
        let request = self.http.post(format!("{}/v1/{operation}", self.url)).bearer_auth(token);
        answered(request.send_json(&parameters).await.unwrap()).await
    }

    /// A token for a key, perhaps narrowed.
    pub(crate) async fn token(&self, key: &Credentials, scope: Option<&str>) -> Answered {
        let request = self.http.post(format!("{}/v1/oauth/token", self.url)).basic_auth(&key.id, &key.secret);
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(scope.map(|scope| ("scope", scope)));
        answered(request.send_form(&form).await.unwrap()).await
    }

    /// Sends anything.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answered {
        let mut request =
            self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}{path}", self.url));
        for header in headers {
            request = request.append_header(*header);
        }
        answered(request.send_body(body).await.unwrap()).await
    }
}

pub(crate) fn with_tenant(tenant: &Tenant, parameters: Value) -> Value {
    let mut all = json!({"CustSpaceId": tenant.cust_space_id, "BusinessNumber": tenant.business_number});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    all
}

async fn answered<S>(mut response: awc::ClientResponse<S>) -> Answered
where
    S: futures_util::Stream<Item = Result<actix_web::web::Bytes, awc::error::PayloadError>> + Unpin,
{
    let status: StatusCode = response.status();
    let headers = response.headers().clone();
    let body = response.body().limit(16 * 1024 * 1024).await.unwrap();
    Answered { status: status.as_u16(), headers, text: String::from_utf8_lossy(&body).into_owned() }
}
