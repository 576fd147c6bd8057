//! Who calls, and whether its limits let it: the same for every face.
//!
//! Before a call is read, it is in flight, and refused where its key has no call left. As soon as it is known for whom it is,
//! it is counted against key and tenant together; one that fails before, or whose caller breaks off, against its key alone.

use std::sync::Arc;

use actix_web::HttpRequest;
use cams_api::signatures::SignedCall;
use cams_api::{Class, Operation};

use super::render::learn;
use super::{ApiError, Worker};
use crate::auth::{Caller, Key, Nonces, SignedError};
use crate::limits::{Begun, Taken, Throttled};
use crate::tenants::Tenant;

/// A caller who was let in, and whose call is to be counted.
pub(super) struct Admitted {
    caller: Caller,
    /// Of which class the call is, as far as that is known before it is read.
    class: Option<Class>,
    /// The call itself.
    begun: Begun,
}

/// The caller of a call of this class.
///
/// # Errors
/// [`ApiError::Auth`] where nobody is known to call, [`ApiError::Throttled`] where the key has no call left.
pub(super) async fn admit(http: &HttpRequest, worker: &Worker, class: Option<Class>) -> Result<Admitted, ApiError> {
    let peer = http.peer_addr().map(|peer| peer.ip());
    let caller = worker.authenticator.authenticate(http.headers(), peer).await?;
    Ok(Admitted::new(http, worker, caller, class)?)
}

/// The caller of a call that is about no tenant, counted against its key. It is in flight until what comes with it is
/// dropped.
///
/// # Errors
/// As [`admit`].
pub(super) async fn admit_alone(
    http: &HttpRequest,
    worker: &Worker,
    class: Class,
) -> Result<(Caller, Taken), ApiError> {
    let admitted = admit(http, worker, Some(class)).await?;
    let taken = admitted.count_alone(http).await?;
    Ok((admitted.caller, taken))
}

/// Counts a call against the key that it was made with, and nothing else.
///
/// # Errors
/// [`Throttled`] by the key's limits.
pub(crate) async fn count(
    http: &HttpRequest,
    worker: &Worker,
    key: &Arc<Key>,
    class: Option<Class>,
) -> Result<Taken, Throttled> {
    tell(http, key, class);
    let taken = told(http, worker.services.limits.take(class, &[&key.allowance]).await)?;
    let_in(http);
    Ok(taken)
}

/// Lets the answer tell what the call has left.
fn told(http: &HttpRequest, taken: Result<Taken, Throttled>) -> Result<Taken, Throttled> {
    taken.inspect(|taken| learn(http, |learned| learned.counted.taken(taken)))
}

fn tell(http: &HttpRequest, key: &Arc<Key>, class: Option<Class>) {
    learn(http, |learned| {
        learned.key = Some(key.clone());
        learned.counted.key = Some(key.allowance.clone());
        learned.counted.class = class;
        if let Some(trace) = &learned.trace {
            trace.caller_is_known();
        }
    });
}

/// The caller may have its call traced by wishing so. One who is over its limit may not: wishes are few, and everybody's.
fn let_in(http: &HttpRequest) {
    learn(http, |learned| {
        if let Some(trace) = &learned.trace {
            trace.caller_is_let_in();
        }
    });
}

impl Admitted {
    /// Lets a caller in, whose call is in flight from here on.
    ///
    /// # Errors
    /// [`Throttled`] where its key has no call left.
    pub(super) fn new(
        http: &HttpRequest,
        worker: &Worker,
        caller: Caller,
        class: Option<Class>,
    ) -> Result<Self, Throttled> {
        tell(http, caller.key(), class);
        let begun = worker.services.limits.begin(class, &caller.key().allowance)?;
        let_in(http);
        Ok(Self { caller, class, begun })
    }

    /// Who it is.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Refuses a call that is not read yet, where it can be for one tenant alone which is known here to be used up: it is
    /// counted by none.
    ///
    /// # Errors
    /// [`Throttled`] by the tenant's limits.
    pub(super) fn look_ahead<O: Operation>(&self, http: &HttpRequest, worker: &Worker) -> Result<(), Throttled> {
        let Some(id) = self.caller.sole_grant() else { return Ok(()) };
        let Some(tenant) = worker.services.resolver.trusted(id) else { return Ok(()) };
        if self.caller.authorize(O::SCOPE, O::NAME, id).is_err() {
            return Ok(());
        }
        self.begun.look_ahead(self.class, &tenant.limits.calls).inspect_err(|_| {
            learn(http, |learned| {
                learned.cust_space_id = Some(tenant.cust_space_id.clone());
                learned.counted.tenant = Some(tenant.limits.clone());
            });
        })
    }

    /// Refuses a signed call that was made already, as far as that is known here: it is counted by none, so that nobody
    /// uses up what another has signed for.
    ///
    /// # Errors
    /// [`SignedError::NonceUsed`]
    pub(super) fn expect_unspent(&self, nonces: &Nonces, signed: &SignedCall) -> Result<(), SignedError> {
        nonces.look(&signed.access_key_id, &signed.nonce).inspect_err(|_| self.begun.forget())
    }

    /// Counts the call against the key and the tenant, or against none of them. It is in flight until what this gives is
    /// dropped.
    ///
    /// # Errors
    /// [`Throttled`] by the limits of one of them.
    pub(super) async fn count(&self, http: &HttpRequest, class: Class, tenant: &Tenant) -> Result<Taken, Throttled> {
        learn(http, |learned| {
            learned.counted.tenant = Some(tenant.limits.clone());
            learned.counted.class = Some(class);
        });
        told(http, self.begun.count(Some(class), &[&tenant.limits.calls]).await)
    }

    /// What came of the call. One that failed before it was counted is counted against its key.
    ///
    /// # Errors
    /// The call's own; [`Throttled`] where the key has no call left.
    pub(super) async fn settled<T, E: From<Throttled>>(&self, http: &HttpRequest, came: Result<T, E>) -> Result<T, E> {
        if came.is_err() && !self.begun.is_counted() {
            let _ended = self.count_alone(http).await?;
        }
        came
    }

    async fn count_alone(&self, http: &HttpRequest) -> Result<Taken, Throttled> {
        told(http, self.begun.count(self.class, &[]).await)
    }
}
