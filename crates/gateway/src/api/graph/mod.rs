//! The Graph-compatible face: Meta's own paths, with our credentials in the place of Meta's token. What a call of it does
//! is [`crate::operations`]' to say; here it is read, its object's owner found, and its answer written.

mod body;
mod calls;
mod credentials;
mod errors;
#[doc(hidden)]
pub mod fuzzing;
mod links;
mod ownership;
mod paths;
mod query;
mod render;
mod superset;
mod upload;

use std::rc::Rc;

use actix_web::http::header::{HOST, HeaderMap, USER_AGENT};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use cams_api::Class;
use graph_client::Forward;
use serde_json::Map;

use super::Worker;
use super::admission::Admitted;
use super::render::{begin, learn, trace};
use crate::operations::{Context, GraphCall, Passing, media_content, pass};
use crate::telemetry::metrics::Called;
use body::Sent;
use errors::FaceError;
use ownership::Owned;
use paths::{Asked, Subject};
use query::Query;
use upload::Upload;

pub use calls::{Served, served};
pub use paths::VERSIONS;

/// The longest name of a caller's client that is passed on, in bytes.
const LONGEST_AGENT: usize = 256;

/// The library's parameter that says for whose account it is read.
const WABA_ID: &str = "waba_id";

/// What the face answers with, wherever it is served.
#[derive(Debug, Clone)]
pub struct Face {
    /// The gateway's public address, without a slash at the end.
    pub public_url: String,
    /// The version of calls that name none.
    pub version: String,
    /// Whether changes get a `request_id` of ours where Meta gave none.
    pub superset: bool,
}

impl Face {
    /// The address of something of Meta's, here.
    fn address(&self, asked: &Asked, subject: &Subject) -> String {
        let version = asked.version.as_ref().unwrap_or(&self.version);
        format!("{}{PREFIX}/{version}/{}", self.public_url, subject.path())
    }
}

/// Where the face stands beside the others.
const PREFIX: &str = "/graph";

/// The face beside the others.
pub fn routes(config: &mut ServiceConfig, face: Face) {
    let serve = move |http, worker, payload| serve(PREFIX, face.clone(), http, worker, payload);
    config.service(web::scope(PREFIX).default_service(web::to(serve)));
}

/// The face at the root of a port of its own, for clients that can only replace a host.
pub fn at_root(config: &mut ServiceConfig, face: Face) {
    config.default_service(web::to(move |http, worker, payload| serve("", face.clone(), http, worker, payload)));
}

async fn serve(
    prefix: &'static str,
    face: Face,
    http: HttpRequest,
    worker: Data<Worker>,
    payload: Payload,
) -> HttpResponse {
    begin(&http, &worker, Called::GRAPH, None);
    let answered = handle(prefix, &face, &http, &worker, payload).await;
    answered.unwrap_or_else(|error| errors::refused(&http, &error))
}

async fn handle(
    prefix: &str,
    face: &Face,
    http: &HttpRequest,
    worker: &Worker,
    payload: Payload,
) -> Result<HttpResponse, FaceError> {
    require_one_host(http.headers())?;
    let path = http.uri().path().strip_prefix(prefix).unwrap_or_default();
    let asked = paths::read(path, &face.version)?;
    let query = Query::read(http.uri().query().unwrap_or_default())?;
    let caller = credentials::authenticate(&worker.authenticator, http, query.token.as_ref()).await?;
    let admitted = Admitted::new(http, worker, caller, None)?;
    let answered = answer(face, http, worker, payload, &admitted, asked, query).await;
    admitted.settled(http, answered).await
}

async fn answer(
    face: &Face,
    http: &HttpRequest,
    worker: &Worker,
    payload: Payload,
    admitted: &Admitted,
    mut asked: Asked,
    mut query: Query,
) -> Result<HttpResponse, FaceError> {
    if asked.subject == Subject::Library {
        asked.waba_id = query.take(WABA_ID);
    }
    let caller = admitted.caller();
    let owned = ownership::resolve(worker, caller, http.method(), &asked.subject, asked.waba_id.as_deref()).await?;
    learn(http, |learned| {
        learned.called = Some(Called::graph(owned.call));
        learned.operation = Some(owned.call.name());
        learned.cust_space_id = Some(owned.tenant.cust_space_id.clone());
        learned.counted.number = Some(owned.number.allowance.clone());
    });
    let class = Class::of(owned.call.scope());
    let taken = Rc::new(admitted.count(http, class, &owned.tenant).await?);
    let context = worker.context(owned.tenant.clone(), Some(owned.number.clone()), class, taken.clone());
    let context = Context { trace: trace(http), ..context };
    let call = owned.call;
    match call {
        GraphCall::MediaContent => {
            let passing = passing(http, &asked, query, owned, Sent::nothing())?;
            let media = media_content(&context, passing).await?;
            Ok(render::media(http, media, taken))
        }
        GraphCall::UploadMedia => {
            let patience = upload::patience(context.services.upstream_timeout);
            let Upload { body, fault } = upload::begin(http.headers(), payload, patience)?;
            let passing = passing(http, &asked, query, owned, Sent { said: Map::new(), body })?;
            let passed = pass(&context, passing).await;
            // Where the file did not come to its end, that is why Meta has no answer.
            let passed = passed.map_err(|error| fault.take().unwrap_or_else(|| error.into()))?;
            Ok(render::answer(http, face, call, &asked, passed))
        }
        _ => {
            let parameters = body::read(call, http.headers(), payload).await?;
            let passing = passing(http, &asked, query, owned, parameters)?;
            Ok(render::answer(http, face, call, &asked, pass(&context, passing).await?))
        }
    }
}

/// Two hosts lead to two places ([RFC 9112, section 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
fn require_one_host(headers: &HeaderMap) -> Result<(), FaceError> {
    if headers.get_all(HOST).count() > 1 {
        return Err(FaceError::Unreadable("The Host header was sent twice.".to_owned()));
    }
    Ok(())
}

/// The call as it goes on. A parameter stands in the query or in the body, never in both, so that it cannot say two things.
fn passing(http: &HttpRequest, asked: &Asked, query: Query, owned: Owned, sent: Sent) -> Result<Passing, FaceError> {
    let Sent { mut said, body } = sent;
    for (name, value) in &query.pairs {
        if said.insert(name.clone(), value.clone().into()).is_some() {
            return Err(FaceError::parameter(name, "stands in the query and in the body"));
        }
    }
    // The content of a file is asked for where its address is.
    let edge = match &asked.subject {
        Subject::Object { edge, .. } if owned.call != GraphCall::MediaContent => *edge,
        _ => None,
    };
    let forward = Forward {
        method: http.method().clone(),
        version: asked.version.clone(),
        id: asked.subject.node().to_owned(),
        edge: edge.map(calls::Edge::as_str),
        query: query.pairs,
        user_agent: agent(http.headers()),
        body,
    };
    let object = asked.subject.node().to_owned();
    Ok(Passing { call: owned.call, object, waba_id: owned.waba_id, said, forward })
}

fn agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(LONGEST_AGENT).collect())
}
