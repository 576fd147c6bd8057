//! The ISV's Meta app, which may look into tokens, and exchange codes for them.

use secrecy::{ExposeSecret, SecretString};

use crate::token::{InvalidToken, Token};

/// A Meta app: its ID and secret, and the token that they make
/// ([Meta: app access tokens](https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens)).
#[derive(Debug, Clone)]
pub struct App {
    id: String,
    secret: SecretString,
    token: Token,
}

impl App {
    /// The app of this ID.
    ///
    /// # Errors
    /// [`InvalidToken`] where ID and secret make no token that could be sent.
    pub fn new(id: &str, secret: &SecretString) -> Result<Self, InvalidToken> {
        let token = Token::new(&format!("{id}|{}", secret.expose_secret()).into(), None)?;
        Ok(Self { id: id.to_owned(), secret: secret.clone(), token })
    }

    /// Its ID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its secret, which makes `appsecret_proof`.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Its own token, with which it asks about others'.
    pub fn token(&self) -> &Token {
        &self.token
    }
}
