//! The secret that an endpoint's deliveries are signed with.

use std::{fmt, str::FromStr};

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::StoreError;

/// How the text of every secret begins.
const PREFIX: &str = "whsec_";
/// The length of a key that is made here, in bytes.
const MADE: usize = 32;

/// A secret of [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme):
/// a key of 24 to 64 bytes, whose text is `whsec_` and its base64. `Debug` shows neither.
///
/// ```
/// use tenant_store::EndpointSecret;
///
/// let secret: EndpointSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX".parse()?;
/// assert_eq!(secret.key().len(), 24);
/// assert!("whsec_AAEC".parse::<EndpointSecret>().is_err());
/// # Ok::<(), tenant_store::InvalidEndpointSecret>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointSecret(Zeroizing<Vec<u8>>);

/// Why a text is no [`EndpointSecret`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an endpoint's secret must be `whsec_` and the base64 of 24 to 64 bytes")]
pub struct InvalidEndpointSecret;

impl EndpointSecret {
    /// A new secret that nobody can guess.
    ///
    /// # Errors
    /// [`StoreError::Internal`] where the system has no random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        let mut key = Zeroizing::new(vec![0; MADE]);
        rand::fill(&mut key).map_err(|_| StoreError::Internal("no random bytes".to_owned()))?;
        Ok(Self(key))
    }

    /// What the HMAC is made with.
    pub fn key(&self) -> &[u8] {
        &self.0
    }

    /// Its text, `whsec_…`, to be sealed, or shown once.
    pub fn expose(&self) -> SecretString {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + self.0.len().div_ceil(3) * 4));
        text.push_str(PREFIX);
        STANDARD.encode_string(self.key(), &mut text);
        SecretString::from(text.as_str())
    }
}

impl FromStr for EndpointSecret {
    type Err = InvalidEndpointSecret;

    fn from_str(text: &str) -> Result<Self, InvalidEndpointSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidEndpointSecret)?;
        let key = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| InvalidEndpointSecret)?);
        if (24..=64).contains(&key.len()) { Ok(Self(key)) } else { Err(InvalidEndpointSecret) }
    }
}

impl fmt::Debug for EndpointSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn text(length: usize) -> String {
        format!("{PREFIX}{}", STANDARD.encode(vec![7; length]))
    }

    #[test]
    fn a_secret_has_24_to_64_bytes_and_its_text_is_its_own() {
        for length in [24, 25, 32, 63, 64] {
            let secret: EndpointSecret = text(length).parse().unwrap();
            assert_eq!((secret.key().len(), secret.expose().expose_secret()), (length, text(length).as_str()));
        }
        for length in [0, 23, 65] {
            assert_eq!(text(length).parse::<EndpointSecret>(), Err(InvalidEndpointSecret), "{length}");
        }
    }

    #[test]
    fn what_is_no_base64_behind_the_prefix_is_no_secret() {
        let good = text(32);
        let bare = good.strip_prefix(PREFIX).unwrap();
        for wrong in [bare, "", PREFIX, &good.to_uppercase(), &good.replace('=', ""), &format!("{good} ")] {
            assert_eq!(wrong.parse::<EndpointSecret>(), Err(InvalidEndpointSecret), "{wrong}");
        }
    }

    #[test]
    fn made_secrets_can_be_read_back_and_never_repeat() {
        let (one, two) = (EndpointSecret::generate().unwrap(), EndpointSecret::generate().unwrap());
        assert_eq!(one.expose().expose_secret().parse(), Ok(one.clone()));
        assert_eq!((one.key().len(), one != two), (MADE, true));
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret: EndpointSecret = text(24).parse().unwrap();
        assert_eq!(format!("{secret:?}"), "EndpointSecret(…)");
    }
}
