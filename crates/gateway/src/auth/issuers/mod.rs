//! Tokens of external issuers: JWTs that the ISV's own identity provider has signed, accepted as
//! [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725) asks.
//!
//! - An issuer's keys verify its tokens and nobody else's, each with the one algorithm that it is for (`keys.rs`). They
//!   come from the address that an administrator gave; what a token's header names is never fetched.
//! - Which issuers there are is remembered, and forgotten by NOTIFY (`crate::cache`).
//! - A signature is checked once, and remembered by the token's hash for as long as the issuer and that key are the same;
//!   the token's end is looked at every time.
//! - What a token allows is what the issuer's rules make of its claims (`claims.rs`): never more than an administrator
//!   wrote down.

mod claims;
mod error;
mod key_sets;
mod keys;
mod strict;
mod token;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache as Remembered;
use tenant_store::{Issuer, Limit, PerClass, Revision, Store};
use time::OffsetDateTime;

use super::tokens::sha256;
use super::{AuthError, Key};
use crate::cache::{self, Cache};
use crate::egress::Egress;
use crate::limits::{Allowance, Holder};
use crate::telemetry::metrics::{CacheFigures, Metrics, Pulse};

use claims::Claims;
use key_sets::{KeySets, Pace};
use keys::Fingerprint;
use token::Unverified;

pub use error::RefusedToken;
pub use key_sets::FETCH_LIMITS;
pub use keys::{ALGORITHMS, IssuerKeys, UnusableKeys};

/// How many verified tokens are remembered.
const TOKENS: usize = 50_000;
/// How many callers are remembered, each with its limit.
const CALLERS: usize = 10_000;
/// How often keys of issuers that are gone are forgotten.
const FORGET: Duration = Duration::from_mins(1);
/// All issuers are one entry of the cache.
const ALL: &str = "all";

/// Whose a token says that it is, and whether one of `keys` has signed it as an issuer may who signs by these
/// `algorithms`: what [`Issuers::verify`] asks before it believes a claim. `None` for what names no issuer.
///
/// # Errors
/// [`RefusedToken::Invalid`]
pub fn examine(token: &[u8], algorithms: &[String], keys: &IssuerKeys) -> Option<Result<String, RefusedToken>> {
    let token = Unverified::read(token)?;
    let proved = token.check_header(algorithms).and_then(|()| token.check_signature(keys).map(drop));
    Some(proved.map(|()| token.issuer))
}

/// Who showed a token of an external issuer.
pub struct Assertion {
    /// The caller, as if it had a key with these grants.
    pub(super) caller: Arc<Key>,
    issuer: String,
    revision: Revision,
    key: Fingerprint,
    exp: f64,
}

impl Assertion {
    /// Whether the token's time is over.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a time in seconds is exact in 53 bits for longer than anybody asks"
    )]
    fn is_over(&self) -> bool {
        OffsetDateTime::now_utc().unix_timestamp() as f64 >= self.exp
    }
}

/// The external issuers, and what their tokens have proved.
pub struct Issuers {
    store: Store,
    limits: PerClass<Limit>,
    known: Cache<Vec<Arc<Issuer>>>,
    key_sets: KeySets,
    verified: Remembered<[u8; 32], Arc<Assertion>>,
    allowances: Remembered<String, Arc<Allowance>>,
}

impl Issuers {
    /// Issuers of `store`, each caller limited by `limits`; used for `stale` at most while the store is away.
    pub fn new(store: Store, limits: PerClass<Limit>, stale: Duration) -> Self {
        Self {
            store,
            limits,
            known: Cache::new(1, stale),
            key_sets: KeySets::new(Pace::default()),
            verified: Remembered::new(TOKENS),
            allowances: Remembered::new(CALLERS),
        }
    }

    /// Who shows this token; `None` where it names no external issuer.
    ///
    /// # Errors
    /// [`AuthError::External`] where the token is not accepted, [`AuthError::Store`] where that cannot be told.
    pub async fn verify(&self, token: &[u8]) -> Result<Option<Arc<Assertion>>, AuthError> {
        let hash = sha256(token);
        if let Some(known) = self.verified.get(&hash)
            && self.holds(&known).await?
        {
            return if known.is_over() { Err(RefusedToken::Expired.into()) } else { Ok(Some(known)) };
        }
        let Some(token) = Unverified::read(token) else { return Ok(None) };
        let Some(issuer) = self.find(&token.issuer).await? else { return Ok(None) };
        let proved = Arc::new(self.prove(&token, &issuer).await?);
        self.verified.insert(hash, proved.clone());
        Ok(Some(proved))
    }

    /// Whether what a token has proved still holds, for what goes on for longer than a call.
    ///
    /// # Errors
    /// [`AuthError`] where it does not.
    pub(super) async fn again(&self, assertion: &Assertion) -> Result<(), AuthError> {
        if assertion.is_over() {
            return Err(RefusedToken::Expired.into());
        }
        if self.holds(assertion).await? { Ok(()) } else { Err(RefusedToken::Changed.into()) }
    }

    /// How its caches stand now.
    pub(super) fn caches(&self) -> [CacheFigures; 3] {
        [
            self.known.figures("issuers"),
            cache::figures("issuer_tokens", &self.verified),
            cache::figures("issuer_callers", &self.allowances),
        ]
    }

    /// The issuers changed in the store.
    pub fn invalidate(&self) {
        self.known.invalidate_all();
    }

    /// Keeps the issuers' keys fresh, until the loop is ended.
    pub(crate) async fn keep_keys(&self, egress: &Egress, metrics: &Metrics, pulse: &Pulse) {
        let forgetting = async {
            loop {
                tokio::time::sleep(FORGET).await;
                self.forget_unused_keys(pulse).await;
            }
        };
        let fetch = async |url: &str| {
            let found = key_sets::fetch(egress, url).await;
            metrics.key_set_fetched(found.is_some());
            found
        };
        tokio::join!(self.key_sets.watch(fetch), forgetting);
    }

    /// Forgets the keys of issuers that are gone.
    async fn forget_unused_keys(&self, pulse: &Pulse) {
        // While the store is away, nobody is known to be gone.
        if let Ok(issuers) = self.all().await {
            self.key_sets.keep(|url| issuers.iter().any(|issuer| issuer.jwks_url == url));
            pulse.succeeded();
        }
    }

    /// Whether the issuer and the key that signed are as they were when the token was verified.
    async fn holds(&self, assertion: &Assertion) -> Result<bool, AuthError> {
        let Some(issuer) = self.find(&assertion.issuer).await? else { return Ok(false) };
        let keys = self.key_sets.usable(&issuer.jwks_url);
        Ok(issuer.revision == assertion.revision && keys.is_some_and(|keys| keys.have(&assertion.key)))
    }

    async fn prove(&self, token: &Unverified<'_>, issuer: &Issuer) -> Result<Assertion, AuthError> {
        token.check_header(&issuer.algorithms)?;
        let keys = self.key_sets.with_key(&issuer.jwks_url, &token.key_id).await.ok_or(RefusedToken::KeysAway)?;
        let key = token.check_signature(&keys)?.clone();
        let claims = Claims::read(&token.payload, issuer, OffsetDateTime::now_utc())?;
        // No issuer has a `#` in it, so no two issuers' callers have one name; nor has an access key's ID.
        let name = format!("{}#{}", issuer.issuer, claims.subject);
        let allowance = self.allowance(&name);
        let caller = Arc::new(Key::of_assertion(name, claims.grants, allowance));
        Ok(Assertion { caller, issuer: issuer.issuer.clone(), revision: issuer.revision, key, exp: claims.exp })
    }

    /// A caller's limits are the same for all of its tokens.
    fn allowance(&self, name: &str) -> Arc<Allowance> {
        let make = || Ok::<_, Infallible>(Arc::new(Allowance::new(Holder::Key, name, &self.limits, None)));
        match self.allowances.get_or_insert_with(name, make) {
            Ok(allowance) => allowance,
            Err(never) => match never {},
        }
    }

    async fn find(&self, issuer: &str) -> Result<Option<Arc<Issuer>>, AuthError> {
        Ok(self.all().await?.iter().find(|known| known.issuer == issuer).cloned())
    }

    async fn all(&self) -> Result<Arc<Vec<Arc<Issuer>>>, AuthError> {
        let load = async || Ok(Some(self.store.issuers().await?.into_iter().map(Arc::new).collect()));
        let all = self.known.get(ALL, load).await?;
        Ok(all.unwrap_or_default())
    }
}
