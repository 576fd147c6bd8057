//! How callers show who they are, for Swagger UI's *Authorize*.

use cams_api::Scope;
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement, SecurityScheme,
};

const BASIC: &str = "access_key";
const BEARER: &str = "token";
const OAUTH: &str = "client_credentials";

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
    let flow = Flow::ClientCredentials(ClientCredentials::new("/v1/oauth/token", scopes()));
    let oauth = OAuth2::with_description(
        [flow],
        "Fetches a token with the key: `client_id` is the `AccessKeyId`, `client_secret` the `AccessKeySecret`.",
    );
    components
        .security_scheme(BASIC, SecurityScheme::Http(basic))
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .security_scheme(OAUTH, SecurityScheme::OAuth2(oauth))
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
