//! The `Authorization` header.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::AuthError;

/// Longer credentials than this are nobody's. A token names every tenant of its key, and there may be a thousand.
const LONGEST: usize = 96 * 1024;

/// What a caller sent to say who it is.
pub(super) enum Authorization<'a> {
    /// HTTP Basic, as [RFC 7617](https://www.rfc-editor.org/rfc/rfc7617) has it.
    Basic {
        /// The user-id.
        access_key_id: String,
        /// The password.
        secret: SecretString,
    },
    /// A Bearer token, as [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750) has it.
    Bearer(&'a [u8]),
}

/// Reads the one `Authorization` header of a request.
///
/// # Errors
/// [`AuthError::Absent`] or [`AuthError::Malformed`].
pub(super) fn read(headers: &HeaderMap) -> Result<Authorization<'_>, AuthError> {
    let mut sent = headers.get_all(AUTHORIZATION);
    let header = sent.next().ok_or(AuthError::Absent)?;
    if sent.next().is_some() {
        return Err(AuthError::Malformed("it was sent twice"));
    }
    let bytes = header.as_bytes();
    if bytes.len() > LONGEST {
        return Err(AuthError::Malformed("it is longer than 96 KiB"));
    }
    if let Some(token) = after_scheme(bytes, "bearer") {
        return Ok(Authorization::Bearer(token));
    }
    let (access_key_id, secret) = basic(header)?;
    Ok(Authorization::Basic { access_key_id, secret })
}

/// Reads HTTP Basic.
///
/// # Errors
/// [`AuthError::Malformed`] where it is not Basic, or not UTF-8 in base64 with a colon.
pub fn basic(header: &HeaderValue) -> Result<(String, SecretString), AuthError> {
    let encoded = after_scheme(header.as_bytes(), "basic")
        .ok_or(AuthError::Malformed("its scheme must be `Bearer` or `Basic`"))?;
    let malformed = AuthError::Malformed("`Basic` must be followed by base64 of AccessKeyId:AccessKeySecret");
    let Ok(decoded) = BASE64_STANDARD.decode(encoded).map(Zeroizing::new) else { return Err(malformed) };
    let Some((id, secret)) = std::str::from_utf8(&decoded).ok().and_then(|text| text.split_once(':')) else {
        return Err(malformed);
    };
    Ok((id.to_owned(), SecretString::from(secret)))
}

/// What follows `scheme` and its spaces; schemes are written in any case.
fn after_scheme<'a>(header: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let (name, rest) = header.split_at_checked(scheme.len())?;
    let rest = name.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)?;
    rest.starts_with(b" ").then(|| rest.trim_ascii())
}
