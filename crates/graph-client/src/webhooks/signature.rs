//! Meta's signature of a payload ([Meta: validating payloads][validating]).
//!
//! [validating]: https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads

use std::fmt;

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The length of a SHA-256 in bytes.
const SHA256: usize = 32;

/// The secrets of the Meta app: several while one replaces another. `Debug` tells how many.
pub struct AppSecrets(Vec<hmac::Key>);

impl AppSecrets {
    /// Whether there is none, so that nothing verifies.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<SecretString>> for AppSecrets {
    /// Empty secrets are left out: anyone can sign with them.
    fn from(secrets: Vec<SecretString>) -> Self {
        let secrets = secrets.iter().map(|secret| secret.expose_secret().as_bytes());
        let keys = secrets.filter(|secret| !secret.is_empty()).map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret));
        Self(keys.collect())
    }
}

impl fmt::Debug for AppSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSecrets({} hidden)", self.0.len())
    }
}

/// Why a payload is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no `X-Hub-Signature-256`.
    #[error("the header X-Hub-Signature-256 is missing")]
    Missing,
    /// The header is not `sha256=` and 64 hexadecimal digits.
    #[error("the header X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits")]
    Malformed,
    /// None of the secrets made this signature for these bytes.
    #[error("the signature fits none of the app secrets: is the app secret right, and the body unaltered?")]
    Mismatch,
}

/// Checks `X-Hub-Signature-256` over the body's bytes as they came, in constant time. A body that
/// was parsed and written again does not verify: Meta escapes what others do not.
pub fn verify_signature(secrets: &AppSecrets, header: Option<&[u8]>, body: &[u8]) -> Result<(), SignatureError> {
    let digits = header.ok_or(SignatureError::Missing)?.strip_prefix(b"sha256=").ok_or(SignatureError::Malformed)?;
    let mut tag = [0; SHA256];
    hex::decode_to_slice(digits, &mut tag).map_err(|_| SignatureError::Malformed)?;
    let made_by = |key| hmac::verify(key, body, &tag).is_ok();
    if secrets.0.iter().any(made_by) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    // openssl dgst -sha256 -hmac app-secret
    const SIGNATURE: &[u8] = b"sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f";

    fn secrets(texts: &[&str]) -> AppSecrets {
        texts.iter().map(|text| SecretString::from(*text)).collect::<Vec<_>>().into()
    }

    fn verify(texts: &[&str], header: Option<&[u8]>, body: &[u8]) -> Result<(), SignatureError> {
        verify_signature(&secrets(texts), header, body)
    }

    #[test]
    fn a_body_signed_with_the_app_secret_is_believed() {
        assert_eq!(verify(&["app-secret"], Some(SIGNATURE), BODY), Ok(()));
    }

    #[test]
    fn each_of_several_secrets_verifies_during_rotation() {
        assert_eq!(verify(&["new", "app-secret"], Some(SIGNATURE), BODY), Ok(()));
        assert_eq!(verify(&["app-secret", "new"], Some(SIGNATURE), BODY), Ok(()));
    }

    #[test]
    fn one_altered_byte_of_body_signature_or_secret_is_a_mismatch() {
        let mut body = BODY.to_vec();
        body[5] ^= 1;
        let mut signature = SIGNATURE.to_vec();
        signature[70] = if signature[70] == b'0' { b'1' } else { b'0' };
        for (secret, header, body) in [
            ("app-secret", SIGNATURE, body.as_slice()),
            ("app-secret", &signature, BODY),
            ("app-secreT", SIGNATURE, BODY),
        ] {
            assert_eq!(verify(&[secret], Some(header), body), Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn a_header_of_another_form_is_malformed() {
        for header in ["", "sha256=", "sha1=0123", "sha256=zz", "SHA256=00", "sha256=00"] {
            let result = verify(&["app-secret"], Some(header.as_bytes()), BODY);
            assert_eq!(result, Err(SignatureError::Malformed), "{header}");
        }
        let long = [SIGNATURE, b"00"].concat();
        assert_eq!(verify(&["app-secret"], Some(&long), BODY), Err(SignatureError::Malformed));
    }

    #[test]
    fn a_header_that_is_missing_is_said_to_be() {
        assert_eq!(verify(&["app-secret"], None, BODY), Err(SignatureError::Missing));
    }

    #[test]
    fn without_a_secret_nothing_verifies_and_an_empty_one_is_none() {
        // The same with an empty secret.
        let by_empty = b"sha256=704eb71c28bbe7c091ca5b8f9446c2bceec023435f33ff17e7fb9634d46333bc";
        assert_eq!(verify(&[""], Some(by_empty), BODY), Err(SignatureError::Mismatch));
        assert!(secrets(&["", ""]).is_empty());
    }

    #[test]
    fn debug_tells_how_many_secrets_there_are_and_no_more() {
        assert_eq!(format!("{:?}", secrets(&["a", "b"])), "AppSecrets(2 hidden)");
    }
}
