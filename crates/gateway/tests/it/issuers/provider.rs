//! An identity provider: a key of each kind, a key set that is served, and tokens as somebody who knows the keys can make
//! them, good ones and bad ones. It shares nothing with what reads them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use aws_lc_rs::{hmac, signature::RsaEncoding};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::{Reply, WebServer};

pub(super) const AUDIENCE: &str = "groupgate-of-the-isv";

pub(super) struct Provider {
    pub(super) rsa: RsaKeyPair,
    pub(super) p256: EcdsaKeyPair,
    pub(super) ed25519: Ed25519KeyPair,
    pub(super) web: WebServer,
}

impl Provider {
    pub(super) async fn start() -> Self {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let ed25519 = Ed25519KeyPair::generate().unwrap();
        let set = key_set(&rsa, &p256, &ed25519).to_string();
        let web = WebServer::start(Reply::file("application/json", set.as_bytes())).await;
        Self { rsa, p256, ed25519, web }
    }

    pub(super) fn issuer(&self) -> String {
        self.web.url("")
    }

    pub(super) fn jwks_url(&self) -> String {
        self.web.url("/keys")
    }

    /// Claims of a good token, with these changes; `null` takes one out.
    pub(super) fn claims(&self, change: &Value) -> Value {
        let now = now();
        let good = json!({
            "iss": self.issuer(), "aud": AUDIENCE, "sub": "alice", "iat": now, "nbf": now, "exp": now + 600,
            "roles": ["support"],
        });
        changed(good, change)
    }

    /// A token of this algorithm, signed as it should be.
    pub(super) fn token(&self, algorithm: &str, change: &Value) -> String {
        self.sign(&header(algorithm, &json!({})), &self.claims(change))
    }

    /// Signs as the header's `alg` says, by the key that is for it.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = match header["alg"].as_str().unwrap() {
            "RS256" => self.rsa(&RSA_PKCS1_SHA256, &message),
            "PS256" => self.rsa(&RSA_PSS_SHA256, &message),
            "ES256" => self.p256.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
            _ => self.ed25519.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", BASE64.encode(signature))
    }

    fn rsa(&self, encoding: &'static dyn RsaEncoding, message: &str) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa.sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        signature
    }
}

pub(super) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// A header of a good token, with these changes; `null` takes one out.
pub(super) fn header(algorithm: &str, change: &Value) -> Value {
    let kid = match algorithm {
        "ES256" => "p256",
        "EdDSA" => "ed25519",
        _ => "rsa",
    };
    changed(json!({"alg": algorithm, "typ": "JWT", "kid": kid}), change)
}

/// What is signed.
pub(super) fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()))
}

/// A token whose "signature" is an HMAC with this key.
pub(super) fn with_hmac(header: &Value, claims: &Value, key: &[u8]) -> String {
    let message = message(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", BASE64.encode(tag))
}

/// The key set as it is served.
pub(super) fn key_set_of(provider: &Provider) -> Vec<u8> {
    key_set(&provider.rsa, &provider.p256, &provider.ed25519).to_string().into_bytes()
}

/// The key set, with keys beside the three that are for something else.
fn key_set(rsa: &RsaKeyPair, p256: &EcdsaKeyPair, ed25519: &Ed25519KeyPair) -> Value {
    let (n, e) = (rsa.public_key().modulus(), rsa.public_key().exponent());
    let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
    // 4, x, y: https://www.secg.org/sec1-v2.pdf, 2.3.3
    let (x, y) = p256.public_key().as_ref()[1..].split_at(32);
    let written = |bytes: &[u8]| BASE64.encode(bytes);
    json!({"keys": [
        {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": written(n), "e": written(e)},
        {"kty": "EC", "crv": "P-256", "kid": "p256", "use": "sig", "x": written(x), "y": written(y)},
        {"kty": "OKP", "crv": "Ed25519", "kid": "ed25519", "x": written(ed25519.public_key().as_ref())},
        {"kty": "oct", "kid": "shared", "k": written(b"a secret that was never one")},
        {"kty": "RSA", "kid": "for-encryption", "use": "enc", "n": written(n), "e": written(e)},
        {"kty": "of the future", "kid": "new"},
    ]})
}

fn changed(mut object: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => object.as_object_mut().unwrap().remove(name),
            value => object.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    object
}
