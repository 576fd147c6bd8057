//! The OpenAPI 3.1 document of the Graph-compatible face, made from the table of the calls that it serves.
//!
//! It is served at `/openapi-graph.json`, printed by `groupgate openapi --graph`, and committed as `openapi/graph.json`.
//! Meta's paths `/{group_id}`, `/{phone_number_id}`, `/{media_id}` and `/{template_id}` are one path here, since OpenAPI
//! takes paths that differ in their parameters' names for the same.

mod operation;
mod pages;
mod shapes;

use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi, OpenApiBuilder, Paths};

use super::{about, security, servers};
use crate::api::graph::served;
use operation::Together;

/// Where the document is served.
pub const GRAPH_OPENAPI_PATH: &str = "/openapi-graph.json";

const TITLE: &str = "groupgate: the Graph-compatible face";
const DESCRIPTION: &str = "\
What a client of Meta's Cloud API calls, at this gateway: the same paths, bodies and answers, with one of the gateway's \
access keys in the place of Meta's token, and with the rules of the gateway: whose an ID is, is decided before anything is \
sent. Everything that is not listed here is refused with Meta's code 2500.

**Authorize** with `AccessKeyId:AccessKeySecret` as a Bearer token, or let this page fetch a token for the key. \
Clients that can only replace a host find the same paths at the root of a port of their own \
(`GROUPGATE_GRAPH_FACE_BIND`), and all of them without the version, too.

Bodies may be JSON, forms or multipart. The shapes are Meta's, as its pages tell them.";

/// The tags, in the order in which they are shown.
const TAGS: [&str; 6] = ["Groups", "Messages", "Files", "Numbers", "Templates", "Objects"];

/// The document of a gateway that is reached at `public_url`; of any gateway where there is none.
pub fn document(public_url: Option<&str>) -> OpenApi {
    let components = ComponentsBuilder::new().schemas_from_iter(shapes::all());
    let mut paths = Paths::new();
    for calls in together() {
        paths.add_path_operation(calls.path(), vec![calls.method()], calls.operation());
    }
    OpenApiBuilder::new()
        .info(about(TITLE, DESCRIPTION))
        .servers(Some(servers(public_url)))
        .tags(Some(TAGS.map(|name| TagBuilder::new().name(name).build())))
        .components(Some(security::graph_schemes(components).build()))
        .paths(paths)
        .build()
}

/// The document as it is printed and committed.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn document_json() -> Result<String, serde_json::Error> {
    Ok(document(None).to_pretty_json()? + "\n")
}

/// The calls, those of one path and method together, in the order of the table.
fn together() -> Vec<Together> {
    let mut found: Vec<Together> = Vec::new();
    for one in served().map(Together::alone) {
        match found.iter_mut().find(|known| known.is_at(&one)) {
            Some(known) => known.calls.extend(one.calls),
            None => found.push(one),
        }
    }
    found
}
