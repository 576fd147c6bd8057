//! The keys that sign our tokens: Ed25519, kept sealed in the store, so that they survive a restart and are the
//! same on every replica.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::ExposeSecret;
use serde::Serialize;
use tenant_store::{NewSigningKey, SigningKey, Store, StoreError};
use utoipa::ToSchema;

/// A key set, as [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeySet {
    /// The keys whose tokens are accepted.
    pub keys: Vec<PublicKey>,
}

/// A public key, as [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037) has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicKey {
    /// `OKP`
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// `Ed25519`
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    /// `EdDSA`
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
    /// `sig`
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: &'static str,
    /// The key's ID, which a token's header names.
    #[schema(example = "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d")]
    pub kid: String,
    /// The public key, in base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: String,
}

/// One key, ready for use.
pub struct Signer {
    /// Its ID.
    pub kid: String,
    /// For signing.
    pub encoding: EncodingKey,
    /// For verifying.
    pub decoding: DecodingKey,
    public: Vec<u8>,
}

/// All keys whose tokens are accepted; the newest signs.
pub struct SigningKeys {
    signers: Vec<Signer>,
}

/// Why tokens cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeysError {
    /// The store did not give them.
    #[error("the keys that sign tokens could not be read: {0}")]
    Store(#[from] StoreError),
    /// The store has none, and none could be made.
    #[error("no key to sign tokens with could be made; does the system give random numbers?")]
    NoneMade,
}

impl SigningKeys {
    /// The store's keys; the first one is made where there is none.
    ///
    /// # Errors
    /// [`SigningKeysError`]
    pub async fn open(store: &Store) -> Result<Self, SigningKeysError> {
        let made = make().ok_or(SigningKeysError::NoneMade)?;
        Self::of(store.ensure_signing_key(|| made).await?)
    }

    /// These keys.
    ///
    /// # Errors
    /// [`SigningKeysError::NoneMade`] where there is none.
    pub fn of(mut stored: Vec<SigningKey>) -> Result<Self, SigningKeysError> {
        stored.sort_by_key(|key| std::cmp::Reverse(key.created_at));
        let signers: Vec<Signer> = stored.into_iter().map(Signer::from).collect();
        if signers.is_empty() { Err(SigningKeysError::NoneMade) } else { Ok(Self { signers }) }
    }

    /// The key that signs; there is always one.
    pub fn newest(&self) -> &Signer {
        &self.signers[0]
    }

    /// The key of this ID.
    pub fn by_id(&self, kid: &str) -> Option<&Signer> {
        self.signers.iter().find(|signer| signer.kid == kid)
    }

    /// What `/.well-known/jwks.json` answers.
    pub fn key_set(&self) -> KeySet {
        let public = |signer: &Signer| PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: signer.kid.clone(),
            x: BASE64_URL_SAFE_NO_PAD.encode(&signer.public),
        };
        KeySet { keys: self.signers.iter().map(public).collect() }
    }
}

impl From<SigningKey> for Signer {
    fn from(stored: SigningKey) -> Self {
        Self {
            encoding: EncodingKey::from_ed_der(stored.private_key.expose_secret()),
            decoding: DecodingKey::from_ed_der(&stored.public_key),
            kid: stored.kid,
            public: stored.public_key,
        }
    }
}

fn make() -> Option<NewSigningKey> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).ok()?;
    Some(NewSigningKey {
        kid: uuid::Uuid::now_v7().to_string(),
        public_key: pair.public_key().as_ref().to_vec(),
        private_key: pkcs8.as_ref().to_vec().into(),
    })
}
