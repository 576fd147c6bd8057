//! The OpenAPI 3.1 document of the normalized API, made from the table of operations.
//!
//! It is served at `/openapi.json`, printed by `groupgate openapi`, and committed as `openapi/groupgate.json`, where
//! a change of the API shows as a difference to review. The same as a page to read is `docs/operations.md`, and
//! `llms.txt` is a list of the operations.

pub mod admin;
mod around;
pub mod graph_face;
mod headers;
mod llms;
mod markdown;
mod operation;
pub mod postman;
mod pull;
mod security;

use std::sync::{Arc, OnceLock};

use actix_web::web::Bytes;
use cams_api::envelope::{Common, Refusal};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, ComponentsBuilder};
use utoipa::openapi::{
    Info, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Schema, ServerBuilder,
    tag::TagBuilder,
};

use crate::operations::each_operation;
use operation::Documented;

/// Where the document is served.
pub const OPENAPI_PATH: &str = "/openapi.json";
/// Where the page of Markdown is served.
pub const MARKDOWN_PATH: &str = "/docs/operations.md";
/// Where Swagger UI is served.
pub const UI_PATH: &str = "/docs/";
/// Where the plain list is served.
pub const LLMS_PATH: &str = "/llms.txt";

const TITLE: &str = "groupgate";
const DESCRIPTION: &str = "\
A multi-tenant gateway for WhatsApp groups. Every operation is a `POST` to `/v1/{Operation}` with a JSON object, and \
answers in one envelope: `RequestId`, `Code`, `Success`, `Message`, `AccessDeniedDetail`, and the operation's own fields \
beside them.

**Authorize** with an access key: either as HTTP Basic (`AccessKeyId` and `AccessKeySecret`), or by letting this page \
fetch a Bearer token for it (client credentials). The example values are those of `groupgate demo`, so every example \
works there as it stands.

Business numbers are international digits; lengths are in characters after trimming; times are RFC 3339 in UTC, or Unix \
seconds where the name says `Timestamp`. A parameter that an operation does not know is refused. \
Any call may carry the header `x-request-timeout-ms` (100 to 60000): the deadline of the whole call.";

/// The schemas of a document, by name.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// What is gathered while the document is made.
#[derive(Default)]
pub(crate) struct Draft {
    paths: Paths,
    schemas: Schemas,
    tags: Vec<&'static str>,
}

impl Draft {
    /// Adds the schema of `T` with all that it is made of, and answers the reference to it.
    fn schema<T: ToSchema>(&mut self) -> Ref {
        T::schemas(&mut self.schemas);
        self.schemas.push((T::name().into_owned(), T::schema()));
        Ref::from_schema_name(T::name())
    }

    /// Adds the schema of an answer: the common fields, and those of `T` beside them.
    fn enveloped<T: ToSchema>(&mut self, name: String) -> Ref {
        let parts = AllOfBuilder::new().item(self.schema::<Common<'static>>()).item(self.schema::<T>());
        self.schemas.push((name.clone(), parts.into()));
        Ref::from_schema_name(name)
    }

    /// The document of a gateway that is reached at `public_url`; of any gateway where there is none.
    fn into_document(self, about: Info, public_url: Option<&str>) -> OpenApi {
        OpenApiBuilder::new()
            .info(about)
            .servers(Some(servers(public_url)))
            .tags(Some(self.tags.iter().map(|name| TagBuilder::new().name(*name).build())))
            .components(Some(security::schemes(ComponentsBuilder::new().schemas_from_iter(self.schemas)).build()))
            .paths(self.paths)
            .build()
    }
}

/// What stands at the head of each document.
fn about(title: &str, description: &str) -> Info {
    let licence = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new().title(title).version(env!("CARGO_PKG_VERSION"));
    info.description(Some(description)).license(Some(licence)).build()
}

/// The document of a gateway that is reached at `public_url`; of any gateway where there is none.
pub fn document(public_url: Option<&str>) -> OpenApi {
    let mut draft = Draft::default();
    draft.enveloped::<Refusal>("Error".to_owned());
    let mut documented = Documented::new(&mut draft);
    each_operation(&mut documented);
    pull::add(&mut draft);
    around::add(&mut draft);
    draft.into_document(about(TITLE, DESCRIPTION), public_url)
}

fn servers(public_url: Option<&str>) -> Vec<utoipa::openapi::Server> {
    let this = ServerBuilder::new().url("/").description(Some("This gateway")).build();
    let public = public_url.map(|url| ServerBuilder::new().url(url).description(Some("Its public address")).build());
    public.into_iter().chain([this]).collect()
}

/// The document as it is printed and committed.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn document_json() -> Result<String, serde_json::Error> {
    Ok(document(None).to_pretty_json()? + "\n")
}

/// The document as a page of Markdown, as it is printed and committed.
pub fn document_markdown() -> String {
    markdown::render(&document(None))
}

/// The page of events in Markdown, as it is printed and committed.
pub fn events_markdown() -> String {
    markdown::events::render()
}

/// What a gateway serves about its API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The OpenAPI document.
    OpenApi,
    /// That of the Graph-compatible face.
    Graph,
    /// That of the administrator's API.
    Admin,
    /// The OpenAPI document as a page of Markdown.
    Markdown,
    /// The list of operations in plain text.
    Llms,
}

impl Document {
    const COUNT: usize = 5;

    /// How it is written, as `Content-Type` names it.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::OpenApi | Self::Graph | Self::Admin => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Llms => "text/plain; charset=utf-8",
        }
    }

    fn write(self, public_url: &str) -> Result<String, serde_json::Error> {
        match self {
            Self::OpenApi => document(Some(public_url)).to_json(),
            Self::Graph => graph_face::document(Some(public_url)).to_json(),
            Self::Admin => admin::document(Some(public_url)).to_json(),
            Self::Markdown => Ok(markdown::render(&document(Some(public_url)))),
            Self::Llms => Ok(llms::render(public_url)),
        }
    }
}

/// All of them. Each is written when it is asked for first: that takes some ten milliseconds and megabytes, which a gateway
/// does not need for its calls. Clones share them.
#[derive(Clone)]
pub struct Documents(Arc<Shelf>);

struct Shelf {
    public_url: String,
    written: [OnceLock<Bytes>; Document::COUNT],
}

impl Documents {
    /// The documents of a gateway that is reached at `public_url`, which has no `/` at its end.
    pub fn of(public_url: &str) -> Self {
        Self(Arc::new(Shelf { public_url: public_url.to_owned(), written: Default::default() }))
    }

    /// The document, if it was asked for before.
    pub(crate) fn written(&self, document: Document) -> Option<Bytes> {
        self.0.written[document as usize].get().cloned()
    }

    /// The document.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn write(&self, document: Document) -> Result<Bytes, serde_json::Error> {
        let written = Bytes::from(document.write(&self.0.public_url)?);
        Ok(self.0.written[document as usize].get_or_init(|| written).clone())
    }
}
