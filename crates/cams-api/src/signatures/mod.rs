//! Signatures of callers who speak Alibaba Cloud's RPC: [ACS3-HMAC-SHA256][acs3], and the older [HMAC-SHA1][rpc].
//!
//! A request is read first, which tells whose key it claims; then it is verified with that key's secret.
//!
//! [acs3]: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
//! [rpc]: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism

mod acs3;
mod authorization;
mod hmac_sha1;
mod percent;
mod timestamp;

use std::fmt;

use time::OffsetDateTime;

pub use percent::pairs;

use crate::Code;

/// How far a caller's clock may be off, either way.
pub const CLOCK_DIFFERENCE: time::Duration = time::Duration::minutes(15);

/// How much of what was signed an error shows, in characters.
const LONGEST_SHOWN: usize = 4096;

/// A request as it came, as far as a signature covers it.
#[derive(Clone, Copy)]
pub struct RequestParts<'a> {
    /// In capitals, as HTTP has it.
    pub method: &'a str,
    /// The path, as on the wire.
    pub path: &'a str,
    /// What stands behind the first `?`, as on the wire.
    pub query: &'a str,
    /// Names in lower case. A name that stands here twice cannot be signed.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body's bytes.
    pub body: &'a [u8],
    /// Whether the body is a form, whose parameters the older signature covers too.
    pub is_form: bool,
}

/// A call that says by whom it is signed. Nothing of it is believed before [`SignedCall::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCall {
    /// The access key that signed it.
    pub access_key_id: String,
    /// The operation; empty where the caller named none.
    pub action: String,
    /// The API's version.
    pub version: String,
    /// Good once for each access key.
    pub nonce: String,
    proof: Proof,
}

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    Acs3 { string_to_sign: String, signature: String },
    HmacSha1 { string_to_sign: String, signature: String },
}

impl fmt::Debug for Proof {
    /// Without what was signed: it holds what the caller sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acs3 { .. } => acs3::ALGORITHM,
            Self::HmacSha1 { .. } => "HMAC-SHA1",
        })
    }
}

/// Why a signature is not accepted. Its text is the message that the caller gets; its `Debug` leaves out what the caller
/// had sent.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A part of it is absent or malformed.
    #[error("The signature is incomplete: {missing}.")]
    Incomplete {
        /// What is absent, or wrong in form.
        missing: String,
    },
    /// The time is not written as the API wants it.
    #[error("`{name}` must be a time in UTC such as `2026-11-21T06:46:33Z`.")]
    TimestampFormat {
        /// Where it stands.
        name: &'static str,
    },
    /// The time is too far from ours.
    #[error("`{name}` is more than 15 minutes from the gateway's clock, which has {now}. Set the caller's clock.")]
    TimestampExpired {
        /// Where it stands.
        name: &'static str,
        /// Our time, as the caller would have written it.
        now: String,
    },
    /// It does not fit the request and the key.
    #[error(
        "The signature does not fit. The access key's secret is another one, or something between caller and gateway changed the request: {covered}. The gateway's string to sign is: {string_to_sign}"
    )]
    Mismatch {
        /// What the signature covers.
        covered: &'static str,
        /// What the gateway signed: digests and parameters that the caller sent, no secret.
        string_to_sign: String,
    },
    /// The body is not the one that was signed.
    #[error("`x-acs-content-sha256` is not the SHA-256 of the body.")]
    Body,
}

impl SignatureError {
    /// The contract's code.
    pub fn code(&self) -> Code {
        match self {
            Self::Incomplete { .. } => Code::IncompleteSignature,
            Self::TimestampFormat { .. } => Code::InvalidTimeStampFormat,
            Self::TimestampExpired { .. } => Code::InvalidTimeStampExpired,
            Self::Mismatch { .. } | Self::Body => Code::SignatureDoesNotMatch,
        }
    }
}

impl fmt::Debug for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureError({})", self.code())
    }
}

/// Whether a request is signed in the older way: its parameters say so.
pub fn is_hmac_sha1(parts: &RequestParts<'_>) -> bool {
    parts.header("authorization").is_none() && hmac_sha1::is_meant(parts)
}

impl SignedCall {
    /// What an `Authorization: ACS3-HMAC-SHA256` says, and whether its time is now.
    ///
    /// # Errors
    /// [`SignatureError`] where it is incomplete, or signed at another time or over another body.
    pub fn acs3(parts: &RequestParts<'_>, now: OffsetDateTime) -> Result<Self, SignatureError> {
        acs3::read(parts, now)
    }

    /// What the parameters `SignatureMethod=HMAC-SHA1` and its like say, and whether their time is now.
    ///
    /// # Errors
    /// [`SignatureError`] where they are incomplete, or signed at another time.
    pub fn hmac_sha1(parts: &RequestParts<'_>, now: OffsetDateTime) -> Result<Self, SignatureError> {
        hmac_sha1::read(parts, now)
    }

    /// Whether the key with this secret signed the call. Compares in constant time.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`]
    pub fn verify(&self, secret: &[u8]) -> Result<(), SignatureError> {
        let (fits, covered, string_to_sign) = match &self.proof {
            Proof::Acs3 { string_to_sign, signature } => {
                (acs3::fits(secret, string_to_sign, signature), acs3::COVERED, string_to_sign)
            }
            Proof::HmacSha1 { string_to_sign, signature } => {
                (hmac_sha1::fits(secret, string_to_sign, signature), hmac_sha1::COVERED, string_to_sign)
            }
        };
        if fits {
            return Ok(());
        }
        let string_to_sign = string_to_sign.chars().take(LONGEST_SHOWN).collect();
        Err(SignatureError::Mismatch { covered, string_to_sign })
    }
}

impl<'a> RequestParts<'a> {
    /// A header's value, where there is exactly one of the name.
    fn header(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.headers.iter().filter(|(other, _)| *other == name).map(|(_, value)| *value);
        values.next().filter(|_| values.next().is_none())
    }

    /// The same as text.
    fn header_text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.header(name)?).ok()
    }
}

fn incomplete(missing: impl Into<String>) -> SignatureError {
    SignatureError::Incomplete { missing: missing.into() }
}

/// A nonce is kept for a while, so its length is bounded.
fn check_nonce(name: &str, nonce: &str) -> Result<(), SignatureError> {
    /// In bytes; SDKs send 32 or 36.
    const LONGEST: usize = 128;
    if nonce.len() > LONGEST {
        return Err(incomplete(format!("`{name}` must have at most {LONGEST} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
