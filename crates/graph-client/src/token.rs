//! An access token, with everything about it that is the same for each call made once.

use std::{fmt, ops::Range, sync::Arc};

use awc::http::header::HeaderValue;
use aws_lc_rs::hmac;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

const SCHEME: &str = "Bearer ";
const PROOF: &str = "appsecret_proof=";

/// The shortest run of letters and digits that [`Token::redact`] takes for a piece of the token.
const TELLING_LENGTH: usize = 12;

/// A Graph access token, ready to be sent. Cloning is cheap, and `Debug` shows nothing.
#[derive(Clone)]
pub struct Token(Arc<Prepared>);

struct Prepared {
    authorization: HeaderValue,
    /// `appsecret_proof=<hex>`
    proof: Option<String>,
    refused: Option<Box<dyn Fn() + Send + Sync>>,
}

/// An access token that cannot be sent. Never holds the token, nor a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// There is no character in it.
    #[error("the access token is empty")]
    Empty,
    /// It has a character that an HTTP header cannot hold as part of a token.
    #[error(
        "character {position} of the access token's {length} bytes cannot stand in an HTTP header \
         (visible ASCII only): was a space or a line end copied with it?"
    )]
    Unsendable {
        /// Where it stands, counted in bytes from 1.
        position: usize,
        /// How long the token is, in bytes.
        length: usize,
    },
}

impl Token {
    /// Prepares a token of any length. With an app secret every call carries `appsecret_proof`, the
    /// HMAC-SHA256 of the token ([Meta: securing requests][proof]).
    ///
    /// [proof]: https://developers.facebook.com/docs/graph-api/guides/secure-requests
    pub fn new(access_token: &SecretString, app_secret: Option<&SecretString>) -> Result<Self, InvalidToken> {
        let token = access_token.expose_secret();
        Ok(Self(Arc::new(Prepared {
            authorization: authorization(token)?,
            proof: app_secret.map(|secret| format!("{PROOF}{}", proof(token, secret))),
            refused: None,
        })))
    }

    /// The same token, which calls `refused` whenever Meta answers a call made with it that the token is none (code 190, or
    /// one of its kin: [`RefusalKind::TokenInvalid`](crate::RefusalKind::TokenInvalid)).
    /// It is called on the thread of the call, so it only notes it.
    #[must_use]
    pub fn telling(self, refused: impl Fn() + Send + Sync + 'static) -> Self {
        let Prepared { authorization, proof, .. } = &*self.0;
        let (authorization, proof) = (authorization.clone(), proof.clone());
        Self(Arc::new(Prepared { authorization, proof, refused: Some(Box::new(refused)) }))
    }

    /// Meta has refused it.
    pub(crate) fn tell_refused(&self) {
        if let Some(refused) = &self.0.refused {
            refused();
        }
    }

    /// As a parameter: what is asked about it is asked in the address.
    pub(crate) fn as_parameter(&self) -> &str {
        // It was text when it was made, and visible ASCII alone.
        str::from_utf8(self.text()).unwrap_or_default()
    }

    pub(crate) fn authorization(&self) -> &HeaderValue {
        &self.0.authorization
    }

    /// The query parameter `appsecret_proof=…`, without a separator before it.
    pub(crate) fn proof(&self) -> Option<&str> {
        self.0.proof.as_deref()
    }

    /// Takes the token, its proof, and longer pieces of them out of words that Meta sent. Graph
    /// repeats what it was given ("Malformed access token EAAG…"), and errors are logged.
    pub(crate) fn redact(&self, words: &mut String) {
        let pieces: Vec<_> = runs(words).filter(|run| self.gives_away(&words[run.clone()])).collect();
        for run in pieces.into_iter().rev() {
            words.replace_range(run, "***");
        }
    }

    fn text(&self) -> &[u8] {
        &self.0.authorization.as_bytes()[SCHEME.len()..]
    }

    fn gives_away(&self, run: &str) -> bool {
        let proof = self.proof().map_or("", |proof| &proof[PROOF.len()..]);
        overlaps(self.text(), run.as_bytes()) || overlaps(proof.as_bytes(), run.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

fn authorization(token: &str) -> Result<HeaderValue, InvalidToken> {
    let unsendable = |at: usize| InvalidToken::Unsendable { position: at + 1, length: token.len() };
    match token.bytes().position(|byte| !byte.is_ascii_graphic()) {
        Some(at) => return Err(unsendable(at)),
        None if token.is_empty() => return Err(InvalidToken::Empty),
        None => {}
    }
    let line = Bytes::from_owner(Zeroizing::new([SCHEME, token].concat().into_bytes()));
    let mut value = HeaderValue::from_maybe_shared(line).map_err(|_| unsendable(0))?;
    value.set_sensitive(true);
    Ok(value)
}

fn proof(token: &str, app_secret: &SecretString) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.expose_secret().as_bytes());
    hex::encode(hmac::sign(&key, token.as_bytes()))
}

/// The runs of letters and digits, which tokens are mostly made of.
fn runs(words: &str) -> impl Iterator<Item = Range<usize>> {
    words.split(|char: char| !char.is_ascii_alphanumeric()).filter(|run| !run.is_empty()).map(|run| {
        let start = run.as_ptr() as usize - words.as_ptr() as usize;
        start..start + run.len()
    })
}

/// Whether one holds the other, and the shorter is long enough to tell something.
fn overlaps(secret: &[u8], run: &[u8]) -> bool {
    let (short, long) = if secret.len() < run.len() { (secret, run) } else { (run, secret) };
    short.len() >= TELLING_LENGTH && long.windows(short.len()).any(|window| window == short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<Token, InvalidToken> {
        Token::new(&text.into(), Some(&"app-secret".into()))
    }

    #[test]
    fn the_proof_is_the_hmac_of_the_token_under_the_app_secret() {
        // printf %s EAAGtoken | openssl dgst -sha256 -hmac app-secret
        let expected = "appsecret_proof=a4ce06bfe906a3dc23b52fe84057d5682332255492b579adf8a54fd53fe8d74e";
        assert_eq!(token("EAAGtoken").unwrap().proof(), Some(expected));
    }

    #[test]
    fn without_an_app_secret_there_is_no_proof() {
        assert_eq!(Token::new(&"EAAG".into(), None).unwrap().proof(), None);
    }

    #[test]
    fn a_token_of_4_kib_is_sent_whole() {
        let text = "a".repeat(4096);
        let token = token(&text).unwrap();
        assert_eq!(token.authorization().as_bytes(), format!("Bearer {text}").as_bytes());
    }

    #[test]
    fn what_a_header_cannot_hold_is_named_by_its_place() {
        for bad in ["EAAG\n", "EAAG x", "EAAG\r\nx: y", "EAAG\u{0}", "EAAGä"] {
            let error = token(bad).unwrap_err();
            assert_eq!(error, InvalidToken::Unsendable { position: 5, length: bad.len() });
            assert!(!error.to_string().contains("EAAG"));
        }
        assert_eq!(token("").unwrap_err(), InvalidToken::Empty);
    }

    #[test]
    fn debug_shows_neither_the_token_nor_the_proof() {
        assert_eq!(format!("{:?}", token("EAAGtoken").unwrap()), "Token(***)");
        assert_eq!(format!("{:?}", token("EAAGtoken").unwrap().authorization()), "Sensitive");
    }

    #[test]
    fn a_token_that_meta_repeats_is_taken_out_of_its_words_whole_or_cut() {
        let token = token("EAAGabcdefghijklmnop").unwrap();
        let proof = token.proof().unwrap().to_owned();
        for (said, kept) in [
            ("Malformed access token EAAGabcdefghijklmnop", "Malformed access token ***"),
            ("token \"EAAGabcdefgh...\" is bad", "token \"***...\" is bad"),
            ("token EAAGabcdefgh… is bad", "token ***… is bad"),
            ("nothing to hide, EAAG", "nothing to hide, EAAG"),
            (&format!("é {proof}"), "é appsecret_proof=***"),
        ] {
            let mut words = said.to_owned();
            token.redact(&mut words);
            assert_eq!(words, kept);
        }
    }
}
