//! Tokens for access keys: the client credentials grant of [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-4.4).

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use cams_api::envelope::{Envelope, Refusal};
use cams_api::{Code, ScopeSet};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::admission::count;
use super::render::{add_retry_after, learn, request_id};
use super::{Worker, body, method_not_allowed};
use crate::auth::{self, AuthError, LIFETIME};
use crate::limits::Throttled;

/// A token request is small.
const LARGEST: usize = 16 * 1024;

/// What the token endpoint takes. The key may stand in HTTP Basic instead.
#[derive(Deserialize, ToSchema)]
pub struct TokenRequest {
    /// `client_credentials`, and no other.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required, pattern = "^client_credentials$", example = "client_credentials")]
    grant_type: Option<String>,
    /// The `AccessKeyId`, where it does not stand in HTTP Basic.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "")]
    client_id: Option<String>,
    /// The `AccessKeySecret`, where it does not stand in HTTP Basic.
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>, example = "")]
    client_secret: Option<SecretString>,
    /// Scopes to narrow the token to, a space between them; all that the key has where absent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "groups.read groups.write")]
    scope: Option<String>,
}

/// A parameter without a value counts as left out ([RFC 6749, section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|value| !value.is_empty()))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(given(deserializer)?.map(SecretString::from))
}

/// A token.
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How long it is good, in seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// What it allows at the most.
    #[schema(example = "groups.read groups.write")]
    scope: String,
}

/// Why there is no token, as [RFC 6749, section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) has it.
#[derive(Serialize, ToSchema)]
pub struct TokenError {
    /// `invalid_request`, `invalid_client`, `invalid_scope`, `unsupported_grant_type` or `temporarily_unavailable`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// What to do.
    error_description: String,
}

/// The token endpoint, below `/v1`.
pub fn routes(config: &mut ServiceConfig) {
    let token = web::resource("oauth/token").route(web::post().to(token));
    config.service(token.default_service(web::to(method_not_allowed("POST"))));
}

/// `/.well-known/jwks.json`: the keys that verify our tokens.
pub async fn key_set(worker: Data<Worker>) -> HttpResponse {
    let keys = worker.authenticator.tokens.keys().key_set();
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(keys)
}

async fn token(http: HttpRequest, worker: Data<Worker>, payload: Payload) -> HttpResponse {
    match issue(&http, &worker, payload).await {
        Ok(answer) => {
            learn(&http, |learned| learned.code = Some(Code::Ok));
            uncached(StatusCode::OK).json(answer)
        }
        Err(refused) => refused.response(&http),
    }
}

struct Refused {
    status: StatusCode,
    error: &'static str,
    description: String,
    throttled: Option<Throttled>,
}

/// A limit is reached: RFC 6749 has no word of its own for it, so the gateway's envelope stands beside.
#[derive(Serialize)]
struct ThrottledAnswer<'a> {
    #[serde(flatten)]
    error: TokenError,
    #[serde(flatten)]
    envelope: Envelope<'a, Refusal>,
}

impl Refused {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), throttled: None }
    }

    fn response(self, http: &HttpRequest) -> HttpResponse {
        let mut response = uncached(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, r#"Basic realm="groupgate", charset="UTF-8""#));
        }
        let error = TokenError { error: self.error, error_description: self.description };
        match self.throttled {
            Some(throttled) => throttled_response(http, response, error, throttled),
            None => response.json(error),
        }
    }
}

fn throttled_response(
    http: &HttpRequest,
    mut response: HttpResponseBuilder,
    error: TokenError,
    throttled: Throttled,
) -> HttpResponse {
    let code = throttled.code();
    learn(http, |learned| {
        learned.code = Some(code);
        learned.throttled = Some(throttled);
    });
    let message = error.error_description.clone();
    let envelope = Envelope::refused(request_id(http), code, &message, None, Refusal::default());
    let mut response = response.json(ThrottledAnswer { error, envelope });
    add_retry_after(response.headers_mut(), throttled.retry_after());
    response
}

impl From<Throttled> for Refused {
    fn from(throttled: Throttled) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: "temporarily_unavailable",
            description: throttled.to_string(),
            throttled: Some(throttled),
        }
    }
}

impl From<AuthError> for Refused {
    fn from(error: AuthError) -> Self {
        if let AuthError::Throttled(throttled) = error {
            return throttled.into();
        }
        let (status, name) = match error.code() {
            Code::ServiceUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
            Code::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
            _ => (StatusCode::UNAUTHORIZED, "invalid_client"),
        };
        let description = match error {
            AuthError::Store(_) => "The gateway's database is away. Try again in a moment.".to_owned(),
            other => other.to_string(),
        };
        Self { status, error: name, description, throttled: None }
    }
}

async fn issue(http: &HttpRequest, worker: &Worker, payload: Payload) -> Result<TokenAnswer, Refused> {
    let request = read(http, payload).await?;
    match request.grant_type.as_deref() {
        Some("client_credentials") => {}
        None => return Err(Refused::new("invalid_request", "`grant_type` is required.")),
        Some(_) => return Err(Refused::new("unsupported_grant_type", "`grant_type` must be `client_credentials`.")),
    }
    let (access_key_id, secret) = credentials(http, &request)?;
    let client = http.peer_addr().map(|peer| worker.authenticator.proxies.client(peer.ip(), http.headers()));
    let key = worker.authenticator.with_secret(&access_key_id, &secret, client).await?;
    let _taken = count(http, worker, &key, None).await?;
    let wanted = request.scope.as_deref().map(wanted_scopes).transpose()?;
    let issued = worker.authenticator.tokens.issue(&key, wanted);
    let issued =
        issued.ok_or_else(|| Refused::new("invalid_scope", "The access key does not hold all of these scopes."))?;
    Ok(TokenAnswer {
        access_token: issued.access_token,
        token_type: "Bearer",
        expires_in: LIFETIME,
        scope: issued.scopes.to_string(),
    })
}

async fn read(http: &HttpRequest, payload: Payload) -> Result<TokenRequest, Refused> {
    let unread = |error: body::BodyError| Refused::new("invalid_request", error.to_string());
    body::expect_type(http.headers(), "application/x-www-form-urlencoded").map_err(unread)?;
    let bytes = body::read(http.headers(), payload, LARGEST).await.map_err(unread)?;
    let form = web::Query::<TokenRequest>::from_query(std::str::from_utf8(&bytes).unwrap_or("\u{fffd}"));
    let form =
        form.map_err(|_| Refused::new("invalid_request", "The form cannot be read, or a field stands in it twice."))?;
    Ok(form.into_inner())
}

/// The key, in HTTP Basic or in the form, not in both
/// ([RFC 6749, section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
fn credentials(http: &HttpRequest, request: &TokenRequest) -> Result<(String, SecretString), Refused> {
    match (http.headers().get(AUTHORIZATION), &request.client_id, &request.client_secret) {
        (Some(_), _, Some(_)) => {
            Err(Refused::new("invalid_request", "Send the key in HTTP Basic or in the form, not in both."))
        }
        (Some(header), _, None) => Ok(auth::basic(header)?),
        (None, Some(id), Some(secret)) => Ok((id.clone(), secret.clone())),
        (None, _, _) => Err(AuthError::Absent.into()),
    }
}

fn wanted_scopes(names: &str) -> Result<ScopeSet, Refused> {
    let mut scopes = ScopeSet::default();
    for name in names.split(' ').filter(|name| !name.is_empty()) {
        let known = auth::insert_scope(&mut scopes, name);
        known.map_err(|unknown| Refused::new("invalid_scope", format!("Of one of the scopes: {unknown}.")))?;
    }
    Ok(scopes)
}

fn uncached(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status);
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}
