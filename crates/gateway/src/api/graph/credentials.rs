//! Who calls Meta's own paths: `Authorization: Bearer`, or `access_token` in the query, as Graph's clients send a token.
//! The token is one of ours, or `AccessKeyId:AccessKeySecret`, which needs no other change of a client than its token.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use crate::auth::{AuthError, Authenticator, Caller};

/// Finds out who calls. What stands in the header comes first.
///
/// # Errors
/// [`AuthError`]
pub(super) async fn authenticate(
    authenticator: &Authenticator,
    http: &HttpRequest,
    in_query: Option<&SecretString>,
) -> Result<Caller, AuthError> {
    let in_header = bearer(http)?;
    let token = in_header.or(in_query.map(|token| token.expose_secret().as_bytes())).ok_or(AuthError::Absent)?;
    let client = http.peer_addr().map(|peer| authenticator.proxies.client(peer.ip(), http.headers()));
    match key_and_secret(token) {
        Some((access_key_id, secret)) => {
            Ok(Caller::with_key(authenticator.with_secret(access_key_id, &secret, client).await?))
        }
        None => authenticator.with_token(token, client).await,
    }
}

/// The one `Authorization` header, where it is a Bearer's.
fn bearer(http: &HttpRequest) -> Result<Option<&[u8]>, AuthError> {
    let mut sent = http.headers().get_all(AUTHORIZATION);
    let Some(header) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(AuthError::Malformed("it was sent twice"));
    }
    let malformed = || AuthError::Malformed("its scheme must be `Bearer`");
    let (scheme, token) = header.as_bytes().split_at_checked("bearer ".len()).ok_or_else(malformed)?;
    if scheme.eq_ignore_ascii_case(b"bearer ") { Ok(Some(token.trim_ascii())) } else { Err(malformed()) }
}

/// A token of ours has no colon.
fn key_and_secret(token: &[u8]) -> Option<(&str, SecretString)> {
    let (id, secret) = std::str::from_utf8(token).ok()?.split_once(':')?;
    Some((id, SecretString::from(secret)))
}
