//! Limits: how many calls an access key, a tenant and a number towards Meta have, all together and by [`Class`], and how
//! many of them may be in flight; and how many wrong secrets a client address has. Rates are
//! [GCRA](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm), by `governor` one atomic number each; over several
//! replicas in Redis, where there is one.
//!
//! [`Limits::take`] is the one place where calls are counted. A limiter lives in the cache entry of the key, tenant or
//! number that it limits, so nothing has to be swept, and what does not exist has none. An entry that is loaded anew keeps
//! its limiter as long as its rate is the same.

mod addresses;
mod allowance;
mod auth_failures;
mod counted;
mod in_flight;
mod limiter;
#[cfg(test)]
mod properties;
mod shared;
mod streams;
mod taking;
mod tenant;
mod throttled;

pub use addresses::TrustedProxies;
pub use allowance::{Allowance, Holder};
pub use auth_failures::AuthFailures;
pub use counted::{Counted, describe};
pub use limiter::{Limiter, Standing};
pub use shared::{InvalidRedisUrl, RedisUrl};
pub(crate) use shared::{RunningSharedLimits, SharedLimits};
pub use streams::{OpenStreams, StreamSeat};
pub use taking::{Begun, Limits, Taken};
pub use tenant::{InForce, TenantLimits, in_force};
pub use throttled::Throttled;
pub(crate) use throttled::{milliseconds, seconds};

use cams_api::Class;
use tenant_store::{Limit, PerClass};

/// The limits of who has none of its own.
#[derive(Debug, Clone, Copy)]
pub struct DefaultLimits {
    /// Calls of an access key.
    pub per_key: PerClass<Limit>,
    /// Calls in a tenant's name.
    pub per_tenant: PerClass<Limit>,
    /// Calls to Meta for a number.
    pub per_number: PerClass<Limit>,
}

/// The value for calls of a class; that for all calls together without one.
fn of_class<T>(values: &PerClass<T>, class: Option<Class>) -> &T {
    match class {
        None => &values.all,
        Some(Class::Read) => &values.read,
        Some(Class::Write) => &values.write,
        Some(Class::Message) => &values.message,
    }
}
