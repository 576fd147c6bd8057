//! One sealed value: AES-256-GCM with a random nonce, bound to the place where it lies.

use aws_lc_rs::{
    aead::{Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
};
use zeroize::Zeroizing;

/// Where a sealed value lies. It opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) space: &'a str,
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    /// The row's primary key.
    pub(crate) row: &'a str,
}

/// A sealed value as two columns hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Which of the space's data keys sealed it.
    pub(crate) key_version: i32,
    /// Nonce (12 bytes), ciphertext, tag (16 bytes).
    pub(crate) bytes: Vec<u8>,
}

impl Place<'_> {
    /// The associated data of a value sealed under the data key of this version.
    pub(super) fn associated_data(&self, key_version: i32) -> Vec<u8> {
        encode(&["groupgate sealed value", self.space, self.table, self.column, self.row, &key_version.to_string()])
    }
}

/// Joins the parts so that no other list of parts gives the same bytes: each behind its length.
pub(super) fn encode(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// Nonce, ciphertext and tag in one piece.
pub(super) fn seal(cipher: &RandomizedNonceKey, associated: &[u8], clear: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut in_out = Zeroizing::new(clear.to_vec());
    let (nonce, tag) = cipher.seal_in_place_separate_tag(Aad::from(associated), &mut in_out)?;
    Ok([nonce.as_ref().as_slice(), &in_out, tag.as_ref()].concat())
}

/// The clear value, where the key and the associated data are those it was sealed with.
pub(super) fn open(
    cipher: &RandomizedNonceKey,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce)?;
    let mut in_out = Zeroizing::new(body.to_vec());
    let clear_len = cipher.open_in_place(nonce, Aad::from(associated), &mut in_out)?.len();
    in_out.truncate(clear_len);
    Ok(in_out)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::AES_256_GCM;

    use super::*;

    const PLACE: Place<'static> =
        Place { space: "cams-a", table: "credentials", column: "sealed_token", row: "cams-a" };

    fn cipher() -> RandomizedNonceKey {
        RandomizedNonceKey::new(&AES_256_GCM, &[7; 32]).unwrap()
    }

    #[test]
    fn parts_of_other_lengths_never_encode_alike() {
        assert_ne!(encode(&["ab", "c"]), encode(&["a", "bc"]));
        assert_ne!(encode(&["a", ""]), encode(&["a"]));
    }

    #[test]
    fn a_value_opens_in_its_own_place_only() {
        let cipher = cipher();
        let sealed = seal(&cipher, &PLACE.associated_data(1), b"token").unwrap();
        assert_eq!(*open(&cipher, &PLACE.associated_data(1), &sealed).unwrap(), b"token");
        let elsewhere = [
            Place { space: "cams-b", ..PLACE },
            Place { table: "access_keys", ..PLACE },
            Place { column: "sealed_secret", ..PLACE },
            Place { row: "cams-b", ..PLACE },
        ];
        assert!(open(&cipher, &PLACE.associated_data(2), &sealed).is_err());
        for place in elsewhere {
            assert!(open(&cipher, &place.associated_data(1), &sealed).is_err(), "{place:?}");
        }
    }

    #[test]
    fn equal_values_seal_to_different_bytes_and_damage_is_noticed() {
        let cipher = cipher();
        let one = seal(&cipher, b"", &[b'x'; 4096]).unwrap();
        assert_ne!(one, seal(&cipher, b"", &[b'x'; 4096]).unwrap());
        for at in [0, NONCE_LEN, one.len() - 1] {
            let mut damaged = one.clone();
            damaged[at] ^= 1;
            assert!(open(&cipher, b"", &damaged).is_err());
        }
        assert!(open(&cipher, b"", &one[..5]).is_err());
    }
}
