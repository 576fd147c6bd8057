//! The header `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.

use super::{SignatureError, incomplete};

/// The scheme's name.
pub(super) const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) access_key_id: &'a str,
    /// As written: lower-case names joined by semicolons.
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the three parts, in any order, each once.
    pub(super) fn read(header: &'a str) -> Result<Self, SignatureError> {
        let rest = header.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(' '));
        let rest = rest.ok_or_else(|| incomplete(format!("`Authorization` must begin with `{ALGORITHM} `")))?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or_else(|| unknown(part))?;
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(unknown(part)),
            };
            if slot.replace(value).is_some() {
                return Err(incomplete(format!("`Authorization` has `{name}` twice")));
            }
        }
        Ok(Self {
            access_key_id: present(credential, "Credential")?,
            signed_headers: present(signed_headers, "SignedHeaders")?,
            signature: present(signature, "Signature")?,
        })
    }
}

fn unknown(part: &str) -> SignatureError {
    let shown: String = part.trim().chars().take_while(|c| *c != '=').take(32).collect();
    incomplete(format!("`Authorization` has a part `{shown}` that is not known"))
}

fn present<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, SignatureError> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| incomplete(format!("`Authorization` has no `{name}`")))
}
