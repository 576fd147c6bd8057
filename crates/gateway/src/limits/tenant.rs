//! What a tenant may use: shared by all calls in its name.

use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use tenant_store::{Limits, Rate};

use super::counted::policy;
use super::in_flight::{InFlight, Seat};
use super::{DefaultRates, Limiter, Throttled};

/// A tenant's limits, in force.
#[derive(Debug)]
pub struct TenantLimits {
    /// Calls in its name.
    pub calls: Option<Arc<Limiter>>,
    in_flight: InFlight,
    per_number: Rate,
    /// The value of `RateLimit-Policy` of its calls, the key's part included: the same in each.
    pub(super) policy: Option<HeaderValue>,
}

impl TenantLimits {
    /// Its `own` limits, else the defaults. What `before` has counted holds where the rate is the same.
    pub fn new(own: &Limits, defaults: &DefaultRates, before: Option<&Self>) -> Self {
        let per_tenant = own.per_tenant.unwrap_or(defaults.per_tenant);
        Self {
            calls: Limiter::keep(before.and_then(|before| before.calls.as_ref()), per_tenant),
            in_flight: InFlight::new(own.in_flight, before.map(|before| &before.in_flight)),
            per_number: own.per_number.unwrap_or(defaults.per_number),
            policy: policy(defaults.per_key, per_tenant),
        }
    }

    /// The limiter of one of its numbers: `before`, where the rate is the same.
    pub fn number(&self, before: Option<&Arc<Limiter>>) -> Option<Arc<Limiter>> {
        Limiter::keep(before, self.per_number)
    }

    /// Counts a call, which is in flight until the seat is dropped.
    ///
    /// # Errors
    /// [`Throttled::InFlight`] or [`Throttled::Tenant`]
    pub fn take(&self) -> Result<Seat, Throttled> {
        let seat = self.in_flight.enter().ok_or(Throttled::InFlight)?;
        if let Some(calls) = &self.calls {
            calls.take().map_err(Throttled::Tenant)?;
        }
        Ok(seat)
    }
}
