//! Requests to a gateway's REST API, as bytes.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::net::TcpStream;

use super::http::Connection;

/// A POST of this body.
pub(super) fn post(to: SocketAddr, path: &str, content_type: &str, authorization: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nAuthorization: {authorization}\r\nContent-Type: {content_type}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The call that is measured: the invite link of a group.
pub(super) fn invite_link(to: SocketAddr, token: &str, cust_space_id: &str, number: &str, group: &str) -> Vec<u8> {
    let body = format!(r#"{{"CustSpaceId":"{cust_space_id}","BusinessNumber":"{number}","GroupId":"{group}"}}"#);
    post(to, "/v1/GetChatGroupInviteLink", "application/json", &format!("Bearer {token}"), &body)
}

/// An access token of a key, which outlives a measurement.
pub(super) async fn token(to: SocketAddr, access_key_id: &str, secret: &SecretString) -> anyhow::Result<String> {
    let basic = format!("Basic {}", STANDARD.encode(format!("{access_key_id}:{}", secret.expose_secret())));
    let form = "application/x-www-form-urlencoded";
    let mut connection = Connection::new(TcpStream::connect(to).await?)?;
    connection.send(&post(to, "/v1/oauth/token", form, &basic, "grant_type=client_credentials")).await?;
    let mut answer = Value::Null;
    let answered = connection
        .receive(|message| {
            message.expect_ok()?;
            answer = serde_json::from_slice(message.body)?;
            Ok(())
        })
        .await?;
    ensure!(answered, "groupgate closed the connection without an answer");
    answer["access_token"].as_str().map(str::to_owned).context("an answer without access_token")
}
