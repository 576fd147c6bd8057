//! The operations as a collection for Postman and what else reads its format: `openapi/postman_collection.json`.
//!
//! It is made from the OpenAPI document alone, so it has what the document has: a folder for each tag, and in it each
//! operation with its parameters and its example.

mod format;
mod request;
mod variables;

use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};

use self::format::{Auth, Collection, Folder, Info, Item, SCHEMA, Variable};
use super::around::{AUTHORIZATION, WEBHOOKS};
use super::markdown::noun;

const PREFACE: &str = "\
Set the variables `baseUrl`, `accessKeyId` and `accessKeySecret`; the others are those of `groupgate demo`.

Requests are authorized with the access key itself, as HTTP Basic. To use a Bearer token instead, choose OAuth 2.0 at the \
collection's Authorization, where all is filled in: GetToken, or Postman itself, fetches the token.";

/// The collection as it is printed and committed.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn collection_json() -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&collection(&super::document(None)))? + "\n")
}

fn collection(document: &OpenApi) -> Collection {
    let about = &document.info;
    Collection {
        info: Info {
            name: about.title.clone(),
            description: format!("{}\n\n{PREFACE}", about.description.as_deref().unwrap_or_default()),
            version: about.version.clone(),
            schema: SCHEMA,
        },
        auth: authorization(),
        event: vec![variables::setting()],
        variable: variables::all(),
        item: folders(document),
    }
}

/// The key itself; and what fetching a token for it takes.
fn authorization() -> Auth {
    let (id, secret) = (variables::ACCESS_KEY_ID, variables::ACCESS_KEY_SECRET);
    let token_url = format!("{}/v1/oauth/token", variables::BASE_URL);
    let oauth2 = [
        ("grant_type", "client_credentials"),
        ("accessTokenUrl", token_url.as_str()),
        ("clientId", id),
        ("clientSecret", secret),
        ("client_authentication", "header"),
        ("accessToken", variables::ACCESS_TOKEN),
        ("tokenType", "Bearer"),
        ("addTokenTo", "header"),
    ];
    Auth {
        way: "basic",
        basic: [("username", id), ("password", secret)].map(|(key, value)| Variable::new(key, value)).into(),
        oauth2: oauth2.map(|(key, value)| Variable::new(key, value)).into(),
    }
}

/// A folder for each tag but Meta's, whose requests only Meta can sign; the one that gets a token first.
fn folders(document: &OpenApi) -> Vec<Folder> {
    let tags = document.tags.iter().flatten().map(|tag| tag.name.as_str());
    let others = tags.filter(|tag| ![AUTHORIZATION, WEBHOOKS].contains(tag));
    [AUTHORIZATION].into_iter().chain(others).map(|tag| folder(document, tag)).collect()
}

fn folder(document: &OpenApi, tag: &str) -> Folder {
    let schemas = document.components.as_ref().map(|components| &components.schemas);
    let operations = document.paths.paths.iter().flat_map(|(path, item)| {
        operations(item).filter(|(_, operation)| noun(operation) == tag).map(move |(method, operation)| Item {
            name: operation.operation_id.clone().unwrap_or_default(),
            request: request::of(path, method, operation, schemas),
            response: request::saved(operation, schemas),
        })
    });
    Folder { name: tag.to_owned(), item: operations.collect() }
}

/// The methods that the document has.
fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let methods = [("GET", &item.get), ("POST", &item.post)];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}
