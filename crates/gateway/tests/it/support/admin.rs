//! An administrator at the gateway's API.

use serde_json::Value;

use super::{Answered, Client, Credentials, TestApp};

/// Calls `/admin/v1` with one key.
#[derive(Clone)]
pub(crate) struct Admin {
    client: Client,
    pub(crate) key: Credentials,
}

impl TestApp {
    /// Whoever may do everything.
    pub(crate) async fn admin(&self) -> Admin {
        self.admin_with("administrator", &[("*", &["admin.read", "admin.write"])]).await
    }

    /// Somebody with a key of this ID and these grants.
    pub(crate) async fn admin_with(&self, id: &str, grants: &[(&str, &[&str])]) -> Admin {
        Admin::new(self.client.clone(), self.key(id, grants).await)
    }
}

impl Admin {
    pub(crate) fn new(client: Client, key: Credentials) -> Self {
        Self { client, key }
    }

    /// Sends anything to a path below `/admin/v1`.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let basic = self.key.basic();
        let headers = [&[("authorization", basic.as_str())], headers].concat();
        self.client.send(method, &format!("/admin/v1{path}"), &headers, body.as_bytes().to_vec()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answered {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send("POST", path, &[], &body).await
    }

    /// Changes a resource, if it still is as `tag` says.
    pub(crate) async fn change(&self, method: &str, path: &str, tag: &str, body: Value) -> Answered {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &[("if-match", tag)], &body).await
    }
}

impl Answered {
    /// The entity tag of what was answered.
    pub(crate) fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("an ETag: {} {}", self.status, self.text)).to_owned()
    }

    /// Asserts that it was done with this status, and is kept by no cache.
    #[track_caller]
    pub(crate) fn done(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("cache-control"), Some("no-store"));
        self.body()
    }

    /// Asserts that it is a problem of this status and code, in the form of RFC 9457.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let body = self.body();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!((body["type"].as_str(), body["status"].as_u64()), (Some("about:blank"), Some(u64::from(status))));
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{body}");
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        body
    }
}
