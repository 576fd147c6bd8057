//! The control API's OpenAPI document, made from the handlers. It is served at
//! `/_sandbox/openapi.json`, and the page for people lists its calls.

use std::collections::BTreeSet;

use utoipa::openapi::{Info, License, OpenApi, RefOr, Server};

use crate::control::{accounts, faults, groups, observation, phones, templates, users, webhooks};

const DESCRIPTION: &str = "\
What a phone would do, and what can go wrong, beside Meta's own paths, which stand at the sandbox's root and are \
described by Meta. Bodies are JSON whatever their `Content-Type` says. Nobody is asked for a password: keep the sandbox \
on loopback.";

#[derive(utoipa::OpenApi)]
#[openapi(
    tags(
        (name = "Users", description = "What people do on their phones."),
        (name = "Groups", description = "What WhatsApp does to groups."),
        (name = "Templates", description = "What Meta does to message templates."),
        (name = "Faults", description = "What goes wrong on demand."),
        (name = "Webhooks", description = "Where and how they are sent. Each is signed, and sent again until it is \
            answered with 200."),
        (name = "Accounts", description = "Customers who come, and tokens that go bad."),
        (name = "Observation", description = "What the sandbox knows, and what was asked of it."),
    ),
    paths(
        users::join,
        users::revoke,
        users::leave,
        users::write,
        phones::messages,
        phones::read,
        users::set,
        groups::suspend,
        groups::unsuspend,
        templates::set_status,
        faults::add,
        faults::list,
        faults::clear,
        observation::set_usage,
        webhooks::set,
        webhooks::release,
        webhooks::send,
        accounts::add,
        accounts::expire,
        accounts::revoke,
        accounts::set_scopes,
        accounts::sign_up,
        observation::requests,
        observation::state,
        observation::forget,
        observation::page,
    )
)]
struct ControlApi;

/// The document.
pub fn document() -> OpenApi {
    let mut document = <ControlApi as utoipa::OpenApi>::openapi();
    document.info = Info::builder()
        .title("groupgate's sandbox: control API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(License::builder().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build();
    drop_doubled_parameters(&mut document);
    document.servers = Some(vec![Server::builder().url("/").description(Some("This sandbox")).build()]);
    document
}

/// The handler's signature names the path's parameters once more, without their descriptions.
fn drop_doubled_parameters(document: &mut OpenApi) {
    let operations = document.paths.paths.values_mut().flat_map(|item| {
        [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().filter_map(Option::as_mut)
    });
    for parameters in operations.filter_map(|operation| operation.parameters.as_mut()) {
        let mut names = BTreeSet::new();
        parameters.retain(|parameter| match parameter {
            RefOr::T(parameter) => names.insert(parameter.name.clone()),
            RefOr::Ref(_) => true,
        });
    }
}

/// The document as it is printed and committed.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn document_json() -> Result<String, serde_json::Error> {
    Ok(document().to_pretty_json()? + "\n")
}

/// One call of the control API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) tag: String,
    /// `POST /_sandbox/…`.
    pub(crate) line: String,
    pub(crate) summary: String,
}

/// Every call, in the document's order.
pub(crate) fn calls() -> Vec<Call> {
    let paths = document().paths.paths;
    let of_path = paths.into_iter().flat_map(|(path, item)| {
        let methods = [("GET", item.get), ("POST", item.post), ("PUT", item.put), ("DELETE", item.delete)];
        methods.into_iter().filter_map(move |(method, operation)| {
            let operation = operation?;
            Some(Call {
                tag: operation.tags.unwrap_or_default().concat(),
                line: format!("{method} {path}"),
                summary: operation.summary.unwrap_or_default(),
            })
        })
    });
    of_path.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_documented_and_nothing_else_is() {
        let routes = include_str!("app.rs").split(".route(\"").skip(1).map(|rest| {
            let (path, rest) = rest.split_once("\", ").unwrap();
            let method = rest.split_once('(').unwrap().0.to_uppercase();
            format!("{method} /_sandbox{path}")
        });
        // The page has a second path, without the slash.
        let routes: BTreeSet<String> = routes.filter(|route| route != "GET /_sandbox").collect();
        let documented: BTreeSet<String> = calls().into_iter().map(|call| call.line).collect();
        assert_eq!(documented, routes);
    }

    #[test]
    fn the_committed_document_is_the_one_that_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/sandbox.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let advice = "run `cargo run -- openapi --sandbox > openapi/sandbox.json`";
        assert!(committed == document_json().unwrap(), "openapi/sandbox.json is stale: {advice}");
    }

    #[test]
    fn no_parameter_is_named_twice_and_each_is_described() {
        let document = serde_json::to_value(document()).unwrap();
        let parameters = document["paths"].as_object().unwrap().values().flat_map(|item| {
            item.as_object().unwrap().values().filter_map(|operation| operation["parameters"].as_array())
        });
        for parameters in parameters {
            let names: BTreeSet<&str> = parameters.iter().filter_map(|one| one["name"].as_str()).collect();
            assert_eq!(names.len(), parameters.len(), "{parameters:?}");
            assert!(parameters.iter().all(|one| one["description"].is_string()), "{parameters:?}");
        }
    }

    #[test]
    fn every_call_says_in_a_line_what_it_does() {
        for call in calls() {
            assert!(!call.tag.is_empty() && call.summary.ends_with('.') && call.summary.len() < 60, "{call:?}");
        }
    }
}
