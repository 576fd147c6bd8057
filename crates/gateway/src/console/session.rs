//! Who is signed in. A session keeps, sealed, the `Authorization` that its administrator began it with; each page asks anew
//! who that is, so that a key that was revoked, narrowed or rotated ends its sessions by itself.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use cams_api::Scope;
use secrecy::{ExposeSecret, SecretString};
use tenant_store::{Actor, ConsoleSession, NewConsoleSession};
use time::OffsetDateTime;

use super::cookie::Secret;
use super::error::ConsoleError;
use crate::admin::AdminError;
use crate::api::{ApiError, Worker, request_id};
use crate::auth::Caller;

/// A session that is not used for so long has ended.
pub(crate) const IDLE: Duration = Duration::from_mins(30);
/// And every one after this long: a working day.
const LONGEST: time::Duration = time::Duration::hours(12);

/// What somebody shows to sign in, as an `Authorization` header has it.
pub(super) struct Proof(SecretString);

impl Proof {
    pub(super) fn new(authorization: impl Into<SecretString>) -> Self {
        Self(authorization.into())
    }

    /// Who that is.
    ///
    /// # Errors
    /// [`ConsoleError`] where it is nobody.
    pub(super) async fn caller(&self, http: &HttpRequest, worker: &Worker) -> Result<Caller, ConsoleError> {
        let mut headers = http.headers().clone();
        let mut value = HeaderValue::from_str(self.0.expose_secret()).map_err(|_| ConsoleError::SignedOut)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        let peer = http.peer_addr().map(|peer| peer.ip());
        Ok(worker.authenticator.authenticate(&headers, peer).await.map_err(ApiError::from)?)
    }
}

/// The same caller, where it administers anything.
///
/// # Errors
/// [`ApiError::NoAdministrator`]
pub(super) fn administrator(caller: Caller) -> Result<Caller, ConsoleError> {
    if caller.is_administrator(Scope::AdminRead) {
        return Ok(caller);
    }
    Err(ApiError::NoAdministrator(Scope::AdminRead).into())
}

/// Begins a session for whom `proof` names.
///
/// # Errors
/// [`ConsoleError`]
pub(super) async fn begin(worker: &Worker, proof: &Proof, actor: &Actor) -> Result<Secret, ConsoleError> {
    let secret = Secret::generate().ok_or(ConsoleError::NoRandomness)?;
    let ends_at = OffsetDateTime::now_utc() + LONGEST;
    let new = NewConsoleSession { session_id: &secret.session_id(), proof: &proof.0, ends_at };
    worker.services.store.begin_console_session(&new, actor).await.map_err(AdminError::from)?;
    Ok(secret)
}

/// Ends the session of this secret, if there is one.
///
/// # Errors
/// [`ConsoleError`]
pub(super) async fn end(worker: &Worker, secret: &Secret, actor: &Actor) -> Result<(), ConsoleError> {
    let ended = worker.services.store.end_console_session(&secret.session_id(), actor).await;
    ended.map(|_| ()).map_err(|error| AdminError::from(error).into())
}

/// Who began the session of this secret.
///
/// # Errors
/// [`ConsoleError::SignedOut`] where there is none, any longer.
pub(super) async fn begun_by(http: &HttpRequest, worker: &Worker, secret: &Secret) -> Result<Actor, ConsoleError> {
    Ok(begun(http, worker, secret).await?.1)
}

/// The session of this secret, and who began it.
async fn begun(http: &HttpRequest, worker: &Worker, secret: &Secret) -> Result<(Proof, Actor), ConsoleError> {
    let session = worker.services.store.console_session(&secret.session_id(), IDLE).await;
    let ConsoleSession { proof, actor, .. } = session.map_err(AdminError::from)?.ok_or(ConsoleError::SignedOut)?;
    let address = http.peer_addr().map(|peer| worker.authenticator.proxies.client(peer.ip(), http.headers()));
    Ok((Proof(proof), Actor { name: actor, address, request_id: Some(request_id(http)) }))
}

/// Who is signed in with this secret. A session that was begun with what is good no longer ends here: each look would count as
/// one with a wrong secret.
///
/// # Errors
/// [`ConsoleError::SignedOut`] where nobody is, any longer.
pub(super) async fn who(http: &HttpRequest, worker: &Worker, secret: &Secret) -> Result<Caller, ConsoleError> {
    let (proof, actor) = begun(http, worker, secret).await?;
    let caller = proof.caller(http, worker).await.map_err(ConsoleError::signed_out);
    if matches!(caller, Err(ConsoleError::SignedOut)) {
        end(worker, secret, &actor).await?;
    }
    administrator(caller?)
}
