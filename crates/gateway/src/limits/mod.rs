//! Limits: how many calls an access key, a tenant and a number towards Meta have, and how many wrong secrets a client
//! address. They are [GCRA](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) by `governor`, one atomic number
//! each.
//!
//! A limiter lives in the cache entry of the key, tenant or number that it limits, so nothing has to be swept, and what
//! does not exist has none. An entry that is loaded anew keeps its limiter as long as its rate is the same.

mod addresses;
mod auth_failures;
mod counted;
mod in_flight;
mod limiter;
mod streams;
mod tenant;
mod throttled;

pub use addresses::TrustedProxies;
pub use auth_failures::AuthFailures;
pub use counted::{Counted, describe};
pub use in_flight::Seat;
pub use limiter::{Limiter, Standing};
pub use streams::{OpenStreams, StreamSeat};
pub use tenant::TenantLimits;
pub use throttled::Throttled;
pub(crate) use throttled::{milliseconds, seconds};

use tenant_store::Rate;

/// The limits of who has none of its own.
#[derive(Debug, Clone, Copy)]
pub struct DefaultRates {
    /// Calls of an access key.
    pub per_key: Rate,
    /// Calls in a tenant's name.
    pub per_tenant: Rate,
    /// Calls to Meta for a number.
    pub per_number: Rate,
}
