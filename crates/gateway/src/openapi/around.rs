//! What stands around the operations: tokens, health, Meta's webhooks.

use cams_api::Code;
use cams_api::whoami::WhoAmI;
use utoipa::ToSchema;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, ContentBuilder, HttpMethod, Ref, Required, Response, ResponseBuilder};

use super::operation::{JSON, refused};
use super::{Draft, headers, security};
use crate::api::oauth::{TokenAnswer, TokenError, TokenRequest};
use crate::auth::KeySet;
use crate::health::Report;

pub(super) const AUTHORIZATION: &str = "Authorization";
const HEALTH: &str = "Health";
pub(super) const WEBHOOKS: &str = "Webhooks from Meta";

/// Adds the pages.
pub(super) fn add(draft: &mut Draft) {
    draft.tags.extend([AUTHORIZATION, WEBHOOKS, HEALTH]);
    add_tokens(draft);
    add_whoami(draft);
    add_webhooks(draft);
    add_health(draft);
}

fn add_tokens(draft: &mut Draft) {
    let form = content::<TokenRequest>(draft);
    let (token, error, keys) = (content::<TokenAnswer>(draft), content::<TokenError>(draft), content::<KeySet>(draft));
    let refused = |description: &str| answers(description, error.clone());
    let page = page(AUTHORIZATION, "GetToken", "Get a Bearer token for an access key")
        .description(Some("The client credentials grant of RFC 6749. The key stands in HTTP Basic, or in the form as `client_id` and `client_secret`. A token is good for 15 minutes, and only narrows what the key may do."))
        .securities(Some([security::key_requirement()]))
        .request_body(Some(
            RequestBodyBuilder::new().content("application/x-www-form-urlencoded", form).required(Some(Required::True)).build(),
        ))
        .response("200", answers("A token.", token))
        .response("400", refused("`invalid_request`, `invalid_scope` or `unsupported_grant_type`, as RFC 6749 has them."))
        .response("401", refused("`invalid_client`: the key is unknown, or revoked, or this is not its secret."))
        .response("429", headers::with_limits(headers::with_retry_after(refused("`temporarily_unavailable`: the access key's limit is reached, or too many wrong secrets came from the caller's address. `Code` (`Throttling.User`) and the gateway's other common fields stand beside."))))
        .response("503", refused("`temporarily_unavailable`: without the database, for a key not yet known."));
    draft.paths.add_path_operation("/v1/oauth/token", vec![HttpMethod::Post], page);
    let page = self::page(AUTHORIZATION, "GetKeySet", "Get the keys that verify tokens")
        .response("200", answers("A key set, as RFC 7517 has it.", keys));
    draft.paths.add_path_operation("/.well-known/jwks.json", vec![HttpMethod::Get], page);
}

fn add_whoami(draft: &mut Draft) {
    let answer = draft.enveloped::<WhoAmI>("WhoAmIAnswer".to_owned());
    let answer = ContentBuilder::new().schema(Some(answer)).build();
    let page = page(AUTHORIZATION, "WhoAmI", "See what the caller's key may do, and how many calls it has")
        .description(Some("The access key that the call is made with, and its grants. Where it is made with a token, what that narrows them to."))
        .securities(Some(security::any_requirement()))
        .response("200", headers::with_limits(answers("The caller.", answer)))
        .response("401", refused(&[Code::Unauthorized, Code::InvalidToken, Code::ExpiredToken]))
        .response("429", headers::of_operation(429, refused(&[Code::ThrottlingUser])))
        .response("503", refused(&[Code::ServiceUnavailable]));
    draft.paths.add_path_operation("/v1/whoami", vec![HttpMethod::Get], page);
}

fn add_webhooks(draft: &mut Draft) {
    let body = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::Object))).build();
    let signature = header(
        "x-hub-signature-256",
        "`sha256=` and the HMAC-SHA256 of the raw body under the app's secret, in hexadecimal digits.",
    );
    let page = page(WEBHOOKS, "ReceiveWebhook", "Take a webhook from Meta")
        .description(Some("Verified and committed before it is answered; up to 4 MiB. A webhook that came before changes nothing, an unknown one is kept."))
        .parameter(signature)
        .request_body(Some(RequestBodyBuilder::new().content(JSON, body).required(Some(Required::True)).build()))
        .response("200", ResponseBuilder::new().description("Committed. The body is empty."))
        .response("400", refused(&[Code::InvalidParameter]))
        .response("401", refused(&[Code::Unauthorized]))
        .response("413", refused(&[Code::RequestTooLarge]))
        .response("503", refused(&[Code::ServiceUnavailable]));
    draft.paths.add_path_operation("/webhooks/graph", vec![HttpMethod::Post], page);
    let text = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
    let page = self::page(WEBHOOKS, "VerifyWebhook", "Answer Meta's verification challenge")
        .parameter(query("hub.mode", "`subscribe`"))
        .parameter(query("hub.challenge", "What is answered, at most 256 characters."))
        .parameter(query("hub.verify_token", "The token that the gateway is configured with."))
        .response("200", ResponseBuilder::new().description("The challenge.").content("text/plain", text))
        .response("400", refused(&[Code::InvalidParameter]))
        .response("403", ResponseBuilder::new().description("Another token, or none is configured."));
    draft.paths.add_path_operation("/webhooks/graph", vec![HttpMethod::Get], page);
}

fn add_health(draft: &mut Draft) {
    let report = content::<Report>(draft);
    let page = page(HEALTH, "GetLiveness", "Whether the process answers")
        .response("200", ResponseBuilder::new().description("It does."));
    draft.paths.add_path_operation("/health/live", vec![HttpMethod::Get], page);
    let page = self::page(HEALTH, "GetReadiness", "Whether calls can be served")
        .response("200", answers("`ready`, or `degraded` as long as known tenants can be served.", report.clone()))
        .response("503", answers("`unavailable` or, while it stops, `draining`; with what is missing.", report));
    draft.paths.add_path_operation("/health/ready", vec![HttpMethod::Get], page);
}

fn page(tag: &str, id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new().tag(tag).operation_id(Some(id)).summary(Some(summary))
}

fn content<T: ToSchema>(draft: &mut Draft) -> Content {
    let schema: Ref = draft.schema::<T>();
    ContentBuilder::new().schema(Some(schema)).build()
}

fn answers(description: &str, content: Content) -> Response {
    ResponseBuilder::new().description(description).content(JSON, content).build()
}

fn header(name: &str, description: &str) -> ParameterBuilder {
    parameter(name, description).parameter_in(ParameterIn::Header)
}

fn query(name: &str, description: &str) -> ParameterBuilder {
    parameter(name, description).parameter_in(ParameterIn::Query)
}

fn parameter(name: &str, description: &str) -> ParameterBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new().name(name).description(Some(description)).required(Required::True).schema(Some(text))
}
