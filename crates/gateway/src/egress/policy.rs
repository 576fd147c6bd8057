//! Who may be called.

use std::net::IpAddr;

use ipnet::IpNet;

use super::addresses::is_public;
use super::url::Target;
use super::{EgressError, ExternalUrl};

/// The networks that the operator allows, beside all that is public.
pub(super) struct Policy {
    allowed: Vec<IpNet>,
}

impl Policy {
    pub(super) fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether `url` could be called, as far as it says so itself. A name is not looked up.
    ///
    /// # Errors
    /// [`EgressError::ForbiddenAddress`] and [`EgressError::NotHttps`].
    pub(super) fn check(&self, url: &ExternalUrl) -> Result<(), EgressError> {
        match url.host() {
            Target::Address(address) => self.admit(url.is_tls(), &[*address]).map(drop),
            Target::Name(_) if !url.is_tls() && self.allowed.is_empty() => Err(EgressError::NotHttps),
            Target::Name(_) => Ok(()),
        }
    }

    /// The addresses to connect to, of the ones that a host has: all of them, or none.
    ///
    /// Whether a `http` URL's host exists is nobody's business who may not call it, so its errors are one.
    ///
    /// # Errors
    /// [`EgressError::NotHttps`], [`EgressError::Unresolvable`], [`EgressError::ForbiddenAddress`].
    pub(super) fn admit(&self, tls: bool, found: &[IpAddr]) -> Result<Vec<IpAddr>, EgressError> {
        // The spelling of an IPv4 address as IPv6 must not decide in which network it lies.
        let found: Vec<IpAddr> = found.iter().map(IpAddr::to_canonical).collect();
        let all = |may: &dyn Fn(IpAddr) -> bool| !found.is_empty() && found.iter().all(|address| may(*address));
        match tls {
            false if !all(&|address| self.allows(address)) => Err(EgressError::NotHttps),
            true if found.is_empty() => Err(EgressError::Unresolvable),
            true if !all(&|address| self.allows(address) || is_public(address)) => Err(EgressError::ForbiddenAddress),
            _ => Ok(found),
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(&address))
    }
}
