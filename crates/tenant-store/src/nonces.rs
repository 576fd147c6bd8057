//! Nonces of signed requests: each is good once, on all replicas.

use crate::{Store, StoreError, across_tenants};

impl Store {
    /// Uses a nonce of an access key, for which `digest` stands; `false` where it was used within the last 35 minutes.
    pub async fn spend_nonce(&self, access_key_id: &str, digest: &[u8; 32]) -> Result<bool, StoreError> {
        across_tenants::spend_nonce(self.pool(), access_key_id, digest).await
    }

    /// Deletes up to `limit` nonces that are older than 35 minutes. Returns how many.
    pub async fn forget_old_nonces(&self, limit: i64) -> Result<u64, StoreError> {
        across_tenants::forget_old_nonces(self.pool(), limit).await
    }
}
