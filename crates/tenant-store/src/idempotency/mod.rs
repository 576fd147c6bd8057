//! Idempotency keys: what a caller asked for under a key, which call is at it, and how it ended.
//!
//! A key's row is committed before anything is sent. One call at a time holds it. A holder that died, or that nobody
//! heard of for too long, leaves the key open: whoever comes next learns that, and the code under which a change may
//! have been begun.

use std::{fmt, time::Duration};

use uuid::Uuid;

use crate::{Store, StoreError, UniqueCode, across_tenants};

mod claiming;
mod ending;

/// A call that wants to be made once.
pub struct NewKey<'a> {
    /// The operation's name.
    pub operation: &'a str,
    /// The caller's key; without NUL.
    pub key: &'a str,
    /// SHA-256 of the request: another one under the same key is a mistake of the caller's.
    pub fingerprint: [u8; 32],
    /// How long the call is believed to run without being heard of.
    pub lease: Duration,
    /// What the call begins is found by this again.
    pub unique_code: UniqueCode,
}

/// How a key stood when it was claimed.
#[derive(Debug)]
pub enum Claim {
    /// Nobody used it within the last 24 hours. It is this call's now.
    New(HeldKey),
    /// A call before this one left it without an end. It is this call's now.
    Open(HeldKey),
    /// It has its answer.
    Answered(StoredAnswer),
    /// Another request was made under it.
    Mismatch,
    /// Another call is at it.
    Running,
}

/// A key that one call holds: what the call needs to say how it ended.
pub struct HeldKey {
    operation: String,
    key: String,
    claim: Uuid,
    /// Reserved for the change that the key's calls begin; of a [`Claim::Open`] perhaps begun already.
    pub unique_code: UniqueCode,
}

/// An answer that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The call that it was first given to.
    pub request_id: Uuid,
    /// Its code, such as `OK`.
    pub code: String,
    /// Its HTTP status.
    pub http_status: u16,
    /// The whole of it, as JSON.
    pub body: String,
}

/// Which process runs a call, as the other processes know it: the name of a lock that it holds while it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(pub(crate) i64);

impl Owner {
    /// One that no other process has.
    pub(crate) fn random() -> Self {
        let (bits, _) = Uuid::new_v4().as_u64_pair();
        Self(i64::from_ne_bytes(bits.to_ne_bytes()))
    }
}

impl Store {
    /// Deletes up to `limit` keys that are older than 24 hours, of all tenants. Returns how many.
    pub async fn forget_old_keys(&self, limit: i64) -> Result<u64, StoreError> {
        across_tenants::forget_old_keys(self.pool(), limit).await
    }
}

// A caller may have put anything into its key, and an answer holds what it was given.
impl fmt::Debug for HeldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldKey")
            .field("operation", &self.operation)
            .field("unique_code", &self.unique_code)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAnswer")
            .field("request_id", &self.request_id)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
