//! New IDs and secrets.

use aws_lc_rs::rand;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::NewAccessKey;
use crate::StoreError;

/// As Alibaba Cloud's: a prefix that tells what it is, and 24 characters in all.
const ID_PREFIX: &str = "LTAI";
const ID_LENGTH: usize = 24;
/// 40 of 62 characters: 238 bits.
const SECRET_LENGTH: usize = 40;

/// What a new key is known by.
pub(super) struct Made {
    pub(super) access_key_id: String,
    pub(super) secret: SecretString,
}

/// The ID and secret that were given, or made ones.
pub(super) fn made(new: &NewAccessKey) -> Result<Made, StoreError> {
    let access_key_id = match &new.access_key_id {
        Some(given) => given.clone(),
        None => format!("{ID_PREFIX}{}", *random_text(ID_LENGTH - ID_PREFIX.len())?),
    };
    let secret = match &new.secret {
        Some(given) => given.clone(),
        None => secret()?,
    };
    Ok(Made { access_key_id, secret })
}

/// A new secret.
pub(super) fn secret() -> Result<SecretString, StoreError> {
    Ok(SecretString::from(random_text(SECRET_LENGTH)?.as_str()))
}

/// Random characters of `[A-Za-z0-9]`, all equally likely.
fn random_text(length: usize) -> Result<Zeroizing<String>, StoreError> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    // The largest multiple of 62 in a byte: what lies above would make the first characters likelier.
    const FAIR: u8 = 248;
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0; 64]);
    while text.len() < length {
        rand::fill(bytes.as_mut_slice()).map_err(|_| StoreError::Internal("no random bytes".to_owned()))?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR).take(length - text.len());
        text.extend(fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_keys_look_like_alibabas_and_never_repeat() {
        let one = made(&NewAccessKey::default()).unwrap();
        let two = made(&NewAccessKey::default()).unwrap();
        assert!(one.access_key_id.starts_with("LTAI") && one.access_key_id.len() == ID_LENGTH);
        assert!(one.access_key_id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one.access_key_id, two.access_key_id);
        assert_eq!(secrecy::ExposeSecret::expose_secret(&one.secret).len(), SECRET_LENGTH);
    }
}
