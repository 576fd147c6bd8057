//! A call of the RPC face, signed with ACS3 as the CAMS SDKs do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use aws_lc_rs::{digest, hmac};
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;
use time::macros::format_description;
use uuid::Uuid;

use crate::tenants::{ACCESS_KEY_ID, Tenant};

/// A call of `action` about the tenant's group. Each is signed anew, since none is taken twice.
pub(super) fn request(to: SocketAddr, secret: &SecretString, action: &str, tenant: &Tenant) -> Vec<u8> {
    let Tenant { cust_space_id, business_number, group_id } = tenant;
    // In the order in which they are signed; none has a character that must be encoded.
    let query = format!("BusinessNumber={business_number}&CustSpaceId={cust_space_id}&GroupId={group_id}");
    let headers: BTreeMap<&str, String> = BTreeMap::from([
        ("host", to.to_string()),
        ("x-acs-action", action.to_owned()),
        ("x-acs-content-sha256", sha256("")),
        ("x-acs-date", now()),
        ("x-acs-signature-nonce", Uuid::new_v4().simple().to_string()),
        ("x-acs-version", "2020-06-06".to_owned()),
    ]);
    let mut block = String::new();
    for (name, value) in &headers {
        // Writing to a string does not fail.
        let _ = writeln!(block, "{name}:{value}");
    }
    let names: Vec<&str> = headers.keys().copied().collect();
    let names = names.join(";");
    let canonical = ["POST", "/", &query, &block, &names, &sha256("")].join("\n");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let signature = hex::encode(hmac::sign(&key, format!("ACS3-HMAC-SHA256\n{}", sha256(&canonical)).as_bytes()));
    format!(
        "POST /?{query} HTTP/1.1\r\n{}Content-Length: 0\r\n\
         authorization: ACS3-HMAC-SHA256 Credential={ACCESS_KEY_ID},SignedHeaders={names},Signature={signature}\r\n\r\n",
        block.replace('\n', "\r\n")
    )
    .into_bytes()
}

fn sha256(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

fn now() -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    // A time that cannot be written is refused by the gateway, which shows.
    OffsetDateTime::now_utc().format(format).unwrap_or_default()
}
