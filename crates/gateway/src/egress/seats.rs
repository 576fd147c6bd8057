//! How many calls are made at the same time. It bounds what their answers hold of memory, and no tenant whose servers are
//! slow takes the door from the others: nobody waits here, so what a call waits for is its own server.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use cams_api::identifiers::CustSpaceId;

use super::EgressError;

/// Calls of one worker.
const OF_ALL: usize = 64;
/// Calls of one worker for one tenant.
pub(super) const OF_TENANT: usize = 4;

/// Whose seats are all taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The tenant's own.
    Tenant,
    /// The worker's, by all tenants together.
    Gateway,
}

/// The seats of one worker.
#[derive(Default)]
pub(super) struct Seats(Rc<RefCell<Taken>>);

#[derive(Default)]
struct Taken {
    by_all: usize,
    /// Tenants without a call have no entry.
    by_tenant: HashMap<CustSpaceId, usize>,
}

/// A call that is counted until this is dropped.
pub(super) struct Seat {
    taken: Rc<RefCell<Taken>>,
    tenant: CustSpaceId,
}

impl Seats {
    /// Takes one for a call.
    ///
    /// # Errors
    /// [`EgressError::Busy`]
    pub(super) fn take(&self, tenant: &CustSpaceId) -> Result<Seat, EgressError> {
        let mut taken = self.0.borrow_mut();
        if taken.by_tenant.get(tenant).is_some_and(|count| *count >= OF_TENANT) {
            return Err(EgressError::Busy(Full::Tenant));
        }
        if taken.by_all >= OF_ALL {
            return Err(EgressError::Busy(Full::Gateway));
        }
        taken.by_all += 1;
        *taken.by_tenant.entry(tenant.clone()).or_default() += 1;
        Ok(Seat { taken: self.0.clone(), tenant: tenant.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.borrow_mut();
        taken.by_all -= 1;
        if let Some(count) = taken.by_tenant.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                taken.by_tenant.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(nth: usize) -> CustSpaceId {
        format!("cams-{nth}").parse().unwrap()
    }

    fn refused(seats: &Seats, nth: usize) -> Option<EgressError> {
        seats.take(&tenant(nth)).err()
    }

    #[test]
    fn a_tenant_takes_its_share_and_leaves_the_others_theirs() {
        let seats = Seats::default();
        let mut taken: Vec<Seat> = (0..OF_TENANT).map(|_| seats.take(&tenant(1)).ok().unwrap()).collect();
        assert_eq!(refused(&seats, 1), Some(EgressError::Busy(Full::Tenant)));
        assert_eq!(refused(&seats, 2), None);
        taken.pop();
        assert_eq!(refused(&seats, 1), None);
    }

    #[test]
    fn many_tenants_together_fill_the_gateway_and_empty_it() {
        let seats = Seats::default();
        let taken: Vec<Seat> = (0..OF_ALL).map(|nth| seats.take(&tenant(nth)).ok().unwrap()).collect();
        assert_eq!(refused(&seats, OF_ALL), Some(EgressError::Busy(Full::Gateway)));
        drop(taken);
        assert_eq!(refused(&seats, OF_ALL), None);
        assert!(seats.0.borrow().by_tenant.is_empty() && seats.0.borrow().by_all == 0);
    }
}
