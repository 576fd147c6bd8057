//! A signed request, as it came.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use cams_api::parameters::{Pairs, ParameterError};
use cams_api::signatures::{RequestParts, SignedCall, is_hmac_sha1, pairs};
use time::OffsetDateTime;

use crate::api::ApiError;
use crate::api::body;
use crate::auth::{Authenticator, Caller, SignedError};

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether the sender of this request means to call an operation, and did not just open the address.
pub(super) fn is_meant(http: &HttpRequest) -> bool {
    let by_header = || ["x-acs-action", AUTHORIZATION.as_str()].iter().any(|name| http.headers().contains_key(*name));
    let is_signing = |name: &[u8]| name == b"Signature" || name == b"SignatureMethod" || name == b"Action";
    by_header() || pairs(http.query_string()).any(|(name, _)| is_signing(&name))
}

/// Who signed the request, and what the signature covers.
///
/// # Errors
/// [`SignedError`]
pub(super) async fn verify(
    http: &HttpRequest,
    body: &[u8],
    authenticator: &Authenticator,
) -> Result<(Caller, SignedCall), SignedError> {
    let headers: Vec<(&str, &[u8])> =
        http.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let parts = RequestParts {
        method: http.method().as_str(),
        path: http.path(),
        query: http.query_string(),
        headers: &headers,
        body,
        is_form: is_form(http),
    };
    let now = OffsetDateTime::now_utc();
    let call = match is_hmac_sha1(&parts) {
        true if !authenticator.takes_hmac_sha1 => return Err(SignedError::HmacSha1Refused),
        true => SignedCall::hmac_sha1(&parts, now)?,
        false => SignedCall::acs3(&parts, now)?,
    };
    let client = http.peer_addr().map(|peer| authenticator.proxies.client(peer.ip(), http.headers()));
    Ok((authenticator.verify(&call, client).await?, call))
}

/// The parameters of query and form together.
///
/// # Errors
/// [`ApiError::Body`] where the body is no form, [`ParameterError`] where a parameter is there twice or no UTF-8.
pub(super) fn parameters(http: &HttpRequest, body: &[u8]) -> Result<Pairs, ApiError> {
    if !body.is_empty() {
        body::expect_type(http.headers(), FORM)?;
    }
    let form =
        std::str::from_utf8(body).map_err(|_| ParameterError::Unreadable { why: "it is no UTF-8".to_owned() })?;
    Ok(Pairs::read(pairs(http.query_string()).chain(pairs(form)))?)
}

/// Whether the body is a form; one of which nothing is said is taken for it.
fn is_form(http: &HttpRequest) -> bool {
    !http.headers().contains_key(CONTENT_TYPE) || body::expect_type(http.headers(), FORM).is_ok()
}
