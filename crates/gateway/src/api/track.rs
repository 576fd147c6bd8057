//! Around every request: its ID, and what is told of it when it is over: a line in the log, its counts, its span, and its
//! record.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse};
use cams_api::Code;
use cams_api::identifiers::CustSpaceId;
use uuid::Uuid;

use super::headers::caller_request_id;
use super::render::refused;
use super::{ApiError, Worker, admin, cams_rpc, webhooks};
use crate::auth::Key;
use crate::bounds;
use crate::calls::EndedCall;
use crate::limits::{Counted, Throttled};
use crate::telemetry::metrics::Called;
use crate::traces::{CallEnd, CallTrace};

/// The status of a call whose caller hung up before it was answered, as nginx logs it.
const HUNG_UP: u16 = 499;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The same, for SDKs of Alibaba Cloud.
static X_ACS_REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");

/// The request that is being answered.
pub(super) struct Tracked {
    /// Its ID.
    pub id: Uuid,
    /// What is known of it so far. Its line has it too, and outlives a caller who hangs up.
    pub learned: Rc<RefCell<Learned>>,
}

/// What the handlers learn about a call, for its line in the log and the metrics.
#[derive(Default)]
pub(super) struct Learned {
    /// Where it is counted, for a call of an operation, which is in flight then.
    pub called: Option<Called>,
    /// The operation's name.
    pub operation: Option<&'static str>,
    /// The tenant, once the caller was found to have a grant on it.
    pub cust_space_id: Option<CustSpaceId>,
    /// Who calls.
    pub key: Option<Arc<Key>>,
    /// The limits that the call was counted against.
    pub counted: Counted,
    /// What was answered.
    pub code: Option<Code>,
    /// The limit that refused it.
    pub throttled: Option<Throttled>,
    /// Meta's code and trace ID, where Meta refused.
    pub upstream: Option<(i64, Option<String>)>,
    /// The call whose answer was given again.
    pub replayed: Option<Uuid>,
    /// The call's trace, where it has one.
    pub trace: Option<Rc<CallTrace>>,
}

/// Gives each request its ID, and writes its line when it is answered or given up.
pub async fn track(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = Uuid::now_v7();
    let mut line = Line::begin(id, &request);
    request.extensions_mut().insert(Tracked { id, learned: line.learned.clone() });
    let mut response = match too_long(&request) {
        Some(refusal) => request.into_response(refusal).map_into_left_body(),
        None => next.call(request).await?.map_into_right_body(),
    };
    line.status = Some(response.status().as_u16());
    // The header names the call that the body does.
    let named = line.learned.borrow().replayed.unwrap_or(id);
    let mut encoded = Uuid::encode_buffer();
    if let Ok(value) = HeaderValue::from_str(named.hyphenated().encode_lower(&mut encoded)) {
        response.headers_mut().insert(X_ACS_REQUEST_ID.clone(), value.clone());
        response.headers_mut().insert(X_REQUEST_ID.clone(), value);
    }
    line.learned.borrow().counted.describe(response.headers_mut());
    Ok(response)
}

/// The refusal of a request whose path and query are longer than [`bounds::TARGET`]. The RPC face has all its parameters in
/// the query, and takes what HTTP's own types hold.
fn too_long(request: &ServiceRequest) -> Option<HttpResponse> {
    let length = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    (length > bounds::TARGET && request.path() != cams_rpc::PATH).then(|| {
        let message = format!("The request's path and query are longer than {} bytes.", bounds::TARGET).into();
        let error = ApiError::Http { code: Code::RequestTooLarge, message };
        let mut response = refused(request.request(), &error);
        *response.status_mut() = StatusCode::URI_TOO_LONG;
        response
    })
}

/// The line of a request; it is written when it is dropped, so a caller who hung up has one too.
struct Line {
    id: Uuid,
    caller_id: Option<String>,
    method: Method,
    path: String,
    begun: Instant,
    status: Option<u16>,
    learned: Rc<RefCell<Learned>>,
    /// Where the call is told to when it is over; none on ports that serve no calls.
    worker: Option<Data<Worker>>,
}

impl Line {
    fn begin(id: Uuid, request: &ServiceRequest) -> Self {
        let worker = request.app_data::<Data<Worker>>().cloned();
        let tracer = worker.as_ref().and_then(|worker| worker.services.tracer.as_ref());
        let trace = tracer.and_then(|tracer| tracer.begin(id, request.headers()));
        Self {
            id,
            caller_id: caller_request_id(request.headers()).map(str::to_owned),
            method: request.method().clone(),
            path: shortened(request.path()).to_owned(),
            begun: Instant::now(),
            status: None,
            learned: Rc::new(RefCell::new(Learned { trace, ..Learned::default() })),
            worker,
        }
    }

    /// Counts the call, and its refusal by a limit.
    fn count(&self, learned: &Learned, duration: Duration) {
        let Some(worker) = &self.worker else { return };
        let metrics = &worker.services.metrics;
        if let Some(called) = learned.called {
            // What has a status and no code could not be written; what has neither was given up, or panicked.
            let is_ours = self.status.is_some() || thread::panicking();
            let code = learned.code.or(is_ours.then_some(Code::InternalError));
            metrics.calls().ended(called, code, duration);
        }
        if let Some(throttled) = learned.throttled {
            metrics.limit_refused(throttled);
        }
    }

    /// The request's trace with what it is called there, where it is one for an operation or a webhook.
    fn traced<'a>(&self, learned: &'a Learned) -> Option<(&'a CallTrace, &'static str)> {
        let webhook = (self.path == webhooks::PATH).then_some(webhooks::OPERATION);
        learned.trace.as_deref().zip(learned.operation.or(webhook))
    }

    /// Has the collector of traces told of the request.
    fn tell_collector(&self, learned: &Learned, duration: Duration) {
        let Some((trace, operation)) = self.traced(learned) else { return };
        trace.ended(CallEnd {
            request_id: self.id,
            operation,
            face: face(&self.path),
            cust_space_id: learned.cust_space_id.as_ref().map(CustSpaceId::as_str),
            code: learned.code.map(Code::as_str),
            status: self.status.unwrap_or(HUNG_UP),
            upstream_code: learned.upstream.as_ref().map(|(code, _)| *code),
            duration,
        });
    }

    /// Tells of a tenant's call. What administrators do is in the audit log.
    fn tell(&self, learned: Learned, duration: Duration) {
        let Some(worker) = self.worker.as_ref().filter(|_| !self.path.starts_with(admin::ROOT)) else { return };
        let Learned { operation, cust_space_id, key, code, upstream, .. } = learned;
        let Some((operation, cust_space_id)) = operation.zip(cust_space_id) else { return };
        worker.services.calls.ended(EndedCall {
            request_id: self.id,
            cust_space_id,
            key,
            operation,
            code,
            status: self.status.unwrap_or(HUNG_UP),
            upstream,
            duration,
        });
    }
}

/// Which face answers at this path. The Graph-compatible one has all that the others leave, on a port of its own.
fn face(path: &str) -> &'static str {
    match path {
        cams_rpc::PATH => "rpc",
        webhooks::PATH => "webhook",
        _ if path.starts_with("/v1/") => "rest",
        _ if path.starts_with(admin::ROOT) => "admin",
        _ => "graph",
    }
}

/// At most 128 bytes of a path, which is ASCII.
fn shortened(path: &str) -> &str {
    path.get(..128).unwrap_or(path)
}

impl Drop for Line {
    fn drop(&mut self) {
        let duration = self.begun.elapsed();
        let learned = mem::take(&mut *self.learned.borrow_mut());
        self.count(&learned, duration);
        let Learned { operation, cust_space_id, key, code, upstream, replayed, .. } = &learned;
        let mut encoded = Uuid::encode_buffer();
        let trace_id = self.traced(&learned).and_then(|(trace, _)| trace.id());
        tracing::info!(
            target: "groupgate::request",
            // As a text, and not as something that has to be formatted.
            message = "request",
            request_id = &*self.id.hyphenated().encode_lower(&mut encoded),
            trace_id,
            caller_request_id = self.caller_id,
            method = self.method.as_str(),
            path = self.path,
            operation,
            cust_space_id = cust_space_id.as_ref().map(CustSpaceId::as_str),
            access_key_id = key.as_ref().map(|key| key.access_key_id.as_str()),
            status = self.status.unwrap_or(HUNG_UP),
            code = code.map(Code::as_str),
            upstream_code = upstream.as_ref().map(|(code, _)| *code),
            replayed_request_id = replayed.map(tracing::field::display),
            fbtrace_id = upstream.as_ref().and_then(|(_, trace)| trace.as_deref()),
            microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        );
        self.tell_collector(&learned, duration);
        self.tell(learned, duration);
    }
}
