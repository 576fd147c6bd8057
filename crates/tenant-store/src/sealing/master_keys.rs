//! The master keys of `GROUPGATE_MASTER_KEY`: they wrap the spaces' data keys, and nothing else.

use std::{fmt, str::FromStr, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use base64::{Engine as _, decoded_len_estimate, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// The configured master keys, at least one. The first seals; all open, so that a key can be replaced without a gap.
#[derive(Clone)]
pub struct MasterKeys {
    keys: Arc<[MasterKey]>,
}

/// One master key and the name under which data keys remember it.
pub(super) struct MasterKey {
    pub(super) id: String,
    pub(super) cipher: RandomizedNonceKey,
}

/// Why `GROUPGATE_MASTER_KEY` is not usable. Never shows a key, nor anything of a wrong one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeysError {
    /// Nothing stands there.
    #[error("it is empty; expected id:base64(32 bytes), several separated by commas")]
    Empty,
    /// No colon.
    #[error("master key {0} has no id; expected id:base64(32 bytes)")]
    NoId(usize),
    /// An ID that is empty, too long, or has characters other than `[A-Za-z0-9_.-]`.
    #[error("the id of master key {0} is not 1 to 64 characters of A-Z a-z 0-9 _ . -")]
    BadId(usize),
    /// Not base64.
    #[error("master key {0} is not base64 after its id; `openssl rand -base64 32` makes one")]
    NotBase64(usize),
    /// Not 32 bytes long.
    #[error("master key {0} has {1} bytes, not 32; `openssl rand -base64 32` makes one")]
    WrongLength(usize, usize),
    /// Two keys of one ID.
    #[error("master key {0} has the id of one before it")]
    RepeatedId(usize),
}

impl MasterKeys {
    /// Reads `id:base64(32 bytes)`, several separated by commas. Errors count the keys from 1.
    pub fn parse(text: &str) -> Result<Self, MasterKeysError> {
        if text.trim().is_empty() {
            return Err(MasterKeysError::Empty);
        }
        let mut keys: Vec<MasterKey> = Vec::new();
        for (index, entry) in text.split(',').enumerate() {
            let key = MasterKey::parse(entry.trim(), index + 1)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(MasterKeysError::RepeatedId(index + 1));
            }
            keys.push(key);
        }
        Ok(Self { keys: keys.into() })
    }

    /// The IDs, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    pub(super) fn sealing(&self) -> &MasterKey {
        &self.keys[0]
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&MasterKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl FromStr for MasterKeys {
    type Err = MasterKeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl MasterKey {
    fn parse(entry: &str, number: usize) -> Result<Self, MasterKeysError> {
        let (id, encoded) = entry.split_once(':').ok_or(MasterKeysError::NoId(number))?;
        if !is_key_id(id) {
            return Err(MasterKeysError::BadId(number));
        }
        // Decoded into a buffer that is wiped whatever comes of it.
        let mut buffer = Zeroizing::new(vec![0; decoded_len_estimate(encoded.len())]);
        let length = STANDARD.decode_slice(encoded, &mut buffer).map_err(|_| MasterKeysError::NotBase64(number))?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &buffer[..length])
            .map_err(|_| MasterKeysError::WrongLength(number, length))?;
        Ok(Self { id: id.to_owned(), cipher })
    }
}

fn is_key_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn several_keys_are_read_and_the_first_seals() {
        let keys = MasterKeys::parse(&format!("new:{KEY}, old:{KEY}")).unwrap();
        assert_eq!(keys.ids().collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(keys.sealing().id, "new");
    }

    #[test]
    fn a_wrong_key_is_named_by_its_place_and_never_shown() {
        use MasterKeysError::{BadId, Empty, NoId, NotBase64, RepeatedId, WrongLength};
        let cases = [
            (" ".to_owned(), Empty),
            (KEY.to_owned(), NoId(1)),
            (format!(":{KEY}"), BadId(1)),
            (format!("a:{KEY},b:secret-secret!"), NotBase64(2)),
            ("a:c2hvcnQ=".to_owned(), WrongLength(1, 5)),
            (format!("a:{KEY},a:{KEY}"), RepeatedId(2)),
        ];
        for (text, expected) in cases {
            let error = MasterKeys::parse(&text).unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn debug_shows_ids_alone() {
        let keys = MasterKeys::parse(&format!("k1:{KEY}")).unwrap();
        assert_eq!(format!("{keys:?}"), r#"["k1"]"#);
    }
}
