//! A token before anything in it is believed: its header is read to check it, its payload to find its issuer.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::crypto;
use serde_json::Value;

use super::keys::Fingerprint;
use super::strict::Strict;
use super::{IssuerKeys, RefusedToken};

/// Longer tokens are nobody's.
const LONGEST: usize = 16 * 1024;
/// The media types of access tokens ([RFC 9068, 2.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.1)), and of JWTs whose
/// issuer does not say what kind they are. Any other is a token for something else
/// ([RFC 8725, 3.11](https://www.rfc-editor.org/rfc/rfc8725#section-3.11)).
const TYPES: [&str; 4] = ["at+jwt", "application/at+jwt", "jwt", "application/jwt"];
/// Members of a header that ask for something that is not done here: what is critical, and forms of the payload.
const EXTENSIONS: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// A token whose signature nobody has checked yet.
pub(super) struct Unverified<'a> {
    /// Whose it says that it is.
    pub(super) issuer: String,
    /// Which key it says that it is signed with; empty where it does not say.
    pub(super) key_id: String,
    /// Its claims, as they were signed.
    pub(super) payload: Value,
    /// Its header ([RFC 7515, 4.1](https://www.rfc-editor.org/rfc/rfc7515#section-4.1)). Keys and addresses of keys in it are
    /// the sender's word, and are passed over.
    header: Value,
    signed: &'a [u8],
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    /// Reads it; `None` for what is no JWT that names an issuer.
    pub(super) fn read(token: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(token).ok().filter(|text| text.len() <= LONGEST)?;
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let Strict(header) = serde_json::from_slice(&decoded(header)?).ok()?;
        let Strict(payload) = serde_json::from_slice(&decoded(payload)?).ok()?;
        let issuer = payload.get("iss")?.as_str()?.to_owned();
        let key_id = header.get("kid").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self { issuer, key_id, payload, header, signed: signed.as_bytes(), signature })
    }

    /// Whether the header asks for nothing but what this issuer's tokens may ask for.
    ///
    /// # Errors
    /// [`RefusedToken::Invalid`]
    pub(super) fn check_header(&self, algorithms: &[String]) -> Result<(), RefusedToken> {
        let is_known =
            |typ: &Value| typ.as_str().is_some_and(|typ| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ)));
        if !algorithms.iter().any(|known| self.algorithm() == Some(known)) {
            return Err(RefusedToken::Invalid(
                "it is signed with an algorithm (`alg`) that its issuer is not to use here",
            ));
        }
        if self.key_id.is_empty() {
            return Err(RefusedToken::Invalid("it does not say with which key it is signed (`kid`)"));
        }
        if !self.header.get("typ").is_none_or(is_known) {
            return Err(RefusedToken::Invalid("it is no access token (`typ`)"));
        }
        if EXTENSIONS.iter().any(|name| self.header.get(name).is_some()) {
            return Err(RefusedToken::Invalid("its header asks for an extension that is not known here"));
        }
        Ok(())
    }

    /// Which one of these keys signed it.
    ///
    /// # Errors
    /// [`RefusedToken::Invalid`]
    pub(super) fn check_signature<'k>(&self, keys: &'k IssuerKeys) -> Result<&'k Fingerprint, RefusedToken> {
        let key = keys.find(&self.key_id).ok_or(RefusedToken::Invalid("its `kid` names none of its issuer's keys"))?;
        if self.algorithm() != Some(key.algorithm.name()) {
            return Err(RefusedToken::Invalid("its key is for another algorithm (`alg`)"));
        }
        let is_signed = crypto::verify(self.signature, self.signed, &key.decoding, key.algorithm.as_jwt());
        if is_signed.unwrap_or(false) {
            Ok(key.fingerprint())
        } else {
            Err(RefusedToken::Invalid("its signature is wrong"))
        }
    }

    fn algorithm(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }
}

/// Strict: two spellings of one token are two tokens.
fn decoded(part: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(part).ok()
}
