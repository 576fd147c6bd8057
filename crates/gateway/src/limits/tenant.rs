//! What a tenant may use: shared by all calls in its name.

use actix_web::http::header::HeaderValue;
use tenant_store::{Limit, Limits as OwnLimits, PerClass};

use super::counted::policy;
use super::{Allowance, DefaultLimits, Holder};

/// A tenant's limits, in force.
#[derive(Debug)]
pub struct TenantLimits {
    /// Calls in its name.
    pub calls: Allowance,
    per_number: PerClass<Limit>,
    /// The value of `RateLimit-Policy` of its calls, the key's part included: the same in each.
    pub(super) policy: Option<HeaderValue>,
}

/// The limits that hold for a tenant.
#[derive(Debug, Clone, Copy)]
pub struct InForce {
    /// Of calls in its name.
    pub per_tenant: PerClass<Limit>,
    /// Of calls to Meta for each of its numbers.
    pub per_number: PerClass<Limit>,
}

/// A tenant's `own` limits, else the defaults: rate and calls in flight each by itself, so that who is given a rate of his
/// own is not let off the other.
pub fn in_force(own: &OwnLimits, defaults: &DefaultLimits) -> InForce {
    let choose = |(own, default): (Option<Limit>, Limit)| {
        own.map_or(default, |own| Limit { in_flight: own.in_flight.or(default.in_flight), ..own })
    };
    let mut per_tenant = own.per_tenant.zip(defaults.per_tenant).map(choose);
    per_tenant.all.in_flight = own.in_flight.or(per_tenant.all.in_flight);
    InForce { per_tenant, per_number: own.per_number.zip(defaults.per_number).map(choose) }
}

impl TenantLimits {
    /// The limits [`in_force`]. What `before` has counted holds where the rate is the same.
    pub fn new(cust_space_id: &str, own: &OwnLimits, defaults: &DefaultLimits, before: Option<&Self>) -> Self {
        let InForce { per_tenant, per_number } = in_force(own, defaults);
        Self {
            calls: Allowance::new(Holder::Tenant, cust_space_id, &per_tenant, before.map(|before| &before.calls)),
            per_number,
            policy: policy(&defaults.per_key, &per_tenant),
        }
    }

    /// What one of its numbers may use. What `before` has counted holds where the rate is the same.
    pub fn number(&self, phone_number_id: &str, before: Option<&Allowance>) -> Allowance {
        Allowance::new(Holder::Number, phone_number_id, &self.per_number, before)
    }
}

#[cfg(test)]
mod tests {
    use super::super::allowance::NO_LIMITS;
    use super::*;

    fn limit(text: &str) -> Limit {
        text.parse().unwrap()
    }

    #[test]
    fn a_rate_of_its_own_leaves_the_installations_calls_in_flight_in_force() {
        let all = PerClass { all: limit("100/s;in-flight=50"), write: limit("9/s;in-flight=5"), ..NO_LIMITS };
        let defaults = DefaultLimits { per_key: NO_LIMITS, per_tenant: all, per_number: all };
        let per_tenant =
            PerClass { all: Some(limit("7/s")), write: Some(limit("off;in-flight=3")), ..PerClass::default() };
        let own = OwnLimits { per_tenant, per_number: per_tenant, in_flight: None };
        let limits = TenantLimits::new("cams-x", &own, &defaults, None);
        for allowance in [&limits.calls, &limits.number("1", None)] {
            assert_eq!(allowance.limit(None), limit("7/s;in-flight=50"));
            assert_eq!(allowance.limit(Some(cams_api::Class::Write)), limit("off;in-flight=3"));
        }
        let own = OwnLimits { in_flight: std::num::NonZeroU32::new(8), ..own };
        let limits = TenantLimits::new("cams-x", &own, &defaults, None);
        assert_eq!(limits.calls.limit(None), limit("7/s;in-flight=8"));
    }
}
