//! The tokens that we issue: JWTs signed with `EdDSA`, as [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068) has them,
//! hardened as [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725) asks.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use cams_api::ScopeSet;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{AuthError, Key, SigningKeys, Tenants};
use crate::cache;
use crate::telemetry::metrics::CacheFigures;

/// How long a token is good, in seconds.
pub const LIFETIME: i64 = 900;
/// How many verified tokens are remembered, so that a signature is checked once.
const REMEMBERED: usize = 50_000;

const AUDIENCE: &str = "groupgate";
/// [RFC 9068, section 2.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.1): tells an access token from other JWTs.
const TYPE: &str = "at+jwt";

/// What a verified token says.
#[derive(Debug, Clone)]
pub struct Claims {
    /// The access key it was made for.
    pub sub: String,
    /// When it ends, in Unix seconds.
    pub exp: i64,
    /// The tenants that it is narrowed to.
    pub tenants: Tenants,
    /// The scopes that it is narrowed to.
    pub scopes: ScopeSet,
}

impl Claims {
    /// Whether the token's time is over.
    pub(super) fn is_over(&self) -> bool {
        OffsetDateTime::now_utc().unix_timestamp() >= self.exp
    }
}

/// The claims as they stand in the token.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    scope: String,
    cust_spaces: Vec<String>,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// A new token.
pub struct Issued {
    /// The token itself.
    pub access_token: String,
    /// What it allows at the most.
    pub scopes: ScopeSet,
}

/// Makes and verifies tokens.
pub struct Tokens {
    keys: SigningKeys,
    issuer: String,
    validation: Validation,
    verified: Cache<[u8; 32], Arc<Claims>>,
}

impl Tokens {
    /// Tokens of `issuer`, the gateway's public URL.
    pub fn new(keys: SigningKeys, issuer: String) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = 0;
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self { keys, issuer, validation, verified: Cache::new(REMEMBERED) }
    }

    /// How the cache of verified tokens stands now.
    pub(super) fn figures(&self) -> CacheFigures {
        cache::figures("tokens", &self.verified)
    }

    /// The keys that verify our tokens.
    pub fn keys(&self) -> &SigningKeys {
        &self.keys
    }

    /// Makes a token for the key, narrowed to `wanted` where that is given; `None` where the key does not hold
    /// all that is wanted.
    pub fn issue(&self, key: &Key, wanted: Option<ScopeSet>) -> Option<Issued> {
        let (tenants, held) = union(key);
        let scopes = wanted.unwrap_or_else(|| held.clone());
        if !held.covers(&scopes) {
            return None;
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let payload = Payload {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: key.access_key_id.clone(),
            client_id: key.access_key_id.clone(),
            scope: scopes.to_string(),
            cust_spaces: tenants.to_ids(),
            iat: now,
            exp: now + LIFETIME,
            jti: Uuid::new_v4(),
        };
        Some(Issued { access_token: self.sign(&payload)?, scopes })
    }

    fn sign(&self, payload: &Payload) -> Option<String> {
        let signer = self.keys.newest();
        let header =
            Header { typ: Some(TYPE.to_owned()), kid: Some(signer.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, payload, &signer.encoding)
            .inspect_err(|error| tracing::error!(%error, "a token could not be signed"))
            .ok()
    }

    /// What the token says, where its signature is ours and its time is not over. The signature of a token is
    /// checked once and remembered by the token's hash; its end is looked at every time.
    ///
    /// # Errors
    /// [`AuthError::InvalidToken`] or [`AuthError::ExpiredToken`].
    pub fn verify(&self, token: &[u8]) -> Result<Arc<Claims>, AuthError> {
        let hash = sha256(token);
        let claims = match self.verified.get(&hash) {
            Some(claims) => claims,
            None => self.verify_signature(token, hash)?,
        };
        if claims.is_over() { Err(AuthError::ExpiredToken) } else { Ok(claims) }
    }

    fn verify_signature(&self, token: &[u8], hash: [u8; 32]) -> Result<Arc<Claims>, AuthError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::InvalidToken("it is no JWT"))?;
        if header.alg != Algorithm::EdDSA {
            return Err(AuthError::InvalidToken("it is not signed with EdDSA"));
        }
        if header.typ.as_deref() != Some(TYPE) {
            return Err(AuthError::InvalidToken("it is no access token (`typ` is not `at+jwt`)"));
        }
        let signer = header.kid.as_deref().and_then(|kid| self.keys.by_id(kid));
        let signer = signer.ok_or(AuthError::InvalidToken("its `kid` names none of the gateway's keys"))?;
        let decoded = jsonwebtoken::decode::<Payload>(token, &signer.decoding, &self.validation);
        let claims = Arc::new(Claims::from(decoded.map_err(|error| refused(error.kind()))?.claims));
        self.verified.insert(hash, claims.clone());
        Ok(claims)
    }
}

impl From<Payload> for Claims {
    fn from(payload: Payload) -> Self {
        Self {
            tenants: Tenants::from_ids(&payload.cust_spaces),
            scopes: ScopeSet::from_names(payload.scope.split(' ')),
            sub: payload.sub,
            exp: payload.exp,
        }
    }
}

fn refused(kind: &ErrorKind) -> AuthError {
    match kind {
        ErrorKind::ExpiredSignature => AuthError::ExpiredToken,
        ErrorKind::InvalidSignature => AuthError::InvalidToken("its signature is wrong"),
        ErrorKind::InvalidIssuer => AuthError::InvalidToken("another gateway issued it (`iss`)"),
        ErrorKind::InvalidAudience => AuthError::InvalidToken("it was made for somebody else (`aud`)"),
        _ => AuthError::InvalidToken("it is damaged"),
    }
}

/// Everything that any grant of the key gives. What is allowed in the end is decided grant by grant.
fn union(key: &Key) -> (Tenants, ScopeSet) {
    let (mut tenants, mut scopes) = (Tenants::Named(Vec::new()), ScopeSet::default());
    for grant in &key.grants {
        tenants.extend(&grant.tenants);
        scopes.extend(&grant.scopes);
    }
    (tenants, scopes)
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
