//! How callers show who they are, for Swagger UI's *Authorize*.

use cams_api::Scope;
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement,
    SecurityScheme,
};

const BASIC: &str = "access_key";
const BEARER: &str = "token";
const OAUTH: &str = "client_credentials";
const IN_QUERY: &str = "access_token";

/// Adds the three ways: the key itself, a token, and fetching a token with the key.
pub(super) fn schemes(components: ComponentsBuilder) -> ComponentsBuilder {
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("`AccessKeyId` as the user name, `AccessKeySecret` as the password."))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token from `/v1/oauth/token`, good for 15 minutes."))
        .build();
    components
        .security_scheme(BASIC, SecurityScheme::Http(basic))
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .security_scheme(OAUTH, SecurityScheme::OAuth2(oauth()))
}

fn oauth() -> OAuth2 {
    let flow = Flow::ClientCredentials(ClientCredentials::new("/v1/oauth/token", scopes()));
    OAuth2::with_description(
        [flow],
        "Fetches a token with the key: `client_id` is the `AccessKeyId`, `client_secret` the `AccessKeySecret`.",
    )
}

/// Adds the ways in which Meta's own paths are called: a token, the key in its place, and fetching a token with the key.
pub(super) fn graph_schemes(components: ComponentsBuilder) -> ComponentsBuilder {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("`AccessKeyId:AccessKeySecret`, or a token from `/v1/oauth/token`."))
        .build();
    components
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .security_scheme(OAUTH, SecurityScheme::OAuth2(oauth()))
        .security_scheme(
            IN_QUERY,
            SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description(
                "access_token",
                "The same in the query. It is never passed on, and never logged.",
            ))),
        )
}

/// Any one of those is enough.
pub(super) fn graph_requirements(scopes: Vec<Scope>) -> [SecurityRequirement; 3] {
    let none: [&str; 0] = [];
    [
        SecurityRequirement::new(BEARER, none),
        SecurityRequirement::new(OAUTH, scopes.into_iter().map(Scope::as_str)),
        SecurityRequirement::new(IN_QUERY, none),
    ]
}

/// Any one of the three is enough.
pub(super) fn requirements(scope: Scope) -> [SecurityRequirement; 3] {
    let none: [&str; 0] = [];
    [
        SecurityRequirement::new(BASIC, none),
        SecurityRequirement::new(BEARER, none),
        SecurityRequirement::new(OAUTH, [scope.as_str()]),
    ]
}

/// Any one of the three is enough, whatever it allows.
pub(super) fn any_requirement() -> [SecurityRequirement; 3] {
    let none: [&str; 0] = [];
    [BASIC, BEARER, OAUTH].map(|scheme| SecurityRequirement::new(scheme, none))
}

/// The key itself, for fetching a token.
pub(super) fn key_requirement() -> SecurityRequirement {
    let none: [&str; 0] = [];
    SecurityRequirement::new(BASIC, none)
}

fn scopes() -> Scopes {
    let described = |scope: Scope| match scope {
        Scope::GroupsRead => "look at groups, links, participants, requests",
        Scope::GroupsWrite => "change groups, links, participants, requests",
        Scope::MessagesSend => "send messages and invitations",
        Scope::EventsRead => "pull and stream events",
        Scope::AdminRead => "look at tenants, keys, audit",
        Scope::AdminWrite => "change tenants and keys",
    };
    Scope::ALL.into_iter().map(|scope| (scope.as_str(), described(scope))).collect()
}
