//! Tokens: what one may do, and how a code of Embedded Signup becomes one.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    answer::Answer, app::App, call::Call, client::GraphClient, codes, error::GraphError, lenient, request::Request,
    token::Token,
};

/// What Meta says of a token
/// ([Meta: debug_token](https://developers.facebook.com/docs/graph-api/reference/debug_token)).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TokenInfo {
    /// Whether Meta takes it.
    pub is_valid: bool,
    /// The app that it was made for.
    #[serde(default, deserialize_with = "lenient::text")]
    pub app_id: Option<String>,
    /// When it ends, in seconds since 1970; `None` for one that does not.
    #[serde(default, deserialize_with = "end")]
    pub expires_at: Option<i64>,
    /// What it may do.
    #[serde(default, deserialize_with = "lenient::list")]
    pub scopes: Vec<String>,
    /// On what it may do it.
    #[serde(default, deserialize_with = "lenient::list")]
    pub granular_scopes: Vec<GranularScope>,
    /// Why Meta does not take it.
    error: Option<TokenError>,
}

/// On what a token may do one thing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GranularScope {
    /// What it may do, such as `whatsapp_business_management`.
    pub scope: String,
    /// Meta's IDs of those objects; empty where it may on all that it sees.
    #[serde(default, deserialize_with = "lenient::list")]
    pub target_ids: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct TokenError {
    #[serde(deserialize_with = "lenient::integer")]
    code: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    subcode: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    message: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    data: TokenInfo,
}

#[derive(Deserialize)]
struct Exchanged {
    #[serde(deserialize_with = "secret")]
    access_token: SecretString,
}

impl TokenInfo {
    /// Meta's word for why it does not take the token.
    pub fn why_invalid(&self) -> Option<&str> {
        self.error.as_ref()?.message.as_deref()
    }

    /// Whether Meta does not take it now, and may well take it later: for Meta's own trouble, or for a person who has to do
    /// something at Facebook first.
    pub fn may_recover(&self) -> bool {
        let may_recover = |error: &TokenError| codes::may_recover(error.code?, error.subcode).then_some(());
        !self.is_valid && self.error.as_ref().and_then(may_recover).is_some()
    }

    /// The objects on which the token has this scope, where Meta names them.
    pub fn targets(&self, scope: &str) -> &[String] {
        let granular = self.granular_scopes.iter().find(|granular| granular.scope == scope);
        granular.map_or(&[], |granular| &granular.target_ids)
    }
}

impl GraphClient {
    /// `GET /debug_token?input_token=…`, which the app of the token's own may ask: `call` has the app's token.
    pub async fn inspect_token(&self, call: Call<'_>, token: &Token) -> Result<Answer<TokenInfo>, GraphError> {
        let path = self.path("debug_token").parameter("input_token", token.as_parameter());
        let mut answer = self.call::<Envelope>(call, path, Request::GET).await?.map(|envelope| envelope.data);
        if let Some(message) = answer.body.error.as_mut().and_then(|error| error.message.as_mut()) {
            token.redact(message);
        }
        Ok(answer)
    }

    /// `GET /oauth/access_token`: a code of Embedded Signup, which is good once, for a token
    /// ([Meta: onboarding][onboarding]).
    ///
    /// [onboarding]: https://developers.facebook.com/docs/whatsapp/embedded-signup/onboarding-customers-as-a-tech-provider
    pub async fn exchange_code(
        &self,
        call: Call<'_>,
        app: &App,
        code: &SecretString,
    ) -> Result<Answer<SecretString>, GraphError> {
        let path = self
            .path("oauth")
            .edge("access_token")
            .parameter("client_id", app.id())
            .parameter("client_secret", app.secret().expose_secret())
            .parameter("code", code.expose_secret());
        Ok(self.call::<Exchanged>(call, path, Request::GET_ONCE).await?.map(|exchanged| exchanged.access_token))
    }
}

/// Meta writes 0 for a token without an end.
fn end<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(lenient::integer(from)?.filter(|seconds| *seconds > 0))
}

fn secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}
