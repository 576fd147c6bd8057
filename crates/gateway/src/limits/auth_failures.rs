//! Wrong secrets, counted by the address that they came from.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use governor::clock::{Clock, MonotonicClock};
use quick_cache::sync::Cache;
use tenant_store::Rate;

use super::{Limiter, Throttled};
use crate::cache;
use crate::telemetry::metrics::CacheFigures;

/// How many addresses are remembered at the most that sent a wrong secret.
const ADDRESSES: usize = 50_000;
/// How many pairs of address and key are remembered at the most that belong together.
const PROVEN: usize = 50_000;

/// Keeps an address from guessing secrets.
///
/// An address that has sent too many wrong ones is refused before its secret is looked at; otherwise the right one
/// among its guesses would still get through. A key that has shown its secret from there before is not locked out with
/// it: behind one address there may be many callers, and one with a stale secret must not stop the others.
pub struct AuthFailures<C: Clock = MonotonicClock> {
    rate: Rate,
    clock: C,
    failed: Cache<IpAddr, Arc<Limiter<C>>>,
    proven: Cache<(IpAddr, u64), ()>,
    hasher: RandomState,
}

impl AuthFailures {
    /// So many wrong secrets an address.
    pub fn new(rate: Rate) -> Self {
        Self::with_clock(rate, MonotonicClock)
    }
}

impl<C: Clock + Clone> AuthFailures<C> {
    /// The same, with the time of `clock`.
    pub fn with_clock(rate: Rate, clock: C) -> Self {
        let (failed, proven) = (Cache::new(ADDRESSES), Cache::new(PROVEN));
        Self { rate, clock, failed, proven, hasher: RandomState::new() }
    }

    /// How its caches stand now.
    pub(crate) fn caches(&self) -> [CacheFigures; 2] {
        [cache::figures("wrong_secrets", &self.failed), cache::figures("proven_secrets", &self.proven)]
    }

    /// Whether the secret that `client` sent for this key may be looked at.
    ///
    /// # Errors
    /// [`Throttled::Address`]
    pub fn admit(&self, client: IpAddr, access_key_id: &str) -> Result<(), Throttled> {
        let wait = self.failed.get(&network(client)).and_then(|limiter| limiter.wait());
        match wait {
            Some(wait) if !self.proven.contains_key(&self.pair(client, access_key_id)) => Err(Throttled::Address(wait)),
            _ => Ok(()),
        }
    }

    /// The secret was wrong.
    ///
    /// # Errors
    /// [`Throttled::Address`] where that was one too many.
    pub fn failed(&self, client: IpAddr) -> Result<(), Throttled> {
        let Some(new) = Limiter::with_clock(self.rate, self.clock.clone()) else { return Ok(()) };
        let limiter = self.failed.get_or_insert_with(&network(client), || Ok::<_, Throttled>(Arc::new(new)))?;
        limiter.take().map_err(Throttled::Address)
    }

    /// The secret was right.
    pub fn succeeded(&self, client: IpAddr, access_key_id: &str) {
        let pair = self.pair(client, access_key_id);
        if self.rate != Rate::Off && !self.proven.contains_key(&pair) {
            self.proven.insert(pair, ());
        }
    }

    /// The hash stands for the key's ID: its seed is this process's own, so that nobody can make two that are equal.
    fn pair(&self, client: IpAddr, access_key_id: &str) -> (IpAddr, u64) {
        (network(client), self.hasher.hash_one(access_key_id))
    }
}

/// What one client has to itself: an IPv4 address, or the /64 of an IPv6 address
/// ([RFC 6177](https://www.rfc-editor.org/rfc/rfc6177): nobody is given less).
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::{ADDRESSES, AuthFailures};
    use crate::limits::Throttled;

    const KEY: &str = "LTAI5tKey";

    fn failures(rate: &str) -> (AuthFailures<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (AuthFailures::with_clock(rate.parse().unwrap(), clock.clone()), clock)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn fail(failures: &AuthFailures<FakeRelativeClock>, client: IpAddr, times: usize) {
        (0..times).for_each(|_| failures.failed(client).unwrap());
    }

    #[test]
    fn after_too_many_wrong_secrets_the_next_is_not_looked_at_until_the_time_that_is_told() {
        let (failures, clock) = failures("20/m");
        let client = address("192.0.2.1");
        fail(&failures, client, 20);
        let Err(Throttled::Address(wait)) = failures.admit(client, KEY) else { panic!("admitted") };
        assert_eq!(wait, Duration::from_secs(3));
        assert_eq!(failures.failed(client), Err(Throttled::Address(wait)));
        clock.advance(wait);
        assert_eq!(failures.admit(client, KEY), Ok(()));
    }

    #[test]
    fn others_are_not_locked_out_with_it() {
        let (failures, _clock) = failures("20/m");
        fail(&failures, address("192.0.2.1"), 20);
        assert_eq!(failures.admit(address("192.0.2.2"), KEY), Ok(()));
        assert_eq!(failures.admit(address("2001:db8::1"), KEY), Ok(()));
    }

    #[test]
    fn a_key_that_has_shown_its_secret_from_there_goes_on() {
        let (failures, _clock) = failures("20/m");
        let client = address("192.0.2.1");
        failures.succeeded(client, KEY);
        fail(&failures, client, 20);
        assert_eq!(failures.admit(client, KEY), Ok(()));
        assert!(failures.failed(client).is_err(), "and its wrong secrets count as everybody's");
        assert!(failures.admit(client, "LTAI5tOther").is_err());
    }

    #[test]
    fn an_ipv6_client_has_one_limit_for_all_the_addresses_of_its_network() {
        let (failures, _clock) = failures("2/m");
        fail(&failures, address("2001:db8:0:1::1"), 1);
        fail(&failures, address("2001:db8:0:1:ffff::2"), 1);
        assert!(failures.admit(address("2001:db8:0:1::3"), KEY).is_err());
        assert_eq!(failures.admit(address("2001:db8:0:2::3"), KEY), Ok(()));
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let (failures, _clock) = failures("off");
        let client = address("192.0.2.1");
        fail(&failures, client, 1_000);
        failures.succeeded(client, KEY);
        assert_eq!(failures.admit(client, KEY), Ok(()));
        assert!(failures.failed.is_empty() && failures.proven.is_empty());
    }

    #[test]
    fn a_million_addresses_are_not_all_remembered() {
        let (failures, _clock) = failures("20/m");
        for number in 0..1_000_000_u32 {
            failures.failed(IpAddr::V4(number.into())).unwrap();
        }
        assert!(failures.failed.len() <= ADDRESSES, "{}", failures.failed.len());
    }
}
