//! Who calls, and whether its limits let it: the same for everything under `/v1`.

use actix_web::HttpRequest;

use super::render::learn;
use super::{ApiError, Worker};
use crate::auth::{Caller, Key};
use crate::limits::{Seat, Throttled};
use crate::tenants::Tenant;

/// The caller, and its call counted against its key.
///
/// # Errors
/// [`ApiError::Auth`] where nobody is known to call, [`ApiError::Throttled`] where the key has no call left.
pub(super) async fn admit(http: &HttpRequest, worker: &Worker) -> Result<Caller, ApiError> {
    let peer = http.peer_addr().map(|peer| peer.ip());
    let caller = worker.authenticator.authenticate(http.headers(), peer).await?;
    count(http, caller.key())?;
    Ok(caller)
}

/// Counts a call against the key that it was made with.
///
/// # Errors
/// [`Throttled::Key`]
pub(crate) fn count(http: &HttpRequest, key: &Key) -> Result<(), Throttled> {
    learn(http, |learned| {
        learned.access_key_id = Some(key.access_key_id.clone());
        learned.counted.key.clone_from(&key.limiter);
    });
    key.take_call()
}

/// Counts a call against the tenant that it is made for. It is in flight until the seat is dropped.
///
/// # Errors
/// [`Throttled::Tenant`] or [`Throttled::InFlight`]
pub(super) fn count_tenant(http: &HttpRequest, tenant: &Tenant) -> Result<Seat, Throttled> {
    learn(http, |learned| learned.counted.tenant = Some(tenant.limits.clone()));
    tenant.limits.take()
}
