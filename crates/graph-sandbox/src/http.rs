//! Graph over HTTP: a call comes in, goes through log and faults to the state,
//! and its answer goes out.

use std::convert::Infallible;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;
use url::form_urlencoded;

use crate::engine::Engine;
use crate::faults::{Close, Effect, Failing};
use crate::graph::errors::{Code, GraphError, GraphResult};
use crate::graph::params::Params;
use crate::graph::{Answer, Asked, Body, GraphCall, GraphPath, routing};
use crate::request_log::{LoggedRequest, shown_body, shown_headers, shown_query};
use crate::state::queue::Mode;
use crate::state::{State, Turn};

/// How large a body may be, in bytes: Meta's largest media.
const MAX_BODY: usize = 100 << 20;
/// How long `before_answer` waits for the webhooks' receiver.
const BEFORE_ANSWER: Duration = Duration::from_secs(10);

/// A connection that can be cut from within a handler.
#[derive(Clone)]
pub(crate) struct Line(Arc<TcpStream>);

impl Line {
    /// A second handle on a connection that was just accepted.
    pub(crate) fn of(stream: &actix_web::rt::net::TcpStream) -> Option<Self> {
        let fd = stream.as_fd().try_clone_to_owned().ok()?;
        Some(Self(Arc::new(TcpStream::from(fd))))
    }

    fn cut(&self) {
        // Fails only where the caller has hung up already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// A call as it came.
struct Incoming {
    method: Method,
    path: String,
    query: String,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer on its way out.
struct Reply {
    status: u16,
    content_type: String,
    content: Bytes,
}

impl Reply {
    fn json(status: u16, text: String) -> Self {
        Self { status, content_type: "application/json; charset=UTF-8".to_owned(), content: text.into() }
    }

    fn of(answer: Answer) -> Self {
        match answer.body {
            Body::Json(body) => Self::json(answer.status, body.to_string()),
            Body::File { mime_type, content } => Self { status: answer.status, content_type: mime_type, content },
        }
    }
}

/// Any call that is not the control API's.
pub(crate) async fn serve(request: HttpRequest, payload: web::Payload, engine: web::Data<Engine>) -> HttpResponse {
    let Ok(Ok(body)) = payload.to_bytes_limited(MAX_BODY).await else {
        return HttpResponse::PayloadTooLarge().finish();
    };
    let line = request.conn_data::<Line>().cloned();
    let incoming = Incoming::new(&request, body);
    // In a task of its own: a call that has begun is done, even if its caller hangs up.
    let handled = actix_web::rt::spawn(handle(engine.into_inner(), incoming));
    match handled.await {
        Ok(Some(response)) => response,
        Ok(None) => {
            line.iter().for_each(Line::cut);
            HttpResponse::InternalServerError().finish()
        }
        Err(error) => {
            tracing::error!(%error, "a call of the sandbox broke down");
            HttpResponse::InternalServerError().finish()
        }
    }
}

impl Incoming {
    fn new(request: &HttpRequest, body: Bytes) -> Self {
        let connection = request.connection_info();
        Self {
            method: request.method().clone(),
            path: request.path().to_owned(),
            query: request.query_string().to_owned(),
            url: format!("{}://{}{}", connection.scheme(), connection.host(), request.path()),
            headers: request.headers().clone(),
            body,
        }
    }

    /// The access token in the header, or else in the query.
    fn token(&self) -> Option<String> {
        let header = self.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok());
        let bearer = header.and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        let mut query = form_urlencoded::parse(self.query.as_bytes());
        let mut in_query = || query.find(|(name, _)| name == "access_token");
        bearer.or_else(|| in_query().map(|(_, token)| token.into_owned()))
    }

    fn to_log(&self, time: String) -> LoggedRequest {
        LoggedRequest {
            seq: 0,
            time,
            method: self.method.to_string(),
            path: self.path.clone(),
            query: shown_query(&self.query),
            headers: shown_headers(&self.headers),
            body: shown_body(&self.body),
            status: None,
        }
    }
}

/// Logs the call, lets its fault happen, answers; `None` when the connection drops.
async fn handle(engine: Arc<Engine>, incoming: Incoming) -> Option<HttpResponse> {
    let seq = engine.requests.begin(incoming.to_log(engine.nature.now_text()));
    let token = incoming.token();
    let method = incoming.method.as_str();
    let patience = engine.faults.patience();
    let fault = engine.faults.take(method, &incoming.path, token.as_deref());
    let fault = fault.unwrap_or_default();
    patience.wait(fault.delay()).await;
    let reply = match fault.close {
        Some(Close::Before) => return None,
        None if fault.replaces_the_answer() => faulty(&engine, &fault),
        None | Some(Close::After) => done(&engine, incoming, token, seq, fault.later).await,
    };
    if fault.close == Some(Close::After) {
        return None;
    }
    engine.requests.end(seq, reply.status);
    Some(rendered(&engine, reply, &fault))
}

/// The answer that a fault puts in the place of Graph's.
fn faulty(engine: &Engine, fault: &Effect) -> Reply {
    let trace_id = engine.nature.trace_id();
    let error = fault.code.map(|code| GraphError::new(Code(code)));
    let of_code = error.as_ref().map(|error| error.code.status());
    let status = fault.http_status.or(of_code).unwrap_or(200);
    let text = match (&fault.body, error) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(body), _) => body.to_string(),
        (None, Some(error)) => error.body(&trace_id).to_string(),
        (None, None) => String::new(),
    };
    Reply::json(status, text)
}

/// Does the call and answers it as Graph would.
async fn done(engine: &Engine, incoming: Incoming, token: Option<String>, seq: u64, failing: Option<Failing>) -> Reply {
    let outcome = answered(engine, incoming, token, engine.turn(seq, failing)).await;
    let waits = engine.look(|state| state.webhooks.mode == Mode::BeforeAnswer);
    if waits && engine.hook.get().url.is_some() {
        engine.until(BEFORE_ANSWER, |state| state.is_settled(seq)).await;
    }
    let refusal =
        |error: GraphError| Reply::json(error.code.status(), error.body(&engine.nature.trace_id()).to_string());
    outcome.map_or_else(refusal, Reply::of)
}

async fn answered(engine: &Engine, incoming: Incoming, token: Option<String>, turn: Turn<'_>) -> GraphResult<Answer> {
    let unknown = || GraphError::saying(Code::UNKNOWN_PATH, "Unknown path components");
    let path = GraphPath::parse(&incoming.path).ok_or_else(unknown)?;
    let params = Params::read(&incoming.query, &incoming.headers, incoming.body).await?;
    let in_body = params.text("access_token")?.map(str::to_owned);
    let call = GraphCall { method: incoming.method, path, params, token: token.or(in_body), url: incoming.url };
    let asked = Asked { call: &call, turn, app: &engine.app };
    let answer = |state: &mut State| routing::answer(state, &asked);
    // Reads wake nobody and wait for nothing: the state's file is not written for them.
    if call.only_reads() { engine.lend(answer) } else { engine.commit(answer).await }
}

/// The answer on its way out, with what it tells of the app's use, and what a fault does to it.
fn rendered(engine: &Engine, reply: Reply, fault: &Effect) -> HttpResponse {
    let usage = engine.look(|state| state.usage.clone());
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type(reply.content_type);
    if let Some(app) = usage.app {
        response.insert_header(("X-App-Usage", Value::from(app).to_string()));
    }
    if let Some(business) = usage.business {
        response.insert_header(("X-Business-Use-Case-Usage", Value::from(business).to_string()));
    }
    if let Some(seconds) = fault.retry_after {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    match fault.drip_ms {
        None => response.body(reply.content),
        Some(drip_ms) => response.body(dripping(reply.content, Duration::from_millis(drip_ms))),
    }
}

/// The content a byte at a time.
fn dripping(content: Bytes, pause: Duration) -> SizedStream<impl stream::Stream<Item = Result<Bytes, Infallible>>> {
    let length = content.len() as u64;
    let drops = stream::unfold(content, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let drop = rest.split_to(1);
        Some((Ok(drop), rest))
    });
    SizedStream::new(length, Box::pin(drops))
}
