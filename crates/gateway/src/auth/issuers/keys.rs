//! An issuer's keys, as its key set ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)) tells them.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::super::tokens::sha256;

/// Names of the algorithms that external issuers may sign with. None of them is symmetric, so that no key that is
/// published can make a token.
pub const ALGORITHMS: [&str; 3] = ["RS256", "ES256", "EdDSA"];

/// More keys than this are no key set.
const MOST_KEYS: usize = 100;
/// Smaller RSA keys can be broken ([RFC 7518, 3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)); larger ones cost
/// the gateway too much. In bits of the modulus.
const RSA_SIZES: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The longest exponent of an RSA key, in bytes: nearly all have 65,537.
const RSA_EXPONENT: usize = 4;
/// What stands before the coordinates of a point that is written out
/// ([SEC 1, 2.3.3](https://www.secg.org/sec1-v2.pdf)).
const UNCOMPRESSED: u8 = 4;
/// The length of a coordinate on P-256, and of a key of Ed25519.
const CURVE_BYTES: usize = 32;

/// The keys of an issuer that are good for verifying its tokens.
pub struct IssuerKeys(Vec<IssuerKey>);

/// One of them.
pub(super) struct IssuerKey {
    pub(super) algorithm: Signature,
    pub(super) decoding: DecodingKey,
    fingerprint: Fingerprint,
}

/// What tells a key from all others, also from one that has its ID later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    id: String,
    hash: [u8; 32],
}

/// How a key signs: what kind of key it is decides, never the token
/// ([RFC 8725, 3.1](https://www.rfc-editor.org/rfc/rfc8725#section-3.1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    Rs256,
    Es256,
    EdDsa,
}

/// Why an answer is no key set that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKeys {
    /// It is not of the form.
    #[error("it is no JSON Web Key Set: an object with the list `keys`, of {MOST_KEYS} keys at the most")]
    NoKeySet,
    /// None of its keys is good for anything here.
    #[error("none of its keys has a `kid` and is a public key for RS256 (2048 bits or more), ES256 or EdDSA (Ed25519)")]
    NoUsableKey,
}

#[derive(Deserialize)]
struct WrittenSet {
    keys: Vec<Value>,
}

/// A key as it is written; what is not needed is passed over.
#[derive(Deserialize)]
struct WrittenKey {
    kid: String,
    kty: String,
    crv: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private part.
    d: Option<Value>,
}

impl IssuerKey {
    /// What tells it from all others.
    pub(super) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl IssuerKeys {
    /// Reads a key set. Keys that are for something else, or of a kind that is not known, are passed over, as
    /// [RFC 7517, 5](https://www.rfc-editor.org/rfc/rfc7517#section-5) asks; so is one that is no longer secret, and one
    /// whose `kid` another has too.
    ///
    /// # Errors
    /// [`UnusableKeys`] where none is left.
    pub fn read(text: &[u8]) -> Result<Self, UnusableKeys> {
        let set: WrittenSet = serde_json::from_slice(text).map_err(|_| UnusableKeys::NoKeySet)?;
        if set.keys.len() > MOST_KEYS {
            return Err(UnusableKeys::NoKeySet);
        }
        let read = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        let mut keys: Vec<IssuerKey> = read.filter_map(|key: WrittenKey| key.usable()).collect();
        let ids: Vec<String> = keys.iter().map(|key| key.fingerprint.id.clone()).collect();
        keys.retain(|key| ids.iter().filter(|id| **id == key.fingerprint.id).count() == 1);
        if keys.is_empty() {
            return Err(UnusableKeys::NoUsableKey);
        }
        Ok(Self(keys))
    }

    /// Whether any of the keys signs by one of these algorithms.
    pub fn sign_by_any(&self, algorithms: &[String]) -> bool {
        self.0.iter().any(|key| algorithms.iter().any(|name| name == key.algorithm.name()))
    }

    /// The key of this ID.
    pub(super) fn find(&self, id: &str) -> Option<&IssuerKey> {
        self.0.iter().find(|key| key.fingerprint.id == id)
    }

    /// Whether this key is still there.
    pub(super) fn have(&self, key: &Fingerprint) -> bool {
        self.find(&key.id).is_some_and(|found| found.fingerprint == *key)
    }
}

impl WrittenKey {
    fn usable(self) -> Option<IssuerKey> {
        let is_for_us = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|uses| uses.iter().any(|used| used == "verify"))
            && self.d.is_none()
            && !self.kid.is_empty();
        let (algorithm, decoding) = is_for_us.then(|| self.decoding())??;
        let is_its_own = self.alg.as_deref().is_none_or(|alg| alg == algorithm.name());
        let fingerprint = self.fingerprint(algorithm);
        is_its_own.then_some(IssuerKey { algorithm, decoding, fingerprint })
    }

    fn fingerprint(&self, algorithm: Signature) -> Fingerprint {
        let parts = [&self.n, &self.e, &self.x, &self.y].map(|part| part.as_deref().unwrap_or_default());
        let material = format!("{}.{}", algorithm.name(), parts.join("."));
        Fingerprint { id: self.kid.clone(), hash: sha256(material.as_bytes()) }
    }

    fn decoding(&self) -> Option<(Signature, DecodingKey)> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => self.rsa(),
            ("EC", Some("P-256")) => self.p256(),
            ("OKP", Some("Ed25519")) => self.ed25519(),
            _ => None,
        }
    }

    fn rsa(&self) -> Option<(Signature, DecodingKey)> {
        let (n, e) = (self.n.as_deref()?, self.e.as_deref()?);
        RSA_SIZES.contains(&bits(&decoded(n)?)).then_some(())?;
        is_exponent(&decoded(e)?).then_some(())?;
        Some((Signature::Rs256, DecodingKey::from_rsa_components(n, e).ok()?))
    }

    fn p256(&self) -> Option<(Signature, DecodingKey)> {
        let (x, y) = (self.x.as_deref()?, self.y.as_deref()?);
        let point = [vec![UNCOMPRESSED], decoded(x)?, decoded(y)?].concat();
        (point.len() == 1 + 2 * CURVE_BYTES).then_some(())?;
        // Two numbers that are no point of the curve are no key.
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).ok()?;
        Some((Signature::Es256, DecodingKey::from_ec_components(x, y).ok()?))
    }

    fn ed25519(&self) -> Option<(Signature, DecodingKey)> {
        let x = self.x.as_deref()?;
        (decoded(x)?.len() == CURVE_BYTES).then_some(())?;
        Some((Signature::EdDsa, DecodingKey::from_ed_components(x).ok()?))
    }
}

impl Signature {
    /// As `alg` names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(super) const fn as_jwt(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// How many bits a number has, its most significant byte first.
fn bits(number: &[u8]) -> usize {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let number = &number[first..];
    number.len() * 8 - number.first().map_or(0, |byte| byte.leading_zeros() as usize)
}

/// Whether this can be an RSA key's exponent: odd, and not 1, by which anybody could sign.
fn is_exponent(number: &[u8]) -> bool {
    let is_odd = number.last().is_some_and(|byte| byte % 2 == 1);
    is_odd && (2..=RSA_EXPONENT * 8).contains(&bits(number))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    fn x() -> String {
        BASE64_URL_SAFE_NO_PAD.encode([7; 32])
    }

    /// One whose modulus begins with this byte and is so many bytes long.
    fn rsa_of(first: u8, bytes: usize, exponent: &str) -> Value {
        let modulus = [vec![first], vec![0xff; bytes - 1]].concat();
        json!({"kty": "RSA", "kid": "r", "n": BASE64_URL_SAFE_NO_PAD.encode(modulus), "e": exponent})
    }

    fn rsa(bytes: usize) -> Value {
        rsa_of(0xff, bytes, "AQAB")
    }

    fn p256() -> Value {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = key.public_key().as_ref()[1..].split_at(CURVE_BYTES);
        let [x, y] = [x, y].map(|coordinate| BASE64_URL_SAFE_NO_PAD.encode(coordinate));
        json!({"kty": "EC", "crv": "P-256", "kid": "p", "x": x, "y": y})
    }

    fn ed(change: &Value) -> Value {
        let mut key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "e", "x": x()});
        key.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        key
    }

    fn read(keys: &Value) -> Result<IssuerKeys, UnusableKeys> {
        IssuerKeys::read(json!({"keys": keys}).to_string().as_bytes())
    }

    #[test]
    fn each_kind_of_key_has_the_one_algorithm_that_it_is_for() {
        let keys = read(&json!([rsa(256), p256(), ed(&json!({"use": "sig", "alg": "EdDSA"}))])).unwrap();
        let algorithm = |id| keys.find(id).unwrap().algorithm;
        assert_eq!([algorithm("r"), algorithm("p"), algorithm("e")].map(Signature::name), ALGORITHMS);
        assert!(keys.sign_by_any(&["ES256".to_owned()]) && !keys.sign_by_any(&["HS256".to_owned()]));
    }

    #[test]
    fn keys_that_are_for_something_else_weak_or_no_longer_secret_are_passed_over() {
        let useless = [
            json!({"kty": "oct", "kid": "e", "k": x()}),
            json!({"kty": "AKP", "kid": "e"}),
            rsa(128),
            rsa(2048),
            // 2047 bits, also behind a zero; exponents 1, 2, none, and one of 40 bits.
            rsa_of(0x7f, 256, "AQAB"),
            rsa_of(0, 256, "AQAB"),
            rsa_of(0xff, 256, "AQ"),
            rsa_of(0xff, 256, "Ag"),
            rsa_of(0xff, 256, ""),
            rsa_of(0xff, 256, "AQAAAAE"),
            json!({"kty": "EC", "crv": "secp256k1", "kid": "e", "x": x(), "y": x()}),
            json!({"kty": "EC", "crv": "P-256", "kid": "e", "x": x(), "y": "AA"}),
            json!({"kty": "EC", "crv": "P-256", "kid": "off the curve", "x": x(), "y": x()}),
            ed(&json!({"crv": "X25519"})),
            ed(&json!({"use": "enc"})),
            ed(&json!({"key_ops": ["encrypt"]})),
            ed(&json!({"alg": "RS256"})),
            ed(&json!({"d": x()})),
            ed(&json!({"kid": ""})),
            ed(&json!({"kid": null})),
            json!("no key"),
        ];
        for key in useless {
            assert_eq!(read(&json!([key])).err(), Some(UnusableKeys::NoUsableKey), "{key}");
            assert!(read(&json!([key, ed(&json!({"kid": "good"}))])).unwrap().find("good").is_some(), "{key}");
        }
    }

    #[test]
    fn a_key_is_the_same_whatever_stands_beside_it_and_another_under_its_id_is_not() {
        let fingerprint = read(&json!([ed(&json!({}))])).unwrap().find("e").unwrap().fingerprint.clone();
        assert!(read(&json!([rsa(256), ed(&json!({"use": "sig"}))])).unwrap().have(&fingerprint));
        assert!(!read(&json!([rsa(256)])).unwrap().have(&fingerprint));
        let other = ed(&json!({"x": BASE64_URL_SAFE_NO_PAD.encode([8; 32])}));
        assert!(!read(&json!([other])).unwrap().have(&fingerprint));
    }

    #[test]
    fn a_key_id_that_two_keys_have_is_nobodys() {
        let twice = json!([ed(&json!({})), ed(&json!({"x": BASE64_URL_SAFE_NO_PAD.encode([8; 32])}))]);
        assert_eq!(read(&twice).err(), Some(UnusableKeys::NoUsableKey));
    }

    #[test]
    fn what_is_no_key_set_is_told_from_one_without_a_usable_key() {
        for text in ["", "{}", "[]", r#"{"keys": {}}"#, "<html>"] {
            assert_eq!(IssuerKeys::read(text.as_bytes()).err(), Some(UnusableKeys::NoKeySet), "{text}");
        }
        let many: Vec<Value> = (0..101).map(|n| ed(&json!({"kid": n.to_string()}))).collect();
        assert_eq!(read(&json!(many)).err(), Some(UnusableKeys::NoKeySet));
        assert_eq!(read(&json!([])).err(), Some(UnusableKeys::NoUsableKey));
    }
}
